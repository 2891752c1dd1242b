// Runs one worked example of a key figure through the service's own computation and joining, slice by slice as a municipality's data would be.
import type { ExampleRows, Formula, KeyFigure, Table, WorkedExample } from '../../src/domains/definition.ts';
import { bucketOf, type FormulaResult, slicesRead } from '../../src/pipeline/keyfigures/formulas/rules.ts';
import { runFormulas, type ShownTable } from '../../src/pipeline/keyfigures/formulas/store-duckdb.ts';
import { type Joined, joinFigure } from '../../src/pipeline/keyfigures/rules.ts';
import { type Duck, quoteIdentifier } from '../../src/platform/duckdb/duckdb.ts';
import { ALL, periodOfMonth } from '../../src/platform/time/period.ts';
import { columnSqlType } from '../../src/slices/index.ts';

type Row = ExampleRows[string][number];

/** `table` finds a table by name in any domain. @returns what the service would hold for the example's period and breakdown. */
export async function runExample(
  duck: Duck,
  table: (name: string) => Table | undefined,
  figure: KeyFigure,
  example: WorkedExample,
): Promise<Joined> {
  for (const name of Object.keys(example.given)) {
    if (table(name) === undefined) throw new Error(`the example gives rows of ${name}, which is no table`);
  }
  const numerator = await runFormula(duck, table, figure.numerator, example);
  const denominator = figure.denominator && (await runFormula(duck, table, figure.denominator, example));
  return joinFigure(figure, numerator, denominator ?? undefined);
}

/** Only rows in slices that the source reads for the bucket are shown, so an incomplete `reads` makes its example fail. */
async function runFormula(
  duck: Duck,
  tableOf: (name: string) => Table | undefined,
  formula: Formula,
  example: WorkedExample,
): Promise<FormulaResult | undefined> {
  const bucket = bucketOf(formula.source.bucket, example.period);
  const read = slicesRead(formula.source, bucket);
  const shown: ShownTable[] = [];
  for (const name of Object.keys(formula.source.reads)) {
    const table = tableOf(name);
    if (table === undefined) throw new Error(`source ${formula.source.id} reads ${name}, which is no table`);
    const periods = new Set(read.filter((slice) => slice.table === name).map(({ period }) => period));
    const rows = (example.given[name] ?? []).filter((row) => periods.has(slicePeriod(table, row)));
    shown.push({ table, paths: [await writeRows(duck, table, rows)] });
  }
  const results = await runFormulas(duck, { source: formula.source, formulas: [formula], buckets: [bucket] }, shown);
  const found = results.filter(
    ({ period, breakdown }) => period === example.period && breakdown === (example.breakdown ?? ''),
  );
  if (found.length > 1) throw new Error(`formula ${formula.id} yields a period twice`);
  return found[0];
}

function slicePeriod(table: Table, row: Row): string {
  if (table.period.kind === 'none') return ALL;
  const text = row[table.period.from];
  if (text === undefined || text === null) throw new Error(`a row of ${table.name} lacks ${table.period.from}`);
  if (table.period.kind === 'schoolYear' && /^\d{4}-\d{4}$/.test(text)) return text;
  return /^\d{4}$/.test(text) ? text : periodOfMonth(table.period.kind, text.slice(0, 7));
}

/** Rows go through a Parquet file, as a slice does. Absent nullable columns are null; an absent `kommunekode` is 999. */
async function writeRows(duck: Duck, table: Table, rows: readonly Row[]): Promise<string> {
  const staging = quoteIdentifier(`given_${table.name}`);
  const columns = table.columns.map((column) => `${quoteIdentifier(column.name)} ${columnSqlType(column.type)}`);
  await duck.run(`create or replace table ${staging} (${columns.join(', ')})`);
  for (const row of rows) {
    const stray = Object.keys(row).filter((name) => !table.columns.some((column) => column.name === name));
    if (stray.length > 0) throw new Error(`${table.name} has no column ${stray.join(', ')}`);
    const cells = table.columns.map(({ name, nullable }) => {
      const cell = row[name] ?? (name === 'kommunekode' ? '999' : null);
      if (cell === null && !nullable) throw new Error(`a row of ${table.name} lacks ${name}`);
      return cell;
    });
    await duck.run(`insert into ${staging} values (${cells.map((_, index) => `$${index + 1}`).join(', ')})`, cells);
  }
  const path = `${duck.folder}/${table.name}.parquet`;
  await duck.run(`copy ${staging} to '${path}' (format parquet)`);
  return path;
}
