// The contract of synthetic source data, and what all generators must agree on: which deliveries are missing
// and which municipalities have which planted registration faults. No generator stands here, and no chance:
// every number follows from a seed.
import type { DomainId } from './definition.ts';
import type { Municipality } from './municipalities.ts';

/** One file of a delivery. `rows` can be read again and gives the same rows; cells are as a CSV file would hold them, '' for null. */
export interface SyntheticFile {
  readonly table: string;
  readonly header: readonly string[];
  readonly rows: () => Iterable<readonly string[]>;
}

/** A total delivery of one source system; the months are `YYYY-MM`, inclusive. */
export interface SyntheticDelivery {
  readonly kind: 'total';
  readonly sourceSystem: string;
  readonly periodFrom: string;
  readonly periodTo: string;
  readonly files: readonly SyntheticFile[];
}

/** The generator of one domain, exported as `synthetic` by the domain's `synthetic.ts`. The same seed gives the same bytes. */
export interface SyntheticDomain {
  readonly domain: DomainId;
  deliveries(municipality: Municipality, seed: number): Iterable<SyntheticDelivery>;
}

/**
 * The deliveries left out, so that "missing" can be seen: domain → municipality codes. Generators yield nothing for them.
 * Small and middle-sized municipalities of different regions; none is in the 7-by or 6-by group, whose benchmarks should be whole.
 */
const MISSING: Readonly<Record<DomainId, readonly string[]>> = {
  borger: ['825', '563'],
  skole: ['492', '671'],
  oekonomi: ['741', '155', '360'],
};

/** @returns whether the municipality delivers nothing at all of the domain in the synthetic data. */
export function isLeftOut(domain: DomainId, municipality: Municipality): boolean {
  return MISSING[domain]?.includes(municipality.code) ?? false;
}

/** A source of numbers that follow from a seed alone. */
export interface Chance {
  /** An integer from 0 to `below` - 1. */
  integer(below: number): number;
  /** A number from 0 (inclusive) to 1 (exclusive). */
  fraction(): number;
}

/** Makes a generator of numbers (mulberry32) from the parts of a seed, e.g. `(seed, municipality.code, table)`. */
export function makeChance(...parts: readonly (number | string)[]): Chance {
  let state = 2166136261;
  // FNV-1a over the parts spreads neighbouring seeds far apart.
  for (const character of parts.join('/')) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 16777619);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return { integer: (below) => Math.floor((next() / 4294967296) * below), fraction: () => next() / 4294967296 };
}

/**
 * A CPR number that nobody has: a replacement number (day + 60) with the century digit of the birth year.
 * @param serial 0–999, odd for males; keeps numbers of one birthday apart.
 */
export function makeCpr(year: number, month: number, day: number, serial: number): string {
  const date = `${day + 60}${String(month).padStart(2, '0')}${String(year % 100).padStart(2, '0')}`;
  return `${date}${year >= 2000 ? 4 : 1}${String(serial).padStart(3, '0')}`;
}
