// Deliveries: what is due under subscriptions, how far each file was fetched, receipts, and the totals that manifests vouch for.
import { sql } from 'drizzle-orm';
import {
  bigint,
  char,
  customType,
  date,
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
import { dataPackage } from './packages.ts';
import { slice } from './warehouse.ts';

const byteRanges = customType<{ data: string }>({ dataType: () => 'int8multirange' });

/**
 * A delivery of one due day of a subscription. State: scheduled → building → ready → fetched → acknowledged. Lateness stands beside it: a late
 * delivery still arrives.
 */
export const delivery = declareTable(
  pgTable(
    'delivery',
    {
      municipalityCode: text('municipality_code').notNull(),
      deliveryId: uuid('delivery_id').notNull(),
      subscriptionId: uuid('subscription_id').notNull(),
      /** The delivery that this one makes good: its package was revoked. */
      replaces: uuid('replaces'),
      domain: text('domain').notNull(),
      /** A civil day in Denmark. */
      dueOn: date('due_on', { mode: 'string' }).notNull(),
      promisedAt: timestamp('promised_at', { withTimezone: true }).notNull(),
      /** When the one after this is promised; null when the subscription ends before. */
      nextPromisedAt: timestamp('next_promised_at', { withTimezone: true }),
      /** As agreed for the day: kind, tables and formats. */
      agreedKind: text('agreed_kind', { enum: ['total', 'delta'] }).notNull(),
      tables: text('tables').array().notNull(),
      formats: text('formats').array().notNull(),
      state: text('state', { enum: ['scheduled', 'building', 'ready', 'fetched', 'acknowledged'] }).notNull(),
      /** When a job was last asked to prepare it. */
      askedAt: timestamp('asked_at', { withTimezone: true }),
      packageId: uuid('package_id'),
      revision: integer('revision'),
      /** When the chain of deltas that this belongs to began: the time of its total's revision. */
      epochStart: timestamp('epoch_start', { withTimezone: true }),
      /** Why nothing has changed since the delivery before; null where something has. */
      unchanged: text('unchanged', { enum: ['no-new-source-data', 'source-delivery-rejected'] }),
      lateReason: text('late_reason', { enum: ['no-source-data', 'source-delivery-rejected', 'service'] }),
      createdAt: timestamp('created_at', { withTimezone: true }).notNull(),
      readyAt: timestamp('ready_at', { withTimezone: true }),
      fetchedAt: timestamp('fetched_at', { withTimezone: true }),
      acknowledgedAt: timestamp('acknowledged_at', { withTimezone: true }),
      /** The manifest, signed: a compact JWS. */
      manifest: text('manifest'),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.deliveryId] }),
      foreignKey({
        columns: [table.municipalityCode, table.packageId],
        foreignColumns: [dataPackage.municipalityCode, dataPackage.packageId],
      }),
      foreignKey({
        name: 'delivery_replaces_delivery',
        columns: [table.municipalityCode, table.replaces],
        foreignColumns: [table.municipalityCode, table.deliveryId],
      }),
      uniqueIndex('delivery_due')
        .on(table.municipalityCode, table.subscriptionId, table.dueOn)
        .where(sql`${table.replaces} is null`),
      uniqueIndex('delivery_replaced').on(table.municipalityCode, table.replaces),
      index('delivery_package').on(table.municipalityCode, table.packageId),
      index('delivery_listed').on(table.municipalityCode, table.dueOn, table.deliveryId),
      index('delivery_open').on(table.promisedAt).where(sql`${table.state} in ('scheduled', 'building')`),
    ],
  ),
  { kind: 'municipal', api: ['select', 'update'], worker: ['select', 'insert', 'update'] },
);

/** A file of a ready delivery, and which of its bytes were sent. */
export const deliveryFile = declareTable(
  pgTable(
    'delivery_file',
    {
      municipalityCode: text('municipality_code').notNull(),
      deliveryId: uuid('delivery_id').notNull(),
      name: text('name').notNull(),
      rows: bigint('rows', { mode: 'number' }),
      bytes: bigint('bytes', { mode: 'number' }).notNull(),
      sha256: char('sha256', { length: 64 }).notNull(),
      sent: byteRanges('sent').notNull().default('{}'),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.deliveryId, table.name] }),
      foreignKey({
        columns: [table.municipalityCode, table.deliveryId],
        foreignColumns: [delivery.municipalityCode, delivery.deliveryId],
      }),
    ],
  ),
  { kind: 'municipal', api: ['select', 'update'], worker: ['select', 'insert'] },
);

/** That a receiver has a delivery whole: the digests it named, and the receipt that was given for them. */
export const deliveryAcknowledgement = declareTable(
  pgTable(
    'delivery_acknowledgement',
    {
      municipalityCode: text('municipality_code').notNull(),
      deliveryId: uuid('delivery_id').notNull(),
      clientId: text('client_id').notNull(),
      mandateId: uuid('mandate_id'),
      acknowledgedAt: timestamp('acknowledged_at', { withTimezone: true }).notNull(),
      /** Signed: a compact JWS. */
      receipt: text('receipt').notNull(),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.deliveryId] }),
      foreignKey({
        columns: [table.municipalityCode, table.deliveryId],
        foreignColumns: [delivery.municipalityCode, delivery.deliveryId],
      }),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert'], worker: ['select'] },
);

/** The sum of each numeric column of a slice, computed once: `{"antal": "4525"}`, exact, null where the column has no value. */
export const sliceTotal = declareTable(
  pgTable(
    'slice_total',
    {
      municipalityCode: text('municipality_code').notNull(),
      tableName: text('table_name').notNull(),
      period: text('period').notNull(),
      sha256: char('sha256', { length: 64 }).notNull(),
      schemaHash: char('schema_hash', { length: 64 }).notNull(),
      domain: text('domain').notNull(),
      totals: jsonb('totals').notNull(),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.tableName, table.period, table.sha256, table.schemaHash] }),
      foreignKey({
        // The names that would be made of the columns are the same once PostgreSQL has cut them.
        name: 'slice_total_of_slice',
        columns: [table.municipalityCode, table.tableName, table.period, table.sha256, table.schemaHash],
        foreignColumns: [slice.municipalityCode, slice.tableName, slice.period, slice.sha256, slice.schemaHash],
      }),
    ],
  ),
  { kind: 'municipal', api: [], worker: ['select', 'insert'] },
);

/** Public halves of the keys that manifests and receipts were ever signed with: they stay, so that a file can be proved years later. */
export const manifestKey = declareTable(
  pgTable('manifest_key', {
    keyId: text('key_id').primaryKey(),
    /** JSON Web Key. */
    jwk: jsonb('jwk').notNull(),
    usedFrom: timestamp('used_from', { withTimezone: true }).notNull(),
  }),
  { kind: 'published', api: ['select'], worker: ['select', 'insert'] },
);
