// What readers of tables were promised: the schemas that tables had, and the changes that were announced. Rows are only ever added.
import { sql } from 'drizzle-orm';
import {
  check,
  date,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';
import { declareTable } from './kind.ts';

const time = (name: string) => timestamp(name, { withTimezone: true });

/** A change of a table, announced with the day from which it may be made. Columns that go or get another type have notice, whoever adds the row. */
export const schemaChange = declareTable(
  pgTable(
    'schema_change',
    {
      schemaChangeId: uuid('schema_change_id').primaryKey(),
      tableName: text('table_name').notNull(),
      domain: text('domain').notNull(),
      effectiveOn: date('effective_on', { mode: 'string' }).notNull(),
      /** `[{ column, change: added | removed | retyped, type }]`; the type is what the column has afterwards. */
      columns: jsonb('columns').notNull(),
      descriptionDa: text('description_da').notNull(),
      descriptionEn: text('description_en').notNull(),
      announcedAt: time('announced_at').notNull(),
      announcedBy: text('announced_by').notNull(),
    },
    (table) => [
      index('schema_change_effective').on(table.effectiveOn, table.schemaChangeId),
      index('schema_change_table').on(table.tableName),
      check(
        'schema_change_notice',
        sql`not jsonb_path_exists(${table.columns}, '$[*] ? (@.change != "added")') or ${table.effectiveOn} >= (${table.announcedAt} at time zone 'Europe/Copenhagen')::date + 90`,
      ),
    ],
  ),
  { kind: 'reference', api: ['select', 'insert'], worker: ['select'] },
);

/** The end of an announcement that nobody carried out. */
export const schemaChangeWithdrawal = declareTable(
  pgTable(
    'schema_change_withdrawal',
    {
      schemaChangeId: uuid('schema_change_id').primaryKey(),
      reason: text('reason').notNull(),
      withdrawnAt: time('withdrawn_at').notNull(),
      withdrawnBy: text('withdrawn_by').notNull(),
    },
    (table) => [
      foreignKey({
        name: 'schema_change_withdrawal_change',
        columns: [table.schemaChangeId],
        foreignColumns: [schemaChange.schemaChangeId],
      }),
    ],
  ),
  { kind: 'reference', api: ['select', 'insert'], worker: ['select'] },
);

/** A schema that a table had from a day on, as the worker found it declared; the newest holds. */
export const schemaVersion = declareTable(
  pgTable(
    'schema_version',
    {
      tableName: text('table_name').notNull(),
      version: integer('version').notNull(),
      /** As slices and manifests name it; null: the table is declared no more. */
      schemaHash: text('schema_hash'),
      /** What readers build on: of each column name, type, unit, and whether it can be null or is of the key. */
      columns: jsonb('columns').notNull(),
      usedFrom: date('used_from', { mode: 'string' }).notNull(),
      /** What of announced changes it carries out: `[{ schemaChange, column }]`. */
      carriesOut: jsonb('carries_out').notNull(),
    },
    (table) => [primaryKey({ columns: [table.tableName, table.version] })],
  ),
  { kind: 'published', api: ['select'], worker: ['select', 'insert'] },
);
