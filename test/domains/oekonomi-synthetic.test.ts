// The synthetic accounts: deterministic, of the announced size, with unique keys, in balance where no fault is planted, believable in level.
// What is planted is found by the domain's own rules.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import t from 'tap';
import { MUNICIPALITIES, type Municipality } from '../../src/domains/municipalities.ts';
import { rules } from '../../src/domains/oekonomi/rules.ts';
import { synthetic } from '../../src/domains/oekonomi/synthetic.ts';
import { table as budget } from '../../src/domains/oekonomi/tables/oko-budget.ts';
import { table as kontoplan } from '../../src/domains/oekonomi/tables/oko-kontoplan.ts';
import { table as regnskab } from '../../src/domains/oekonomi/tables/oko-regnskab.ts';
import { isLeftOut } from '../../src/domains/synthetic.ts';
import { type Duck, withDuckDb } from '../../src/platform/duckdb/duckdb.ts';
import { columnSqlType } from '../../src/slices/index.ts';
import { findingsOf, type ShowSlices } from './run-rule.ts';

type Cells = Readonly<Record<string, string>>;
type Files = Readonly<Record<string, Cells[]>>;

const tables = [regnskab, budget, kontoplan];
const municipality = (code: string): Municipality => {
  const found = MUNICIPALITIES.find((one) => one.code === code);
  if (found === undefined) throw new Error(`no municipality ${code}`);
  return found;
};

function filesOf(code: string, seed = 1): Files {
  const [delivery] = [...synthetic.deliveries(municipality(code), seed)];
  return Object.fromEntries(
    (delivery?.files ?? []).map(({ table, header, rows }) => [
      table,
      [...rows()].map((cells) => Object.fromEntries(header.map((name, index) => [name, cells[index] ?? '']))),
    ]),
  );
}

const oere = (text: string | undefined) => BigInt((text ?? '').replace('.', ''));
const sum = (rows: readonly Cells[], column = 'beloeb') => rows.reduce((total, row) => total + oere(row[column]), 0n);
const functionOf = (row: Cells) => `${row.hovedkonto}.${row.hovedfunktion}.${row.funktion}`;

function digest(code: string, seed: number): string {
  const hash = createHash('sha256');
  for (const { files } of synthetic.deliveries(municipality(code), seed)) {
    for (const { rows } of files) for (const cells of rows()) hash.update(`${cells.join(',')}\n`);
  }
  return hash.digest('hex');
}

t.test('the same seed gives the same bytes, another seed others', async (t) => {
  t.equal(digest('615', 1), digest('615', 1));
  t.not(digest('615', 1), digest('615', 2));
  t.not(digest('615', 1), digest('657', 1));
});

t.test('one delivery per municipality; those left out deliver nothing; at most 550 000 rows', async (t) => {
  let rows = 0;
  for (const one of MUNICIPALITIES) {
    const deliveries = [...synthetic.deliveries(one, 1)];
    t.equal(deliveries.length, isLeftOut('oekonomi', one) ? 0 : 1, one.code);
    for (const { periodFrom, periodTo, files } of deliveries) {
      t.strictSame([periodFrom, periodTo], ['2024-01', '2025-12']);
      for (const file of files) for (const _ of file.rows()) rows += 1;
    }
  }
  t.comment(`${rows} rows`);
  t.ok(rows > 300_000 && rows <= 550_000, `${rows} rows`);
});

t.test('files hold the declared columns, filled, with unique keys, and month by month add up to 0', async (t) => {
  for (const code of ['101', '825', '999']) {
    const files = filesOf(code);
    for (const table of tables) {
      const rows = files[table.name] ?? [];
      t.strictSame(
        Object.keys(rows[0] ?? {}),
        table.columns.map(({ name }) => name),
      );
      const keys = new Set(rows.map((row) => table.key.map((name) => row[name]).join('|')));
      t.equal(keys.size, rows.length, `${code} ${table.name}: keys are unique`);
      const required = table.columns
        .filter(({ name, nullable }) => !nullable && name !== 'omkostningssted')
        .map(({ name }) => name);
      t.notOk(
        rows.some((row) => required.some((name) => row[name] === '')),
        `${code} ${table.name}: nothing is empty`,
      );
    }
    const months = Map.groupBy(files.oko_regnskab ?? [], (row) => `${row.regnskabsaar}/${row.periode}`);
    t.equal(months.size, 26);
    for (const [month, rows] of months) t.equal(sum(rows), 0n, `${code} ${month} balances`);
    const [cash2024, cash2025] = ['2024', '2025'].map((year) =>
      (files.oko_regnskab ?? []).filter((row) => functionOf(row) === '9.22.05' && row.regnskabsaar === year),
    );
    const opening2025 = (cash2025 ?? []).filter(({ periode }) => periode === '0');
    t.equal(sum(opening2025), sum(cash2024 ?? []), `${code}: 2025 opens with what 2024 closed with`);
  }
});

