// Runs declared quality rules in DuckDB over the state as it would be after the load. Which slices and buckets are due is decided elsewhere.
import type { Rule, Table } from '../../domains/definition.ts';
import { type Duck, quoteIdentifier, quoteText } from '../../platform/duckdb/duckdb.ts';
import { EXAMPLES_PER_RULE } from './rules.ts';
import { periodPredicate } from './store-checks.ts';

export type RowRule = Extract<Rule, { scope: 'row' }>;
export type QueryRule = Exclude<Rule, { scope: 'row' }>;

/** Violations of one row rule in one period. */
export interface RowViolations {
  readonly rule: RowRule;
  readonly period: string;
  readonly count: number;
}

/** A row that breaks a rule: its record number where it stands in the received file, and its natural key as text. */
export interface RowExample {
  readonly period: string;
  readonly row: number | null;
  readonly key: string;
}

/** Counts all row rules of a table in one pass. `rows` is a query with the table's columns, `_period` and `_row`. */
export async function countViolations(
  duck: Duck,
  table: Table,
  rows: string,
  rules: readonly RowRule[],
): Promise<RowViolations[]> {
  const counts = rules.map(({ violation }, index) => `count_if(${violation}) as c${index}`);
  const results = await duck.all<Record<string, number | string>>(
    `select _period as period, ${counts.join(', ')} from (${rows}) as ${quoteIdentifier(table.name)} group by _period order by _period`,
  );
  return results.flatMap((result) =>
    rules.map((rule, index) => ({ rule, period: String(result.period), count: Number(result[`c${index}`]) })),
  );
}

/** The first rows that break a row rule. */
export async function findViolations(duck: Duck, table: Table, rows: string, rule: RowRule): Promise<RowExample[]> {
  const key = table.key
    .slice(1)
    .map((name) => `'${name}=' || cast(${quoteIdentifier(name)} as varchar)`)
    .join(`, `);
  return duck.all<RowExample>(
    `select _period as period, _row as row, concat_ws(', ', ${key}) as key
     from (${rows}) as ${quoteIdentifier(table.name)} where ${rule.violation}
     order by _row nulls last, _period, key limit ${EXAMPLES_PER_RULE}`,
  );
}

/** The rows that a table's bare name stands for in the queries of rules: `query` yields those of all periods that `reads` names for some bucket. */
export interface NamedRows {
  readonly table: Table;
  readonly query: string;
  readonly reads: ReadonlyMap<string, readonly string[]>;
}

/** A table as the queries of rules see it: each row once per bucket that reads it. Rows without a period are the same in every bucket. */
function bucketedSql({ table, query, reads }: NamedRows): string {
  const columns = table.columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  if (table.period.kind === 'none') return `select ${columns} from (${query})`;
  const [first, ...others] = reads.keys();
  if (first !== undefined && others.length === 0)
    return `select ${columns}, ${quoteText(first)} as bucket from (${query})`;
  const period = periodAmong(table, [...new Set([...reads.values()].flat())]);
  if ([...reads].every(([bucket, periods]) => periods.every((period) => period === bucket))) {
    return `select ${columns}, ${period} as bucket from (${query})`;
  }
  const pairs = [...reads].flatMap(([bucket, periods]) =>
    periods.map((period) => `(${quoteText(bucket)}, ${quoteText(period)})`),
  );
  return `select ${columns}, bucket from (select *, ${period} as read_period from (${query}))
    join (values ${pairs.join(', ')}) reading(bucket, read_period) using (read_period)`;
}

/** SQL for the period of rows that lie in one of `periods`. To compare a date takes 20 ns a row, to write its month 120 (measured). */
function periodAmong(table: Table, periods: readonly string[]): string {
  const { period } = table;
  const type = table.columns.find(({ name }) => period.kind !== 'none' && name === period.from)?.type.type;
  const [last, ...others] = periods.toReversed();
  if ((type !== 'date' && type !== 'integer') || last === undefined) return '_period';
  const cases = others.map((other) => `when ${periodPredicate(table, other)} then ${quoteText(other)}`);
  return cases.length === 0 ? quoteText(last) : `case ${cases.join(' ')} else ${quoteText(last)} end`;
}

