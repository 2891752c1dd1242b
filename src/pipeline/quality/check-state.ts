// Runs a domain's declared rules over the state as it would be after the load: row and slice rules on changed slices, domain rules on the
// buckets that read a changed slice. Cost follows what changed, not how much history there is.
import type { Domain, Rule, Severity, Table, Text } from '../../domains/definition.ts';
import type { Duck } from '../../platform/duckdb/duckdb.ts';
import { ALL, addMonths, endsBefore, monthsOf, type PeriodKind, periodOfMonth } from '../../platform/time/period.ts';
import { type ChangedSlice, compareReplaced } from './compare-replaced.ts';
import { EXAMPLES_PER_RULE, type Finding, type Findings, joinFindings, maskCpr } from './rules.ts';
import {
  countViolations,
  findViolations,
  type NamedRows,
  type QueryExample,
  type QueryFindings,
  type QueryRule,
  type RowRule,
  runQueryRules,
  setBucket,
} from './store-rules.ts';

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

/** What a rule says of one period of its table; written whenever the rule ran, also with 0. */
export interface RuleOutcome {
  readonly rule: string;
  readonly table: string;
  readonly period: string;
  readonly severity: Severity;
  readonly count: number;
}

interface Checked {
  readonly outcomes: RuleOutcome[];
  readonly examples: Finding[];
}

/** Runs every due rule. @returns the outcome of each and the findings they amount to. */
export async function checkState(
  duck: Duck,
  state: ReadCheckedState,
): Promise<{ readonly outcomes: readonly RuleOutcome[]; readonly findings: Findings }> {
  const checked: Checked = { outcomes: [], examples: [] };
  for (const { outcome, example } of compareReplaced(state.changed)) {
    checked.outcomes.push(outcome);
    if (outcome.count > 0) checked.examples.push(example);
  }
  for (const table of state.domain.tables) {
    const periods = state.changed.filter((slice) => slice.table === table.name).map(({ period }) => period);
    if (periods.length === 0) continue;
    await checkRowRules(duck, state, table, periods, checked);
    await checkSliceRules(duck, state, table, periods, checked);
  }
  await checkDomainRules(duck, state, checked);
  const counts = checked.outcomes.map(({ rule, table, severity, count }) => ({ rule, table, severity, count }));
  return { outcomes: checked.outcomes, findings: joinFindings([{ counts, examples: checked.examples }]) };
}

async function checkRowRules(
  duck: Duck,
  state: ReadCheckedState,
  table: Table,
  periods: readonly string[],
  checked: Checked,
): Promise<void> {
  const rules = state.domain.rules.filter((rule): rule is RowRule => rule.scope === 'row' && rule.table === table.name);
  if (rules.length === 0) return;
  const rows = state.rowsOf(table, periods);
  const violations = await countViolations(duck, table, rows, rules);
  for (const rule of rules) {
    const counts = new Map(violations.filter((each) => each.rule === rule).map(({ period, count }) => [period, count]));
    for (const period of periods) checked.outcomes.push(outcome(rule, period, counts.get(period) ?? 0));
    if (![...counts.values()].some((count) => count > 0)) continue;
    for (const { period, row, key } of await findViolations(duck, table, rows, rule)) {
      const reference = holdsPersonalData(table) ? null : maskCpr(key);
      checked.examples.push({ ...exampleOf(rule, period), row, reference });
    }
  }
}

/** Keys of persons' rows are left out: a local identifier may be a CPR number in disguise. The record number leads to the row. */
function holdsPersonalData(table: Table): boolean {
  return table.columns.some(({ sensitivity }) => sensitivity !== 'ordinary');
}

async function checkSliceRules(
  duck: Duck,
  state: ReadCheckedState,
  table: Table,
  periods: readonly string[],
  checked: Checked,
): Promise<void> {
  const rules = state.domain.rules.filter(
    (rule): rule is QueryRule => rule.scope === 'slice' && rule.table === table.name,
  );
  if (rules.length === 0) return;
  for (const period of periods) {
    const named = [{ table, query: state.rowsOf(table, [period]) }];
    await runRules(duck, state, { rules, named }, period, checked);
  }
}

type DomainRule = Extract<Rule, { scope: 'domain' }>;

/** A month can be expected once the month after it is over too: source systems close a month some weeks after its end. */
const MONTHS_OF_GRACE = 2;

