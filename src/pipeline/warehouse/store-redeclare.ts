// DuckDB of re-slicing: stored rows of an older declaration as rows of the current one, and PostgreSQL's answer to who has such rows.
import type { Table } from '../../domains/definition.ts';
import { type Duck, quoteIdentifier, quoteText } from '../../platform/duckdb/duckdb.ts';
import type { SystemTx } from '../../platform/postgres/tenancy.ts';
import { columnSqlType } from '../../slices/index.ts';
import { periodPredicate, periodSql } from '../quality/index.ts';

/** @returns the (municipality, domain)s that hold a slice whose table is not declared like that. Identity pairs have no declaration. */
export function listOutdated(
  tx: SystemTx,
  declared: readonly { readonly table: string; readonly schemaHash: string }[],
): Promise<{ municipality: string; domain: string }[]> {
  return tx.query(
    `select distinct municipality_code as municipality, domain
       from (select distinct on (municipality_code, domain, table_name, period) municipality_code, domain, table_name, slice_sha256, schema_hash
               from slice_change order by municipality_code, domain, table_name, period, revision desc) held
      where slice_sha256 is not null and not starts_with(table_name, 'identitet_')
        and (table_name, schema_hash) not in
          (select "table", "schemaHash" from jsonb_to_recordset($1) as d("table" text, "schemaHash" text))
      order by 1, 2`,
    [JSON.stringify(declared)],
  );
}

function relationOf(table: Table): string {
  return quoteIdentifier(`declared_${table.name}`);
}

/** Unions the files under the current declaration. @returns the column that cannot be brought over, or `undefined` */
export async function redeclareRows(duck: Duck, table: Table, paths: readonly string[]): Promise<string | undefined> {
  const selects: string[] = [];
  for (const path of paths) {
    const source = `read_parquet(${quoteText(path)})`;
    const held = await duck.all<{ column_name: string; column_type: string }>(`describe select * from ${source}`);
    const types = new Map(held.map(({ column_name, column_type }) => [column_name, column_type]));
    const columns: string[] = [];
    for (const { name, type, nullable } of table.columns) {
      const quoted = quoteIdentifier(name);
      const target = columnSqlType(type);
      const from = types.get(name);
      const value = from === undefined ? `null::${target}` : `try_cast(${quoted} as ${target})`;
      if (!(await survives(duck, source, from === undefined ? null : { quoted, from, value }, value, nullable)))
        return name;
      columns.push(`${value} as ${quoted}`);
    }
    selects.push(`select ${columns.join(', ')} from ${source}`);
  }
  await duck.run(`create or replace view ${relationOf(table)} as ${selects.join(' union all ')}`);
  const key = table.key.map(quoteIdentifier).join(', ');
  const [doubled] = await duck.all<{ count: number }>(
    `select count(*) as count from (select 1 from ${relationOf(table)} group by ${key} having count(*) > 1)`,
  );
  return doubled?.count === 0 ? undefined : table.key.join('+');
}

/** Every value must come back unchanged when it is cast there and back, and a column that is not nullable must have one in every row. */
async function survives(
  duck: Duck,
  source: string,
  cast: { readonly quoted: string; readonly from: string; readonly value: string } | null,
  value: string,
  nullable: boolean,
): Promise<boolean> {
  const lost = cast === null ? 'false' : `${cast.quoted} is distinct from try_cast(${cast.value} as ${cast.from})`;
  const missing = nullable ? 'false' : `${value} is null`;
  const [faults] = await duck.all<{ count: number }>(
    `select count(*) as count from ${source} where ${lost} or ${missing}`,
  );
  return faults?.count === 0;
}

/** @returns the periods that the rows belong to under the current declaration. */
export async function listPeriods(duck: Duck, table: Table): Promise<string[]> {
  const rows = await duck.all<{ period: string }>(
    `select distinct ${periodSql(table)} as period from ${relationOf(table)} order by period`,
  );
  return rows.map(({ period }) => period);
}

/** A query for the rows of these periods, with `_period` and a null `_row`. */
export function redeclaredRows(table: Table, periods: readonly string[]): string {
  const where = periods.map((period) => `(${periodPredicate(table, period)})`).join(' or ') || 'false';
  return `select *, ${periodSql(table)} as _period, null::bigint as _row from ${relationOf(table)} where ${where}`;
}
