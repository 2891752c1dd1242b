// DuckDB of packages: one Parquet file of a table out of its slices, or out of a delta's CSV.
import type { Table } from '../../domains/definition.ts';
import { type Duck, quoteIdentifier, quoteText } from '../../platform/duckdb/duckdb.ts';
import { columnSqlType, parquetRows } from '../../slices/index.ts';

const PARQUET_OPTIONS = 'format parquet, compression zstd';

/** Puts the rows of Parquet files (in their order, perhaps none) into the one file `target`. */
export async function mergeParquet(duck: Duck, table: Table, paths: readonly string[], target: string): Promise<void> {
  const columns = table.columns.map(({ name, type }) =>
    paths.length > 0 ? quoteIdentifier(name) : `null::${columnSqlType(type)} as ${quoteIdentifier(name)}`,
  );
  const rows = paths.length > 0 ? `from ${parquetRows(paths)}` : 'where false';
  await duck.run(`copy (select ${columns.join(', ')} ${rows}) to ${quoteText(target)} (${PARQUET_OPTIONS})`);
}

/** Turns a delta's `csv.gz` at `path` into Parquet. The dialect is that of our own files, nothing is guessed. */
export async function convertDelta(duck: Duck, table: Table, path: string, target: string): Promise<void> {
  const types: readonly (readonly [string, string])[] = [
    ['_op', 'VARCHAR'],
    ['_revision', 'BIGINT'],
    ...table.columns.map(({ name, type }) => [name, columnSqlType(type)] as const),
  ];
  const columns = types.map(([name, type]) => `${quoteText(name)}: ${quoteText(type)}`).join(', ');
  await duck.run(
    `copy (select * from read_csv(${quoteText(path)}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
       comment = '', nullstr = '', allow_quoted_nulls = false, new_line = '\\n', columns = {${columns}}))
     to ${quoteText(target)} (${PARQUET_OPTIONS})`,
  );
}
