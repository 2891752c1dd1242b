// Group statistics of one key figure: computed from published cells only, so they disclose nothing new. Exact; every number is rounded once.
import type { KeyFigure } from '../../../domains/definition.ts';
import { add, compare, type Exact, exactOf, multiply, round, subtract, sum } from '../../../platform/exact.ts';
import { ratioOf } from '../rules.ts';
import type { MunicipalityCell } from './store.ts';

/** Decimals as text at the figure's scale; null when no cell contributes or when it has no meaning for the figure. */
export interface Statistics {
  /** Σ numerators / Σ denominators × factor; null for a plain count or amount. */
  readonly weightedMean: string | null;
  /** Σ values; only for a plain count or amount. */
  readonly sum: string | null;
  readonly mean: string | null;
  readonly minimum: string | null;
  readonly lowerQuartile: string | null;
  readonly median: string | null;
  readonly upperQuartile: string | null;
  readonly maximum: string | null;
}

export interface Ranked {
  readonly municipality: string;
  readonly value: string;
  /** 1 is best; equal values share the best rank (1, 2, 2, 4). */
  readonly rank: number;
}

/** The cells whose value can be seen. */
type VisibleCell = MunicipalityCell & { readonly numerator: string; readonly value: string };

/** @returns the cells that contribute: those with a published value. */
export function visibleCells(cells: readonly MunicipalityCell[]): VisibleCell[] {
  return cells.filter((cell): cell is VisibleCell => cell.value !== null && cell.numerator !== null);
}

/** Statistics of the exact ratios (not of the rounded values) of visible cells. */
export function statisticsOf(figure: KeyFigure, cells: readonly VisibleCell[]): Statistics {
  const show = (value: Exact) => round(value, figure.decimals);
  const numerators = cells.map(({ numerator }) => exactOf(numerator));
  const denominators = cells.map(({ denominator }) => (denominator === null ? null : exactOf(denominator)));
  const ratios = numerators
    .map((numerator, index) => ratioOf(figure, numerator, denominators[index] ?? null))
    .sort(compare);
  if (ratios.length === 0) return NOTHING;
  const plain = figure.denominator === null;
  const base = sum(denominators.filter((denominator) => denominator !== null));
  const weighted = plain || base.n === 0n ? null : ratioOf(figure, sum(numerators), base);
  return {
    weightedMean: weighted && show(weighted),
    sum: plain ? show(sum(ratios)) : null,
    mean: show(multiply(sum(ratios), { n: 1n, d: BigInt(ratios.length) })),
    minimum: show(percentile(ratios, 0n)),
    lowerQuartile: show(percentile(ratios, 1n)),
    median: show(percentile(ratios, 2n)),
    upperQuartile: show(percentile(ratios, 3n)),
    maximum: show(percentile(ratios, 4n)),
  };
}

const NOTHING: Statistics = {
  weightedMean: null,
  sum: null,
  mean: null,
  minimum: null,
  lowerQuartile: null,
  median: null,
  upperQuartile: null,
  maximum: null,
};

/** PostgreSQL's `percentile_cont(quarters / 4)` of sorted values: linear between the two nearest. */
function percentile(sorted: readonly Exact[], quarters: bigint): Exact {
  const position = BigInt(sorted.length - 1) * quarters;
  const below = sorted[Number(position / 4n)] as Exact;
  const above = sorted[Number((position + 3n) / 4n)] as Exact;
  return add(below, multiply(subtract(above, below), { n: position % 4n, d: 4n }));
}

/** Ranks by the values as published, best first; neutral figures from high to low. */
export function rank(figure: Pick<KeyFigure, 'direction'>, cells: readonly VisibleCell[]): Ranked[] {
  const sign = figure.direction === 'down' ? 1 : -1;
  const sorted = cells
    .map(({ municipality, value }) => ({ municipality, value, exact: exactOf(value) }))
    .sort((a, b) => sign * compare(a.exact, b.exact) || (a.municipality < b.municipality ? -1 : 1));
  let best = 1;
  return sorted.map(({ municipality, value, exact }, index) => {
    const before = sorted[index - 1];
    if (before !== undefined && compare(before.exact, exact) !== 0) best = index + 1;
    return { municipality, value, rank: best };
  });
}