t.test('levels are believable per inhabitant', async (t) => {
  for (const code of ['101', '615', '825']) {
    const { oko_regnskab = [], oko_kontoplan = [], oko_budget = [] } = filesOf(code);
    const service = new Set(
      oko_kontoplan.filter((row) => row.serviceudgift === 'true').map((row) => `${functionOf(row)}/${row.dranst}`),
    );
    const of2024 = oko_regnskab.filter((row) => row.regnskabsaar === '2024' && row.periode !== '0');
    const perInhabitant = (chosen: (row: Cells) => boolean) =>
      Number(sum(of2024.filter(chosen)) / 100n) / municipality(code).population;
    const within = (value: number, from: number, to: number, what: string) =>
      t.ok(value >= from && value <= to, `${code} ${what}: ${Math.round(value)} kr`);
    within(
      perInhabitant((row) => service.has(`${functionOf(row)}/${row.dranst}`)),
      50_000,
      57_000,
      'service',
    );
    within(
      perInhabitant((row) => row.dranst === '1' && functionOf(row).startsWith('6.45.5')),
      5400,
      6500,
      'administration',
    );
    within(
      perInhabitant((row) => row.dranst === '1' && functionOf(row) === '3.22.01'),
      7000,
      9000,
      'folkeskole',
    );
    const version = (name: string) => oko_budget.filter((row) => row.version === name && row.regnskabsaar === '2024');
    t.equal(sum(version('korr'), 'omplacering'), 0n, `${code}: transfers add up to 0`);
    t.equal(
      sum(version('korr')),
      sum(version('opr')) + sum(version('korr'), 'omplacering') + sum(version('korr'), 'tillaegsbevilling'),
      `${code}: the corrected budget is the original one and what was moved and granted`,
    );
  }
});

/** Loads the files of a municipality as they would be delivered; the slices are views over them. */
async function showDelivered(duck: Duck, code: string): Promise<ShowSlices> {
  const [delivery] = [...synthetic.deliveries(municipality(code), 1)];
  for (const table of tables) {
    const file = delivery?.files.find((one) => one.table === table.name);
    const path = `${duck.folder}/${table.name}.csv`;
    await writeFile(path, [...(file?.rows() ?? [])].map((cells) => `${cells.join(';')}\n`).join(''));
    const columns = table.columns.map(({ name, type }) => `${name}: '${columnSqlType(type)}'`).join(', ');
    await duck.run(
      `create or replace table all_${table.name} as from read_csv('${path}', header = false, auto_detect = false, delim = ';', columns = {${columns}})`,
    );
  }
  return async (table, periods) => {
    const year = table.period.kind === 'none' ? '' : table.period.from;
    const chosen = periods.length === 0 ? 'false' : `${year} in (${periods.join(', ')})`;
    await duck.run(`create or replace view ${table.name} as from all_${table.name} where ${chosen}`);
  };
}

t.test('the rules find the planted faults, and nothing in a sound municipality', async (t) => {
  const planted: Readonly<Record<string, readonly string[]>> = {
    '615': [],
    '101': [],
    '210': ['2024 DQ08', '2024 DQ14', '2025 DQ08', '2025 DQ14'],
    '482': ['2024 DQ06-budget', '2024 DQ06-regnskab', '2025 DQ06-budget', '2025 DQ06-regnskab'],
    '340': ['2025 DQ09'],
    '580': ['2025 DQ24'],
  };
  await withDuckDb({ tempRoot: tmpdir(), allowedDirectories: [], memoryLimitMb: 256, threads: 1 }, async (duck) => {
    for (const [code, expected] of Object.entries(planted)) {
      const show = await showDelivered(duck, code);
      const found: string[] = [];
      for (const year of ['2024', '2025']) {
        for (const rule of rules) {
          const findings = await findingsOf(duck, tables, rule, year, show);
          if (findings.length > 0) found.push(`${year} ${rule.id}`);
        }
      }
      t.strictSame(found.sort(), expected, code);
    }
  });
});
