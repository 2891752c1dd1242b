// DuckDB expressions for one cell of a source file: how its text is read as a typed value, and when it must not be.
// Text in, text out; nothing is run here. Each type has one strict form, checked on the text itself: `try_cast` alone turns 12.7 into 13,
// 1e3 into 1000 and `infinity` into a date.
import type { Column, ColumnType, Table } from '../../domains/definition.ts';
import { quoteIdentifier, quoteText } from '../../platform/duckdb/duckdb.ts';
import { columnSqlType } from '../../slices/index.ts';
import type { StructureRule } from './rules.ts';

/** The header under which a `person` column arrives. */
const CPR_HEADER = 'cpr';
/** C0 without tab and line breaks, DEL and C1. */
const CONTROL_CHARACTERS = '[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x{9f}]';
/** Patterns of letters, digits and counted classes only: what they match holds no control character, so it need not be looked for. */
const PRINTABLE_PATTERN = /^\^(?:\[[A-Za-zÆØÅæøå0-9_-]+\]|[A-Za-z0-9_-]|\{\d+(?:,\d*)?\}|[+*?()|])*\$$/;
/** Groups of three digits: 1.234.567,89 or 1,234. */
const GROUPED_NUMBER = "-?[0-9]{1,3}([., '][0-9]{3})+([.,][0-9]*)?";

export type DecimalMark = 'point' | 'comma';

/** A column as it stands in a source file. `raw`, `value` name columns of the inner query; `fault` is a predicate over them. */
export interface Cell {
  readonly column: Column;
  readonly header: string;
  readonly raw: string;
  readonly value: string;
  /** The header's text; `""` and nothing are one where a text may be empty. */
  readonly rawSql: string;
  /** Predicate: there is nothing in the cell. */
  readonly missingSql: string;
  /** Typed value out of `raw`; null when it cannot be read. */
  readonly valueSql: string;
  readonly faultSql: string;
}

/** Bits of a fault word, one per cell; a UBIGINT has 64, some stay free. */
export const WORD_BITS = 60;

/** @returns how many fault words it takes to have a bit for every cell. */
export function faultWordCount(cells: readonly Cell[]): number {
  return Math.ceil(cells.length / WORD_BITS);
}

/** @returns the cells of the columns that a source file of `table` has, in declared order. Rows with `_op` = D need only the key. */
export function cellsOf(table: Table, municipality: string, delta: boolean): Cell[] {
  return table.columns
    .filter((column) => column.derived === undefined)
    .map((column, index) => {
      const raw = `r${index}`;
      const value = `v${index}`;
      const header = column.type.type === 'person' ? CPR_HEADER : column.name;
      const name = quoteIdentifier(header);
      const key = table.key.includes(column.name);
      const fault = faultSql(table, column, municipality, raw, value, key);
      return {
        column,
        header,
        raw,
        value,
        rawSql: mayBeEmpty(column, key) ? `coalesce(${name}, '')` : name,
        valueSql: valueSql(column, raw),
        missingSql: column.type.type === 'text' && column.nullable ? `${raw} is null` : `coalesce(${raw}, '') = ''`,
        faultSql: delta && !key ? `(_op is distinct from 'D' and ${fault})` : `(${fault})`,
      };
    });
}

/** Never null. An empty cell of a nullable column is no value; only texts tell `""` from nothing. */
function faultSql(
  table: Table,
  column: Column,
  municipality: string,
  raw: string,
  value: string,
  key: boolean,
): string {
  const { type, nullable } = column;
  const valid = column === table.columns[0] ? `${raw} = ${quoteText(municipality)}` : validSql(type, raw, value);
  if (nullable)
    return `${raw} is not null and ${type.type === 'text' ? '' : `${raw} <> '' and `}(${valid}) is not true`;
  const filled = type.type === 'text' && !mayBeEmpty(column, key) ? `${raw} <> '' and ` : '';
  return `(${filled}${valid}) is not true`;
}

/** A text key may be empty unless its pattern says otherwise: `""` and nothing are then the same empty text, for keys are never null. */
function mayBeEmpty({ type, nullable }: Column, key: boolean): boolean {
  if (type.type !== 'text' || nullable || !key) return false;
  return type.pattern === undefined || new RegExp(type.pattern).test('');
}

