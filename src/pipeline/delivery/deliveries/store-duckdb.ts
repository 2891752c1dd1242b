// DuckDB of deliveries: the sums of the numeric columns of slices. Exact: whole numbers and decimals, never floats.
import type { Table } from '../../../domains/definition.ts';
import { type Duck, quoteIdentifier, quoteList } from '../../../platform/duckdb/duckdb.ts';
import { numericColumns, type Totals } from './rules.ts';

/** @param paths Parquet files of slices of `table`. @returns the sums of each, in their order */
export async function sumSlices(duck: Duck, table: Table, paths: readonly string[]): Promise<Totals[]> {
  const columns = numericColumns(table);
  if (columns.length === 0 || paths.length === 0) return paths.map(() => ({}));
  const sums = columns.map((name) => `sum(${quoteIdentifier(name)})::varchar as ${quoteIdentifier(name)}`);
  const rows = await duck.all<Record<string, string | null> & { file: string }>(
    `select filename as file, ${sums.join(', ')}
       from read_parquet(${quoteList(paths)}, hive_partitioning = false, filename = true) group by filename`,
  );
  const byFile = new Map(rows.map(({ file, ...totals }) => [file, totals as Totals]));
  // A slice without rows has no group.
  return paths.map((path) => byFile.get(path) ?? Object.fromEntries(columns.map((name) => [name, null])));
}
