// Reads a source file into DuckDB in one scan: typed columns, and per row one bit for each column that is at fault.
// Which rule a faulty cell breaks is only worked out, in a second scan, when there is such a cell.
import type { Table } from '../../domains/definition.ts';
import { type Duck, quoteIdentifier, quoteText } from '../../platform/duckdb/duckdb.ts';
import { columnSqlType } from '../../slices/index.ts';
import { EXAMPLES_PER_RULE, type FaultyRows, NO_ROWS, type StructureRule } from './rules.ts';
import {
  brokenRuleSql,
  brokenSql,
  type Cell,
  type DecimalMark,
  faultWordCount,
  isDecimal,
  WORD_BITS,
} from './store-cells.ts';

/** How a file on this machine is to be read. `columns` are the header's names in file order. */
export interface SourceFile {
  readonly path: string;
  readonly delimiter: ',' | ';';
  readonly encoding: 'utf-8' | 'iso-8859-1';
  readonly decimalMark: DecimalMark | 'detect';
  readonly columns: readonly string[];
}

/** A broken cell rule: all counted, the first rows shown. */
export interface BrokenCell {
  readonly cell: Cell;
  readonly rule: StructureRule;
  readonly count: number;
  readonly rows: readonly number[];
}

/** The table in which DuckDB notes what it could not read of the last file. */
export const REJECTS = 'source_rejects';
const OPERATION_FAULT = "coalesce(_op not in ('U', 'D'), true)";

/** The file as text; `store_rejects` makes parse faults rows of a table instead of an error that would print the line. */
function readCsv(file: SourceFile, rejects: boolean): string {
  const columns = file.columns.map((name) => `${quoteText(name)}: 'VARCHAR'`).join(', ');
  const options = [
    `auto_detect = false, header = true, delim = ${quoteText(file.delimiter)}, quote = '"', escape = '"'`,
    `allow_quoted_nulls = false, encoding = '${file.encoding === 'utf-8' ? 'utf-8' : 'latin-1'}'`,
    `columns = {${columns}}`,
    ...(rejects ? [`store_rejects = true, rejects_table = '${REJECTS}', rejects_limit = 0`] : []),
  ];
  return `read_csv(${quoteText(file.path)}, ${options.join(', ')})`;
}

/** Cell texts (`r0` …) and values (`v0` …) of a relation that has the header's columns; `_op` is kept. */
function cellsQuery(cells: readonly Cell[], delta: boolean, from: string, extra: readonly string[] = []): string {
  const kept = [...extra, ...(delta ? ['_op'] : [])];
  const raws = [...kept, ...cells.map((cell) => `${cell.rawSql} as ${cell.raw}`)];
  const values = [...kept, ...cells.flatMap((cell) => [cell.raw, `${cell.valueSql} as ${cell.value}`])];
  return `select ${values.join(', ')} from (select ${raws.join(', ')} from ${from})`;
}

/** One bit per faulty cell, from the columns `f0` … of the cells. The sum is only worked out for rows that have a fault at all. */
function faultWords(cells: readonly Cell[]): string[] {
  const faults = cells.map((_, index) => `f${index}`);
  return Array.from({ length: faultWordCount(cells) }, (_, word) => {
    const own = faults.slice(word * WORD_BITS, (word + 1) * WORD_BITS);
    const bits = own.map((fault, bit) => `${fault}::ubigint * ${2n ** BigInt(bit)}`);
    return `case when ${own.join(' or ')} then ${bits.join(' + ')} else 0::ubigint end as _faults${word}`;
  });
}

/** Bit 1: some decimal cell has a point; bit 2: some has a comma. */
function marksSql(cells: readonly Cell[]): string {
  const bits = cells
    .filter(({ column }) => isDecimal(column))
    .map(({ raw }) => `coalesce(contains(${raw}, '.')::utinyint | contains(${raw}, ',')::utinyint * 2, 0)`);
  return `(${bits.length === 0 ? '0' : bits.join(' | ')})::utinyint as _marks`;
}

/** Name of the relation that `stageSource` makes. Its `rowid` + 1 is the record number in the file. */
export function stageName(table: Table): string {
  return `source_${table.name}`;
}

