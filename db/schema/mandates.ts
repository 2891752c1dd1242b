// Mandates: what a municipality lets a vendor do for it. The rows are the municipality's; the vendor that a row names sees it as well.
import { date, index, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { declareTable } from './kind.ts';

const time = (name: string) => timestamp(name, { withTimezone: true });

export const mandate = declareTable(
  pgTable(
    'mandate',
    {
      municipalityCode: text('municipality_code').notNull(),
      mandateId: uuid('mandate_id').notNull(),
      /** The vendor's client, which belongs to no municipality: its register is closed to this one, so name and contact are kept as proposed. */
      clientId: text('client_id').notNull(),
      vendor: text('vendor').notNull(),
      contact: text('contact').notNull(),
      domains: text('domains').array().notNull(),
      scopes: text('scopes').array().notNull(),
      purpose: text('purpose').notNull(),
      /** The last day, by the Danish calendar. */
      endsOn: date('ends_on').notNull(),
      proposedAt: time('proposed_at').notNull().defaultNow(),
      approvedAt: time('approved_at'),
      /** The municipality's client that approved it. */
      approvedBy: text('approved_by'),
      endedAt: time('ended_at'),
      /** A client of either side. */
      endedBy: text('ended_by'),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.mandateId] }),
      index('mandate_client').on(table.clientId),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert', 'update'], worker: ['select'], client: 'party' },
);
