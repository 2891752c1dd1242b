// DuckDB of the warehouse: what each touched slice would hold after the load, as relations that slices are written from and rules read.
import type { Table } from '../../domains/definition.ts';
import { type Duck, quoteIdentifier, quoteList, quoteText } from '../../platform/duckdb/duckdb.ts';
import { columnSqlType } from '../../slices/index.ts';
import type { Span } from '../intake/index.ts';
import { monthsPredicate, periodPredicate, periodSql, type StagedRows } from '../quality/index.ts';

function columnList(table: Table, prefix = ''): string {
  return table.columns.map(({ name }) => `${prefix}${quoteIdentifier(name)}`).join(', ');
}

function sameKey(table: Table, left: string, right: string): string {
  return table.key.map((name) => `${left}.${quoteIdentifier(name)} = ${right}.${quoteIdentifier(name)}`).join(' and ');
}

/** A query for no rows at all, typed like the table. */
function noRows(table: Table, extra: string): string {
  const columns = table.columns.map(({ name, type }) => `null::${columnSqlType(type)} as ${quoteIdentifier(name)}`);
  return `select ${columns.join(', ')}, ${extra} where false`;
}

/** Rows of stored slices, with `_period` and a null `_row`. Both follow from the key, so any number of files is one scan. */
export function storedRows(table: Table, paths: readonly string[]): string {
  const extra = `${periodSql(table)} as _period, null::bigint as _row`;
  if (paths.length === 0) return noRows(table, 'null::varchar as _period, null::bigint as _row');
  return `select ${columnList(table)}, ${extra} from read_parquet(${quoteList(paths)})`;
}

/** Rows of a total's file for some periods, with `_period` and `_row`. */
export function deliveredRows(staged: StagedRows, periods: readonly string[]): string {
  const { table } = staged;
  if (periods.length === 0) return noRows(table, 'null::varchar as _period, null::bigint as _row');
  const where = staged.periods.every((period) => periods.includes(period))
    ? 'true'
    : `(${periods.map((period) => `(${periodPredicate(table, period)})`).join(' or ')})`;
  return `select ${columnList(table)}, ${periodSql(table)} as _period, _row from ${quoteIdentifier(staged.relation)} where ${where}`;
}

/** The stored rows of months that a total's span leaves out. `paths` are the slices of periods that the span cuts. */
export function keptRows(table: Table, span: Span, paths: readonly string[]): string {
  return `select * from (${storedRows(table, paths)}) where not (${monthsPredicate(table, span)})`;
}

/** The stored rows whose key a delta does not name, and the delta's upserts. `paths` are the slices of `periods`. */
export function mergedRows(staged: StagedRows, periods: readonly string[], paths: readonly string[]): string {
  const { table } = staged;
  const delta = quoteIdentifier(staged.relation);
  const where = periods.map((period) => `(${periodPredicate(table, period)})`).join(' or ') || 'false';
  return `select ${columnList(table)}, _period, _row from (${storedRows(table, paths)}) held
      where not exists (select 1 from ${delta} d where ${sameKey(table, 'held', 'd')})
    union all
    select ${columnList(table)}, ${periodSql(table)} as _period, _row from ${delta} where _op = 'U' and (${where})`;
}

/** @returns the periods in which a delta upserts something. */
export async function upsertedPeriods(duck: Duck, staged: StagedRows): Promise<string[]> {
  const rows = await duck.all<{ period: string }>(
    `select distinct ${periodSql(staged.table)} as period from ${quoteIdentifier(staged.relation)} where _op = 'U' order by period`,
  );
  return rows.map(({ period }) => period);
}

/** Deletions of keys that are not there: how many, and the first record numbers. */
export async function findAbsentDeletes(
  duck: Duck,
  staged: StagedRows,
  paths: readonly string[],
  limit: number,
): Promise<{ readonly count: number; readonly rows: readonly number[] }> {
  const { table } = staged;
  const from = `from ${quoteIdentifier(staged.relation)} d
    where _op = 'D' and not exists (select 1 from (${storedRows(table, paths)}) held where ${sameKey(table, 'held', 'd')})`;
  const [total] = await duck.all<{ count: number }>(`select count(*) as count ${from}`);
  if (total === undefined || total.count === 0) return { count: 0, rows: [] };
  const rows = await duck.all<{ row: number }>(`select _row as row ${from} order by row limit ${limit}`);
  return { count: total.count, rows: rows.map(({ row }) => row) };
}

/** The union of known identity pairs (a stored slice, or none) and those of the delivery. @returns how many are new, and a query for all */
export async function uniteIdentities(
  duck: Duck,
  identity: Table,
  municipality: string,
  persons: readonly string[],
  path: string | null,
): Promise<{ readonly added: number; readonly rows: string }> {
  const held =
    path === null ? noRows(identity, '1 as _one') : `select *, 1 as _one from read_parquet(${quoteText(path)})`;
  const seen = persons.map((relation) => `select borger_id, cpr from ${quoteIdentifier(relation)} where held`);
  await duck.run(
    `create or replace temp table new_identities as
     select ${quoteText(municipality)} as kommunekode, borger_id, cpr from (${seen.join(' union ')})
     where borger_id not in (select borger_id from (${held}))`,
  );
  const [counted] = await duck.all<{ added: number }>('select count(*) as added from new_identities');
  const columns = columnList(identity);
  return {
    added: counted?.added ?? 0,
    rows: `select ${columns} from (${held}) union all select ${columns} from new_identities`,
  };
}
