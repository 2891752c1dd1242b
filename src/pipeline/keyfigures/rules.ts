// Joins the values of two named formulas to a key figure. Pure, exact; the one place where a key figure is rounded.
import type { KeyFigure } from '../../domains/definition.ts';
import { divide, type Exact, exactOf, multiply, round } from '../../platform/exact.ts';

/** A formula's value, or why there is none. */
export interface FormulaValue {
  /** Exact decimal text. */
  readonly value: string | null;
  readonly missing: string | null;
}

/** A key figure before suppression. `value` has the figure's `decimals`; it is null exactly when `missing` says why. */
export interface Joined {
  readonly numerator: string | null;
  readonly denominator: string | null;
  readonly value: string | null;
  readonly missing: string | null;
}

/** numerator / denominator × factor as an exact fraction; a plain count or amount has the denominator 1. @throws RangeError when the denominator is 0. */
export function ratioOf(figure: Pick<KeyFigure, 'factor'>, numerator: Exact, denominator: Exact | null): Exact {
  const ratio = denominator === null ? numerator : divide(numerator, denominator);
  return multiply(ratio, exactOf(figure.factor));
}

/**
 * Joins a numerator and a denominator (`undefined`: the formula holds no such period). The numerator's reason goes before the denominator's;
 * a denominator of 0 is missing with reason `zero-denominator`. Rounds half away from zero, once.
 */
export function joinFigure(
  figure: KeyFigure,
  numerator: FormulaValue | undefined,
  denominator: FormulaValue | undefined,
): Joined {
  const counted = numerator?.value ?? null;
  const base = figure.denominator === null ? null : (denominator?.value ?? null);
  const missing =
    reasonOf(numerator) ??
    (figure.denominator === null ? null : reasonOf(denominator)) ??
    (base !== null && exactOf(base).n === 0n ? 'zero-denominator' : null);
  if (missing !== null || counted === null) return { numerator: counted, denominator: base, value: null, missing };
  const ratio = ratioOf(figure, exactOf(counted), base === null ? null : exactOf(base));
  return { numerator: counted, denominator: base, value: round(ratio, figure.decimals), missing: null };
}

function reasonOf(value: FormulaValue | undefined): string | null {
  if (value === undefined) return 'no-data';
  return value.missing;
}
