// Intake: source deliveries, their received files, the counters of deltas, findings and remembered POST answers.
import { sql } from 'drizzle-orm';
import {
  bigint,
  char,
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
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { declareTable } from './kind.ts';

/** State: open → submitted → loading → accepted | rejected | failed. */
export const sourceDelivery = declareTable(
  pgTable(
    'source_delivery',
    {
      municipalityCode: text('municipality_code').notNull(),
      sourceDeliveryId: uuid('source_delivery_id').notNull(),
      domain: text('domain').notNull(),
      kind: text('kind', { enum: ['total', 'delta'] }).notNull(),
      sourceSystem: text('source_system').notNull(),
      /** First and last month of the span, `YYYY-MM`, inclusive. */
      periodFrom: char('period_from', { length: 7 }).notNull(),
      periodTo: char('period_to', { length: 7 }).notNull(),
      /** Number of a delta within municipality, domain and source system, from 1 after each total; null for a total. */
      sequence: integer('sequence'),
      /** The day on which the source system drew the data, as the sender says. */
      extractedOn: date('extracted_on', { mode: 'string' }),
      state: text('state', { enum: ['open', 'submitted', 'loading', 'accepted', 'rejected', 'failed'] })
        .notNull()
        .default('open'),
      clientId: text('client_id').notNull(),
      createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
      submittedAt: timestamp('submitted_at', { withTimezone: true }),
      finishedAt: timestamp('finished_at', { withTimezone: true }),
      /** The revision it became, once accepted. */
      revision: integer('revision'),
      /** Stable code of an internal failure (state `failed`); never a library's or database's text. */
      failure: text('failure'),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.sourceDeliveryId] }),
      index('source_delivery_created').on(table.municipalityCode, table.createdAt, table.sourceDeliveryId),
      check('delta_has_sequence', sql`(${table.kind} = 'delta') = (${table.sequence} is not null)`),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert', 'update'], worker: ['select', 'update'] },
);

/** A received file, kept byte for byte (encrypted when its table holds persons). */
export const sourceFile = declareTable(
  pgTable(
    'source_file',
    {
      municipalityCode: text('municipality_code').notNull(),
      sourceDeliveryId: uuid('source_delivery_id').notNull(),
      tableName: text('table_name').notNull(),
      /** Storage key; a new upload of the same table gets a new key. */
      storageKey: text('storage_key').notNull(),
      bytes: bigint('bytes', { mode: 'number' }).notNull(),
      sha256: char('sha256', { length: 64 }).notNull(),
      encrypted: text('encrypted', { enum: ['none', 'aes-256-gcm'] }).notNull(),
      compression: text('compression', { enum: ['none', 'gzip'] }).notNull(),
      /** Dialect as declared or detected: delimiter, decimal mark (or `detect`), encoding, columns in file order. */
      dialect: jsonb('dialect').notNull(),
      receivedAt: timestamp('received_at', { withTimezone: true }).notNull().defaultNow(),
      /** Data rows that the sender says the file has; loading refuses another number. */
      announcedRows: bigint('announced_rows', { mode: 'number' }),
      /** Data rows read, once loaded. */
      rows: bigint('rows', { mode: 'number' }),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.sourceDeliveryId, table.tableName] }),
      uniqueIndex('source_file_storage_key').on(table.municipalityCode, table.storageKey),
      foreignKey({
        columns: [table.municipalityCode, table.sourceDeliveryId],
        foreignColumns: [sourceDelivery.municipalityCode, sourceDelivery.sourceDeliveryId],
      }),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert', 'update'], worker: ['select', 'update'] },
);

/** Last accepted delta number per municipality, domain and source system; a total sets it to 0. */
export const deltaSequence = declareTable(
  pgTable(
    'delta_sequence',
    {
      municipalityCode: text('municipality_code').notNull(),
      domain: text('domain').notNull(),
      sourceSystem: text('source_system').notNull(),
      last: integer('last').notNull(),
    },
    (table) => [primaryKey({ columns: [table.municipalityCode, table.domain, table.sourceSystem] })],
  ),
  { kind: 'municipal', api: ['select'], worker: ['select', 'insert', 'update'] },
);

