// The DuckDB of slices: sorting, the canonical CSV that names a slice, Parquet, and the difference of two sides.
//
// The canonical CSV is one byte sequence; a golden file pins it, and changing it would change every slice: UTF-8, no BOM, comma, LF,
// no header line, columns in declared order, minimal quoting, null = nothing, empty string = "", decimals at declared scale with a point,
// ISO dates, true/false, rows in binary order of the natural key. A field with `#` anywhere is quoted too: DuckDB does so, and readers
// that know comment lines need it.
import { randomUUID } from 'node:crypto';
import type { Table } from '../domains/definition.ts';
import { type Duck, quoteIdentifier, quoteList, quoteText } from '../platform/duckdb/duckdb.ts';
import { columnSqlType } from './slice.ts';

const CSV_OPTIONS = `format csv, header false, delimiter ',', quote '"', escape '"', nullstr ''`;

/** `name1, name2 …` quoted. */
function nameList(names: readonly string[]): string {
  return names.map(quoteIdentifier).join(', ');
}

/**
 * A query for the rows of another query as typed columns in declared order, sorted by the natural key.
 * The sort is DuckDB's own: texts by their UTF-8 bytes, integers and decimals by value, dates by time. Without ties, any thread count gives one order.
 */
export function canonicalQuery(table: Table, rows: string): string {
  const columns = table.columns.map((column) => {
    const name = quoteIdentifier(column.name);
    return `cast(${name} as ${columnSqlType(column.type)}) as ${name}`;
  });
  return `select ${columns.join(', ')} from (${rows}) order by ${nameList(table.key)}`;
}

/**
 * SQL for the rows of slices' Parquet files, of which there must be one at least. Without the option DuckDB would take `table`, `municipality` and
 * `period` from the path for columns.
 */
export function parquetRows(paths: readonly string[]): string {
  return `read_parquet(${quoteList(paths)}, hive_partitioning = false)`;
}

/** Writes the result of `query` as canonical CSV (no header line). @returns the number of rows */
async function copyToCsv(duck: Duck, query: string, path: string): Promise<number> {
  const [result] = await duck.all<{ Count: number }>(`copy (${query}) to ${quoteText(path)} (${CSV_OPTIONS})`);
  return result?.Count ?? 0;
}

const PARQUET_OPTIONS = 'format parquet, compression zstd';

/** Writes the result of `query` as Parquet, which keeps its order. Measured: zstd takes no longer than snappy for two thirds of the bytes. @returns the number of rows */
export async function copyToParquet(duck: Duck, query: string, path: string): Promise<number> {
  const [result] = await duck.all<{ Count: number }>(`copy (${query}) to ${quoteText(path)} (${PARQUET_OPTIONS})`);
  return result?.Count ?? 0;
}

/** Writes a sorted Parquet file as canonical CSV: sorting a second time would cost as much as all the rest. @returns the number of rows */
export function copyParquetToCsv(duck: Duck, parquet: string, path: string): Promise<number> {
  return copyToCsv(duck, `select * from ${parquetRows([parquet])}`, path);
}

/** @returns the number of rows of a Parquet file that has the columns of `table`. @throws DuckDbError when it lacks one */
export async function countParquetRows(duck: Duck, table: Table, path: string): Promise<number> {
  const names = nameList(table.columns.map(({ name }) => name));
  const [found] = await duck.all<{ rows: number }>(
    `select count(*) as rows from (select ${names} from ${parquetRows([path])})`,
  );
  return found?.rows ?? 0;
}

/** Rows by what happened to them. */
export interface DifferenceCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

/**
 * Writes the difference of two Parquet files (null: no rows) by natural key as canonical CSV, `_op` and `_revision` in front.
 * Key columns are never null, so a null key column after the outer join means "no row on that side".
 */
export async function copyDifference(
  duck: Duck,
  table: Table,
  sides: { readonly from: string | null; readonly to: string | null },
  revision: number,
  path: string,
): Promise<DifferenceCounts> {
  const relation = `difference_${randomUUID().replaceAll('-', '')}`;
  const query = differenceQuery(table, rowsOf(table, sides.from), rowsOf(table, sides.to), revision);
  await duck.run(`create temp table ${relation} as ${query}`);
  const [counts] = await duck.all<DifferenceCounts>(
    `select count(*) filter (_op = 'I') as inserted, count(*) filter (_op = 'U') as updated,
       count(*) filter (_op = 'D') as deleted from ${relation}`,
  );
  await copyToCsv(duck, `select * from ${relation} order by ${nameList(table.key)}`, path);
  await duck.run(`drop table ${relation}`);
  return counts ?? { inserted: 0, updated: 0, deleted: 0 };
}

function rowsOf(table: Table, path: string | null): string {
  if (path !== null) return parquetRows([path]);
  const columns = table.columns.map(({ name, type }) => `null::${columnSqlType(type)} as ${quoteIdentifier(name)}`);
  return `(select ${columns.join(', ')} where false)`;
}

function differenceQuery(table: Table, older: string, newer: string, revision: number): string {
  const probe = quoteIdentifier(table.key[0] as string);
  const match = table.key.map((name) => `o.${quoteIdentifier(name)} = n.${quoteIdentifier(name)}`).join(' and ');
  const values = table.columns.map(({ name }) => {
    const column = quoteIdentifier(name);
    return `case when n.${probe} is null then o.${column} else n.${column} end as ${column}`;
  });
  const changed = table.columns
    .filter(({ name }) => !table.key.includes(name))
    .map(({ name }) => `o.${quoteIdentifier(name)} is distinct from n.${quoteIdentifier(name)}`);
  return `select case when o.${probe} is null then 'I' when n.${probe} is null then 'D' else 'U' end as _op,
      ${Math.trunc(revision)}::bigint as _revision, ${values.join(', ')}
    from ${older} o full outer join ${newer} n on ${match}
    where o.${probe} is null or n.${probe} is null${changed.map((condition) => ` or ${condition}`).join('')}`;
}
