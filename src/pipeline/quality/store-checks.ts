// Which rows of a staged source file are at fault as a whole: operation, period span, doubled keys. Asked only where the survey found something.
// It reads the relation that store-source.ts made.
import type { ColumnType, Table } from '../../domains/definition.ts';
import { type Duck, quoteIdentifier, quoteText } from '../../platform/duckdb/duckdb.ts';
import { monthSpanOf, periodsBetween } from '../../platform/time/period.ts';
import { type Span, tellsMonth } from '../intake/index.ts';
import { EXAMPLES_PER_RULE, type FaultyRows } from './rules.ts';
import { stageName } from './store-source.ts';

function typeOf(table: Table, name: string): ColumnType['type'] | undefined {
  return table.columns.find((column) => column.name === name)?.type.type;
}

/** SQL for the period of a row, from the key column that the table names. */
export function periodSql(table: Table): string {
  if (table.period.kind === 'none') return "'all'";
  const { from, kind } = table.period;
  const name = quoteIdentifier(from);
  const type = typeOf(table, from);
  if (type === 'schoolYear') return name;
  if (type === 'integer') return `cast(${name} as varchar)`;
  if (type !== 'month' && type !== 'date') throw new Error(`table ${table.name}: no period follows from ${from}`);
  const month = type === 'month' ? name : `strftime(${name}, '%Y-%m')`;
  if (kind === 'month') return month;
  const year = `substr(${month}, 1, 4)`;
  if (kind === 'year') return year;
  const number = `cast(${year} as integer)`;
  return `case when substr(${month}, 6, 2) >= '08' then ${year} || '-' || (${number} + 1) else (${number} - 1) || '-' || ${year} end`;
}

/** Predicate for the rows of one period, as a range of the stored column, so that DuckDB can skip what lies outside. */
export function periodPredicate(table: Table, period: string): string {
  if (table.period.kind === 'none') return 'true';
  const { from } = table.period;
  const name = quoteIdentifier(from);
  if (typeOf(table, from) === 'integer') return `${name} = ${Number(period)}`;
  const span = monthSpanOf(period);
  return span === undefined || !tellsMonth(table) ? `${name} = ${quoteText(period)}` : monthsPredicate(table, span);
}

/** Predicate for the rows of some months. @throws for a table whose rows tell no month: which of them are meant nobody knows. */
export function monthsPredicate(table: Table, { from, to }: Span): string {
  if (table.period.kind === 'none' || !tellsMonth(table)) throw new Error(`rows of ${table.name} tell no month`);
  const name = quoteIdentifier(table.period.from);
  if (typeOf(table, table.period.from) === 'month') return `${name} between ${quoteText(from)} and ${quoteText(to)}`;
  return `${name} between date ${quoteText(`${from}-01`)} and last_day(date ${quoteText(`${to}-01`)})`;
}

/** Predicate for the rows of a delivery's span: by month where the rows tell it, else by period. */
export function spanPredicate(table: Table, span: Span): string {
  if (table.period.kind === 'none') return 'true';
  if (tellsMonth(table)) return monthsPredicate(table, span);
  const periods = periodsBetween(table.period.kind, span.from, span.to);
  return periods.map((period) => `(${periodPredicate(table, period)})`).join(' or ');
}

/** The first rows (record numbers, in order) that meet a predicate. */
export async function firstRows(duck: Duck, table: Table, where: string): Promise<number[]> {
  const rows = await duck.all<{ row: number }>(
    `select rowid + 1 as row from ${quoteIdentifier(stageName(table))} where ${where} order by row limit ${EXAMPLES_PER_RULE}`,
  );
  return rows.map(({ row }) => row);
}

/** Rows whose `_op` is neither U nor D. */
export async function findFaultyOperations(duck: Duck, table: Table): Promise<number[]> {
  return firstRows(duck, table, '_op_fault');
}

/** The first rows outside the span of the delivery. */
export async function findRowsOutside(duck: Duck, table: Table, sound: string, span: Span): Promise<number[]> {
  return firstRows(duck, table, `${sound} and not (${spanPredicate(table, span)})`);
}

/** Second and later rows of a key. */
export async function findDuplicateKeys(duck: Duck, table: Table, sound: string): Promise<FaultyRows> {
  const stage = quoteIdentifier(stageName(table));
  const key = table.key.map(quoteIdentifier).join(', ');
  await duck.run(
    `create temp table doubled_keys as
     select unnest(list_sort(rows)[2:]) as row
     from (select list(rowid + 1) as rows from ${stage} where ${sound} group by ${key} having count(*) > 1)`,
  );
  const [total] = await duck.all<{ count: number }>('select count(*) as count from doubled_keys');
  const rows = await duck.all<{ row: number }>(`select row from doubled_keys order by row limit ${EXAMPLES_PER_RULE}`);
  await duck.run('drop table doubled_keys');
  return { count: total?.count ?? 0, rows: rows.map(({ row }) => row) };
}
