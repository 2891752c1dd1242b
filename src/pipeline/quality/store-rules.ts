// Runs declared quality rules in DuckDB over the state as it would be after the load. Which slices and buckets are due is decided elsewhere.
import type { Rule, Table } from '../../domains/definition.ts';
import { type Duck, quoteIdentifier, quoteText } from '../../platform/duckdb/duckdb.ts';
import { EXAMPLES_PER_RULE } from './rules.ts';

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

/** Gives the rows of `query` the bare name of the table, as rules and formulas read it. */
export async function nameRows(duck: Duck, table: Table, query: string): Promise<void> {
  const columns = table.columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  await duck.run(`create or replace temp view ${quoteIdentifier(table.name)} as select ${columns} from (${query})`);
}

/** Tells the queries of domain rules which bucket they run for: they read it as `getvariable('bucket')`. */
export async function setBucket(duck: Duck, bucket: string): Promise<void> {
  await duck.run(`set variable bucket = ${quoteText(bucket)}`);
}

/** One result row of a query rule. */
export interface QueryExample {
  readonly reference: string | null;
  readonly detail_da: string | null;
  readonly detail_en: string | null;
}

/** Runs a rule's query. `count` is what it concerns in all (1 per result row unless the query says otherwise). */
export async function runQueryRule(
  duck: Duck,
  rule: QueryRule,
): Promise<{ readonly count: number; readonly examples: QueryExample[] }> {
  // One statement for the usual case of few results: a job runs some hundred rules, and each statement costs about a millisecond.
  const rows = await duck.all<QueryResult>(`select * from (${rule.query}) order by all limit ${EXAMPLES_PER_RULE + 1}`);
  const examples = rows.slice(0, EXAMPLES_PER_RULE).map(({ reference, detail_da, detail_en }) => ({
    reference: reference === null ? null : String(reference),
    detail_da,
    detail_en,
  }));
  if (rows.length <= EXAMPLES_PER_RULE) {
    return { count: rows.reduce((sum, { count }) => sum + Number(count ?? 1), 0), examples };
  }
  const counted = rows[0]?.count === undefined ? 'count(*)' : 'sum(coalesce("count", 1))';
  const [total] = await duck.all<{ count: number }>(`select cast(${counted} as bigint) as count from (${rule.query})`);
  return { count: total?.count ?? 0, examples };
}

/** A result row as the query gives it; `count` is absent when the query has no such column. */
interface QueryResult {
  readonly reference: string | number | null;
  readonly detail_da: string | null;
  readonly detail_en: string | null;
  readonly count?: number | string | null;
}
