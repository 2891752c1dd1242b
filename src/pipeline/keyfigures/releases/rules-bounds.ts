// What a reader of the published cells can work out of the numbers that are not: for each the smallest and the largest value that fits. Pure.
import { add, compare, type Exact, subtract, ZERO } from '../../../platform/exact.ts';
import type { Entry, Relation } from './rules-quantities.ts';

/** The least and the most that a number can be; null: any. */
export interface Bounds {
  readonly least: Exact | null;
  readonly most: Exact | null;
}

/** Entries that relations tie together, and which of those each entry is in. */
export interface Component<Cell> {
  readonly relations: readonly Relation<Cell>[];
  readonly of: ReadonlyMap<Entry<Cell>, readonly Relation<Cell>[]>;
}

export interface Knowledge<Cell> {
  at(entry: Entry<Cell>): Bounds;
  /** The published entries that the bounds of `entry` follow from. */
  supportOf(entry: Entry<Cell>): Entry<Cell>[];
}

/** Times that a relation may be looked at; in rings of relations, bounds can close in for ever. */
const ROUNDS = 50;

/** The relations by the entries that they tie together, directly or through others. */
export function componentsOf<Cell>(relations: readonly Relation<Cell>[]): Component<Cell>[] {
  const of = new Map<Entry<Cell>, Relation<Cell>[]>();
  for (const relation of relations) {
    for (const entry of [...relation.wholes, ...relation.parts]) {
      const known = of.get(entry);
      if (known === undefined) of.set(entry, [relation]);
      else known.push(relation);
    }
  }
  const seen = new Set<Relation<Cell>>();
  return relations.flatMap((start) => {
    if (seen.has(start)) return [];
    const component = new Set([start]);
    for (const relation of component) {
      for (const entry of [...relation.wholes, ...relation.parts])
        for (const next of of.get(entry) ?? []) component.add(next);
    }
    for (const relation of component) seen.add(relation);
    const entries = [...component].flatMap(({ wholes, parts }) => [...wholes, ...parts]);
    return [{ relations: [...component], of: new Map(entries.map((entry) => [entry, of.get(entry) ?? []])) }];
  });
}

/** Narrows the bounds of what is not shown until no relation says more. Counts are never negative. */
export function workOut<Cell>({ relations, of }: Component<Cell>, withheld: ReadonlySet<Cell>): Knowledge<Cell> {
  const bounds = new Map<Entry<Cell>, Bounds>();
  const reasons = new Map<Entry<Cell>, Set<Relation<Cell>>>();
  for (const entry of of.keys()) bounds.set(entry, firstBounds(entry, withheld));
  const at = (entry: Entry<Cell>) => bounds.get(entry) ?? firstBounds(entry, withheld);
  const queue = new Set(relations);
  let steps = ROUNDS * relations.length;
  for (const relation of queue) {
    queue.delete(relation);
    steps -= 1;
    if (steps < 0) break;
    for (const [entry, found] of narrow(relation, at)) {
      const before = at(entry);
      const after = { least: greater(before.least, found.least), most: lesser(before.most, found.most) };
      if (after.least === before.least && after.most === before.most) continue;
      bounds.set(entry, after);
      reasons.set(entry, (reasons.get(entry) ?? new Set()).add(relation));
      for (const next of of.get(entry) ?? []) if (next !== relation) queue.add(next);
    }
  }
  return { at, supportOf: (entry) => supportOf(entry, reasons, withheld) };
}

function isShown<Cell>({ shownBy }: Entry<Cell>, withheld: ReadonlySet<Cell>): boolean {
  return [...shownBy].some((cell) => !withheld.has(cell));
}

function firstBounds<Cell>(entry: Entry<Cell>, withheld: ReadonlySet<Cell>): Bounds {
  if (isShown(entry, withheld)) return { least: entry.value, most: entry.value };
  return { least: entry.value.n < 0n ? null : ZERO, most: null };
}

/** What a relation says of each of its unknowns, given the bounds of the others. */
function narrow<Cell>(
  { wholes, parts, rest }: Relation<Cell>,
  at: (entry: Entry<Cell>) => Bounds,
): [Entry<Cell>, Bounds][] {
  const unknown = (entry: Entry<Cell>) => {
    const { least, most } = at(entry);
    return least === null || most === null || compare(least, most) !== 0;
  };
  const over = (side: readonly Entry<Cell>[], but: Entry<Cell>): Bounds => {
    let all: Bounds = { least: ZERO, most: ZERO };
    for (const entry of side) if (entry !== but) all = plus(all, at(entry));
    return all;
  };
  const left: Bounds = { least: rest ?? ZERO, most: rest };
  return [
    ...wholes.filter(unknown).map((entry): [Entry<Cell>, Bounds] => {
      return [entry, minus(plus(over(parts, entry), left), over(wholes, entry))];
    }),
    ...parts.filter(unknown).map((entry): [Entry<Cell>, Bounds] => {
      return [entry, minus(over(wholes, entry), plus(over(parts, entry), left))];
    }),
  ];
}

function plus(a: Bounds, b: Bounds): Bounds {
  return {
    least: a.least === null || b.least === null ? null : add(a.least, b.least),
    most: a.most === null || b.most === null ? null : add(a.most, b.most),
  };
}

function minus(a: Bounds, b: Bounds): Bounds {
  return {
    least: a.least === null || b.most === null ? null : subtract(a.least, b.most),
    most: a.most === null || b.least === null ? null : subtract(a.most, b.least),
  };
}

function greater(known: Exact | null, found: Exact | null): Exact | null {
  return found !== null && (known === null || compare(found, known) > 0) ? found : known;
}

function lesser(known: Exact | null, found: Exact | null): Exact | null {
  return found !== null && (known === null || compare(found, known) < 0) ? found : known;
}

function supportOf<Cell>(
  start: Entry<Cell>,
  reasons: ReadonlyMap<Entry<Cell>, ReadonlySet<Relation<Cell>>>,
  withheld: ReadonlySet<Cell>,
): Entry<Cell>[] {
  const seen = new Set([start]);
  for (const entry of seen) {
    for (const { wholes, parts } of reasons.get(entry) ?? [])
      for (const other of [...wholes, ...parts]) seen.add(other);
  }
  return [...seen].filter((entry) => isShown(entry, withheld));
}
