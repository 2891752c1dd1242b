// What was agreed about deliveries, and at what price: rows are only ever added, so that every bill can be made again from them.
import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  date,
  foreignKey,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';
import { declareTable } from './kind.ts';

const time = (name: string) => timestamp(name, { withTimezone: true });

/** A version of the prices; it holds from its day on, until the day of the next. The first comes with a migration, the others from the operator. */
export const priceList = declareTable(
  pgTable('price_list', {
    validFrom: date('valid_from', { mode: 'string' }).primaryKey(),
    /** Kroner. */
    joiningFee: numeric('joining_fee', { precision: 12, scale: 2 }).notNull(),
    /** Domain → kroner per inhabitant and year, as decimal text. */
    rates: jsonb('rates').notNull(),
    /** Frequency → factor, as decimal text. */
    factors: jsonb('factors').notNull(),
    /** Municipality → inhabitants that prices rest on, as known when the list was added. */
    inhabitants: jsonb('inhabitants').notNull(),
    /** Where the figures come from. */
    source: text('source').notNull(),
    addedAt: time('added_at').notNull().defaultNow(),
    addedBy: text('added_by').notNull(),
  }),
  { kind: 'reference', api: ['select', 'insert'], worker: ['select'] },
);

/** From a day on, a domain's sources allow these frequencies; of changes for the same day the last one holds. Without any, what the domain declares. */
export const capabilityChange = declareTable(
  pgTable(
    'capability_change',
    {
      change: bigint('change', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
      domain: text('domain').notNull(),
      validFrom: date('valid_from', { mode: 'string' }).notNull(),
      frequencies: text('frequencies').array().notNull(),
      reason: text('reason').notNull(),
      addedAt: time('added_at').notNull().defaultNow(),
      addedBy: text('added_by').notNull(),
    },
    (table) => [index('capability_change_domain').on(table.domain, table.validFrom)],
  ),
  { kind: 'reference', api: ['select', 'insert'], worker: ['select'] },
);

/** A subscription as it was proposed: what never changes of it. All else is in its events. */
export const subscription = declareTable(
  pgTable(
    'subscription',
    {
      municipalityCode: text('municipality_code').notNull(),
      subscriptionId: uuid('subscription_id').notNull(),
      domain: text('domain').notNull(),
      startsOn: date('starts_on', { mode: 'string' }).notNull(),
      commitmentMonths: integer('commitment_months').notNull(),
      /** Null: it ends with the commitment. */
      renewalMonths: integer('renewal_months'),
      noticeMonths: integer('notice_months').notNull(),
      createdAt: time('created_at').notNull().defaultNow(),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.subscriptionId] }),
      index('subscription_created').on(table.municipalityCode, table.createdAt, table.subscriptionId),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert'], worker: ['select'] },
);

/** What was agreed about a subscription, by whom and when: number 1 proposes it. */
export const subscriptionEvent = declareTable(
  pgTable(
    'subscription_event',
    {
      municipalityCode: text('municipality_code').notNull(),
      subscriptionId: uuid('subscription_id').notNull(),
      number: integer('number').notNull(),
      domain: text('domain').notNull(),
      kind: text('kind', { enum: ['proposed', 'activated', 'changed', 'terminated'] }).notNull(),
      /** proposed, changed: the first day of the terms · activated: the day itself · terminated: the last day of the subscription. */
      day: date('day', { mode: 'string' }).notNull(),
      /** Of proposed: the terms of a delivery · of changed: those that are otherwise from that day on. */
      terms: jsonb('terms'),
      at: time('at').notNull().defaultNow(),
      clientId: text('client_id').notNull(),
      /** The mandate under which a vendor did it; null: the municipality's own client. */
      mandateId: uuid('mandate_id'),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.subscriptionId, table.number] }),
      foreignKey({
        columns: [table.municipalityCode, table.subscriptionId],
        foreignColumns: [subscription.municipalityCode, subscription.subscriptionId],
      }),
      check(
        'terms_are_proposed_or_changed',
        sql`(${table.kind} in ('proposed', 'changed')) = (${table.terms} is not null)`,
      ),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert'], worker: ['select'] },
);

/** That the near end of a subscription was told of, once for each last day and number of days before it. */
export const subscriptionNotice = declareTable(
  pgTable(
    'subscription_notice',
    {
      municipalityCode: text('municipality_code').notNull(),
      subscriptionId: uuid('subscription_id').notNull(),
      lastDay: date('last_day', { mode: 'string' }).notNull(),
      days: integer('days').notNull(),
      domain: text('domain').notNull(),
      noticedAt: time('noticed_at').notNull(),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.subscriptionId, table.lastDay, table.days] }),
      foreignKey({
        name: 'subscription_notice_of_subscription',
        columns: [table.municipalityCode, table.subscriptionId],
        foreignColumns: [subscription.municipalityCode, subscription.subscriptionId],
      }),
    ],
  ),
  { kind: 'municipal', api: [], worker: ['select', 'insert'] },
);
