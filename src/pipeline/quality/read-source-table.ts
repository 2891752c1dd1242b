// Reads and checks one file of a source delivery: parse faults first and alone, then cells, then rows, then persons.
// It leaves typed rows in the job's DuckDB for the stage that merges them; it decides nothing about what becomes visible.
import type { Table } from '../../domains/definition.ts';
import { type Duck, DuckDbError } from '../../platform/duckdb/duckdb.ts';
import type { MunicipalityCode } from '../../platform/tenant.ts';
import type { Span } from '../intake/index.ts';
import { findUndecodable } from './find-undecodable.ts';
import {
  type FaultyRows,
  type Findings,
  hasStop,
  joinFindings,
  NO_FINDINGS,
  NO_ROWS,
  type Place,
  STRUCTURE_RULES,
  type StructureRule,
  structureFinding,
} from './rules.ts';
import { type Cell, cellsOf, type DecimalMark, isDecimal } from './store-cells.ts';
import {
  findDuplicateKeys,
  findFaultyOperations,
  findOutdatedCodes,
  findRowsOutside,
  listPeriods,
} from './store-checks.ts';
import { findPersonFaults, personColumn, personsName, stagePersons, stageRows } from './store-persons.ts';
import {
  classifyFaults,
  type ScanResult,
  type SourceFile,
  soundRows,
  stageSource,
  summariseStage,
  takeRejects,
} from './store-source.ts';

export interface SourceTable {
  readonly table: Table;
  readonly kind: 'total' | 'delta';
  readonly municipality: MunicipalityCode;
  readonly span: Span;
  readonly file: SourceFile;
  readonly pseudonymKey: Uint8Array;
}

/** Typed rows in DuckDB: `relation` has the table's columns, `_row` and for a delta `_op`; `persons` has cpr, borger_id and held. */
export interface StagedRows {
  readonly table: Table;
  readonly relation: string;
  readonly persons: string | null;
  /** The periods that occur, in binary order. */
  readonly periods: readonly string[];
}

/** `staged` is null when the file is at fault; `rows` counts the records read. */
export interface SourceReading {
  readonly rows: number;
  readonly staged: StagedRows | null;
  readonly findings: Findings;
}

/** Reads one file. @throws DuckDbError for faults that are ours (memory, disk); faults of the file are findings. */
export async function readSourceTable(duck: Duck, source: SourceTable): Promise<SourceReading> {
  const { table } = source;
  const delta = source.kind === 'delta';
  const cells = cellsOf(table, source.municipality, delta);
  const unreadable = await stage(duck, source, cells, delta);
  if (unreadable !== null) return { rows: 0, staged: null, findings: unreadable };
  const scan = await summariseStage(duck, table, cells, delta);
  const sound = soundRows(cells, delta);
  const periods = await listPeriods(duck, table, sound);
  const findings = joinFindings([
    await checkCells(duck, source, cells, scan),
    await checkRows(duck, source, sound),
    await checkPersons(duck, source, sound),
  ]);
  if (hasStop(findings)) return { rows: scan.rows, staged: null, findings };
  const relation = `rows_${table.name}`;
  await stageRows(duck, table, relation, delta);
  const persons = personColumn(table) === undefined ? null : personsName(table);
  return { rows: scan.rows, staged: { table, relation, persons, periods }, findings };
}

/** @returns the parse findings, or null when every record could be read. */
async function stage(
  duck: Duck,
  source: SourceTable,
  cells: readonly Cell[],
  delta: boolean,
): Promise<Findings | null> {
  const { table, file } = source;
  const place = { table: table.name };
  try {
    await stageSource(duck, table, cells, delta, file);
  } catch (error) {
    if (!(error instanceof DuckDbError) || error.kind !== 'Invalid Input Error') throw error;
    const undecodable = file.encoding === 'iso-8859-1' ? await findUndecodable(file.path) : NO_ROWS;
    if (undecodable.count > 0) return found('encoding', place, undecodable);
    return found('parse', place, { count: 1, rows: [] });
  }
  const { parse, encoding } = await takeRejects(duck);
  if (parse.count + encoding.count === 0) return null;
  return joinFindings([found('encoding', place, encoding), found('parse', place, parse)]);
}

/** One rule's findings at one place: an example per row, or a single one when there are no rows to name. */
function found(rule: StructureRule, place: Place, faulty: FaultyRows): Findings {
  if (faulty.count === 0) return NO_FINDINGS;
  const rows = faulty.rows.length === 0 ? [null] : faulty.rows;
  return {
    counts: [{ rule, table: place.table, severity: STRUCTURE_RULES[rule].severity, count: faulty.count }],
    examples: rows.map((row) => structureFinding(rule, { ...place, row })),
  };
}

/** Decimal comma if declared, else if the delimiter is `;` and no decimal cell has a point. */
function decimalMarkOf(file: SourceFile, scan: ScanResult): DecimalMark {
  if (file.decimalMark !== 'detect') return file.decimalMark;
  return file.delimiter === ';' && !scan.marks.includes('point') ? 'comma' : 'point';
}

async function checkCells(
  duck: Duck,
  source: SourceTable,
  cells: readonly Cell[],
  scan: ScanResult,
): Promise<Findings> {
  const { table, file } = source;
  const mark = decimalMarkOf(file, scan);
  const mixed = scan.marks.some((seen) => seen !== mark);
  const faulty = cells.filter((cell, index) => scan.faultyColumns.includes(index) || (mixed && isDecimal(cell.column)));
  const broken =
    faulty.length === 0 ? [] : await classifyFaults(duck, table, cells, faulty, source.kind === 'delta', file, mark);
  const operations =
    scan.faultyOperations === 0
      ? NO_FINDINGS
      : found(
          'op',
          { table: table.name, header: '_op' },
          { count: scan.faultyOperations, rows: await findFaultyOperations(duck, table) },
        );
  return joinFindings([
    operations,
    ...broken.map(({ cell, rule, ...rows }) =>
      found(rule, { table: table.name, column: cell.column, header: cell.header }, rows),
    ),
  ]);
}

async function checkRows(duck: Duck, source: SourceTable, sound: string): Promise<Findings> {
  const { table, span } = source;
  const place = { table: table.name };
  const held = source.kind === 'delta' ? `${sound} and _op <> 'D'` : sound;
  const outdated = await findOutdatedCodes(duck, table, held);
  return joinFindings([
    found('outside-span', place, await findRowsOutside(duck, table, sound, span)),
    found('duplicate-key', place, await findDuplicateKeys(duck, table, sound)),
    ...outdated.map(({ column, ...rows }) => found('code-validity', { ...place, column }, rows)),
  ]);
}

async function checkPersons(duck: Duck, source: SourceTable, sound: string): Promise<Findings> {
  const { table } = source;
  if (personColumn(table) === undefined) return NO_FINDINGS;
  await stagePersons(duck, table, sound, source.kind === 'delta', source.pseudonymKey);
  const place = { table: table.name, header: 'cpr' };
  const faults = await findPersonFaults(duck, table, sound);
  return joinFindings([
    found('cpr', place, faults.impossible ?? NO_ROWS),
    found('cpr-modulus', place, faults.off_modulus ?? NO_ROWS),
    found('cpr-replacement', place, faults.replacement ?? NO_ROWS),
  ]);
}
