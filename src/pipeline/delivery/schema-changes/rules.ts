// What a reader of a table builds on, how two schemas of it differ, and which announced change permits the difference. Pure.
// Columns are found by their names: their order is free, and so are limits and code lists, which hold what may be delivered and not what it is.
import type { Column, ColumnType, Table } from '../../../domains/definition.ts';
import { addDays, type Day, dayOf } from '../../../platform/time/local-time.ts';
import { columnSqlType, schemaHashOf } from '../../../slices/index.ts';

/** Whoever reads a column has so many days before it goes or is another. PostgreSQL holds every announcement to it as well. */
export const NOTICE_DAYS = 90;

/** What readers build on in a column. */
export interface ColumnSchema {
  readonly name: string;
  readonly type: ColumnType['type'];
  /** With precision and scale. */
  readonly sqlType: string;
  readonly unit: string | null;
  readonly nullable: boolean;
  readonly isKey: boolean;
}

/** A schema of a table; without a hash and columns when the table is declared no more. */
export interface TableSchema {
  readonly schemaHash: string | null;
  readonly columns: readonly ColumnSchema[];
}

/** What happens to a column. `type` is what it has afterwards; null when it is gone. */
export interface ColumnChange {
  readonly column: string;
  readonly change: 'added' | 'removed' | 'retyped';
  readonly type: ColumnType['type'] | null;
}

/** An announced change of a table. */
export interface SchemaChange {
  readonly id: string;
  readonly table: string;
  readonly domain: string;
  readonly effectiveOn: Day;
  readonly columns: readonly ColumnChange[];
  readonly description: { readonly da: string; readonly en: string };
  readonly announcedAt: Date;
  readonly withdrawal: { readonly at: Date; readonly reason: string } | null;
  /** The columns of which it is carried out, and the day on which that was all of them; null until then. */
  readonly carriedOut: readonly string[];
  readonly carriedOutOn: Day | null;
}

/** @param table as declared; undefined when it is declared no more */
export function describeSchema(table: Table | undefined): TableSchema {
  if (table === undefined) return { schemaHash: null, columns: [] };
  const columns = table.columns.map((column) => ({
    name: column.name,
    type: column.type.type,
    sqlType: columnSqlType(column.type),
    unit: unitOf(column),
    nullable: column.nullable,
    isKey: table.key.includes(column.name),
  }));
  return { schemaHash: schemaHashOf(table), columns };
}

/** An amount is in kroner whether it says so or not. */
function unitOf({ unit, type }: Column): string | null {
  return unit ?? (type.type === 'money' ? 'kr' : null);
}

/** @returns whether both are the same in all that is kept of them. */
export function isSameSchema(a: TableSchema, b: TableSchema): boolean {
  return (
    a.schemaHash === b.schemaHash &&
    a.columns.length === b.columns.length &&
    a.columns.every((column, index) => {
      const other = b.columns[index];
      return other?.name === column.name && other.nullable === column.nullable && !isRetyped(column, other);
    })
  );
}

/** @returns what happens to columns on the way from one schema to the other. */
export function changesBetween(before: TableSchema, after: TableSchema): ColumnChange[] {
  const newer = new Map(after.columns.map((column) => [column.name, column]));
  const older = new Set(before.columns.map(({ name }) => name));
  const held = before.columns.flatMap((column): ColumnChange[] => {
    const now = newer.get(column.name);
    if (now === undefined) return [{ column: column.name, change: 'removed', type: null }];
    return isRetyped(column, now) ? [{ column: column.name, change: 'retyped', type: now.type }] : [];
  });
  const added = after.columns
    .filter(({ name }) => !older.has(name))
    .map(({ name, type }): ColumnChange => ({ column: name, change: 'added', type }));
  return [...held, ...added];
}

/**
 * Whether a reader of the one can stumble over the other: another type, scale or unit, nulls where there were none, or another part in telling rows apart.
 * A null that comes no more surprises nobody.
 */
function isRetyped(before: ColumnSchema, after: ColumnSchema): boolean {
  return (
    before.type !== after.type ||
    before.sqlType !== after.sqlType ||
    before.unit !== after.unit ||
    before.isKey !== after.isKey ||
    (after.nullable && !before.nullable)
  );
}

/** A column more harms no reader. */
export function needsNotice({ change }: ColumnChange): boolean {
  return change !== 'added';
}

/** @returns the first day that a change of these columns can be announced for. */
export function earliestDay(columns: readonly ColumnChange[], today: Day): Day {
  return addDays(today, columns.some(needsNotice) ? NOTICE_DAYS : 1);
}

/** @returns what may still be expected of it: nothing when it was withdrawn, and of what was carried out nothing more. */
export function openColumns({ withdrawal, columns, carriedOut }: SchemaChange): ColumnChange[] {
  return withdrawal === null ? columns.filter(({ column }) => !carriedOut.includes(column)) : [];
}

/** Whether just this is among `columns`. */
export function isAmong(wanted: ColumnChange, columns: readonly ColumnChange[]): boolean {
  return columns.some(
    ({ column, change, type }) => column === wanted.column && change === wanted.change && type === wanted.type,
  );
}

/** Whether the change allows a table to be declared so on `today`: once for each of its columns. */
export function permits(announced: SchemaChange, wanted: ColumnChange, today: Day): boolean {
  return (
    isAmong(wanted, openColumns(announced)) &&
    announced.effectiveOn <= today &&
    announced.effectiveOn >= earliestDay(announced.columns, dayOf(announced.announcedAt))
  );
}

/** What does not fit in an announcement, and what would. */
export interface Misfit {
  readonly place: string;
  readonly expected: string;
}

/** @returns what does not fit the table as it is declared. */
export function findMisfits({ columns: held }: TableSchema, wanted: readonly ColumnChange[]): Misfit[] {
  const known = new Map(held.map((column) => [column.name, column]));
  const goes = new Set(wanted.filter(({ change }) => change === 'removed').map(({ column }) => column));
  const isGivenUp = held.every(({ name }) => goes.has(name));
  return wanted.flatMap(({ column, change, type }, index) => {
    const expected = [
      ...(wanted.findIndex((each) => each.column === column) < index ? ['each column once'] : []),
      ...(change === 'added' && known.has(column) ? ['a column that the table does not have'] : []),
      ...(change !== 'added' && !known.has(column) ? ['a column of the table'] : []),
      ...(change === 'removed' && type !== null ? ['no type for a column that is removed'] : []),
      ...(change !== 'removed' && type === null ? ['the type that the column will have'] : []),
      // Rows that are told apart by it would become the same.
      ...(change === 'removed' && known.get(column)?.isKey && !isGivenUp
        ? ['no column of the key, unless all columns are removed']
        : []),
    ];
    return expected.map((each) => ({ place: `body/columns/${index}`, expected: each }));
  });
}
