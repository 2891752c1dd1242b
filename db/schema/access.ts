// Who did what: the audit log, one row per read of raw data or own values and per write, in the transaction it tells of.
import { bigint, index, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
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
