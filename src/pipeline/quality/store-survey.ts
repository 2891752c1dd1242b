// What one aggregate over a staged source file tells: which checks have found something. A small file costs what its statements cost
// (measured: a statement takes one to ten milliseconds, whatever it reads), so the checks ask further only where there is something to show.
import type { Column, Table } from '../../domains/definition.ts';
import { type Duck, quoteIdentifier, quoteText } from '../../platform/duckdb/duckdb.ts';
import type { Span } from '../intake/index.ts';
import { type Cell, type DecimalMark, faultWordCount, WORD_BITS } from './store-cells.ts';
import { periodSql, spanPredicate } from './store-checks.ts';
import { REJECTS, stageName } from './store-source.ts';

/** Codes of a column that are not valid on the table's date: the predicate, and how many sound rows meet it. */
export interface OutdatedCodes {
  readonly column: Column;
  readonly where: string;
  readonly count: number;
}

/** `faultyColumns` are indexes of cells; all but the first four speak of sound rows only. */
export interface Survey {
  /** Whether there may be records that could not be read; where none could be, nothing here says how many. */
  readonly rejects: boolean;
  readonly rows: number;
  readonly faultyColumns: readonly number[];
  readonly faultyOperations: number;
  readonly marks: readonly DecimalMark[];
  /** The periods that occur, in binary order. */
  readonly periods: readonly string[];
  readonly outsideSpan: number;
  /** Rows whose key's hash stands in another row of the same period too; 0 means that no key is doubled (a key holds its period). */
  readonly equalHashes: number;
  readonly outdated: readonly OutdatedCodes[];
}

/** @param sound predicate of rows without a faulty cell. @param held predicate of those that are not deletions. */
export async function surveyStage(
  duck: Duck,
  table: Table,
  cells: readonly Cell[],
  rows: { readonly sound: string; readonly held: string; readonly delta: boolean; readonly span: Span },
): Promise<Survey> {
  const { sound, held, delta, span } = rows;
  const words = Array.from({ length: faultWordCount(cells) }, (_, word) => word);
  const outdated = outdatedCodes(table);
  const groups = await duck.all<Record<string, number | string | null>>(
    `select case when ${sound} then ${periodSql(table)} end as period, count(*) as rows, count_if(${sound}) as sound,
       ${delta ? 'count_if(_op_fault)' : '0'} as operations, bit_or(_marks) as marks,
       count_if(${sound} and not (${spanPredicate(table, span)})) as outside,
       max((select count(*) from ${REJECTS})) as rejects,
       count(distinct case when ${sound} then hash(${table.key.map(quoteIdentifier).join(', ')}) end) as hashes
       ${words.map((word) => `, bit_or(_faults${word})::varchar as word${word}`).join('')}
       ${outdated.map(({ where }, index) => `, count_if(${held} and ${where}) as c${index}`).join('')}
     from ${quoteIdentifier(stageName(table))} group by all order by period`,
  );
  const sum = (name: string) => groups.reduce((total, group) => total + Number(group[name]), 0);
  const bits = (name: string) => groups.reduce((all, group) => all | BigInt(group[name] ?? 0), 0n);
  const faults = words.map((word) => bits(`word${word}`));
  const isFaulty = (index: number) =>
    (((faults[Math.floor(index / WORD_BITS)] ?? 0n) >> BigInt(index % WORD_BITS)) & 1n) === 1n;
  const marks = bits('marks');
  return {
    rejects: groups.length === 0 || groups.some(({ rejects }) => Number(rejects) > 0),
    rows: sum('rows'),
    faultyColumns: cells.map((_, index) => index).filter(isFaulty),
    faultyOperations: sum('operations'),
    marks: [...((marks & 1n) === 1n ? (['point'] as const) : []), ...((marks & 2n) === 2n ? (['comma'] as const) : [])],
    periods: groups.flatMap(({ period }) => (period === null ? [] : String(period))),
    outsideSpan: sum('outside'),
    equalHashes: sum('sound') - sum('hashes'),
    outdated: outdated.map((codes, index) => ({ ...codes, count: sum(`c${index}`) })),
  };
}

function outdatedCodes(table: Table): Omit<OutdatedCodes, 'count'>[] {
  return table.columns.flatMap((column) => {
    const where = outdatedSql(table, column);
    return where === undefined ? [] : [{ column, where }];
  });
}

/** Predicate: the column's code is not valid on the table's date; undefined when nothing about the column can be outdated. */
function outdatedSql(table: Table, column: Column): string | undefined {
  if (table.validAt === undefined || column.type.type !== 'code') return undefined;
  const name = quoteIdentifier(column.name);
  const cases = column.type.list.codes.flatMap(({ code, gyldigFra, gyldigTil }) => {
    const bounds = [
      ...(gyldigFra === undefined ? [] : [`(${table.validAt}) < date ${quoteText(gyldigFra)}`]),
      ...(gyldigTil === undefined ? [] : [`(${table.validAt}) > date ${quoteText(gyldigTil)}`]),
    ];
    return bounds.length === 0 ? [] : [`(${name} = ${quoteText(code)} and (${bounds.join(' or ')}))`];
  });
  return cases.length === 0 ? undefined : `(${cases.join(' or ')})`;
}
