// Decides which cells of a municipality are withheld so that no small count of persons can be read or worked out. Pure.
//
// Protected, within one release: a numerator, a denominator and (shares) a denominator − numerator above 0 and below the figure's minimum cell;
// where they do not count persons (days, grades), both of them when the figure's count of persons is so small.
// 1. It is shown by no cell: neither of its own figure nor of another figure that shares the formula.
// 2. It cannot be worked out from what is published and what everybody knows: that counts are never negative, that a breakdown's codes and a year's
//    months add up, and the relations between formulas that the domain declares. Whoever puts all of it together must still hold it possible that
//    it is large enough to be published; so 1 + 1 = 2 cannot give both away either.
// Which cells are withheld for themselves and which for the sake of others is told to nobody. Not covered: what differs between two releases after a
// correction (cells withheld before are chosen first, which keeps the choice steady), and what a reader knows of a municipality from elsewhere.
import type { FormulaRelation } from '../../../domains/definition.ts';
import { compare, exactOf } from '../../../platform/exact.ts';
import { type Bounds, type Component, componentsOf, type Knowledge, workOut } from './rules-bounds.ts';
import { type Entry, isSmall, quantitiesOf, type SuppressibleCell } from './rules-quantities.ts';

/**
 * @param relations those that the domain of the release declares
 * @param before which cells were withheld in the release before
 * @returns the cells to withhold, of the cells with a value of ONE municipality
 */
export function suppressCells<Cell extends SuppressibleCell>(
  cells: readonly Cell[],
  relations: readonly FormulaRelation[] = [],
  before: (cell: Cell) => boolean = () => false,
): Set<Cell> {
  const withheld = new Set<Cell>();
  if (!cells.some(({ figure }) => figure.persons)) return withheld;
  const quantities = quantitiesOf(cells, relations);
  for (const entry of quantities.entries.filter(isSensitive)) for (const cell of entry.hiddenWith) withheld.add(cell);
  // To withhold more never gives anything away, so each component is done with once.
  for (const component of componentsOf(quantities.relations)) protect(component, withheld, before);
  return withheld;
}

function isSensitive<Cell>({ value, minimum, isGuarded }: Entry<Cell>): boolean {
  return isGuarded || isSmall(value, minimum);
}

/** Whether everybody can tell that the number is small; of what is no count of persons, whether everybody can tell it at all. */
function isDisclosed<Cell>({ minimum, isGuarded }: Entry<Cell>, { least, most }: Bounds): boolean {
  if (most === null) return false;
  return compare(most, exactOf(minimum)) < 0 || (isGuarded && least !== null && compare(least, most) === 0);
}

function protect<Cell extends SuppressibleCell>(
  component: Component<Cell>,
  withheld: Set<Cell>,
  before: (cell: Cell) => boolean,
): void {
  for (const entry of [...component.of.keys()].filter(isSensitive)) {
    for (let knowledge = workOut(component, withheld); isDisclosed(entry, knowledge.at(entry)); ) {
      const chosen = chooseOther(entry, component, knowledge, withheld, before);
      if (chosen === undefined) break;
      for (const cell of chosen.shownBy) withheld.add(cell);
      knowledge = workOut(component, withheld);
    }
  }
}

/**
 * Of the published numbers that give `entry` away: one withheld before, then one that is enough, then one that is enough together with a second one,
 * then the smallest. Without the second look, a month that a year's mean gives back would never be chosen, and all figures around it would go.
 */
function chooseOther<Cell extends SuppressibleCell>(
  entry: Entry<Cell>,
  component: Component<Cell>,
  knowledge: Knowledge<Cell>,
  withheld: ReadonlySet<Cell>,
  before: (cell: Cell) => boolean,
): Entry<Cell> | undefined {
  const others = rank(knowledge.supportOf(entry), before);
  const without = (more: Entry<Cell>, base: ReadonlySet<Cell>) => new Set([...base, ...more.shownBy]);
  const isEnough = (other: Entry<Cell>, base: ReadonlySet<Cell>) =>
    !isDisclosed(entry, workOut(component, without(other, base)).at(entry));
  const isEnoughWithSecond = (other: Entry<Cell>) => {
    const base = without(other, withheld);
    return rank(workOut(component, base).supportOf(entry), before).some((second) => isEnough(second, base));
  };
  const pick = (some: readonly Entry<Cell>[]) =>
    some.find((other) => isEnough(other, withheld)) ?? some.find(isEnoughWithSecond) ?? some[0];
  return pick(others.filter((other) => wasWithheld(other, before))) ?? pick(others);
}

function wasWithheld<Cell>({ shownBy }: Entry<Cell>, before: (cell: Cell) => boolean): boolean {
  return [...shownBy].some(before);
}

/** Those withheld before first, then the smallest; a hidden zero hides nothing, as long as there is anything else. */
function rank<Cell>(entries: readonly Entry<Cell>[], before: (cell: Cell) => boolean): Entry<Cell>[] {
  const cost = (entry: Entry<Cell>) => (wasWithheld(entry, before) ? 0 : 1);
  const useful = entries.filter(({ value }) => value.n > 0n);
  return [...(useful.length > 0 ? useful : entries)].sort(
    (a, b) => cost(a) - cost(b) || compare(a.value, b.value) || (nameOf(a) < nameOf(b) ? -1 : 1),
  );
}

function nameOf<Cell>({ id, period, breakdown }: Entry<Cell>): string {
  return `${id} ${period} ${breakdown}`;
}
