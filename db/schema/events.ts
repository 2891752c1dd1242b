// Events: what happened, numbered without gaps in each municipality; and the webhooks that are told. Ids and counts only, never a person.
import { sql } from 'drizzle-orm';
import { bigint, index, jsonb, pgTable, primaryKey, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { declareTable } from './kind.ts';

const time = (name: string) => timestamp(name, { withTimezone: true });

/** The numbers of a municipality's events. A writer locks the row until it commits, so numbers have no gaps and become visible in their order. */
export const eventCounter = declareTable(
  pgTable(
    'event_counter',
    {
      municipalityCode: text('municipality_code').notNull(),
      /** The number of the newest event. */
      last: bigint('last', { mode: 'number' }).notNull(),
      /** All events up to this number are gone. */
      goneUntil: bigint('gone_until', { mode: 'number' }).notNull().default(0),
    },
    (table) => [primaryKey({ columns: [table.municipalityCode] })],
  ),
  { kind: 'municipal', api: ['select', 'insert', 'update'], worker: ['select', 'insert', 'update'] },
);

export const event = declareTable(
  pgTable(
    'event',
    {
      municipalityCode: text('municipality_code').notNull(),
      sequence: bigint('sequence', { mode: 'number' }).notNull(),
      /** Of an event that concerns everybody the same in every municipality. */
      eventId: uuid('event_id').notNull(),
      type: text('type').notNull(),
      /** Empty: of no domain, so seen by those alone who see every domain. */
      domain: text('domain').notNull(),
      /** When the number was given; never before that of a lower number. */
      at: time('at').notNull(),
      data: jsonb('data').notNull(),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.sequence] }),
      uniqueIndex('event_id').on(table.municipalityCode, table.eventId),
      index('event_at').on(table.municipalityCode, table.at),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert'], worker: ['select', 'insert', 'delete'] },
);

/** Events that concern everybody, written in the transaction of their change; the worker then gives each municipality its own, with its own number. */
export const nationwideEvent = declareTable(
  pgTable(
    'nationwide_event',
    {
      eventId: uuid('event_id').primaryKey(),
      type: text('type').notNull(),
      domain: text('domain').notNull(),
      data: jsonb('data').notNull(),
      writtenAt: time('written_at').notNull().defaultNow(),
      /** When every municipality had it; null until then. */
      distributedAt: time('distributed_at'),
    },
    (table) => [index('nationwide_event_waiting').on(table.writtenAt).where(sql`distributed_at is null`)],
  ),
  { kind: 'system', api: ['insert'], worker: ['select', 'insert', 'update', 'delete'] },
);
