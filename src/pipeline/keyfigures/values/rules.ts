// What a reader's filters mean: municipalities, groups, periods and breakdowns, checked against the declarations. Pure.
import type { KeyFigure } from '../../../domains/definition.ts';
import type { Catalogue } from '../../../domains/index.ts';
import { INVALID_REQUEST } from '../../../platform/http/errors.ts';
import { Problem } from '../../../platform/http/problem.ts';
import { monthSpanOf, periodOfMonth } from '../../../platform/time/period.ts';
import type { BreakdownFilter } from './store.ts';

/** A parameter that may be repeated, and each time be a comma-separated list. */
export type ListParameter = string | readonly string[] | undefined;

/** @returns its items, sorted and each once. */
export function listOf(parameter: ListParameter): string[] {
  if (parameter === undefined) return [];
  const items = (typeof parameter === 'string' ? [parameter] : parameter).flatMap((text) => text.split(','));
  return items.length === 1 ? items : [...new Set(items)].sort();
}

function fault(place: string, expected: string): Problem {
  return new Problem(INVALID_REQUEST, undefined, { faults: [{ place: `query/${place}`, expected }] });
}

/** @throws Problem `invalid-request` when a release is named in two ways */
export function checkChoice({ release, asOf }: { readonly release?: string; readonly asOf?: string }): void {
  if (release !== undefined && asOf !== undefined) throw fault('asOf', 'either release or asOf, not both');
}

/** @returns the codes of the municipalities and of the groups' members, sorted; null (all) when neither is named. @throws Problem `invalid-request` */
export function municipalitiesOf(
  catalogue: Catalogue,
  codes: readonly string[],
  groups: readonly string[],
): string[] | null {
  if (codes.length === 0 && groups.length === 0) return null;
  if (codes.some((code) => catalogue.municipality(code) === undefined))
    throw fault('municipality', 'three-digit codes of municipalities, as GET /v1/municipalities lists them');
  return [...new Set([...codes, ...groups.flatMap((id) => membersOf(catalogue, id))])].sort();
}

/** @throws Problem `invalid-request` when there is no such group */
export function membersOf(catalogue: Catalogue, id: string): readonly string[] {
  const group = catalogue.group(id);
  if (group === undefined) throw fault('group', `one of ${catalogue.groups.map((one) => one.id).join(', ')}`);
  return group.municipalities;
}

/** @returns the figure's first period that overlaps `from` and its last that overlaps `to`; both may be of another length. @throws Problem `invalid-request` */
export function periodBounds(
  figure: Pick<KeyFigure, 'level'>,
  from: string | undefined,
  to: string | undefined,
): { from: string | null; to: string | null } {
  const bound = (place: string, text: string | undefined, end: 'from' | 'to') => {
    if (text === undefined) return null;
    const span = monthSpanOf(text);
    if (span === undefined) throw fault(place, 'a period: 2025, 2025-03, 2025Q1 or 2024-2025');
    return periodOfMonth(figure.level, span[end]);
  };
  return { from: bound('from', from, 'from'), to: bound('to', to, 'to') };
}

/** `klassetrin`: every code of the column; `klassetrin=3`: one; absent: the totals. @throws Problem `invalid-request` */
export function breakdownFilter(figure: KeyFigure, text: string | undefined): BreakdownFilter {
  if (text === undefined) return { exact: '' };
  const [column = ''] = text.split('=');
  if (!figure.breakdowns.some((breakdown) => breakdown.column === column)) {
    const known = figure.breakdowns.map((breakdown) => breakdown.column);
    throw fault(
      'breakdown',
      known.length === 0 ? 'nothing: the figure has no breakdowns' : `one of ${known.join(', ')}`,
    );
  }
  return text === column ? { column } : { exact: text };
}

/** @throws Problem `invalid-request` unless `period` is a period of the figure's level. */
export function checkPeriod(figure: Pick<KeyFigure, 'level'>, period: string): void {
  const span = monthSpanOf(period);
  if (span === undefined || periodOfMonth(figure.level, span.from) !== period)
    throw fault('period', `a period of the figure's level, ${figure.level}`);
}

/** The part of a key figure's declaration that its values cannot be read without. */
export function presentFigure(figure: KeyFigure, language: 'da' | 'en') {
  const { id, factor, decimals, direction, kind } = figure;
  return { id, title: figure.title[language], unit: figure.unit[language], factor, decimals, direction, kind };
}

/** A decimal as a JSON number: what is shown has far fewer than the 15 digits that survive. */
export function numberOf(decimal: string | null): number | null {
  return decimal === null ? null : Number(decimal);
}
