// Key figures: the values of named formulas (a municipality's own) and releases (published to everyone entitled).
import {
  boolean,
  char,
  foreignKey,
  index,
  integer,
  numeric,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { declareTable } from './kind.ts';
import { revision } from './warehouse.ts';

/** A formula's value; append-only and written only when changed: the value at revision N is the newest row up to N. */
export const formulaValue = declareTable(
  pgTable(
    'formula_value',
    {
      municipalityCode: text('municipality_code').notNull(),
      formula: text('formula').notNull(),
      formulaVersion: integer('formula_version').notNull(),
      period: text('period').notNull(),
      /** `''` for the total, else `column=code`. */
      breakdown: text('breakdown').notNull(),
      domain: text('domain').notNull(),
      /** Basis: the revision of `domain` that this was computed from. */
      revision: integer('revision').notNull(),
      /** The recomputation bucket of the formula's source that this period belongs to. */
      bucket: text('bucket').notNull(),
      value: numeric('value'),
      /** Why there is no value; null exactly when there is one. */
      missing: text('missing'),
      computedAt: timestamp('computed_at', { withTimezone: true }).notNull().defaultNow(),
    },
    (table) => [
      primaryKey({
        columns: [
          table.municipalityCode,
          table.formula,
          table.formulaVersion,
          table.period,
          table.breakdown,
          table.revision,
        ],
      }),
      foreignKey({
        columns: [table.municipalityCode, table.domain, table.revision],
        foreignColumns: [revision.municipalityCode, revision.domain, revision.revision],
      }),
      index('formula_value_bucket').on(table.municipalityCode, table.formula, table.bucket),
    ],
  ),
  { kind: 'municipal', api: ['select'], worker: ['select', 'insert'] },
);

/** How far the key figures of (municipality, domain) have been computed. */
export const computedRevision = declareTable(
  pgTable(
    'computed_revision',
    {
      municipalityCode: text('municipality_code').notNull(),
      domain: text('domain').notNull(),
      revision: integer('revision').notNull(),
      /** Hash over the formulas and their versions that were computed; a new formula makes everything stale. */
      formulasHash: char('formulas_hash', { length: 64 }).notNull(),
    },
    (table) => [primaryKey({ columns: [table.municipalityCode, table.domain] })],
  ),
  { kind: 'municipal', api: ['select'], worker: ['select', 'insert', 'update'] },
);

/** A numbered, dated publication of a domain's key figures. State: requested → published | failed. */
export const release = declareTable(
  pgTable(
    'release',
    {
      /** `borger-3`: domain and number. */
      releaseId: text('release_id').primaryKey(),
      domain: text('domain').notNull(),
      number: integer('number').notNull(),
      state: text('state', { enum: ['requested', 'published', 'failed'] }).notNull(),
      requestedAt: timestamp('requested_at', { withTimezone: true }).notNull().defaultNow(),
      publishedAt: timestamp('published_at', { withTimezone: true }),
      requestedBy: text('requested_by').notNull(),
      idempotencyKey: text('idempotency_key'),
      note: text('note'),
    },
    (table) => [
      uniqueIndex('release_number').on(table.domain, table.number),
      uniqueIndex('release_idempotency').on(table.requestedBy, table.idempotencyKey),
    ],
  ),
  { kind: 'published', api: ['select', 'insert'], worker: ['select', 'update'] },
);

/** The revision of every domain that a release rests on, per municipality. */
export const releasePin = declareTable(
  pgTable(
    'release_pin',
    {
      releaseId: text('release_id')
        .notNull()
        .references(() => release.releaseId),
      municipalityCode: text('municipality_code').notNull(),
      domain: text('domain').notNull(),
      revision: integer('revision').notNull(),
      /** Whether `error` findings are open at that revision. */
      openErrors: boolean('open_errors').notNull(),
    },
    (table) => [primaryKey({ columns: [table.releaseId, table.municipalityCode, table.domain] })],
  ),
  { kind: 'published', api: ['select'], worker: ['select', 'insert'] },
);

/** A released cell; immutable. Numerator, denominator and value are null unless the status allows them to be seen. */
export const releasedValue = declareTable(
  pgTable(
    'released_value',
    {
      releaseId: text('release_id')
        .notNull()
        .references(() => release.releaseId),
      keyFigure: text('key_figure').notNull(),
      period: text('period').notNull(),
      breakdown: text('breakdown').notNull(),
      municipalityCode: text('municipality_code').notNull(),
      numerator: numeric('numerator'),
      denominator: numeric('denominator'),
      /** Rounded half away from zero to the figure's decimals. */
      value: numeric('value'),
      status: text('status', { enum: ['ok', 'suppressed', 'missing', 'unvalidated'] }).notNull(),
      reason: text('reason'),
    },
    (table) => [
      primaryKey({
        columns: [table.releaseId, table.keyFigure, table.period, table.breakdown, table.municipalityCode],
      }),
    ],
  ),
  { kind: 'published', api: ['select'], worker: ['select', 'insert'] },
);