/** One source system per (municipality, table) at a time. */
export const tableSource = declareTable(
  pgTable(
    'table_source',
    {
      municipalityCode: text('municipality_code').notNull(),
      tableName: text('table_name').notNull(),
      sourceSystem: text('source_system').notNull(),
      since: timestamp('since', { withTimezone: true }).notNull().defaultNow(),
    },
    (table) => [primaryKey({ columns: [table.municipalityCode, table.tableName] })],
  ),
  { kind: 'municipal', api: ['select'], worker: ['select', 'insert', 'update'] },
);

/** A finding of a source delivery: an example row of a rule, at most 1 000 kept per rule. Never a CPR number. */
export const finding = declareTable(
  pgTable(
    'finding',
    {
      municipalityCode: text('municipality_code').notNull(),
      sourceDeliveryId: uuid('source_delivery_id').notNull(),
      /** 1, 2, 3 … within the delivery, in the order found. */
      number: integer('number').notNull(),
      rule: text('rule').notNull(),
      severity: text('severity', { enum: ['stop', 'error', 'warning', 'info'] }).notNull(),
      tableName: text('table_name').notNull(),
      period: text('period'),
      /** Record number in the received file, header excluded; null when the finding is not about one row of the file. */
      row: bigint('row', { mode: 'number' }),
      columnName: text('column_name'),
      /** What is at fault, e.g. an institution number or a natural key; never a person's CPR. */
      reference: text('reference'),
      messageDa: text('message_da').notNull(),
      messageEn: text('message_en').notNull(),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.sourceDeliveryId, table.number] }),
      foreignKey({
        columns: [table.municipalityCode, table.sourceDeliveryId],
        foreignColumns: [sourceDelivery.municipalityCode, sourceDelivery.sourceDeliveryId],
      }),
    ],
  ),
  { kind: 'municipal', api: ['select'], worker: ['select', 'insert'] },
);

/** How many findings each rule had in a source delivery, all counted though only examples are kept. */
export const findingCount = declareTable(
  pgTable(
    'finding_count',
    {
      municipalityCode: text('municipality_code').notNull(),
      sourceDeliveryId: uuid('source_delivery_id').notNull(),
      rule: text('rule').notNull(),
      tableName: text('table_name').notNull(),
      severity: text('severity', { enum: ['stop', 'error', 'warning', 'info'] }).notNull(),
      count: bigint('count', { mode: 'number' }).notNull(),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.sourceDeliveryId, table.rule, table.tableName] }),
      foreignKey({
        columns: [table.municipalityCode, table.sourceDeliveryId],
        foreignColumns: [sourceDelivery.municipalityCode, sourceDelivery.sourceDeliveryId],
      }),
    ],
  ),
  { kind: 'municipal', api: ['select'], worker: ['select', 'insert'] },
);

/** The answer of a POST with an `Idempotency-Key`, written in the transaction of its effect; kept 24 h. */
export const idempotencyKey = declareTable(
  pgTable(
    'idempotency_key',
    {
      municipalityCode: text('municipality_code').notNull(),
      clientId: text('client_id').notNull(),
      key: text('key').notNull(),
      operation: text('operation').notNull(),
      /** sha256 of the request (operation, path, body): the same key with another request is refused. */
      requestSha256: char('request_sha256', { length: 64 }).notNull(),
      status: integer('status').notNull(),
      location: text('location'),
      body: jsonb('body').notNull(),
      createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    },
    (table) => [
      primaryKey({ columns: [table.municipalityCode, table.clientId, table.key] }),
      index('idempotency_key_created').on(table.createdAt),
    ],
  ),
  { kind: 'municipal', api: ['select', 'insert'], worker: ['delete', 'select'] },
);
