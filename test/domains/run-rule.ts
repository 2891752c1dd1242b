// Runs one quality rule of a domain in DuckDB over given rows, as the quality stage does: a slice rule over one slice,
// a domain rule over the slices that its bucket reads. For tests of declarations.
import type { ExampleRows, Rule, Table } from '../../src/domains/definition.ts';
import type { Duck } from '../../src/platform/duckdb/duckdb.ts';
import { columnSqlType } from '../../src/slices/index.ts';

/** A result row of a rule's query; a row rule gives the natural key as reference. */
export interface RuleFinding {
  readonly reference: string | null;
  readonly detail_da?: string | null;
  readonly detail_en?: string | null;
  readonly count?: number;
}

type Row = ExampleRows[string][number];

/** A missing cell, and an empty one of a nullable column, is null. */
async function fill(duck: Duck, table: Table, rows: readonly Row[]): Promise<void> {
  const columns = table.columns.map(
    ({ name, type, nullable }) => `${name} ${columnSqlType(type)} ${nullable ? '' : 'not null'}`,
  );
  await duck.run(
    `create or replace table ${table.name} (${columns.join(', ')}, primary key (${table.key.join(', ')}))`,
  );
  if (rows.length === 0) return;
  const cell = (value: string | null | undefined, nullable: boolean) =>
    value == null || (value === '' && nullable) ? 'null' : `'${value}'`;
  const lines = rows.map(
    (row) => `(${table.columns.map(({ name, nullable }) => cell(row[name], nullable)).join(', ')})`,
  );
  await duck.run(`insert into ${table.name} values ${lines.join(', ')}`);
}

/** Makes the slices of `periods` visible under the table's bare name. */
export type ShowSlices = (table: Table, periods: readonly string[]) => Promise<void>;

/** Shows the slices of a few given rows. */
export function showGiven(duck: Duck, given: ExampleRows): ShowSlices {
  return async (table, periods) => {
    const column = table.period.kind === 'none' ? undefined : table.period.from;
    const rows = (given[table.name] ?? []).filter((row) => column === undefined || periods.includes(row[column] ?? ''));
    await fill(duck, table, rows);
  };
}

type QueryRule = Exclude<Rule, { scope: 'row' }>;

/** The SQL of a rule that is run by itself for one bucket, with the view that it reads; `tables` stand in the database. */
export function queryOf({ view, query }: QueryRule, tables: readonly Table[], bucket: string): string {
  const names = tables.map(({ name, period }) => {
    const column = period.kind === 'none' ? '' : `, '${bucket}' as bucket`;
    return `${name} as (select *${column} from main.${name})`;
  });
  const views = view === undefined ? [] : [`${view.name} as (${view.query})`];
  return `with buckets(bucket) as (values ('${bucket}')), ${[...names, ...views].join(', ')} select * from (${query})`;
}

/** @returns what a rule finds in one bucket. @throws when it speaks of another one. */
export async function runQuery(
  duck: Duck,
  rule: QueryRule,
  tables: readonly Table[],
  bucket: string,
): Promise<RuleFinding[]> {
  const found = await duck.all<RuleFinding & { readonly bucket: string }>(queryOf(rule, tables, bucket));
  return found.map(({ bucket: own, ...finding }) => {
    if (own !== bucket) throw new Error(`rule ${rule.id} speaks of ${own} when it runs for ${bucket}`);
    return finding;
  });
}

/** @returns the findings of `rule` in the slice or bucket `bucket`; `due` is the last month that could have been delivered. */
export async function findingsOf(
  duck: Duck,
  tables: readonly Table[],
  rule: Rule,
  bucket: string,
  show: ShowSlices,
  due = '2027-12',
): Promise<RuleFinding[]> {
  await duck.run(`set variable due = '${due}'`);
  if (rule.scope === 'domain') {
    for (const table of tables) await show(table, rule.reads[table.name]?.(bucket) ?? []);
    return await runQuery(duck, rule, tables, bucket);
  }
  const table = tables.find(({ name }) => name === rule.table);
  if (table === undefined) throw new Error(`rule ${rule.id} is about the unknown table ${rule.table}`);
  await show(table, [bucket]);
  if (rule.scope === 'slice') return await runQuery(duck, rule, [table], bucket);
  const key = table.key.filter((name) => name !== 'kommunekode').join(", '/', ");
  return await duck.all<RuleFinding>(`select concat(${key}) as reference from ${table.name} where ${rule.violation}`);
}
