// From formula values to released cells: which places a release has, what each cell shows and why not. Pure.
import type { FormulaRelation, KeyFigure } from '../../../domains/definition.ts';
import { formulasOf } from '../../../domains/index.ts';
import { type FormulaValue, type Joined, joinFigure } from '../rules.ts';
import { suppressCells } from './rules-suppression.ts';

export type CellStatus = 'ok' | 'suppressed' | 'missing' | 'unvalidated';

/** A period and a breakdown (`''` or `column=code`). */
export interface Place {
  readonly period: string;
  readonly breakdown: string;
}

/** A cell of one municipality as everyone may see it: numbers are null when it is suppressed or missing. */
export interface ReleasedCell extends Place {
  readonly keyFigure: string;
  readonly numerator: string | null;
  readonly denominator: string | null;
  readonly value: string | null;
  readonly status: CellStatus;
  /** Why it is missing; `small-count`; `open-errors`; null when ok. */
  readonly reason: string | null;
}

/** A municipality's formula values: formula id → `placeKey` → value. */
export type FormulaValues = ReadonlyMap<string, ReadonlyMap<string, FormulaValue>>;

export function placeKey({ period, breakdown }: Place): string {
  return `${period} ${breakdown}`;
}

/** @returns the places of a figure: those of its numerator in any municipality, by the breakdowns that it declares. */
export function placesOf(figure: KeyFigure, numeratorPlaces: readonly Place[]): Place[] {
  return numeratorPlaces.filter(
    ({ breakdown }) => breakdown === '' || figure.breakdowns.some(({ column }) => breakdown.startsWith(`${column}=`)),
  );
}

/** What the cells of one municipality are made of. */
export interface MunicipalityValues {
  readonly values: FormulaValues;
  /** Domains with open `error` findings at the pinned revision. */
  readonly openErrors: ReadonlySet<string>;
  /** Cells (`cellKey`) that were suppressed in the release before. */
  readonly suppressedBefore: ReadonlySet<string>;
}

export function cellKey(keyFigure: string, place: Place): string {
  return `${keyFigure} ${placeKey(place)}`;
}

/** The cells of one municipality: joined, small counts withheld (`relations`: how the domain's formulas add up), marked while `error` findings are open in a domain that the figure reads. */
export function releaseCells(
  figures: readonly { readonly figure: KeyFigure; readonly places: readonly Place[] }[],
  relations: readonly FormulaRelation[],
  { values, openErrors, suppressedBefore }: MunicipalityValues,
): ReleasedCell[] {
  const cells = figures.flatMap(({ figure, places }) =>
    places.map((place) => ({ figure, ...place, joined: joinAt(figure, values, place) })),
  );
  const shown = cells.flatMap((cell) => {
    const { numerator, denominator, value } = cell.joined;
    if (numerator === null || value === null) return [];
    const persons = values.get(cell.figure.personCount?.id ?? '')?.get(placeKey(cell))?.value ?? null;
    return [{ ...cell, numerator, denominator, persons, cell }];
  });
  const before = ({ figure, ...place }: (typeof shown)[number]) => suppressedBefore.has(cellKey(figure.id, place));
  const withheld = new Set([...suppressCells(shown, relations, before)].map(({ cell }) => cell));
  return cells.map((cell) => {
    const { figure, period, breakdown, joined } = cell;
    const place = { keyFigure: figure.id, period, breakdown };
    const hidden = { ...place, numerator: null, denominator: null, value: null };
    if (joined.missing !== null) return { ...hidden, status: 'missing', reason: joined.missing };
    if (withheld.has(cell)) return { ...hidden, status: 'suppressed', reason: 'small-count' };
    const { numerator, denominator, value } = joined;
    const open = formulasOf(figure).some(({ domain }) => openErrors.has(domain));
    const status = open ? 'unvalidated' : 'ok';
    return { ...place, numerator, denominator, value, status, reason: open ? 'open-errors' : null };
  });
}

/** Joins a figure at one place out of a municipality's formula values. */
export function joinAt(figure: KeyFigure, values: FormulaValues, place: Place): Joined {
  const at = (formula: string | undefined) => values.get(formula ?? '')?.get(placeKey(place));
  return joinFigure(figure, at(figure.numerator.id), at(figure.denominator?.id));
}
