// What the cells of one municipality let a reader see: the numbers behind numerators, denominators and complements, and how they add up.
// Pure; suppress.ts decides with it which cells to hide.
import type { KeyFigure } from '../../../domains/definition.ts';
import { monthSpanOf, monthsOf, periodKindOf } from '../../../platform/time/period.ts';
import { compare, type Exact, exactOf, subtract, sum } from '../rules-exact.ts';

/** A cell with a value, before suppression. */
export interface SuppressibleCell {
  readonly figure: KeyFigure;
  readonly period: string;
  /** `''` for the total, else `column=code`. */
  readonly breakdown: string;
  readonly numerator: string;
  readonly denominator: string | null;
}

/** A number at one place (period and breakdown). It can be read when, for each of `shownBy`, at least one cell is published. */
export interface Entry<Cell> {
  readonly place: string;
  readonly period: string;
  readonly breakdown: string;
  readonly value: Exact;
  /** One set for a formula; two, numerator's and denominator's, for a complement. */
  readonly shownBy: readonly ReadonlySet<Cell>[];
  /** The smallest count that persons figures may show here; 0 when none does. */
  readonly minimum: number;
}

/** Σ parts = total. */
export interface Relation<Cell> {
  readonly total: Entry<Cell>;
  readonly parts: readonly Entry<Cell>[];
}

/** A formula, or the complement (denominator − numerator) of a share, with all places where it has a number. */
export interface Quantity<Cell> {
  readonly entries: ReadonlyMap<string, Entry<Cell>>;
  readonly relations: readonly Relation<Cell>[];
}

/** Whether a persons figure may not show `value`: above 0 and below the minimum. */
export function isSmall(value: Exact, minimum: number): boolean {
  return value.n > 0n && compare(value, exactOf(minimum)) < 0;
}

/** The quantities that can hold a small count, of the cells of ONE municipality in one release. */
export function quantitiesOf<Cell extends SuppressibleCell>(cells: readonly Cell[]): Quantity<Cell>[] {
  const showing = new Map<string, Set<Cell>>();
  const at = (formula: string, cell: Cell) => mapEntry(showing, `${formula} ${placeOf(cell)}`, () => new Set<Cell>());
  for (const cell of cells) {
    at(cell.figure.numerator.id, cell).add(cell);
    if (cell.figure.denominator !== null) at(cell.figure.denominator.id, cell).add(cell);
  }
  const quantities = new Map<string, Map<string, Entry<Cell>>>();
  const note = (id: string, cell: Cell, value: Exact, shownBy: readonly Set<Cell>[], minimum: number) => {
    const entries = mapEntry(quantities, id, () => new Map<string, Entry<Cell>>());
    const { period, breakdown } = cell;
    const place = placeOf(cell);
    const known = entries.get(place)?.minimum ?? 0;
    entries.set(place, { place, period, breakdown, value, shownBy, minimum: Math.max(minimum, known) });
  };
  for (const cell of cells) {
    const { figure } = cell;
    const minimum = figure.persons ? figure.minimumCell : 0;
    const numerator = exactOf(cell.numerator);
    const top = at(figure.numerator.id, cell);
    note(figure.numerator.id, cell, numerator, [top], minimum);
    if (figure.denominator === null || cell.denominator === null) continue;
    const denominator = exactOf(cell.denominator);
    const bottom = at(figure.denominator.id, cell);
    note(figure.denominator.id, cell, denominator, [bottom], minimum);
    if (figure.kind !== 'share') continue;
    const id = `${figure.denominator.id} - ${figure.numerator.id}`;
    note(id, cell, subtract(denominator, numerator), [top, bottom], minimum);
  }
  return [...quantities.values()]
    .filter((entries) => [...entries.values()].some(({ minimum }) => minimum > 0))
    .map((entries) => ({ entries, relations: [...breakdownRelations(entries), ...periodRelations(entries)] }));
}

function placeOf({ period, breakdown }: { readonly period: string; readonly breakdown: string }): string {
  return `${period} ${breakdown}`;
}

function mapEntry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

/** A breakdown's codes add up to the total. Assumed always: an undelivered code only makes an attacker's sum less certain. */
function breakdownRelations<Cell>(entries: ReadonlyMap<string, Entry<Cell>>): Relation<Cell>[] {
  const columns = new Map<string, Entry<Cell>[]>();
  for (const entry of entries.values()) {
    if (entry.breakdown === '') continue;
    const column = entry.breakdown.slice(0, entry.breakdown.indexOf('='));
    mapEntry(columns, `${entry.period} ${column}`, () => []).push(entry);
  }
  return [...columns.values()].flatMap((parts) => {
    const total = entries.get(placeOf({ period: parts[0]?.period ?? '', breakdown: '' }));
    return total === undefined ? [] : [{ total, parts }];
  });
}

/** Months or quarters that tile a longer period of the same formula, where the numbers do add up (a population does not, events do). */
function periodRelations<Cell>(entries: ReadonlyMap<string, Entry<Cell>>): Relation<Cell>[] {
  const kinds = new Map<string, Entry<Cell>[]>();
  for (const entry of entries.values())
    mapEntry(kinds, `${periodKindOf(entry.period)} ${entry.breakdown}`, () => []).push(entry);
  const relations: Relation<Cell>[] = [];
  for (const [kind, totals] of kinds) {
    for (const [finer, candidates] of kinds) {
      if (finer === kind || finer.slice(finer.indexOf(' ')) !== kind.slice(kind.indexOf(' '))) continue;
      for (const total of totals) {
        const parts = candidates.filter((part) => isWithin(part.period, total.period));
        const months = parts.reduce((count, part) => count + monthsOf(part.period).length, 0);
        if (parts.length < 2 || months !== monthsOf(total.period).length) continue;
        if (compare(sum(parts.map(({ value }) => value)), total.value) === 0) relations.push({ total, parts });
      }
    }
  }
  return relations;
}

function isWithin(inner: string, outer: string): boolean {
  const a = monthSpanOf(inner);
  const b = monthSpanOf(outer);
  return a !== undefined && b !== undefined && a.from >= b.from && a.to <= b.to;
}