function valueSql({ type, nullable }: Column, raw: string): string {
  switch (type.type) {
    case 'integer':
    case 'date':
      return `try_cast(${raw} as ${columnSqlType(type)})`;
    case 'decimal':
      return decimalSql(type.precision, type.scale, raw, columnSqlType(type));
    case 'money':
      return decimalSql(15, 2, raw, columnSqlType(type));
    case 'boolean':
      return `case ${raw} when 'true' then true when 'false' then false end`;
    case 'text':
      return raw;
    default:
      return nullable ? `nullif(${raw}, '')` : raw;
  }
}

/** Either mark is read here; that one file uses only one is settled when the whole file has been seen. */
function decimalSql(precision: number, scale: number, raw: string, sqlType: string): string {
  const whole = precision - scale;
  const digits = whole === 0 ? '0' : `(0|[1-9][0-9]{0,${whole - 1}})`;
  const pattern = `-?${digits}${scale === 0 ? '' : `([.,][0-9]{1,${scale}})?`}`;
  // `replace` costs more than the cast (measured: 0.8 s against 0.1 s for 5 M cells), so it is only called where there is a comma.
  return `case when not regexp_full_match(${raw}, '${pattern}') then null
    when contains(${raw}, ',') then try_cast(replace(${raw}, ',', '.') as ${sqlType}) else try_cast(${raw} as ${sqlType}) end`;
}

/** True exactly for texts in the strict form. Printing back is the cheapest strict form of integers and dates (measured: nearly free). */
function validSql(type: ColumnType, raw: string, value: string): string {
  switch (type.type) {
    case 'integer':
      return `${value} between ${type.minimum} and ${type.maximum} and cast(${value} as varchar) = ${raw}`;
    case 'date':
      return `strlen(${raw}) = 10 and cast(${value} as varchar) = ${raw}`;
    case 'decimal':
    case 'money':
    case 'boolean':
      return `${value} is not null`;
    case 'code':
      // A cast to an enumeration is a hash look-up (measured with 100 codes: 0.2 s for 5 M cells against 1.7 s for `in`).
      return `try_cast(${raw} as enum(${type.list.codes.map(({ code }) => quoteText(code)).join(', ')})) is not null`;
    case 'month':
      return `regexp_full_match(${raw}, '(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])')`;
    case 'schoolYear':
      return `regexp_full_match(${raw}, '(19|20|21)[0-9]{2}-(19|20|21)[0-9]{2}')
        and try_cast(substr(${raw}, 6) as integer) = try_cast(substr(${raw}, 1, 4) as integer) + 1`;
    case 'person':
      return `regexp_full_match(${raw}, '[0-9]{10}')`;
    case 'text': {
      const { maxLength, pattern } = type;
      return [
        `length(${raw}) <= ${maxLength}`,
        ...(pattern === undefined ? [] : [`regexp_full_match(${raw}, ${quoteText(pattern)})`]),
        ...(pattern !== undefined && PRINTABLE_PATTERN.test(pattern)
          ? []
          : [`not regexp_matches(${raw}, '${CONTROL_CHARACTERS}')`]),
      ].join(' and ');
    }
  }
}

/** @returns whether the column holds numbers with a decimal mark. */
export function isDecimal(column: Column): boolean {
  return column.type.type === 'decimal' || column.type.type === 'money';
}

/** SQL for the id of the structure rule that a faulty cell breaks, once the file's decimal mark is known. */
export function brokenRuleSql(table: Table, cell: Cell, mark: DecimalMark): string {
  const rule = (id: StructureRule) => quoteText(id);
  const { column, raw } = cell;
  const otherwise = (() => {
    if (column === table.columns[0]) return rule('municipality');
    if (column.type.type === 'person') return rule('cpr');
    if (column.type.type === 'code') return rule('code');
    if (column.type.type !== 'integer' && !isDecimal(column)) return rule('type');
    const wrongMark = isDecimal(column) ? `contains(${raw}, '${mark === 'point' ? ',' : '.'}') or ` : '';
    return `case when ${wrongMark}regexp_full_match(${raw}, ${quoteText(GROUPED_NUMBER)}) then ${rule('thousands-separator')} else ${rule('type')} end`;
  })();
  return `case when ${cell.missingSql} then ${rule('required')} else ${otherwise} end`;
}

/** Predicate: the cell is at fault, a decimal with the wrong mark included. */
export function brokenSql(cell: Cell, mark: DecimalMark): string {
  if (!isDecimal(cell.column)) return cell.faultSql;
  return `(${cell.faultSql} or coalesce(contains(${cell.raw}, '${mark === 'point' ? ',' : '.'}'), false))`;
}
