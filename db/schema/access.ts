// Who did what: the audit log, one row per read of raw data or own values and per write, in the transaction it tells of; the blocks that seal it; and
// how often released values were read. No runtime role may change or take away a row of the log or a block.
import { sql } from 'drizzle-orm';
import {
  bigint,
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

export const auditEntry = declareTable(
  pgTable(
    'audit_entry',
    {
      municipalityCode: text('municipality_code').notNull(),
      entry: bigint('entry', { mode: 'number' }).generatedAlwaysAsIdentity().notNull(),
      at: timestamp('at', { withTimezone: true }).notNull().defaultNow(),
      clientId: text('client_id').notNull(),
      requestId: text('request_id').notNull(),
      /** The operation's id in the OpenAPI document, e.g. `createPackage`. */
      operation: text('operation').notNull(),
      /** What it touched: kind and id, domain, period, rows, bytes, with CPR or not. Never a person. */
      object: jsonb('object').notNull(),
      /** The mandate under which a vendor asked, and what it is for; null: the municipality's own client, or a job. */
      mandateId: uuid('mandate_id'),
      purpose: text('purpose'),
      /** `done`; of transfers: `started`, then in a row of its own `complete` or `broken-off`; `nothing-sent`: asked for and not transferred. */
      outcome: text('outcome').notNull().default('done'),
      /** The row of the started transfer that this one tells the end of. */
      completes: bigint('completes', { mode: 'number' }),
      /**
       * The package that it is about, if any, drawn from `object`: under row-level security an index over an expression of it is not used, because its
       * operator could tell of rows that are not to be seen.
       */
      packageId: text('package_id').generatedAlwaysAs(sql`object ->> 'package'`),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.entry] }),
      index('audit_entry_at').on(table.municipalityCode, table.at),
      index('audit_entry_package')
        .on(table.municipalityCode, table.packageId)
        .where(sql`package_id is not null and outcome = 'started'`),
      // Sealing reads all municipalities in the order of the numbers.
      index('audit_entry_entry').on(table.entry),
      uniqueIndex('audit_entry_completes')
        .on(table.municipalityCode, table.completes)
        .where(sql`completes is not null`),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert'], worker: ['select', 'insert'], client: 'author' },
);

/** The audit log of what belongs to no municipality: releases. The api adds to it and cannot read it. */
export const operatorAuditEntry = declareTable(
  pgTable(
    'operator_audit_entry',
    {
      entry: bigint('entry', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
      at: timestamp('at', { withTimezone: true }).notNull().defaultNow(),
      /** The caller, or `worker`. */
      clientId: text('client_id').notNull(),
      /** The request, or the job. */
      requestId: text('request_id').notNull(),
      /** The operation's id in the OpenAPI document, or what the worker did: `publishRelease`. */
      operation: text('operation').notNull(),
      /** What it touched: kind and id, domain. */
      object: jsonb('object').notNull(),
    },
    (table) => [index('operator_audit_entry_at').on(table.at)],
  ),
  { kind: 'system', api: ['insert'], worker: ['select', 'insert'] },
);

/**
 * The blocks that seal both logs, in one chain: a block holds all rows of its two ranges of numbers, and the hash of the block before. What is signed
 * is the file of the same number in storage; `hash` is its digest. Everybody may see how far the log is sealed, so the table is published.
 */
export const auditBlock = declareTable(
  pgTable(
    'audit_block',
    {
      number: bigint('number', { mode: 'number' }).primaryKey(),
      /** sha256 (hex) of the file of the block before; 64 zeros before the first. */
      previous: text('previous').notNull(),
      hash: text('hash').notNull(),
      sealedAt: timestamp('sealed_at', { withTimezone: true }).notNull(),
      /** Both ends inclusive; a range without numbers ends before it begins. */
      entryFrom: bigint('entry_from', { mode: 'number' }).notNull(),
      entryTo: bigint('entry_to', { mode: 'number' }).notNull(),
      operatorEntryFrom: bigint('operator_entry_from', { mode: 'number' }).notNull(),
      operatorEntryTo: bigint('operator_entry_to', { mode: 'number' }).notNull(),
    },
    (table) => [index('audit_block_entry_to').on(table.entryTo, table.number)],
  ),
  { kind: 'published', api: ['select'], worker: ['select', 'insert'] },
);

/**
 * Reads of released values, a row per api process, client, key figure and minute. Rows are only ever added, so that the api needs to read none;
 * whoever wants a number adds them up.
 */
export const releasedRead = declareTable(
  pgTable(
    'released_read',
    {
      entry: bigint('entry', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
      /** The minute in which the reads were counted. */
      minute: timestamp('minute', { withTimezone: true }).notNull(),
      clientId: text('client_id').notNull(),
      /** The municipality of the reader; null for an operator. */
      reader: text('reader'),
      /** A key figure, or a whole release. */
      object: text('object').notNull(),
      reads: integer('reads').notNull(),
    },
    (table) => [index('released_read_minute').on(table.minute)],
  ),
  { kind: 'system', api: ['insert'], worker: [] },
);
