// What a municipality owes for a quarter, worked out from what was agreed and the prices in force: the same history gives the same øre, whenever it is
// asked. Pure. A line is rate × inhabitants × factor × days / days of the year, rounded once; days are counted one by one, both ends included.
import { exactOf, multiply } from '../../../platform/exact.ts';
import { addDays, type Day } from '../../../platform/time/local-time.ts';
import { amountOf, listOn, type PriceList, priceOf, totalOf } from '../prices/index.ts';
import type { Frequency } from '../rhythm/rules.ts';
import { type Subscription, segmentsOf } from '../subscriptions/index.ts';

/** A span of days of a subscription with one frequency and one price list. */
export interface InvoiceLine {
  readonly subscriptionId: string;
  readonly domain: string;
  readonly frequency: Frequency;
  readonly from: Day;
  readonly to: Day;
  readonly days: number;
  readonly daysOfYear: number;
  readonly priceListFrom: Day;
  readonly ratePerInhabitant: string;
  readonly inhabitants: number;
  readonly factor: string;
  /** Kroner, two decimals. */
  readonly amount: string;
}

/** Owed once, in the quarter of the municipality's first day of any subscription. */
export interface JoiningFee {
  readonly day: Day;
  readonly priceListFrom: Day;
  readonly amount: string;
}

export interface Quarter {
  readonly from: Day;
  readonly to: Day;
}

const DAY_MS = 86_400_000;
const daysFrom = (from: Day, to: Day): number => Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;

/** @param name `2027Q1` */
export function quarterOf(name: string): Quarter {
  const [year, quarter] = [name.slice(0, 4), Number(name.slice(5))];
  const first = (month: number) => `${year}-${String(month).padStart(2, '0')}-01`;
  const next = quarter === 4 ? `${Number(year) + 1}-01-01` : first(quarter * 3 + 1);
  return { from: first(quarter * 3 - 2), to: addDays(next, -1) };
}

/** @param lists all that are in force in the quarter. @returns the lines of a subscription that was agreed to, in order */
export function linesOf(subscription: Subscription, lists: readonly PriceList[], quarter: Quarter): InvoiceLine[] {
  const spans: { from: Day; to: Day; frequency: Frequency; list: PriceList }[] = [];
  for (const { from, to, terms } of segmentsOf(subscription)) {
    const [first, last] = [from > quarter.from ? from : quarter.from, to !== null && to < quarter.to ? to : quarter.to];
    const starts = [first, ...lists.map(({ validFrom }) => validFrom).filter((day) => day > first && day <= last)];
    if (first > last) continue;
    for (const [index, start] of starts.sort().entries()) {
      const next = starts[index + 1];
      const list = mustHave(listOn(lists, start));
      const span = { from: start, to: next === undefined ? last : addDays(next, -1), list };
      const before = spans.at(-1);
      const { frequency } = terms.rhythm;
      // Another hour or table costs nothing, so it splits no line.
      if (before?.frequency === frequency && before.list === list) before.to = span.to;
      else spans.push({ ...span, frequency });
    }
  }
  return spans.map((span) => lineOf(subscription, span));
}

function lineOf(
  { subscriptionId, domain, municipality }: Subscription,
  { from, to, frequency, list }: { from: Day; to: Day; frequency: Frequency; list: PriceList },
): InvoiceLine {
  const { perYear, ...factors } = mustHave(priceOf(list, municipality, domain, frequency));
  const days = daysFrom(from, to);
  const daysOfYear = daysFrom(`${from.slice(0, 4)}-01-01`, `${from.slice(0, 4)}-12-31`);
  const amount = amountOf(multiply(perYear, { n: BigInt(days), d: BigInt(daysOfYear) }));
  return {
    ...{ subscriptionId, domain, frequency, from, to, days, daysOfYear, priceListFrom: list.validFrom },
    ...{ ...factors, amount },
  };
}

/** @param firstStart the first day of any subscription that the municipality agreed to */
export function joiningFeeOf(firstStart: Day | null, lists: readonly PriceList[], quarter: Quarter): JoiningFee | null {
  if (firstStart === null || firstStart < quarter.from || firstStart > quarter.to) return null;
  const { validFrom, joiningFee } = mustHave(listOn(lists, firstStart));
  return { day: firstStart, priceListFrom: validFrom, amount: amountOf(exactOf(joiningFee)) };
}

/** Σ of the written amounts. */
export function invoiceTotal(lines: readonly InvoiceLine[], fee: JoiningFee | null): string {
  return totalOf([...lines.map(({ amount }) => amount), ...(fee === null ? [] : [fee.amount])]);
}

/** Nothing is agreed to without a price, and a domain that has had one keeps one. */
function mustHave<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a subscription has no price');
  return value;
}
