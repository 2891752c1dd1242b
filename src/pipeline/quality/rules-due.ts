// Which declared rules are due, for which buckets, and which of them can run in one statement: a bucket is due where it reads a changed slice, so
// cost follows what changed, not how much history there is. It runs nothing.
import type { Domain, Rule, SliceReads, Table } from '../../domains/definition.ts';
import { ALL, endsBefore, monthsOf, type PeriodKind, periodOfMonth } from '../../platform/time/period.ts';
import type { ChangedSlice } from './compare-replaced.ts';
import type { NamedRows, QueryRule, Shown } from './store-rules.ts';

/** The state to check, as the stage that merges slices offers it. */
export interface ReadCheckedState {
  readonly domain: Domain;
  /** The (table, period)s whose content is new. */
  readonly changed: readonly ChangedSlice[];
  /** The month (`YYYY-MM`) in which the content was handed in: what is not over by then cannot be missing. */
  readonly handedIn: string;
  /** All periods that a table would hold. */
  periodsOf(table: string): readonly string[];
  /** A DuckDB query for the rows of these periods: the table's columns, `_period` and `_row` (record number, or null). */
  rowsOf(table: Table, periods: readonly string[]): string;
  /** How many rules may hold their rows in memory at once: 1 for a large state. Those that share a view hold it once. */
  readonly rulesAtOnce: number;
}

type DomainRule = Extract<Rule, { scope: 'domain' }>;

/** The periods of `table` whose content is new. */
export function changedPeriods({ changed }: ReadCheckedState, table: string): string[] {
  return changed.filter((slice) => slice.table === table).map(({ period }) => period);
}

/** A rule and the buckets that it is due in; a slice is the bucket of a slice rule. */
export interface DueRule {
  readonly rule: QueryRule;
  readonly reads: SliceReads;
  readonly buckets: readonly string[];
  /** Those and the ones in which only `needsEarlier` keeps the rule from running: there it finds nothing. */
  readonly silentToo: readonly string[];
}

/** @returns the query rules of the domain with the buckets that they are due in; some have none. */
export function dueRules(state: ReadCheckedState): DueRule[] {
  const bucketsOf = rememberBuckets();
  return state.domain.rules.flatMap((rule): DueRule[] => {
    if (rule.scope === 'row') return [];
    if (rule.scope === 'slice') {
      const buckets = changedPeriods(state, rule.table);
      return [{ rule, reads: { [rule.table]: (period) => [period] }, buckets, silentToo: buckets }];
    }
    const silentToo = dueBuckets(state, rule, bucketsOf).sort();
    const buckets = silentToo.filter((bucket) => !rule.needsEarlier || holdsEarlier(state, rule, bucket));
    return [{ rule, reads: rule.reads, buckets, silentToo }];
  });
}

/** Rules that run in one statement, or may do so. */
export interface RuleGroup {
  readonly rules: DueRule[];
  readonly shown: { readonly buckets: readonly string[]; readonly named: NamedRows[] };
}

/** Rules that agree on their buckets among `some`, and on what each table's name stands for, can run together. */
export function groupByRows(state: ReadCheckedState, due: readonly DueRule[], some: readonly string[]): RuleGroup[] {
  const groups: RuleGroup[] = [];
  const within = (buckets: readonly string[]) => buckets.filter((bucket) => some.includes(bucket));
  // Those that need an earlier period come last: what they share with others is worked out once if they run for all buckets of those.
  for (const one of due.toSorted((a, b) => Number(needsEarlier(a)) - Number(needsEarlier(b)))) {
    if (within(one.buckets).length === 0) continue;
    const matching = (shown: Shown) => groups.find((group) => agree(group.shown, shown));
    const wide = matching(showRows(state, one, within(one.silentToo)));
    const shown = showRows(state, one, within(wide === undefined ? one.buckets : one.silentToo));
    const group = wide ?? matching(shown);
    if (group === undefined) groups.push({ rules: [one], shown });
    else {
      group.rules.push(one);
      group.shown.named.push(
        ...shown.named.filter(({ table }) => !group.shown.named.some((other) => other.table === table)),
      );
    }
  }
  return groups;
}

