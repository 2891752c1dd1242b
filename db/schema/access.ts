// Who did what: the audit log, one row per read of raw data or own values and per write, in the transaction it tells of; and how often released
// values were read.
import { bigint, index, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
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
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.entry] }),
      index('audit_entry_at').on(table.municipalityCode, table.at),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert'], worker: ['select', 'insert'] },
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
  { kind: 'system', api: ['insert'], worker: ['insert'] },
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