/**
 * Reads the file into the table `stageName(table)`: declared columns (a person column still holds the CPR number; derived columns are absent),
 * `_op` for a delta, `_faults…`, `_marks`. @throws DuckDbError of kind `Invalid Input Error` when no record can be made out at all.
 */
export async function stageSource(duck: Duck, table: Table, cells: readonly Cell[], delta: boolean, file: SourceFile) {
  const columns = cells.map(
    (cell) => `cast(${cell.value} as ${columnSqlType(cell.column.type)}) as ${quoteIdentifier(cell.column.name)}`,
  );
  const outer = [
    ...columns,
    ...(delta ? ['_op', `${OPERATION_FAULT} as _op_fault`] : []),
    ...faultWords(cells),
    marksSql(cells),
  ];
  // Named before they are summed up: said twice, the predicates would take twice as long to plan, which is most of what a small file costs.
  const faults = cells.map(({ faultSql }, index) => `${faultSql} as f${index}`);
  await duck.run(
    `create table ${quoteIdentifier(stageName(table))} as select ${outer.join(', ')}
     from (select *, ${faults.join(', ')} from (${cellsQuery(cells, delta, readCsv(file, true))}))`,
  );
}

/** Records that could not be read: those with bytes outside the encoding, and all others. Afterwards they are forgotten, since they hold the lines themselves. */
export async function takeRejects(duck: Duck): Promise<Record<'encoding' | 'parse', FaultyRows>> {
  const found = await duck.all<{ rule: string; count: number; rows: string }>(
    `select rule, count(*) as count, min(row, ${EXAMPLES_PER_RULE})::varchar as rows
     from (select distinct if(error_type = 'INVALID ENCODING', 'encoding', 'parse') as rule, line - 1 as row from ${REJECTS}) group by rule`,
  );
  await duck.run(`drop table ${REJECTS}; drop table reject_scans`);
  const rowsOf = (rule: string): FaultyRows => {
    const own = found.find((each) => each.rule === rule);
    return own === undefined ? NO_ROWS : { count: own.count, rows: JSON.parse(own.rows) as number[] };
  };
  return { encoding: rowsOf('encoding'), parse: rowsOf('parse') };
}

/** Predicate of staged rows without any faulty cell; the checks of whole rows look at these only. */
export function soundRows(cells: readonly Cell[], delta: boolean): string {
  const words = faultWords(cells).map((_, word) => `_faults${word} = 0`);
  return [...words, ...(delta ? ['not _op_fault'] : [])].join(' and ');
}

/** Reads the file a second time and says for each faulty cell of `cells` which rule it breaks. Order of rows is the file's. */
export async function classifyFaults(
  duck: Duck,
  table: Table,
  cells: readonly Cell[],
  faulty: readonly Cell[],
  delta: boolean,
  file: SourceFile,
  mark: DecimalMark,
): Promise<BrokenCell[]> {
  const numbered = `(select row_number() over () as _row, * from ${readCsv(file, false)})`;
  const broken = faulty.map((cell) => {
    const index = cells.indexOf(cell);
    return `case when ${brokenSql(cell, mark)} then {'cell': ${index}, 'rule': ${brokenRuleSql(table, cell, mark)}} end`;
  });
  await duck.run(
    `create temp table source_faults as
     select _row, fault.cell as cell, fault.rule as rule
     from (select _row, unnest([${broken.join(', ')}]) as fault from (${cellsQuery(cells, delta, numbered, ['_row'])}))
     where fault is not null`,
  );
  const rows = await duck.all<{ cell: number; rule: StructureRule; count: number; rows: string }>(
    `select cell, rule, count(*) as count, min(_row, ${EXAMPLES_PER_RULE})::varchar as rows
     from source_faults group by cell, rule order by cell, rule`,
  );
  await duck.run('drop table source_faults');
  return rows.map((row) => ({
    cell: cells[row.cell] as Cell,
    rule: row.rule,
    count: row.count,
    rows: JSON.parse(row.rows) as number[],
  }));
}
