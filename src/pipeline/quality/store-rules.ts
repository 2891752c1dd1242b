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

/** The rows that a table's bare name stands for in the queries of rules. */
export interface NamedRows {
  readonly table: Table;
  readonly query: string;
}

/**
 * Names in the statement itself: a view of the database would be planned when it is made and once more when it is read. A view of rules stands
 * once for all `rules` that share it; one rule alone reads it in place, so that what the rule looks for narrows down what is read.
 */
function namesSql(named: readonly NamedRows[], rules: readonly QueryRule[]): string {
  const names = named.map(({ table, query }) => {
    const columns = table.columns.map(({ name }) => quoteIdentifier(name)).join(', ');
    return `${quoteIdentifier(table.name)} as not materialized (select ${columns} from (${query}))`;
  });
  const views = rules.flatMap(({ view }) => view ?? []);
  for (const [name, sharing] of Map.groupBy(views, (view) => view.name)) {
    const held = sharing.length > 1 ? 'materialized' : 'not materialized';
    names.push(`${quoteIdentifier(name)} as ${held} (${sharing[0]?.query})`);
  }
  return names.length === 0 ? '' : `with ${names.join(', ')}`;
}

/** Tells the queries of domain rules which bucket they run for and the last month that is due: `getvariable('bucket')`, `getvariable('due')`. */
export async function setBucket(duck: Duck, bucket: string, due: string): Promise<void> {
  await duck.run(`set variable bucket = ${quoteText(bucket)}; set variable due = ${quoteText(due)}`);
}

/** One result row of a query rule. */
export interface QueryExample {
  readonly reference: string | null;
  readonly detail_da: string | null;
  readonly detail_en: string | null;
}

/** What a rule's query found. `count` is what it concerns in all (1 per result row unless the query says otherwise). */
export interface QueryFindings {
  readonly count: number;
  readonly examples: readonly QueryExample[];
}

/**
 * Runs the queries of several rules over the same tables in one statement: a job runs some hundred rules, and each statement
 * costs a millisecond by itself. All of them may hold their rows at once, so rules over large tables are run one by one. @returns in the order of `rules`
 */
export async function runQueryRules(
  duck: Duck,
  named: readonly NamedRows[],
  rules: readonly QueryRule[],
): Promise<QueryFindings[]> {
  const queries = rules.map(
    ({ query }, index) => `(select ${index} as rule, * from (${query}) order by all limit ${EXAMPLES_PER_RULE + 1})`,
  );
  // The last branch gives every statement the same columns: a query may leave out `count`.
  const columns =
    'select null::integer as rule, null::varchar as reference, null::varchar as detail_da, null::varchar as detail_en, null::bigint as count where false';
  const rows = await duck.all<QueryResult>(
    `${namesSql(named, rules)} ${[...queries, columns].join(' union all by name ')}`,
  );
  const found: QueryFindings[] = [];
  for (const [index, rule] of rules.entries()) {
    const own = rows.filter((row) => row.rule === index);
    const examples = own.slice(0, EXAMPLES_PER_RULE);
    const count =
      own.length <= EXAMPLES_PER_RULE
        ? own.reduce((sum, row) => sum + Number(row.count ?? 1), 0)
        : await countFindings(duck, named, rule);
    found.push({ count, examples });
  }
  return found;
}

async function countFindings(duck: Duck, named: readonly NamedRows[], rule: QueryRule): Promise<number> {
  const [total] = await duck.all<{ count: number }>(
    `${namesSql(named, [rule])} select cast(sum(coalesce("count", 1)) as bigint) as count
     from (${rule.query} union all by name select null::bigint as count where false)`,
  );
  return total?.count ?? 0;
}

interface QueryResult extends QueryExample {
  readonly rule: number;
  readonly count: number | string | null;
}