/** Bucket by bucket, so that rules which read the same slices find them already named. */
async function checkDomainRules(duck: Duck, state: ReadCheckedState, checked: Checked): Promise<void> {
  const rules = state.domain.rules.filter((rule): rule is DomainRule => rule.scope === 'domain');
  const bucketsOf = rememberBuckets();
  const due = rules.flatMap((rule) => dueBuckets(state, rule, bucketsOf).map((bucket) => ({ rule, bucket })));
  const lastDue = addMonths(state.handedIn, -MONTHS_OF_GRACE);
  for (const bucket of [...new Set(due.map((each) => each.bucket))].sort()) {
    await setBucket(duck, bucket, lastDue);
    const rules = due.filter((each) => each.bucket === bucket).map(({ rule }) => rule);
    for (const group of groupByRows(state, rules, bucket)) await runRules(duck, state, group, bucket, checked);
  }
}

interface RuleGroup {
  readonly rules: QueryRule[];
  readonly named: NamedRows[];
}

/** Rules that agree on what each table's name stands for can run together. */
function groupByRows(state: ReadCheckedState, rules: readonly DomainRule[], bucket: string): RuleGroup[] {
  const groups: RuleGroup[] = [];
  for (const rule of rules) {
    const own = Object.entries(rule.reads).map(([name, periodsFor]) => {
      const table = state.domain.tables.find((candidate) => candidate.name === name);
      if (table === undefined) throw new Error(`rule ${rule.id} reads ${name}, which is no table of its domain`);
      return { table, query: state.rowsOf(table, periodsFor(bucket)) };
    });
    const differs = (one: NamedRows) => (other: NamedRows) => one.table === other.table && one.query !== other.query;
    const group = groups.find(({ named }) => !own.some((one) => named.some(differs(one))));
    if (group === undefined) groups.push({ rules: [rule], named: own });
    else {
      group.rules.push(rule);
      group.named.push(...own.filter(({ table }) => !group.named.some((other) => other.table === table)));
    }
  }
  return groups;
}

/**
 * The buckets that read a changed slice, and in which there is a slice of the table that the rule speaks of: without one it has nothing to say.
 * A rule may therefore take a bucket without rows as delivered empty. A rule with `needsEarlier` also needs one of the earlier
 * periods that it reads: planning a query costs 1 to 5 ms even where there is nothing to compare.
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
      (held.includes(ALL) || heldBuckets.has(bucket)) &&
      (!rule.needsEarlier || holdsEarlier(rule, bucket, held)),
  );
}

/** Whether an earlier period that the rule reads of its own table is among those `held`. */
function holdsEarlier(rule: DomainRule, bucket: string, held: readonly string[]): boolean {
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

async function runRules(
  duck: Duck,
  { rulesAtOnce }: ReadCheckedState,
  { rules, named }: RuleGroup,
  period: string,
  checked: Checked,
): Promise<void> {
  for (const some of inStatements(rules, rulesAtOnce)) {
    const found = await runQueryRules(duck, named, some);
    for (const [index, rule] of some.entries()) noteFindings(rule, period, found[index], checked);
  }
}

/**
 * Up to `atOnce` rules a statement. Those that share a view always stay together, also where rules run one by one: it is the view that holds
 * the rows, and it is there once (measured with 22 000 pupils and 36 000 absences: all rules one by one take 250 ms instead of 340).
 */
function inStatements(rules: readonly QueryRule[], atOnce: number): QueryRule[][] {
  const statements: QueryRule[][] = [];
  for (const sharing of Map.groupBy(rules, (rule) => rule.view?.name ?? rule).values()) {
    const last = statements.at(-1);
    if (last !== undefined && last.length + sharing.length <= atOnce) last.push(...sharing);
    else statements.push([...sharing]);
  }
  return statements;
}

function noteFindings(rule: QueryRule, period: string, found: QueryFindings | undefined, checked: Checked): void {
  if (found === undefined) throw new Error(`rule ${rule.id} was not run`);
  checked.outcomes.push(outcome(rule, period, found.count));
  const shown = checked.examples.filter((example) => example.rule === rule.id).length;
  for (const example of found.examples.slice(0, EXAMPLES_PER_RULE - shown)) {
    const reference = example.reference === null ? null : maskCpr(example.reference);
    checked.examples.push({ ...exampleOf(rule, period), reference, message: detailed(rule.message, example) });
  }
}

function outcome(rule: Rule, period: string, count: number): RuleOutcome {
  return { rule: rule.id, table: rule.table, period, severity: rule.severity, count };
}

function exampleOf(rule: Rule, period: string): Finding {
  const { id, severity, table, message } = rule;
  return { rule: id, severity, table, period, row: null, column: rule.column ?? null, reference: null, message };
}

/** The rule's message with the finding's own detail behind it. */
function detailed(message: Text, { detail_da, detail_en }: QueryExample): Text {
  const join = (text: string, detail: string | null) => (detail === null ? text : `${text} ${maskCpr(detail)}`);
  return { da: join(message.da, detail_da), en: join(message.en, detail_en ?? detail_da) };
}
