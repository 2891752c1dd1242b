// Packages: a domain's tables for one municipality at one revision, and the files that are assembled from segments.
import { sql } from 'drizzle-orm';
import {
  bigint,
  char,
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

/** State: building → ready | failed. Immutable once ready. */
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
      state: text('state', { enum: ['building', 'ready', 'failed'] }).notNull(),
      createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
      readyAt: timestamp('ready_at', { withTimezone: true }),
      failure: text('failure'),
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
        .where(sql`${table.state} <> 'failed'`),
      index('package_created').on(table.municipalityCode, table.createdAt, table.packageId),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert'], worker: ['select', 'update'] },
);

/** A file of a ready package. `parts` say what it is made of: literal bytes (base64) and ranges of storage objects, in order. */
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
