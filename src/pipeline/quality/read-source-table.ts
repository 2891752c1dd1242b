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
import { findDuplicateKeys, findFaultyOperations, findRowsOutside, firstRows } from './store-checks.ts';
import { findPersonFaults, personColumn, personsName, stagePersons, stageRows } from './store-persons.ts';
import { classifyFaults, type SourceFile, soundRows, stageSource, takeRejects } from './store-source.ts';
import { type Survey, surveyStage } from './store-survey.ts';

export interface SourceTable {
  readonly table: Table;
  readonly kind: 'total' | 'delta';
  readonly municipality: MunicipalityCode;
  readonly span: Span;
  readonly file: SourceFile;
  /** The number of rows that the sender announced, if any. */
  readonly announcedRows: number | null;
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
  if (hasStop(unreadable)) return { rows: 0, staged: null, findings: unreadable };
  const sound = soundRows(cells, delta);
  const held = delta ? `${sound} and _op <> 'D'` : sound;
  const survey = await surveyStage(duck, table, cells, { sound, held, delta, span: source.span });
  const rejected = survey.rejects ? await checkRejects(duck, table) : NO_FINDINGS;
  if (hasStop(rejected)) return { rows: 0, staged: null, findings: rejected };
  const findings = joinFindings([
    checkCount(source, survey.rows),
    await checkCells(duck, source, cells, survey),
    await checkRows(duck, source, { sound, held }, survey),
    await checkPersons(duck, source, sound),
  ]);
  if (hasStop(findings)) return { rows: survey.rows, staged: null, findings };
  const relation = `rows_${table.name}`;
  await stageRows(duck, table, relation, delta);
  const persons = personColumn(table) === undefined ? null : personsName(table);
  return { rows: survey.rows, staged: { table, relation, persons, periods: survey.periods }, findings };
}

function checkCount({ table, announcedRows }: SourceTable, rows: number): Findings {
  if (announcedRows === null || announcedRows === rows) return NO_FINDINGS;
  const reference = `rows=${rows}, announced=${announcedRows}`;
  return found('row-count', { table: table.name, reference }, { count: 1, rows: [] });
}

/** @returns findings when no record can be made out at all. */
async function stage(duck: Duck, source: SourceTable, cells: readonly Cell[], delta: boolean): Promise<Findings> {
  const { table, file } = source;
  const place = { table: table.name };
  try {
    await stageSource(duck, table, cells, delta, file);
    return NO_FINDINGS;
  } catch (error) {
    if (!(error instanceof DuckDbError) || error.kind !== 'Invalid Input Error') throw error;
    const undecodable = file.encoding === 'iso-8859-1' ? await findUndecodable(file.path) : NO_ROWS;
    if (undecodable.count > 0) return found('encoding', place, undecodable);
    return found('parse', place, { count: 1, rows: [] });
  }
}

/** Records that could not be read; nothing else is said of such a file. */
async function checkRejects(duck: Duck, table: Table): Promise<Findings> {
  const place = { table: table.name };
  const { parse, encoding } = await takeRejects(duck);
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
function decimalMarkOf(file: SourceFile, survey: Survey): DecimalMark {
  if (file.decimalMark !== 'detect') return file.decimalMark;
  return file.delimiter === ';' && !survey.marks.includes('point') ? 'comma' : 'point';
}

async function checkCells(duck: Duck, source: SourceTable, cells: readonly Cell[], survey: Survey): Promise<Findings> {
  const { table, file } = source;
  const mark = decimalMarkOf(file, survey);
  const mixed = survey.marks.some((seen) => seen !== mark);
  const faulty = cells.filter(
    (cell, index) => survey.faultyColumns.includes(index) || (mixed && isDecimal(cell.column)),
  );
  const broken =
    faulty.length === 0 ? [] : await classifyFaults(duck, table, cells, faulty, source.kind === 'delta', file, mark);
  const operations =
    survey.faultyOperations === 0
      ? NO_FINDINGS
      : found(
          'op',
          { table: table.name, header: '_op' },
          { count: survey.faultyOperations, rows: await findFaultyOperations(duck, table) },
        );
  return joinFindings([
    operations,
    ...broken.map(({ cell, rule, ...rows }) =>
      found(rule, { table: table.name, column: cell.column, header: cell.header }, rows),
    ),
  ]);
}

async function checkRows(
  duck: Duck,
  { table, span }: SourceTable,
  { sound, held }: { readonly sound: string; readonly held: string },
  survey: Survey,
): Promise<Findings> {
  const place = { table: table.name };
  const findings: Findings[] = [];
  if (survey.outsideSpan > 0) {
    const rows = await findRowsOutside(duck, table, sound, span);
    findings.push(found('outside-span', place, { count: survey.outsideSpan, rows }));
  }
  if (survey.equalHashes > 0) findings.push(found('duplicate-key', place, await findDuplicateKeys(duck, table, sound)));
  for (const { column, where, count } of survey.outdated) {
    if (count === 0) continue;
    const rows = await firstRows(duck, table, `${held} and ${where}`);
    findings.push(found('code-validity', { ...place, column }, { count, rows }));
  }
  return joinFindings(findings);
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
