// Periods as the API writes them: `2025`, `2025-03`, `2025Q1`, `2024-2025` (school year) and `all`.
// Pure calendar arithmetic; it knows no table and no domain.

/** The kinds of period a slice or a key figure can have. `none` is the one period `all`. */
export type PeriodKind = 'none' | 'year' | 'schoolYear' | 'quarter' | 'month';

/** The single period of a table without time. */
export const ALL = 'all';

const PATTERNS: Record<PeriodKind, RegExp> = {
  none: /^all$/,
  year: /^(?:19|20|21)\d\d$/,
  schoolYear: /^((?:19|20|21)\d\d)-((?:19|20|21)\d\d)$/,
  quarter: /^(?:19|20|21)\d\dQ[1-4]$/,
  month: /^(?:19|20|21)\d\d-(?:0[1-9]|1[0-2])$/,
};

/** @returns whether `text` is a period of `kind`; a school year must span two adjacent years. */
export function isPeriod(kind: PeriodKind, text: string): boolean {
  const match = PATTERNS[kind].exec(text);
  if (match === null) return false;
  return kind !== 'schoolYear' || Number(match[2]) === Number(match[1]) + 1;
}

/** @returns the kind of the period `text`, or `undefined` when it is none. */
export function periodKindOf(text: string): PeriodKind | undefined {
  return (Object.keys(PATTERNS) as PeriodKind[]).find((kind) => isPeriod(kind, text));
}

/** Months since year 0 of `YYYY-MM`. */
function monthNumber(month: string): number {
  return Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
}

function monthText(number: number): string {
  return `${String(Math.floor(number / 12)).padStart(4, '0')}-${String((number % 12) + 1).padStart(2, '0')}`;
}

/** Adds `count` months (may be negative) to `YYYY-MM`. */
export function addMonths(month: string, count: number): string {
  return monthText(monthNumber(month) + count);
}

/** @returns the period of `kind` that holds the month `YYYY-MM`. School years run August to July. */
export function periodOfMonth(kind: PeriodKind, month: string): string {
  const year = Number(month.slice(0, 4));
  const index = Number(month.slice(5, 7));
  switch (kind) {
    case 'none':
      return ALL;
    case 'year':
      return String(year);
    case 'quarter':
      return `${year}Q${Math.ceil(index / 3)}`;
    case 'month':
      return month;
    case 'schoolYear':
      return index >= 8 ? `${year}-${year + 1}` : `${year - 1}-${year}`;
  }
}

/** @returns the first and last month (`YYYY-MM`, inclusive) of a period; `undefined` for `all`. */
export function monthSpanOf(period: string): { from: string; to: string } | undefined {
  const year = Number(period.slice(0, 4));
  switch (periodKindOf(period)) {
    case 'year':
      return { from: `${year}-01`, to: `${year}-12` };
    case 'schoolYear':
      return { from: `${year}-08`, to: `${year + 1}-07` };
    case 'quarter': {
      const from = monthText(year * 12 + (Number(period.slice(5)) - 1) * 3);
      return { from, to: addMonths(from, 2) };
    }
    case 'month':
      return { from: period, to: period };
    default:
      return undefined;
  }
}

/** @returns whether `period` is over before `other` begins; `all` is never over and never begins. */
export function endsBefore(period: string, other: string): boolean {
  const [last, first] = [monthSpanOf(period)?.to, monthSpanOf(other)?.from];
  return last !== undefined && first !== undefined && last < first;
}

/** @returns every month of a period in order; empty for `all`. */
export function monthsOf(period: string): string[] {
  const span = monthSpanOf(period);
  if (span === undefined) return [];
  const count = monthNumber(span.to) - monthNumber(span.from) + 1;
  return Array.from({ length: count }, (_, index) => addMonths(span.from, index));
}

/** @returns the periods of `kind` that overlap the months `from`..`to` (inclusive), in order. */
export function periodsBetween(kind: PeriodKind, from: string, to: string): string[] {
  if (kind === 'none') return [ALL];
  const periods = new Set<string>();
  for (let number = monthNumber(from); number <= monthNumber(to); number += 1) {
    periods.add(periodOfMonth(kind, monthText(number)));
  }
  return [...periods];
}

/** @returns the months from the first of the period of `kind` that holds `from` to the last of the one that holds `to`. */
export function wholePeriods(kind: PeriodKind, from: string, to: string): { from: string; to: string } {
  return {
    from: monthSpanOf(periodOfMonth(kind, from))?.from ?? from,
    to: monthSpanOf(periodOfMonth(kind, to))?.to ?? to,
  };
}

/** @returns the period `count` steps later (earlier when negative): `2024` → `2023`, `2024-2025` → `2023-2024`. */
export function shiftPeriod(period: string, count: number): string {
  const kind = periodKindOf(period);
  const span = monthSpanOf(period);
  if (kind === undefined || span === undefined) return period;
  const months = { none: 0, year: 12, schoolYear: 12, quarter: 3, month: 1 }[kind];
  return periodOfMonth(kind, addMonths(span.from, count * months));
}
