// Warehouse: slices (immutable files), revisions (which slices hold), the diffs of pairs of slices, and what the rules said of each state.
import {
  bigint,
  char,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { sourceDelivery } from './intake.ts';
import { declareTable } from './kind.ts';

/** The rows of one table of one municipality for one period, named by the sha256 of its canonical CSV. */
export const slice = declareTable(
  pgTable(
    'slice',
    {
      municipalityCode: text('municipality_code').notNull(),
      tableName: text('table_name').notNull(),
      period: text('period').notNull(),
      /** sha256 (hex) of the canonical CSV. */
      sha256: char('sha256', { length: 64 }).notNull(),
      schemaHash: char('schema_hash', { length: 64 }).notNull(),
      domain: text('domain').notNull(),
      rows: bigint('rows', { mode: 'number' }).notNull(),
      /** Canonical CSV: length and CRC-32 (unsigned). */
      csvBytes: bigint('csv_bytes', { mode: 'number' }).notNull(),
      csvCrc32: bigint('csv_crc32', { mode: 'number' }).notNull(),
      /** The raw-deflate segment of the canonical CSV, ended by a full flush. */
      segmentKey: text('segment_key').notNull(),
      segmentBytes: bigint('segment_bytes', { mode: 'number' }).notNull(),
      segmentSha256: char('segment_sha256', { length: 64 }).notNull(),
      /** CRC-32 (unsigned) of the segment's bytes: cheap enough to be looked at whenever they are sent. Null: from before it was kept. */
      segmentCrc32: bigint('segment_crc32', { mode: 'number' }),
      parquetKey: text('parquet_key').notNull(),
      parquetBytes: bigint('parquet_bytes', { mode: 'number' }).notNull(),
      parquetSha256: char('parquet_sha256', { length: 64 }).notNull(),
      createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.tableName, table.period, table.sha256, table.schemaHash] }),
    ],
  ),
  { kind: 'municipal', api: ['select'], worker: ['select', 'insert'] },
);

/** The state of (municipality, domain) after an accepted source delivery: 1, 2, 3 … */
export const revision = declareTable(
  pgTable(
    'revision',
    {
      municipalityCode: text('municipality_code').notNull(),
      domain: text('domain').notNull(),
      revision: integer('revision').notNull(),
      kind: text('kind', { enum: ['total', 'delta', 'restore', 'schema'] }).notNull(),
      sourceDeliveryId: uuid('source_delivery_id'),
      /** The revision whose slices a restore brought back. */
      restoredRevision: integer('restored_revision'),
      createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
      /** Slices whose content differs from the revision before; 0 for an identical re-delivery. */
      slicesChanged: integer('slices_changed').notNull(),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.domain, table.revision] }),
      foreignKey({
        columns: [table.municipalityCode, table.sourceDeliveryId],
        foreignColumns: [sourceDelivery.municipalityCode, sourceDelivery.sourceDeliveryId],
      }),
      uniqueIndex('revision_source_delivery').on(table.municipalityCode, table.sourceDeliveryId),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert'], worker: ['select', 'insert'] },
);

/** Append-only: the list at revision N is the newest row per (table, period) up to N; a null slice means the period is gone. */
export const sliceChange = declareTable(
  pgTable(
    'slice_change',
    {
      municipalityCode: text('municipality_code').notNull(),
      domain: text('domain').notNull(),
      tableName: text('table_name').notNull(),
      period: text('period').notNull(),
      revision: integer('revision').notNull(),
      sliceSha256: char('slice_sha256', { length: 64 }),
      schemaHash: char('schema_hash', { length: 64 }),
    },
    (table) => [
      primaryKey({
        columns: [table.municipalityCode, table.domain, table.tableName, table.period, table.revision],
      }),
      foreignKey({
        columns: [table.municipalityCode, table.domain, table.revision],
        foreignColumns: [revision.municipalityCode, revision.domain, revision.revision],
      }),
      foreignKey({
        columns: [table.municipalityCode, table.tableName, table.period, table.sliceSha256, table.schemaHash],
        foreignColumns: [slice.municipalityCode, slice.tableName, slice.period, slice.sha256, slice.schemaHash],
      }),
      index('slice_change_revision').on(table.municipalityCode, table.domain, table.revision),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert'], worker: ['select', 'insert'] },
);

/** The net difference of two slices of one (table, period), computed once: counts, and the rows as a segment with `_op` in front. `''` stands for "no slice". */
export const sliceDiff = declareTable(
  pgTable(
    'slice_diff',
    {
      municipalityCode: text('municipality_code').notNull(),
      tableName: text('table_name').notNull(),
      period: text('period').notNull(),
      fromSha256: text('from_sha256').notNull(),
      toSha256: text('to_sha256').notNull(),
      schemaHash: char('schema_hash', { length: 64 }).notNull(),
      /** The revision that introduced the newer slice; it is written into the rows as `_revision`. */
      revision: integer('revision').notNull(),
      inserted: bigint('inserted', { mode: 'number' }).notNull(),
      updated: bigint('updated', { mode: 'number' }).notNull(),
      deleted: bigint('deleted', { mode: 'number' }).notNull(),
      csvBytes: bigint('csv_bytes', { mode: 'number' }).notNull(),
      csvCrc32: bigint('csv_crc32', { mode: 'number' }).notNull(),
      csvSha256: char('csv_sha256', { length: 64 }).notNull(),
      segmentKey: text('segment_key').notNull(),
      segmentBytes: bigint('segment_bytes', { mode: 'number' }).notNull(),
      segmentSha256: char('segment_sha256', { length: 64 }).notNull(),
      /** CRC-32 (unsigned) of the segment's bytes: cheap enough to be looked at whenever they are sent. Null: from before it was kept. */
      segmentCrc32: bigint('segment_crc32', { mode: 'number' }),
      createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    },
    (table) => [
      primaryKey({
        columns: [
          table.municipalityCode,
          table.tableName,
          table.period,
          table.fromSha256,
          table.toSha256,
          table.schemaHash,
          table.revision,
        ],
      }),
    ],
  ),
  { kind: 'municipal', api: ['select'], worker: ['select', 'insert'] },
);

/** What each domain rule said when it last ran on a (table, period): the open findings at revision N are the newest rows up to N with a count above 0. */
export const ruleResult = declareTable(
  pgTable(
    'rule_result',
    {
      municipalityCode: text('municipality_code').notNull(),
      domain: text('domain').notNull(),
      rule: text('rule').notNull(),
      tableName: text('table_name').notNull(),
      period: text('period').notNull(),
      revision: integer('revision').notNull(),
      severity: text('severity', { enum: ['error', 'warning', 'info'] }).notNull(),
      count: bigint('count', { mode: 'number' }).notNull(),
    },
    (table) => [
      primaryKey({
        columns: [table.municipalityCode, table.domain, table.rule, table.tableName, table.period, table.revision],
      }),
      foreignKey({
        columns: [table.municipalityCode, table.domain, table.revision],
        foreignColumns: [revision.municipalityCode, revision.domain, revision.revision],
      }),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert'], worker: ['select', 'insert'] },
);
