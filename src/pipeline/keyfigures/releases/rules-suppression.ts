// Decides which cells of a municipality are withheld so that no small count of persons can be read or worked out. Pure.
//
// Protected, within one release: a numerator, a denominator and (shares) a denominator − numerator above 0 and below the figure's minimum cell.
// 1. It is shown by no cell: neither of its own figure nor of another figure that shares the formula.
// 2. It cannot be worked out from a total and its parts (breakdowns; months of a year, where they add up). In every such sum what is
//    withheld is together large enough to be published, so it is at least two parts, and 1 + 1 = 2 cannot give both away.
// Which cells are withheld for themselves and which for the sake of others is told to nobody. Not covered: what differs between two releases after a
// correction (cells withheld before are chosen first, which keeps the choice steady), and sums over figures that share no formula.
import { compare, sum } from '../rules-exact.ts';
import { type Entry, isSmall, quantitiesOf, type Relation, type SuppressibleCell } from './rules-quantities.ts';

/** @returns the cells to withhold, of the cells with a value of ONE municipality. `before` says which were withheld in the release before. */
export function suppressCells<Cell extends SuppressibleCell>(
  cells: readonly Cell[],
  before: (cell: Cell) => boolean = () => false,
): Set<Cell> {
  const withheld = new Set<Cell>();
  const quantities = quantitiesOf(cells);
  for (const { entries } of quantities) {
    for (const entry of entries.values()) if (isSmall(entry.value, entry.minimum)) hide(entry, withheld);
  }
  // Withholding a cell hides other quantities too, whose sums must then be looked at again; it only ever grows, so it ends.
  for (let size = -1; size !== withheld.size; ) {
    size = withheld.size;
    for (const { relations } of quantities) {
      for (const relation of relations) protect(relation, withheld, before);
    }
  }
  return withheld;
}

/** One hidden side hides a complement, and the numerator's is the less shared one. */
function hide<Cell>(entry: Entry<Cell>, withheld: Set<Cell>): void {
  for (const cell of entry.shownBy[0] ?? []) withheld.add(cell);
}

function isShown<Cell>(entry: Entry<Cell>, withheld: ReadonlySet<Cell>): boolean {
  return entry.shownBy.every((cells) => [...cells].some((cell) => !withheld.has(cell)));
}

/** A small total needs no sum of its own: counts are never negative, so among its parts there is a small one as well. */
function protect<Cell extends SuppressibleCell>(
  { total, parts }: Relation<Cell>,
  withheld: Set<Cell>,
  before: (cell: Cell) => boolean,
): void {
  if (!parts.some((part) => isSmall(part.value, part.minimum) && !isShown(part, withheld))) return;
  while (isShown(total, withheld)) {
    const hidden = parts.filter((part) => !isShown(part, withheld));
    if (!isSmallTogether(hidden)) return;
    // Where no part is left to hide behind (rows without a code are in the total only), the total goes.
    if (!hideOne(parts, hidden, withheld, before)) hide(total, withheld);
  }
}

function isSmallTogether<Cell>(entries: readonly Entry<Cell>[]): boolean {
  const minimum = Math.max(...entries.map((entry) => entry.minimum));
  return isSmall(sum(entries.map(({ value }) => value)), minimum);
}

/** Hides one more part: withheld before, then such that the hidden ones together are large enough, then the smallest. @returns whether there was one. */
function hideOne<Cell extends SuppressibleCell>(
  parts: readonly Entry<Cell>[],
  hidden: readonly Entry<Cell>[],
  withheld: Set<Cell>,
  before: (cell: Cell) => boolean,
): boolean {
  const candidates = parts.filter((part) => part.value.n > 0n && isShown(part, withheld));
  const cost = (part: Entry<Cell>) =>
    (part.shownBy.some((cells) => [...cells].some(before)) ? 0 : 2) + (isSmallTogether([...hidden, part]) ? 1 : 0);
  candidates.sort((a, b) => cost(a) - cost(b) || compare(a.value, b.value) || (a.place < b.place ? -1 : 1));
  const [chosen] = candidates;
  if (chosen === undefined) return false;
  hide(chosen, withheld);
  return true;
}
