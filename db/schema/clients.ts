// The register of clients: who may hold credentials, their public keys, and the access keys of tools that cannot sign. Rows of the code `000`
// belong to no municipality: vendors and the operator.
import {
  customType,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';
import { declareTable } from './kind.ts';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const time = (name: string) => timestamp(name, { withTimezone: true });

export const client = declareTable(
  pgTable(
    'client',
    {
      municipalityCode: text('municipality_code').notNull(),
      /** The municipality's code, a point and 16 random characters: it tells whose row it is before any row is read. */
      clientId: text('client_id').notNull(),
      /** `municipality`, `source`, `vendor` or `operator`. */
      kind: text('kind').notNull(),
      name: text('name').notNull(),
      /** Whom to write to: a function's address rather than a person's. */
      contact: text('contact').notNull(),
      /** The most that its tokens can carry. */
      scopes: text('scopes').array().notNull(),
      /** Null: every domain. */
      domains: text('domains').array(),
      /** `active` or `disabled`. */
      status: text('status').notNull(),
      createdAt: time('created_at').notNull().defaultNow(),
      createdBy: text('created_by').notNull(),
      changedAt: time('changed_at').notNull().defaultNow(),
    },
    (table) => [primaryKey({ columns: [table.municipalityCode, table.clientId] })],
  ),
  { kind: 'municipal', api: ['select', 'insert', 'update'], worker: ['select', 'insert'] },
);

export const clientKey = declareTable(
  pgTable(
    'client_key',
    {
      municipalityCode: text('municipality_code').notNull(),
      clientId: text('client_id').notNull(),
      keyId: text('key_id').notNull(),
      /** The public key, as a JWK of P-256 or Ed25519. */
      jwk: jsonb('jwk').notNull(),
      addedAt: time('added_at').notNull().defaultNow(),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.clientId, table.keyId] }),
      foreignKey({
        columns: [table.municipalityCode, table.clientId],
        foreignColumns: [client.municipalityCode, client.clientId],
      }),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert', 'delete'], worker: ['select', 'insert', 'delete'] },
);

export const accessKey = declareTable(
  pgTable(
    'access_key',
    {
      municipalityCode: text('municipality_code').notNull(),
      /** The public part of the key. */
      accessKeyId: text('access_key_id').notNull(),
      clientId: text('client_id').notNull(),
      name: text('name').notNull(),
      /** Of the whole key: it has 256 random bits, so nothing slower is needed to keep it secret. */
      sha256: bytea('sha256').notNull(),
      scopes: text('scopes').array().notNull(),
      /** Null: every domain. */
      domains: text('domains').array(),
      createdAt: time('created_at').notNull().defaultNow(),
      createdBy: text('created_by').notNull(),
      expiresAt: time('expires_at').notNull(),
      revokedAt: time('revoked_at'),
      /** Right to the minute. */
      lastUsedAt: time('last_used_at'),
      /** The last notice of its end that was given, in days before it: 30 or 7. */
      noticed: integer('noticed'),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.accessKeyId] }),
      index('access_key_client').on(table.municipalityCode, table.clientId),
      foreignKey({
        columns: [table.municipalityCode, table.clientId],
        foreignColumns: [client.municipalityCode, client.clientId],
      }),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert', 'update'], worker: ['select', 'update'] },
);
