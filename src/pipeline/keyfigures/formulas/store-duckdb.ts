// Runs formulas in DuckDB: the slices of a bucket by name, all formulas of a source as one GROUP BY. No number leaves as a float.
import type { Formula, Source, Table } from '../../../domains/definition.ts';
import { type Duck, quoteIdentifier, quoteList, quoteText } from '../../../platform/duckdb/duckdb.ts';
import { canonical } from '../../../platform/exact.ts';
import { columnSqlType } from '../../../slices/index.ts';
import { bucketOf, type Computation, type FormulaResult } from './rules.ts';
import type { BucketResult } from './store.ts';

/** Sums of BIGINT are HUGEINT; `/` and AVG give DOUBLE, which is refused. */
const EXACT_TYPE = /^(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL\(\d+,\d+\))$/;

/** A table that a source reads, and the Parquet files of this machine that hold its rows. */
export interface ShownTable {
  readonly table: Table;
  readonly paths: readonly string[];
}

/** The rows of a table under its bare name; without files an empty relation with the table's columns. */
function shownSql({ table, paths }: ShownTable): string {
  const columns = table.columns.map(({ name, type }) => [quoteIdentifier(name), columnSqlType(type)] as const);
  const rows =
    paths.length > 0
      ? `select ${columns.map(([name]) => name).join(', ')} from read_parquet(${quoteList(paths)}, hive_partitioning = false)`
      : `select ${columns.map(([name, type]) => `null::${type} as ${name}`).join(', ')} where false`;
  return `${quoteIdentifier(table.name)} as not materialized (${rows})`;
}

/**
 * Computes `formulas` over their source's tables, and keeps the periods that belong to one of `buckets`: other periods that the
 * source yields rest on slices that are not shown. @throws TypeError when a measure is not an exact number.
 */
export async function runFormulas(
  duck: Duck,
  { source, formulas, buckets }: Omit<Computation, 'bucket'> & { readonly buckets: readonly string[] },
  shown: readonly ShownTable[],
): Promise<BucketResult[]> {
  const columns = [...new Set(formulas.flatMap(({ breakdowns }) => breakdowns ?? []))];
  const rows = await duck.all<Record<string, string | number | null>>(
    `${shown.length === 0 ? '' : `with ${shown.map(shownSql).join(', ')}`} ${groupByStatement(source, formulas, columns)}`,
  );
  return rows.flatMap((row) => {
    const bucket = row.period === null ? undefined : bucketOf(source.bucket, String(row.period));
    if (bucket === undefined || !buckets.includes(bucket)) return [];
    return formulas.flatMap((formula, index) =>
      resultOf(row, formula, index, columns).map((result) => ({ ...result, bucket })),
    );
  });
}

/** One grouping set for the totals and one per breakdown column; `set` tells them apart (a code may itself be null). */
function groupByStatement(source: Source, formulas: readonly Formula[], columns: readonly string[]): string {
  const names = columns.map(quoteIdentifier);
  const grouping = names.length === 0 ? '0' : `grouping(${names.join(', ')})`;
  const code = names.length === 0 ? 'null' : `coalesce(${names.map((name) => `${name}::varchar`).join(', ')})`;
  const measures = formulas.map(({ measure }, index) => `(${measure}) as v${index}`);
  const reasons = formulas.map(({ missing = [] }, index) => {
    const cases = missing.map(({ reason, when }) => `when ${when} then ${quoteText(reason)}`);
    return `${cases.length === 0 ? 'null' : `case ${cases.join(' ')} end`} as m${index}`;
  });
  const texts = formulas.map(
    (_, index) => `v${index}::varchar as v${index}, typeof(v${index}) as t${index}, m${index}`,
  );
  const sets = ['(source.period)', ...names.map((name) => `(source.period, ${name})`)];
  return `select period, grouping_set, code, ${texts.join(', ')} from (
      select source.period::varchar as period, ${grouping} as grouping_set, ${code} as code, ${[...measures, ...reasons].join(', ')}
      from (${source.sql}) as source group by grouping sets (${sets.join(', ')})
    ) order by period, grouping_set, code`;
}

function resultOf(
  row: Readonly<Record<string, string | number | null>>,
  formula: Formula,
  index: number,
  columns: readonly string[],
): FormulaResult[] {
  const breakdown = breakdownOf(row, formula, columns);
  if (breakdown === undefined) return [];
  if (!EXACT_TYPE.test(String(row[`t${index}`])))
    throw new TypeError(`formula ${formula.id} yields ${row[`t${index}`]}, not an exact number`);
  const { id, version } = formula;
  const text = row[`v${index}`] ?? null;
  const missing = row[`m${index}`] ?? (text === null ? 'no-data' : null);
  const value = missing === null ? canonical(String(text)) : null;
  return [{ formula: id, version, period: String(row.period), breakdown, value, missing: missing as string | null }];
}

/** `''` for the total, `column=code`; undefined for a set that is not the formula's and for rows without a code. */
function breakdownOf(
  row: Readonly<Record<string, string | number | null>>,
  formula: Formula,
  columns: readonly string[],
): string | undefined {
  const set = Number(row.grouping_set);
  // grouping() has one bit per column, the first column the highest; a bit is 0 where the row is grouped by that column.
  const column = columns.find((_, index) => (set & (1 << (columns.length - 1 - index))) === 0);
  if (column === undefined) return '';
  return formula.breakdowns?.includes(column) && row.code !== null ? `${column}=${row.code}` : undefined;
}
