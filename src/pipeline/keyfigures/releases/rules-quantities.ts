// What the cells of one municipality let a reader see: the numbers behind numerators, denominators and complements, and how they add up.
// Pure; rules-suppression.ts decides with it which cells to hide.
import type { FormulaRelation, KeyFigure } from '../../../domains/definition.ts';
import { compare, type Exact, exactOf, multiply, round, subtract, sum, ZERO } from '../../../platform/exact.ts';
import { monthSpanOf, monthsOf, periodKindOf } from '../../../platform/time/period.ts';

/** A cell with a value, before suppression. */
export interface SuppressibleCell {
  readonly figure: KeyFigure;
  readonly period: string;
  /** `''` for the total, else `column=code`. */
  readonly breakdown: string;
  readonly numerator: string;
  readonly denominator: string | null;
  /** How many persons are behind it, where the figure has a count of its own; null when that is not known. */
  readonly persons?: string | null;
}

/** A number at one place (period and breakdown): a formula's, or the complement (denominator − numerator) of a share. */
export interface Entry<Cell> {
  readonly id: string;
  readonly period: string;
  readonly breakdown: string;
  readonly value: Exact;
  /** It can be read when at least one of these is published. */
  readonly shownBy: Set<Cell>;
  /** Withheld when it is a small count: what shows it; for a complement what shows the numerator, which is the less shared side. */
  readonly hiddenWith: ReadonlySet<Cell>;
  /** The smallest count that persons figures may show here; 0 when none does. */
  minimum: number;
  /** Whether it rests on too few persons, whatever its own size. */
  isGuarded: boolean;
}

/** Σ wholes = Σ parts + rest. */
export interface Relation<Cell> {
  readonly wholes: readonly Entry<Cell>[];
  readonly parts: readonly Entry<Cell>[];
  /** Null: 0 or more, and nobody can know how many. */
  readonly rest: Exact | null;
}

export interface Quantities<Cell> {
  readonly entries: readonly Entry<Cell>[];
  readonly relations: readonly Relation<Cell>[];
}

type Place = Pick<SuppressibleCell, 'period' | 'breakdown'>;
/** Id → place → entry. */
type EntryTable<Cell> = Map<string, Map<string, Entry<Cell>>>;

/** Whether a persons figure may not show `value`: above 0 and below the minimum. */
export function isSmall(value: Exact, minimum: number): boolean {
  return value.n > 0n && compare(value, exactOf(minimum)) < 0;
}

/** The quantities of the cells of ONE municipality in one release; `declared` are the relations of the domain. */
export function quantitiesOf<Cell extends SuppressibleCell>(
  cells: readonly Cell[],
  declared: readonly FormulaRelation[],
): Quantities<Cell> {
  const table: EntryTable<Cell> = new Map();
  const relations: Relation<Cell>[] = [];
  for (const cell of cells) relations.push(...noteCell(table, cell));
  for (const places of table.values()) relations.push(...breakdownRelations(places), ...periodRelations(places));
  for (const relation of declared) {
    relations.push(...(relation.kind === 'mean' ? meanRelations(table, relation) : sumRelations(table, relation)));
  }
  return { entries: [...table.values()].flatMap((places) => [...places.values()]), relations };
}

/** Notes the numbers of a cell. @returns the relation between them, where a share makes its complement a number of its own. */
function noteCell<Cell extends SuppressibleCell>(table: EntryTable<Cell>, cell: Cell): Relation<Cell>[] {
  const { figure } = cell;
  const { personCount } = figure;
  const smallest = figure.persons ? figure.minimumCell : 0;
  // A count that is not known is taken for a small one.
  const isGuarded = personCount !== undefined && isSmall(exactOf(cell.persons ?? 1), smallest);
  const note = (id: string, value: Exact, hiddenWith?: ReadonlySet<Cell>) => {
    const places = mapEntry(table, id, () => new Map<string, Entry<Cell>>());
    const entry = mapEntry(places, placeOf(cell), () => makeEntry(id, cell, value, hiddenWith));
    const counts = personCount === undefined || personCount.id === id;
    entry.minimum = Math.max(entry.minimum, counts ? smallest : 0);
    entry.isGuarded ||= isGuarded;
    return entry;
  };
  const noteShown = (id: string, value: string) => {
    const entry = note(id, exactOf(value));
    entry.shownBy.add(cell);
    return entry;
  };
  const numerator = noteShown(figure.numerator.id, cell.numerator);
  if (figure.denominator === null || cell.denominator === null) return [];
  const denominator = noteShown(figure.denominator.id, cell.denominator);
  const difference = subtract(denominator.value, numerator.value);
  if (smallest === 0 || personCount !== undefined || figure.kind !== 'share' || difference.n < 0n) return [];
  const complement = note(complementId(figure.denominator, figure.numerator), difference, numerator.shownBy);
  return [{ wholes: [denominator], parts: [numerator, complement], rest: ZERO }];
}

function makeEntry<Cell>(
  id: string,
  { period, breakdown }: Place,
  value: Exact,
  hiddenWith?: ReadonlySet<Cell>,
): Entry<Cell> {
  const shownBy = new Set<Cell>();
  return { id, period, breakdown, value, shownBy, hiddenWith: hiddenWith ?? shownBy, minimum: 0, isGuarded: false };
}

