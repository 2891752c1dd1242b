// The rules of handing in: which columns a file must have, which number a delta must carry, who may deliver a table.
// Pure functions over facts that the use-cases have read; no I/O.
import type { Domain, Table } from '../../domains/definition.ts';
import { wholePeriods } from '../../platform/time/period.ts';

/** The column of a delta that says what to do with the row: `U` upsert or `D` delete. */
export const OPERATION_COLUMN = '_op';

/** The header under which a `person` column arrives. */
export const CPR_COLUMN = 'cpr';

export type DeliveryKind = 'total' | 'delta';

/** @returns whether files of the table hold persons and are therefore kept encrypted. */
export function holdsPersons(table: Table): boolean {
  return table.columns.some((column) => column.type.type === 'person');
}

/** @returns the column names that a source file of `table` must have, each once, in any order. */
export function expectedColumns(table: Table, kind: DeliveryKind): string[] {
  const names = table.columns
    .filter((column) => column.derived === undefined)
    .map((column) => (column.type.type === 'person' ? CPR_COLUMN : column.name));
  return kind === 'delta' ? [...names, OPERATION_COLUMN] : names;
}

/** Months `YYYY-MM`, both ends inclusive. */
export interface Span {
  readonly from: string;
  readonly to: string;
}

/** @returns whether the column that the period follows from also tells the month of a row, as an accounting year does not. */
export function tellsMonth({ period, columns }: Table): boolean {
  if (period.kind === 'none') return false;
  const type = columns.find(({ name }) => name === period.from)?.type.type;
  return type === 'month' || type === 'date';
}

/**
 * A total replaces the months of its span. Where rows tell no month, those of a period that the span cuts could neither be kept nor replaced for certain:
 * they would be lost without anyone having said so. (Whether something is held is no question here: a sender's first delivery must not pass where its second fails.)
 * @returns the span of whole periods that a total of `table` must have instead, or `undefined` when `span` will do.
 */
export function spanInstead(table: Table, span: Span): Span | undefined {
  if (tellsMonth(table)) return undefined;
  const whole = wholePeriods(table.period.kind, span.from, span.to);
  return whole.from === span.from && whole.to === span.to ? undefined : whole;
}

/** What is wrong with a header; every list is empty when nothing is. */
export interface HeaderFaults {
  readonly unknown: readonly string[];
  readonly missing: readonly string[];
  readonly doubled: readonly string[];
}

/** Compares a header with the expected columns. Names must be equal to the letter. */
export function compareColumns(columns: readonly string[], expected: readonly string[]): HeaderFaults {
  const wanted = new Set(expected);
  const seen = new Set<string>();
  const doubled = new Set<string>();
  for (const column of columns) (seen.has(column) ? doubled : seen).add(column);
  return {
    unknown: [...seen].filter((column) => !wanted.has(column)),
    missing: expected.filter((column) => !seen.has(column)),
    doubled: [...doubled],
  };
}

/** A delivery that is accepted, or waits to be loaded, in the order of submission. */
export interface EarlierDelivery {
  readonly kind: DeliveryKind;
  readonly sequence: number | null;
}

/**
 * @returns the number that the next delta must carry: numbers start at 1 after every total and have no gaps.
 * `accepted` is the last number accepted (0 after a total, or when nothing was delivered); `waiting` are the deliveries in the queue.
 */
export function expectedSequence(accepted: number, waiting: readonly EarlierDelivery[]): number {
  return waiting.reduce((_, delivery) => delivery.sequence ?? 0, accepted) + 1;
}

/** The tables of a delivery's domain that its source system can deliver. */
export function deliverableTables(domain: Domain, sourceSystem: string): string[] {
  return domain.tables.filter((table) => table.sources.includes(sourceSystem)).map((table) => table.name);
}
