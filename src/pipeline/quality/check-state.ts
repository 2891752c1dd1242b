// Runs a domain's declared rules over the state as it would be after the load: row and slice rules on changed slices, domain rules on the
// buckets that read a changed slice. Cost follows what changed, not how much history there is.
import type { Rule, Severity, Table, Text } from '../../domains/definition.ts';
import type { Duck } from '../../platform/duckdb/duckdb.ts';
import { addMonths } from '../../platform/time/period.ts';
import { compareReplaced } from './compare-replaced.ts';
import { EXAMPLES_PER_RULE, type Finding, type Findings, joinFindings, maskCpr } from './rules.ts';
import {
  changedPeriods,
  type DueRule,
  dueRules,
  groupByRows,
  inStatements,
  type ReadCheckedState,
  showRows,
} from './rules-due.ts';
import {
  countViolations,
  findViolations,
  type QueryExample,
  type QueryFindings,
  type RowRule,
  runQueryRules,
  type Shown,
  setDue,
} from './store-rules.ts';

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
  const due = dueRules(state);
  const found = await runDueRules(duck, state, due);
  for (const table of state.domain.tables) {
    const periods = changedPeriods(state, table.name);
    if (periods.length === 0) continue;
    await checkRowRules(duck, state, table, periods, checked);
    noteFindings(
      due.filter(({ rule }) => rule.scope === 'slice' && rule.table === table.name),
      found,
      checked,
    );
  }
  noteFindings(
    due.filter(({ rule }) => rule.scope === 'domain'),
    found,
    checked,
  );
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

/** A month can be expected once the month after it is over too: source systems close a month some weeks after its end. */
const MONTHS_OF_GRACE = 2;

/** Buckets that are checked in one statement where the state is small enough for several rules at once. */
const BUCKETS_AT_ONCE = 12;

/** @returns what was found by `rule id` and bucket, in every bucket that a rule is due in. */
async function runDueRules(
  duck: Duck,
  state: ReadCheckedState,
  due: readonly DueRule[],
): Promise<ReadonlyMap<string, QueryFindings>> {
  const found = new Map<string, QueryFindings>();
  const all = [...new Set(due.flatMap(({ buckets }) => buckets))].sort();
  if (all.length > 0) await setDue(duck, addMonths(state.handedIn, -MONTHS_OF_GRACE));
  const size = state.rulesAtOnce === 1 ? 1 : BUCKETS_AT_ONCE;
  for (let from = 0; from < all.length; from += size) {
    const some = all.slice(from, from + size);
    for (const { rules, shown } of groupByRows(state, due, some)) {
      for (const together of inStatements(rules, state.rulesAtOnce)) {
        for (const each of await runRules(duck, state, together, shown)) found.set(foundKey(each), each);
      }
    }
  }
  return found;
}

function foundKey({ rule, bucket }: Pick<QueryFindings, 'rule' | 'bucket'>): string {
  return `${rule.id} ${bucket}`;
}

async function runRules(
  duck: Duck,
  state: ReadCheckedState,
  due: readonly DueRule[],
  shown: Shown,
): Promise<QueryFindings[]> {
  const { found, overfull } = await runQueryRules(
    duck,
    shown,
    due.map(({ rule }) => rule),
  );
  const all = [...found];
  for (const one of due.filter(({ rule }) => overfull.includes(rule))) {
    for (const bucket of shown.buckets) {
      all.push(...(await runQueryRules(duck, showRows(state, one, [bucket]), [one.rule])).found);
    }
  }
  return all;
}

/** Notes what rules found, bucket by bucket, and only where they are due. */
function noteFindings(due: readonly DueRule[], found: ReadonlyMap<string, QueryFindings>, checked: Checked): void {
  for (const bucket of [...new Set(due.flatMap(({ buckets }) => buckets))].sort()) {
    for (const { rule, buckets } of due) {
      if (!buckets.includes(bucket)) continue;
      const own = found.get(foundKey({ rule, bucket }));
      if (own === undefined) throw new Error(`rule ${rule.id} was not run`);
      checked.outcomes.push(outcome(rule, bucket, own.count));
      const shown = checked.examples.filter((example) => example.rule === rule.id).length;
      for (const example of own.examples.slice(0, Math.max(0, EXAMPLES_PER_RULE - shown))) {
        const reference = example.reference === null ? null : maskCpr(example.reference);
        checked.examples.push({ ...exampleOf(rule, bucket), reference, message: detailed(rule.message, example) });
      }
    }
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
