// Webhooks: the addresses that a municipality's events are sent to, their secrets, what is to be sent, and every attempt at it.
import { sql } from 'drizzle-orm';
import {
  bigint,
  customType,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';
import { declareTable } from './kind.ts';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const time = (name: string) => timestamp(name, { withTimezone: true });

export const webhook = declareTable(
  pgTable(
    'webhook',
    {
      municipalityCode: text('municipality_code').notNull(),
      webhookId: uuid('webhook_id').notNull(),
      url: text('url').notNull(),
      /** Null: every type, also those to come. */
      types: text('types').array(),
      /** Null: every domain, and what is of none. */
      domains: text('domains').array(),
      /** `pending` until it has repeated a challenge, then `active`, and `disabled` when it is gone or nothing gets through. */
      status: text('status', { enum: ['pending', 'active', 'disabled'] }).notNull(),
      /** `gone` or `failing`. */
      disabledReason: text('disabled_reason'),
      createdAt: time('created_at').notNull().defaultNow(),
      createdBy: text('created_by').notNull(),
      /** Since when nothing got through; null while the newest attempt did. */
      failingSince: time('failing_since'),
      /** When something was last taken up for it. */
      triedAt: time('tried_at'),
    },
    (table) => [primaryKey({ columns: [table.municipalityCode, table.webhookId] })],
  ),
  { kind: 'municipal', api: ['select', 'insert', 'update', 'delete'], worker: ['select', 'update'] },
);

const ofWebhook = (table: { municipalityCode: never; webhookId: never }) =>
  foreignKey({
    columns: [table.municipalityCode, table.webhookId],
    foreignColumns: [webhook.municipalityCode, webhook.webhookId],
  });

export const webhookSecret = declareTable(
  pgTable(
    'webhook_secret',
    {
      municipalityCode: text('municipality_code').notNull(),
      webhookId: uuid('webhook_id').notNull(),
      secretId: uuid('secret_id').notNull(),
      /** The 32 bytes, sealed for this webhook. */
      sealed: bytea('sealed').notNull(),
      createdAt: time('created_at').notNull().defaultNow(),
      /** Null: the newest; one that was replaced signs beside it until then. */
      expiresAt: time('expires_at'),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.webhookId, table.secretId] }),
      ofWebhook(table as never),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert', 'update', 'delete'], worker: ['select', 'delete'] },
);

/**
 * What is to be sent to a webhook, or was: a row for each event, written in the event's transaction. No foreign key: a writer of events would fail when
 * the webhook is deleted meanwhile, and would wait for whoever has locked it. Rows without a webhook are never taken up, and swept.
 */
export const webhookMessage = declareTable(
  pgTable(
    'webhook_message',
    {
      municipalityCode: text('municipality_code').notNull(),
      webhookId: uuid('webhook_id').notNull(),
      /** Of an event its id: the same over all attempts and replays. */
      messageId: uuid('message_id').notNull(),
      kind: text('kind', { enum: ['event', 'test', 'challenge'] }).notNull(),
      /** What the answer to a challenge must repeat. */
      challenge: text('challenge'),
      state: text('state', { enum: ['waiting', 'delivered', 'given-up'] })
        .notNull()
        .default('waiting'),
      /** When it was first due; retries go on for 75 hours from then. A replay starts anew. */
      since: time('since').notNull().defaultNow(),
      /** When it is tried next. Whoever takes it up puts this off for longer than an attempt can last: then it is anybody's again. */
      nextAt: time('next_at').notNull().defaultNow(),
      attempts: integer('attempts').notNull().default(0),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.webhookId, table.messageId] }),
      index('webhook_message_waiting')
        .on(table.municipalityCode, table.webhookId, table.nextAt)
        .where(sql`state = 'waiting'`),
    ],
  ),
  {
    kind: 'municipal',
    api: ['select', 'insert', 'update', 'delete'],
    worker: ['select', 'insert', 'update', 'delete'],
  },
);

export const webhookAttempt = declareTable(
  pgTable(
    'webhook_attempt',
    {
      municipalityCode: text('municipality_code').notNull(),
      webhookId: uuid('webhook_id').notNull(),
      attempt: bigint('attempt', { mode: 'number' }).generatedAlwaysAsIdentity().notNull(),
      messageId: uuid('message_id').notNull(),
      /** The type that was sent. */
      type: text('type').notNull(),
      at: time('at').notNull(),
      durationMs: integer('duration_ms').notNull(),
      /** `delivered`, or what went wrong. Never what the receiver or a library said. */
      outcome: text('outcome').notNull(),
      /** The status that was answered; null: none. */
      status: integer('status'),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.webhookId, table.attempt] }),
      index('webhook_attempt_at').on(table.at),
      ofWebhook(table as never),
    ],
  ),
  { kind: 'municipal', api: ['select', 'delete'], worker: ['select', 'insert', 'delete'] },
);
