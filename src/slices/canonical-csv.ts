// The canonical CSV of a relation: the one byte sequence that names a slice. A golden file pins it; changing it would change every slice.
// UTF-8, no BOM, comma, LF, no header line, columns in declared order, minimal quoting, null = nothing, empty string = "",
// decimals at declared scale with a point, ISO dates, true/false, rows in binary order of the natural key.
// A field with `#` anywhere is quoted too: DuckDB does so and readers with comment lines need it.
import type { Table } from '../domains/definition.ts';
import { type Duck, quoteIdentifier, quoteList, quoteText } from '../platform/duckdb/duckdb.ts';
import { columnSqlType } from './slice.ts';

const CSV_OPTIONS = `format csv, header false, delimiter ',', quote '"', escape '"', nullstr ''`;

/** `name1, name2 …` quoted. */
export function nameList(names: readonly string[]): string {
  return names.map(quoteIdentifier).join(', ');
}

/**
 * A query for the rows of `relation` as typed columns in declared order, sorted by the natural key.
 * The sort is DuckDB's own: texts by their UTF-8 bytes, integers and decimals by value, dates by time. Without ties, any thread count gives one order.
 */
export function canonicalQuery(table: Table, relation: string): string {
  const columns = table.columns.map((column) => {
    const name = quoteIdentifier(column.name);
    return `cast(${name} as ${columnSqlType(column.type)}) as ${name}`;
  });
  return `select ${columns.join(', ')} from ${quoteIdentifier(relation)} order by ${nameList(table.key)}`;
}

/**
 * SQL for the rows of slices' Parquet files, of which there must be one at least. Without the option DuckDB would take `table`, `municipality` and
 * `period` from the path for columns.
 */
export function parquetRows(paths: readonly string[]): string {
  return `read_parquet(${quoteList(paths)}, hive_partitioning = false)`;
}

/** Writes the result of `query` as canonical CSV (no header line). @returns the number of rows */
export async function copyToCsv(duck: Duck, query: string, path: string): Promise<number> {
  const [result] = await duck.all<{ Count: number }>(`copy (${query}) to ${quoteText(path)} (${CSV_OPTIONS})`);
  return result?.Count ?? 0;
}

/** The header line of a table's files: names only, never quoted because names are ASCII identifiers. */
export function headerLine(columns: readonly string[]): string {
  return `${columns.join(',')}\n`;
}