function needsEarlier({ rule }: DueRule): boolean {
  return rule.scope === 'domain' && rule.needsEarlier === true;
}

/** What a rule sees when it runs for `buckets`. */
export function showRows(
  state: ReadCheckedState,
  { rule, reads }: DueRule,
  buckets: readonly string[],
): RuleGroup['shown'] {
  const named = Object.entries(reads).map(([name, periodsFor]): NamedRows => {
    const table = state.domain.tables.find((candidate) => candidate.name === name);
    if (table === undefined) throw new Error(`rule ${rule.id} reads ${name}, which is no table of its domain`);
    // Periods that are not held are left out: rules that read four years agree with those that read two where there are no more.
    const held = state.periodsOf(name);
    const own = new Map(
      buckets.map((bucket) => [bucket, periodsFor(bucket).filter((period) => held.includes(period))]),
    );
    return { table, query: state.rowsOf(table, [...new Set([...own.values()].flat())].sort()), reads: own };
  });
  return { buckets, named };
}

function agree(one: Shown, other: Shown): boolean {
  const differs = (a: NamedRows) => (b: NamedRows) =>
    a.table === b.table && (a.query !== b.query || readsText(a) !== readsText(b));
  return one.buckets.join() === other.buckets.join() && !one.named.some((rows) => other.named.some(differs(rows)));
}

function readsText({ reads }: NamedRows): string {
  return JSON.stringify([...reads]);
}

/**
 * The buckets that read a changed slice, and in which there is a slice of the table that the rule speaks of: without one it has nothing to say.
 * A rule may therefore take a bucket without rows as delivered empty.
 */
function dueBuckets(state: ReadCheckedState, rule: DomainRule, bucketsOf: BucketsOf): string[] {
  const bucketsFor = (periods: readonly string[]) =>
    new Set(periods.flatMap((period) => bucketsOf(rule.bucket, period)));
  const names = Object.keys(rule.reads);
  const changed = state.changed.filter(({ table }) => names.includes(table));
  if (changed.length === 0) return [];
  const around = [...names.flatMap((name) => state.periodsOf(name)), ...changed.map(({ period }) => period)];
  const held = state.periodsOf(rule.table);
  const heldBuckets = bucketsFor(held);
  return [...bucketsFor(around)].filter(
    (bucket) =>
      changed.some(({ table, period }) => rule.reads[table]?.(bucket).includes(period)) &&
      (held.includes(ALL) || heldBuckets.has(bucket)),
  );
}

/** Whether an earlier period that the rule reads of its own table is held: planning a query costs 1 to 5 ms even where there is nothing to compare. */
function holdsEarlier(state: ReadCheckedState, rule: DomainRule, bucket: string): boolean {
  const held = state.periodsOf(rule.table);
  const read = rule.reads[rule.table]?.(bucket) ?? [];
  return read.some((period) => endsBefore(period, bucket) && held.includes(period));
}

/** The buckets of a kind that a period has months in. */
type BucketsOf = (kind: PeriodKind, period: string) => readonly string[];

/** Every rule asks this of every period that is held: without a memory, ten years of months took longer than the rules (42 ms a load, measured). */
function rememberBuckets(): BucketsOf {
  const known = new Map<string, readonly string[]>();
  return (kind, period) => {
    if (kind === 'none') return [ALL];
    const key = `${kind} ${period}`;
    const buckets = known.get(key) ?? [...new Set(monthsOf(period).map((month) => periodOfMonth(kind, month)))];
    known.set(key, buckets);
    return buckets;
  };
}

/**
 * Up to `atOnce` rules a statement. Those that share a view always stay together, also where rules run one by one: it is the view that holds
 * the rows, and it is there once (measured with 22 000 pupils and 36 000 absences: all rules one by one take 250 ms instead of 340).
 */
export function inStatements(rules: readonly DueRule[], atOnce: number): DueRule[][] {
  const statements: DueRule[][] = [];
  for (const sharing of Map.groupBy(rules, ({ rule }) => rule.view?.name ?? rule).values()) {
    const last = statements.at(-1);
    if (last !== undefined && last.length + sharing.length <= atOnce) last.push(...sharing);
    else statements.push([...sharing]);
  }
  return statements;
}
