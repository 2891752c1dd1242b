// Pure rules of deliveries: which days are due for creation, what a delivery holds, its files, its manifest, and how totals add up. No clock of its own.
import { createHash } from 'node:crypto';
import type { Table } from '../../../domains/definition.ts';
import { addDays, type Day, dayOf, instantOf } from '../../../platform/time/local-time.ts';
import { nextDueDay } from '../rhythm/rules.ts';
import type { Terms } from '../subscriptions/index.ts';

/** An agreement: what holds on a day; undefined when nothing does. */
export type TermsOfDay = (day: Day) => Terms | undefined;

/** A delivery that is due. */
export interface DueDelivery {
  readonly day: Day;
  readonly promisedAt: Date;
  readonly nextPromisedAt: Date | null;
  readonly terms: Terms;
}

/** Preparing begins so long before the promised hour: the data is as fresh as can be, and all of a night's deliveries have time. */
export const LEAD_MS = 3_600_000;
/** What the worker was away for is made up for, so many days back. */
export const CATCH_UP_DAYS = 400;
/** How far ahead the next due day is looked for: a month and what a working day can be late. */
const LOOK_AHEAD_DAYS = 62;

/**
 * @param next the day after the last one that a delivery of the subscription exists for; undefined when there is none yet
 * @returns the first day that the scheduler looks at: on earlier ones nothing becomes due any more
 */
export function firstToSchedule(startsOn: Day, next: Day | undefined, today: Day): Day {
  const earliest = addDays(today, -CATCH_UP_DAYS);
  const from = next ?? startsOn;
  return from > earliest ? from : earliest;
}

/** @returns the deliveries from `from` on whose preparation has begun at `now`, in order. */
export function dueBy(termsOf: TermsOfDay, from: Day, now: Date): DueDelivery[] {
  const last = dayOf(new Date(now.getTime() + LEAD_MS));
  const due: DueDelivery[] = [];
  for (let day = from; day <= last; day = addDays(day, 1)) {
    const terms = termsOf(day);
    if (terms === undefined || nextDueDay(terms.rhythm, day) !== day) continue;
    const promisedAt = instantOf(day, terms.hour);
    if (promisedAt.getTime() - LEAD_MS > now.getTime()) break;
    due.push({ day, promisedAt, nextPromisedAt: nextPromised(termsOf, day), terms });
  }
  return due;
}

/** @returns when the delivery after `day` is promised; null when nothing is agreed any more. */
export function nextPromised(termsOf: TermsOfDay, day: Day): Date | null {
  const end = addDays(day, LOOK_AHEAD_DAYS);
  for (let next = addDays(day, 1); next <= end; next = addDays(next, 1)) {
    const terms = termsOf(next);
    if (terms !== undefined && nextDueDay(terms.rhythm, next) === next) return instantOf(next, terms.hour);
  }
  return null;
}

/** The delivery before, as far as the next one rests on it. */
export interface Delivered {
  readonly revision: number;
  readonly epochStart: Date;
}

/** What a package of a delivery holds. A delta needs something to be the difference to. */
export function contentFor(
  agreedKind: 'total' | 'delta',
  before: Delivered | undefined,
  isSameSchema: boolean,
): { readonly kind: 'total' | 'delta'; readonly since: number | null } {
  if (agreedKind === 'total' || before === undefined || !isSameSchema) return { kind: 'total', since: null };
  return { kind: 'delta', since: before.revision };
}

/** @returns whether a file of the package belongs to what was agreed. The archive is the package's own: it holds every table. */
export function isAgreedFile(name: string, tables: readonly string[], formats: readonly string[]): boolean {
  if (name === 'archive.zip') return formats.includes('zip');
  return tables.some((table) =>
    (['csv.gz', 'parquet'] as const).some((format) => formats.includes(format) && name === `${table}.${format}`),
  );
}

/** @returns the columns whose values can be added up: whole numbers, decimals and amounts. */
export function numericColumns(table: Table): string[] {
  return table.columns
    .filter(({ type }) => type.type === 'integer' || type.type === 'decimal' || type.type === 'money')
    .map(({ name }) => name);
}

/** Sums by column, as exact decimal texts; null: no value. */
export type Totals = Readonly<Record<string, string | null>>;

/** @returns the sums of both. Texts of one column have the same number of decimals. */
export function addTotals(a: Totals, b: Totals): Totals {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(names.map((name) => [name, addDecimals(a[name] ?? null, b[name] ?? null)]));
}

/** @throws RangeError when the two have another number of decimals */
export function addDecimals(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  const decimals = decimalsOf(a);
  if (decimals !== decimalsOf(b)) throw new RangeError('sums of one column have the same number of decimals');
  const sum = BigInt(a.replace('.', '')) + BigInt(b.replace('.', ''));
  if (decimals === 0) return String(sum);
  const digits = String(sum < 0n ? -sum : sum).padStart(decimals + 1, '0');
  return `${sum < 0n ? '-' : ''}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

function decimalsOf(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}

/** @returns one hash over the schemas of the tables, by name: it changes when any of them does. */
export function schemaHashOfAll(tables: readonly { readonly name: string; readonly schemaHash: string }[]): string {
  const lines = tables.map(({ name, schemaHash }) => `${name} ${schemaHash}`).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}
