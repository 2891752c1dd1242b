// Exact fractions on BigInt, the only arithmetic of key figures and of prices. No floating-point number may enter or leave except through text.

/** The fraction n/d; d is above 0. Not reduced: what is added up here stays small. */
export interface Exact {
  readonly n: bigint;
  readonly d: bigint;
}

export const ZERO: Exact = { n: 0n, d: 1n };

const DECIMAL = /^-?[0-9]+(?:\.[0-9]+)?$/;

/** Reads a decimal as text (`-12.50`) or a whole number or short decimal fraction as declared (`factor: 100`). @throws RangeError for anything else. */
export function exactOf(decimal: string | number): Exact {
  const text = String(decimal);
  if (!DECIMAL.test(text)) throw new RangeError('not an exact decimal');
  const point = text.indexOf('.');
  if (point === -1) return { n: BigInt(text), d: 1n };
  return { n: BigInt(text.replace('.', '')), d: 10n ** BigInt(text.length - point - 1) };
}

export function add(a: Exact, b: Exact): Exact {
  return a.d === b.d ? { n: a.n + b.n, d: a.d } : { n: a.n * b.d + b.n * a.d, d: a.d * b.d };
}

export function subtract(a: Exact, b: Exact): Exact {
  return add(a, { n: -b.n, d: b.d });
}

export function multiply(a: Exact, b: Exact): Exact {
  return { n: a.n * b.n, d: a.d * b.d };
}

/** @throws RangeError when `b` is zero. */
export function divide(a: Exact, b: Exact): Exact {
  if (b.n === 0n) throw new RangeError('division by zero');
  return b.n > 0n ? { n: a.n * b.d, d: a.d * b.n } : { n: -a.n * b.d, d: a.d * -b.n };
}

/** @returns below 0, 0 or above 0, for sorting. */
export function compare(a: Exact, b: Exact): number {
  const left = a.n * b.d;
  const right = b.n * a.d;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Σ of all; 0 of none. */
export function sum(values: Iterable<Exact>): Exact {
  let total = ZERO;
  for (const value of values) total = add(total, value);
  return total;
}

/** Rounds half away from zero to `decimals` digits: `-0.05` → `-0.1`, never `-0.0`. @returns text at that scale. */
export function round(value: Exact, decimals: number): string {
  const scaled = (value.n < 0n ? -value.n : value.n) * 10n ** BigInt(decimals);
  const units = (2n * scaled + value.d) / (2n * value.d);
  const digits = units.toString().padStart(decimals + 1, '0');
  const sign = value.n < 0n && units > 0n ? '-' : '';
  if (decimals === 0) return `${sign}${digits}`;
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** The shortest text of a decimal, so that equal numbers are equal texts: `12.50` → `12.5`, `-0.0` → `0`. */
export function canonical(decimal: string): string {
  const short = decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
  return short === '-0' ? '0' : short;
}