function complementId(denominator: { readonly id: string }, numerator: { readonly id: string }): string {
  return `${denominator.id} - ${numerator.id}`;
}

function placeOf({ period, breakdown }: Place): string {
  return `${period} ${breakdown}`;
}

function mapEntry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

function total<Cell>(entries: readonly Entry<Cell>[]): Exact {
  return sum(entries.map(({ value }) => value));
}

/** A breakdown's codes add up to the total. How many rows have no code is taken as known: it is none as a rule. */
function breakdownRelations<Cell>(entries: ReadonlyMap<string, Entry<Cell>>): Relation<Cell>[] {
  const columns = new Map<string, Entry<Cell>[]>();
  for (const entry of entries.values()) {
    if (entry.breakdown === '') continue;
    const column = entry.breakdown.slice(0, entry.breakdown.indexOf('='));
    mapEntry(columns, `${entry.period} ${column}`, () => []).push(entry);
  }
  return [...columns.values()].flatMap((parts) => {
    const whole = entries.get(placeOf({ period: parts[0]?.period ?? '', breakdown: '' }));
    return whole === undefined ? [] : [{ wholes: [whole], parts, rest: subtract(whole.value, total(parts)) }];
  });
}

/** Months or quarters that tile a longer period of the same formula, where the numbers do add up (a population does not, events do). */
function periodRelations<Cell>(entries: ReadonlyMap<string, Entry<Cell>>): Relation<Cell>[] {
  const kinds = new Map<string, Entry<Cell>[]>();
  for (const entry of entries.values())
    mapEntry(kinds, `${periodKindOf(entry.period)} ${entry.breakdown}`, () => []).push(entry);
  const relations: Relation<Cell>[] = [];
  for (const [kind, wholes] of kinds) {
    for (const [finer, candidates] of kinds) {
      if (finer === kind || finer.slice(finer.indexOf(' ')) !== kind.slice(kind.indexOf(' '))) continue;
      for (const whole of wholes) {
        const parts = candidates.filter((part) => isWithin(part.period, whole.period));
        const months = parts.reduce((count, part) => count + monthsOf(part.period).length, 0);
        if (parts.length < 2 || months !== monthsOf(whole.period).length) continue;
        if (compare(total(parts), whole.value) === 0) relations.push({ wholes: [whole], parts, rest: ZERO });
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

/** A part without a value counts nobody here. Where nobody is left over, readers may well know that; how many there are else, they cannot. */
function sumRelations<Cell>(
  table: EntryTable<Cell>,
  { kind, wholes, parts }: Extract<FormulaRelation, { kind: 'sum' | 'equal' }>,
): Relation<Cell>[] {
  const [first] = wholes;
  return [...(table.get(first?.id ?? '') ?? [])].flatMap(([place]): Relation<Cell>[] => {
    const at = (formulas: typeof parts) =>
      formulas.map(({ id }) => table.get(id)?.get(place)).filter((entry) => entry !== undefined);
    const relation = { wholes: at(wholes), parts: at(parts) };
    const rest = subtract(total(relation.wholes), total(relation.parts));
    if (relation.wholes.length < wholes.length || relation.parts.length === 0) return [];
    if (rest.n !== 0n && (kind === 'equal' || rest.n < 0n)) return [];
    const both = { ...relation, rest: rest.n === 0n ? ZERO : null };
    return [both, ...withComplements(table, place, both)];
  });
}

/** A denominator on one side and its numerator on the other are together the complement, which may be known though neither of them is. */
function withComplements<Cell>(
  table: EntryTable<Cell>,
  place: string,
  { wholes, parts, rest }: Relation<Cell>,
): Relation<Cell>[] {
  return wholes.flatMap((denominator) =>
    parts.flatMap((numerator) => {
      const complement = table.get(complementId(denominator, numerator))?.get(place);
      if (complement === undefined) return [];
      const others = wholes.filter((entry) => entry !== denominator);
      return [{ wholes: [...others, complement], parts: parts.filter((entry) => entry !== numerator), rest }];
    }),
  );
}

/** Digits to which a mean with ten decimals times its number of periods must meet the sum. */
const MEAN_DECIMALS = 6;

/** The sum behind a mean is a number of its own: whoever sees the mean knows it. */
function meanRelations<Cell>(
  table: EntryTable<Cell>,
  relation: Extract<FormulaRelation, { kind: 'mean' }>,
): Relation<Cell>[] {
  const all = [...(table.get(relation.of.id)?.values() ?? [])].filter(({ value }) => value.n > 0n);
  return [...(table.get(relation.mean.id)?.values() ?? [])].flatMap((mean) => {
    const parts = all.filter((part) => part.breakdown === mean.breakdown && isWithin(part.period, mean.period));
    const value = total(parts);
    const times = multiply(mean.value, { n: BigInt(parts.length), d: 1n });
    if (parts.length === 0 || round(times, MEAN_DECIMALS) !== round(value, MEAN_DECIMALS)) return [];
    return [{ wholes: [{ ...mean, id: `${mean.id} × ${parts.length}`, value }], parts, rest: ZERO }];
  });
}
