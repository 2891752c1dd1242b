// DuckDB of packages: one Parquet file of a table out of its slices, or out of a delta's CSV, under the schema of the package.
import { type Duck, quoteIdentifier, quoteText } from '../../platform/duckdb/duckdb.ts';
import { parquetRows } from '../../slices/index.ts';
import { type FieldDescriptor, fieldSqlType } from './describe-table.ts';

const PARQUET_OPTIONS = 'format parquet, compression zstd';

/** Puts the rows of Parquet files (in their order, perhaps none) into the one file `target`. */
export async function mergeParquet(
  duck: Duck,
  fields: readonly FieldDescriptor[],
  paths: readonly string[],
  target: string,
): Promise<void> {
  const columns = fields.map((field) => {
    const name = quoteIdentifier(field.name);
    return paths.length > 0 ? name : `null::${fieldSqlType(field)} as ${name}`;
  });
  const rows = paths.length > 0 ? `from ${parquetRows(paths)}` : 'where false';
  await duck.run(`copy (select ${columns.join(', ')} ${rows}) to ${quoteText(target)} (${PARQUET_OPTIONS})`);
}

/** Turns a delta's `csv.gz` at `path` into Parquet. The dialect is that of our own files, nothing is guessed. */
export async function convertDelta(
  duck: Duck,
  fields: readonly FieldDescriptor[],
  path: string,
  target: string,
): Promise<void> {
  const columns = fields.map((field) => `${quoteText(field.name)}: ${quoteText(fieldSqlType(field))}`).join(', ');
  await duck.run(
    `copy (select * from read_csv(${quoteText(path)}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
       comment = '', nullstr = '', allow_quoted_nulls = false, new_line = '\\n', columns = {${columns}}))
     to ${quoteText(target)} (${PARQUET_OPTIONS})`,
  );
}

/** @returns the number of rows of a Parquet file that has these columns. @throws DuckDbError when it lacks one, or is no Parquet file */
export async function countRows(duck: Duck, fields: readonly FieldDescriptor[], path: string): Promise<number> {
  const names = fields.map(({ name }) => quoteIdentifier(name)).join(', ');
  const [found] = await duck.all<{ rows: number }>(
    `select count(*) as rows from (select ${names} from ${parquetRows([path])})`,
  );
  return found?.rows ?? 0;
}