/**
 * Names in the statement itself: a view of the database would be planned when it is made and once more when it is read. A view of rules stands
 * once for all `rules` that share it; one rule alone reads it in place, so that what the rule looks for narrows down what is read.
 */
function namesSql({ named, buckets }: Shown, rules: readonly QueryRule[]): string {
  const values = buckets.map((bucket) => `(${quoteText(bucket)})`).join(', ');
  const names = [
    `buckets(bucket) as not materialized (values ${values})`,
    ...named.map((rows) => `${quoteIdentifier(rows.table.name)} as not materialized (${bucketedSql(rows)})`),
  ];
  const views = rules.flatMap(({ view }) => view ?? []);
  for (const [name, sharing] of Map.groupBy(views, (view) => view.name)) {
    const held = sharing.length > 1 ? 'materialized' : 'not materialized';
    names.push(`${quoteIdentifier(name)} as ${held} (${sharing[0]?.query})`);
  }
  return `with ${names.join(', ')}`;
}

/** What the queries of rules see: the buckets that they run for, and the rows that each table's name stands for. */
export interface Shown {
  readonly buckets: readonly string[];
  readonly named: readonly NamedRows[];
}

/** Tells the queries of rules the last month that is due: `getvariable('due')`. */
export async function setDue(duck: Duck, due: string): Promise<void> {
  await duck.run(`set variable due = ${quoteText(due)}`);
}

/** One result row of a query rule. */
export interface QueryExample {
  readonly reference: string | null;
  readonly detail_da: string | null;
  readonly detail_en: string | null;
}

/** What a rule's query found in a bucket. `count` is what it concerns in all (1 per result row unless the query says otherwise). */
export interface QueryFindings {
  readonly rule: QueryRule;
  readonly bucket: string;
  readonly count: number;
  readonly examples: readonly QueryExample[];
}

/**
 * Runs the queries of several rules over the same tables, for several buckets, in one statement: a job runs some hundred rules, and what a small
 * one costs is its planning (measured: three quarters of it). All of them may hold their rows at once, so rules over large tables are run one by
 * one. @returns the findings per rule and bucket, and the rules that found more in several buckets than is shown of a rule: they are to be asked
 * again bucket by bucket
 */
export async function runQueryRules(
  duck: Duck,
  shown: Shown,
  rules: readonly QueryRule[],
): Promise<{ readonly found: readonly QueryFindings[]; readonly overfull: readonly QueryRule[] }> {
  const queries = rules.map(
    ({ query }, index) => `(select ${index} as rule, * from (${query}) order by all limit ${EXAMPLES_PER_RULE + 1})`,
  );
  // The last branch gives every statement the same columns: a query may leave out `count`.
  const columns =
    'select null::integer as rule, null::varchar as bucket, null::varchar as reference, null::varchar as detail_da, null::varchar as detail_en, null::bigint as count where false';
  const rows = await duck.all<QueryResult>(
    `${namesSql(shown, rules)} ${[...queries, columns].join(' union all by name ')}`,
  );
  const found: QueryFindings[] = [];
  const overfull: QueryRule[] = [];
  for (const [index, rule] of rules.entries()) {
    const own = rows.filter((row) => row.rule === index);
    if (own.some(({ bucket }) => !shown.buckets.includes(bucket))) throw new Error(`rule ${rule.id} names no bucket`);
    const isFull = own.length > EXAMPLES_PER_RULE;
    if (isFull && shown.buckets.length > 1) {
      overfull.push(rule);
      continue;
    }
    for (const bucket of shown.buckets) {
      const results = own.filter((row) => row.bucket === bucket);
      const count = isFull
        ? await countFindings(duck, shown, rule)
        : results.reduce((sum, row) => sum + Number(row.count ?? 1), 0);
      found.push({ rule, bucket, count, examples: results.slice(0, EXAMPLES_PER_RULE) });
    }
  }
  return { found, overfull };
}

async function countFindings(duck: Duck, shown: Shown, rule: QueryRule): Promise<number> {
  const [total] = await duck.all<{ count: number }>(
    `${namesSql(shown, [rule])} select cast(sum(coalesce("count", 1)) as bigint) as count
     from (${rule.query} union all by name select null::bigint as count where false)`,
  );
  return total?.count ?? 0;
}

interface QueryResult extends QueryExample {
  readonly rule: number;
  readonly bucket: string;
  readonly count: number | string | null;
}
