// What a subscription costs: rate × inhabitants × factor of the frequency, in exact fractions of kroner. Pure.
// An amount is rounded once, when its line is written: half away from zero, to the øre. Sums are sums of written lines, so every bill adds up.
import { type Exact, exactOf, multiply, round, sum } from '../../../platform/exact.ts';
import type { Day } from '../../../platform/time/local-time.ts';
import type { Frequency } from '../rhythm/rules.ts';

/** A version of the prices. Amounts and factors are decimal text; rates are kroner per inhabitant and year. */
export interface PriceList {
  readonly validFrom: Day;
  readonly joiningFee: string;
  /** By domain. */
  readonly rates: Readonly<Record<string, string>>;
  readonly factors: Readonly<Record<Frequency, string>>;
  /** By municipality; they belong to the list, so that a later count changes no bill. */
  readonly inhabitants: Readonly<Record<string, number>>;
  readonly source: string;
}

/** What a price is made of, and the exact kroner per year. */
export interface Price {
  readonly ratePerInhabitant: string;
  readonly inhabitants: number;
  readonly factor: string;
  readonly perYear: Exact;
}

/** @returns the price of a domain for a municipality; undefined when the list has none. */
export function priceOf(
  { rates, factors, inhabitants }: Pick<PriceList, 'rates' | 'factors' | 'inhabitants'>,
  municipality: string,
  domain: string,
  frequency: Frequency,
): Price | undefined {
  const ratePerInhabitant = rates[domain];
  const count = inhabitants[municipality];
  if (ratePerInhabitant === undefined || count === undefined) return undefined;
  const factor = factors[frequency];
  const people = { n: BigInt(count), d: 1n };
  const perYear = multiply(multiply(exactOf(ratePerInhabitant), people), exactOf(factor));
  return { ratePerInhabitant, inhabitants: count, factor, perYear };
}

/** An amount as it is written: kroner with two decimals. */
export function amountOf(kroner: Exact): string {
  return round(kroner, 2);
}

/** Σ of written amounts. */
export function totalOf(amounts: readonly string[]): string {
  return amountOf(sum(amounts.map(exactOf)));
}

/** @returns the list in force on `day`; undefined before the first one. */
export function listOn(lists: readonly PriceList[], day: Day): PriceList | undefined {
  return lists
    .filter(({ validFrom }) => validFrom <= day)
    .reduce<PriceList | undefined>((best, one) => (best && best.validFrom > one.validFrom ? best : one), undefined);
}
