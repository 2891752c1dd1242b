// Packages: a domain's tables for one municipality at one revision, and the files that are assembled from segments.
import { sql } from 'drizzle-orm';
import {
  bigint,
  char,
  customType,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { declareTable } from './kind.ts';
import { revision } from './warehouse.ts';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/** State: building → ready | failed; ready → revoked | expired. What it holds is immutable once ready. */
export const dataPackage = declareTable(
  pgTable(
    'package',
    {
      municipalityCode: text('municipality_code').notNull(),
      packageId: uuid('package_id').notNull(),
      domain: text('domain').notNull(),
      kind: text('kind', { enum: ['total', 'delta'] }).notNull(),
      revision: integer('revision').notNull(),
      /** For a delta: the revision since which. */
      since: integer('since'),
      state: text('state', { enum: ['building', 'ready', 'failed', 'revoked', 'expired'] }).notNull(),
      createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
      readyAt: timestamp('ready_at', { withTimezone: true }),
      failure: text('failure'),
      /** Its files can be fetched until then; a delivery that is made of it later moves it on. */
      keptUntil: timestamp('kept_until', { withTimezone: true }),
      revokedAt: timestamp('revoked_at', { withTimezone: true }),
      /** Why it was revoked, in the operator's words. */
      revocationReason: text('revocation_reason'),
      /** The manifest (datapackage.json) without addresses, once ready. */
      manifest: jsonb('manifest'),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.packageId] }),
      foreignKey({
        columns: [table.municipalityCode, table.domain, table.revision],
        foreignColumns: [revision.municipalityCode, revision.domain, revision.revision],
      }),
      uniqueIndex('package_content')
        .on(table.municipalityCode, table.domain, table.kind, table.revision, sql`coalesce(${table.since}, -1)`)
        .where(sql`${table.state} in ('building', 'ready')`),
      index('package_kept').on(table.keptUntil).where(sql`${table.state} in ('ready', 'revoked')`),
      index('package_created').on(table.municipalityCode, table.createdAt, table.packageId),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert'], worker: ['select', 'insert', 'update'] },
);

/** A file of a package. It stays on record when its bytes are kept no more. `parts` say what it is made of: literal bytes (base64) and ranges of storage objects, in order. */
export const packageFile = declareTable(
  pgTable(
    'package_file',
    {
      municipalityCode: text('municipality_code').notNull(),
      packageId: uuid('package_id').notNull(),
      name: text('name').notNull(),
      mediaType: text('media_type').notNull(),
      /** `''`, or the scope without which the file does not exist for the caller (`cpr:read`). */
      scope: text('scope').notNull(),
      rows: bigint('rows', { mode: 'number' }),
      bytes: bigint('bytes', { mode: 'number' }).notNull(),
      sha256: char('sha256', { length: 64 }).notNull(),
      parts: jsonb('parts').notNull(),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.packageId, table.name] }),
      foreignKey({
        columns: [table.municipalityCode, table.packageId],
        foreignColumns: [dataPackage.municipalityCode, dataPackage.packageId],
      }),
    ],
  ),
  { kind: 'municipal', api: ['select'], worker: ['select', 'insert'] },
);

/**
 * A citizen's request for access (GDPR art. 15) while it is searched for and for as long as its answer is kept; then the row is deleted. State:
 * searching → answered | failed. The person is here only while the search goes on, and neither the person nor the answer can be read without the
 * root secret.
 */
export const accessRequest = declareTable(
  pgTable(
    'access_request',
    {
      municipalityCode: text('municipality_code').notNull(),
      accessRequestId: uuid('access_request_id').notNull(),
      clientId: text('client_id').notNull(),
      /** The domains that the caller was allowed, and so all that is searched; null: every domain. */
      domains: text('domains').array(),
      state: text('state', { enum: ['searching', 'answered', 'failed'] }).notNull(),
      createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
      answeredAt: timestamp('answered_at', { withTimezone: true }),
      expiresAt: timestamp('expires_at', { withTimezone: true }).notNull(),
      /** The pseudonym, sealed; null as soon as the search has ended. */
      person: bytea('person'),
      /** The answer, sealed. */
      answer: bytea('answer'),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.accessRequestId] }),
      index('access_request_expires').on(table.expiresAt),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert'], worker: ['select', 'update', 'delete'] },
);
