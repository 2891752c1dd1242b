// What issuing access tokens needs: the service's signing keys, and the assertions that were used already.
import { customType, index, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { declareTable } from './kind.ts';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const time = (name: string) => timestamp(name, { withTimezone: true });

/** The api signs with these and never writes them. The secret is encrypted: who reads the row alone cannot sign. */
export const signingKey = declareTable(
  pgTable('signing_key', {
    keyId: text('key_id').primaryKey(),
    publicJwk: jsonb('public_jwk').notNull(),
    /** The private key, sealed (src/platform/sealed.ts). */
    sealed: bytea('sealed').notNull(),
    createdAt: time('created_at').notNull().defaultNow(),
    /** Published from the beginning, signed with from here on: nobody meets a signature before the key can be known. */
    usedFrom: time('used_from').notNull(),
    revokedAt: time('revoked_at'),
  }),
  { kind: 'reference', api: ['select'], worker: ['select', 'insert', 'update', 'delete'] },
);

/** Single use of assertions (RFC 7523) is this primary key. Rows go once the assertion has expired anyway. */
export const usedAssertion = declareTable(
  pgTable(
    'used_assertion',
    {
      municipalityCode: text('municipality_code').notNull(),
      clientId: text('client_id').notNull(),
      jti: text('jti').notNull(),
      expiresAt: time('expires_at').notNull(),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.clientId, table.jti] }),
      index('used_assertion_expires_at').on(table.expiresAt),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert'], worker: ['select', 'delete'] },
);
