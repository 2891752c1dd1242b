// The quality rules and the synthetic data of `borger`: every rule's SQL against small tables, with and without the fault.
import t from 'tap';
import { rules } from '../../src/domains/borger/rules.ts';
import { synthetic } from '../../src/domains/borger/synthetic.ts';
import { table as befolkning } from '../../src/domains/borger/tables/bor-befolkning.ts';
import { table as bevaegelse } from '../../src/domains/borger/tables/bor-bevaegelse.ts';
import { loadCatalogue } from '../../src/domains/index.ts';
import type { Municipality } from '../../src/domains/municipalities.ts';
import { makeCpr } from '../../src/domains/synthetic.ts';
import { type Duck, withDuckDb } from '../../src/platform/duckdb/duckdb.ts';
import { columnSqlType } from '../../src/slices/index.ts';
import { runQuery } from './run-rule.ts';

type Row = Readonly<Record<string, string | number | null>>;
interface Finding {
  readonly reference: string;
  readonly detail_da: string | null;
  readonly count?: number;
}

const catalogue = await loadCatalogue();

function cell(maaned: string, changes: Row = {}): Row {
  const total = { koen: 'ialt', civilstand: 'ialt', herkomst: 'ialt', statsborgerskab: 'ialt', distrikt: 'ialt' };
  return { kommunekode: '615', maaned, alder_fra: 0, alder_til: 125, ...total, antal: 1000, ...changes };
}

function event(borger: number, haendelse: string, dato: string, changes: Row = {}): Row {
  const person = { borger_id: String(borger).padStart(32, '0'), alder: 40, foedselsaar: 1985, koen: 'K' };
  const direction =
    haendelse === 'tilflyttet'
      ? { fra_kommune: '751', til_kommune: '615' }
      : haendelse === 'fraflyttet'
        ? { fra_kommune: '615', til_kommune: '751' }
        : { fra_kommune: null, til_kommune: null };
  return { kommunekode: '615', haendelse, dato, ...person, ...direction, ...changes };
}

/** Runs every rule of a table over `rows` as the quality stage would; the bucket is 2025. @returns findings by rule. */
async function findAll(
  duck: Duck,
  table: typeof befolkning,
  rows: readonly Row[],
  due = '2027-12',
): Promise<Record<string, Finding[]>> {
  const columns = table.columns.map(({ name, type }) => `${name} ${columnSqlType(type)}`);
  await duck.run(`create or replace table ${table.name} (${columns.join(', ')})`);
  const values = rows.flatMap((row) => table.columns.map(({ name }) => row[name] ?? null));
  const tuple = (index: number) => `(${table.columns.map((_, column) => `$${index * columns.length + column + 1}`)})`;
  await duck.run(`insert into ${table.name} values ${rows.map((_, index) => tuple(index))}`, values);
  await duck.run(`set variable due = '${due}'`);
  const found: Record<string, Finding[]> = {};
  for (const rule of rules.filter((one) => one.table === table.name)) {
    const findings =
      rule.scope === 'row'
        ? await duck.all<Finding>(`select rowid::varchar as reference from ${rule.table} where (${rule.violation})`)
        : ((await runQuery(duck, rule, [table], '2025')) as Finding[]);
    if (findings.length > 0) found[rule.id] = findings;
  }
  return found;
}

function withTables(test: Pick<typeof t, 'testdir'>, fn: (duck: Duck) => Promise<void>): Promise<void> {
  const options = { tempRoot: test.testdir(), allowedDirectories: [], memoryLimitMb: 256, threads: 1 };
  return withDuckDb(options, fn);
}

const YEAR = Array.from({ length: 12 }, (_, index) => `2025-${String(index + 1).padStart(2, '0')}`);

t.test('population rules', async (t) => {
  await withTables(t, async (duck) => {
    const ids = async (...rows: Row[]) => Object.keys(await findAll(duck, befolkning, rows));
    t.strictSame(await ids(...YEAR.map((month) => cell(month))), [], 'a sound year');

    const split = { koen: 'K', distrikt: 'nord' };
    t.strictSame(
      await ids(cell('2025-01'), cell('2025-02', split), cell('2025-02', { ...split, koen: 'M' })),
      [],
      'another month may be split',
    );
    const mixed = await findAll(duck, befolkning, [cell('2025-02', split), cell('2025-02', { distrikt: 'syd' })]);
    t.strictSame(Object.keys(mixed), ['DQ05-ialt']);
    t.match(mixed['DQ05-ialt'], [{ reference: '2025-02', detail_da: 'dimension: koen' }]);

    const bands = (...limits: [number, number][]) =>
      limits.map(([from, to], index) => cell('2025-01', { alder_fra: from, alder_til: to, antal: index + 1 }));
    t.strictSame(await ids(...bands([0, 4], [5, 5], [6, 125])), [], 'single years and bands side by side');
    t.match(await findAll(duck, befolkning, bands([0, 4], [4, 9], [10, 125])), {
      'DQ05-aldersbaand': [{ reference: '2025-01', count: 1 }],
    });
    t.strictSame(await ids(...bands([0, 125], [20, 29], [40, 49])), ['DQ05-aldersbaand'], 'bands inside a wide one');
    t.strictSame(
      await ids(
        ...bands([0, 9], [10, 125]).map((row) => ({ ...row, koen: 'K' })),
        ...bands([0, 4], [5, 125]).map((row) => ({ ...row, koen: 'M' })),
      ),
      [],
      'the sexes may have different bands',
    );
    t.strictSame(await ids(...bands([7, 6])), ['DQ17-aldersbaand']);
  });
});

t.test('deviation of a month from the three delivered before it and from the year before', async (t) => {
  await withTables(t, async (duck) => {
    const found = async (months: readonly (readonly [string, number])[], due?: string) =>
      Object.keys(
        await findAll(
          duck,
          befolkning,
          months.map(([month, antal]) => cell(month, { antal })),
          due,
        ),
      );
    const before = [
      ['2024-10', 1000],
      ['2024-11', 1001],
      ['2024-12', 999],
    ] as const;
    t.strictSame(await found([...before, ['2025-01', 800]]), [], 'exactly 20 % is allowed');
    t.strictSame(await found([...before, ['2025-01', 799]]), ['DQ07-befolkning-20']);
    t.strictSame(await found([...before, ['2025-01', 1500]]), ['DQ07-befolkning-20'], 'exactly 50 % is a warning');
    t.strictSame(await found([...before, ['2025-01', 1501]]), ['DQ07-befolkning-50']);
    t.strictSame(await found([...before.slice(1), ['2025-01', 5000]]), [], 'two months are no ground');
    t.strictSame(
      await found(
        [
          ['2023-10', 1],
          ['2023-11', 1],
          ['2023-12', 1],
          ['2024-01', 900],
        ],
        '2024-12',
      ),
      [],
      'another bucket',
    );
    t.strictSame(
      await found([
        ['2024-03', 1000],
        ['2025-03', 750],
      ]),
      [],
      'exactly 25 % from the year before is allowed',
    );
    t.strictSame(
      await found([
        ['2024-03', 1000],
        ['2025-03', 749],
      ]),
      ['DQ24-folketal'],
    );
    t.strictSame(
      await found([
        ['2024-03', 1000],
        ['2025-04', 1],
      ]),
      [],
      'other months are not compared',
    );

    const events = (counts: readonly number[]) =>
      counts.flatMap((count, month) =>
        Array.from({ length: count }, (_, index) => event(index, 'indvandret', `${YEAR[month]}-01`)),
      );
    const ids = async (counts: readonly number[]) => Object.keys(await findAll(duck, bevaegelse, events(counts)));
    t.strictSame(await ids([100, 100, 100, 79]), ['DQ07-bevaegelse-20']);
    t.strictSame(await ids([100, 100, 100, 40]), ['DQ07-bevaegelse-50']);
    t.strictSame(await ids([99, 100, 100, 40]), [], 'few events vary without fault');
  });
});

t.test('months that a year lacks against the year before', async (t) => {
  await withTables(t, async (duck) => {
    const found = async (months: readonly string[], due?: string) => {
      const findings = await findAll(
        duck,
        befolkning,
        months.map((month) => cell(month)),
        due,
      );
      return Object.entries(findings).flatMap(([rule, each]) => each.map(({ reference }) => `${rule} ${reference}`));
    };
    const before = YEAR.map((month) => month.replace('2025', '2024'));
    const rule = 'DQ07-befolkning-50';
    t.strictSame(await found(before), [`${rule} 2025-01`], 'a year delivered empty');
    t.strictSame(await found(before, '2025-01'), [`${rule} 2025-01`]);
    t.strictSame(await found(before, '2024-12'), [], 'a year that has not come');
    t.strictSame(await found([...before, ...YEAR.slice(0, 3)]), [], 'a year under way');
    t.strictSame(await found([...before, '2025-01', '2025-04']), [`${rule} 2025-02`, `${rule} 2025-03`]);
    t.strictSame(await found(YEAR.slice(6)), [], 'the first delivery may begin with any month');
    const quarters = (year: string) => ['01', '04', '07', '10'].map((month) => `${year}-${month}`);
    t.strictSame(await found([...quarters('2024'), ...quarters('2025')]), [], 'quarters as the year before');
    t.strictSame(await found([...quarters('2024'), '2025-01', '2025-07']), [`${rule} 2025-04`]);
    const events = (count: number) =>
      before.flatMap((month) =>
        Array.from({ length: count }, (_, index) => event(index, 'indvandret', `${month}-01`, { alder: 39 })),
      );
    t.strictSame(Object.keys(await findAll(duck, bevaegelse, events(10))), ['DQ07-bevaegelse-50']);
    t.strictSame(Object.keys(await findAll(duck, bevaegelse, events(9))), [], 'so few may stay away by chance');
  });
});

t.test('event rules', async (t) => {
  await withTables(t, async (duck) => {
    const ids = async (...rows: Row[]) => Object.keys(await findAll(duck, bevaegelse, rows));
    const move = (changes: Row) => event(1, 'tilflyttet', '2025-06-01', changes);
    t.strictSame(
      await ids(
        event(1, 'foedt', '2025-06-01', { alder: 0, foedselsaar: 2025 }),
        event(2, 'doed', '2025-06-01', { alder: 110, foedselsaar: 1914 }),
        event(3, 'tilflyttet', '2025-06-01'),
        event(3, 'fraflyttet', '2025-06-02', { alder: 39 }),
        event(4, 'indvandret', '2025-06-01'),
      ),
      [],
      'sound events',
    );
    t.strictSame(await ids(move({ fra_kommune: '353' })), ['DQ06-fra']);
    t.strictSame(await ids(event(1, 'fraflyttet', '2025-06-01', { til_kommune: '000' })), ['DQ06-til']);
    t.strictSame(await ids(move({ fra_kommune: '411' })), ['DQ06-christiansoe']);
    t.strictSame(await ids(move({ fra_kommune: null })), ['DQ06-retning']);
    t.strictSame(await ids(move({ fra_kommune: '615' })), ['DQ06-retning']);
    t.strictSame(await ids(move({ til_kommune: '751' })), ['DQ06-retning']);
    t.strictSame(await ids(event(1, 'fraflyttet', '2025-06-01', { til_kommune: '615' })), ['DQ06-retning']);
    t.strictSame(await ids(move({ alder: 111, foedselsaar: 1914 })), ['DQ18-alder']);
    t.strictSame(await ids(event(1, 'foedt', '2025-06-01', { alder: 1, foedselsaar: 2024 })), ['DQ18-alder']);
    t.strictSame(await ids(move({ alder: 38 })), ['DQ18-foedselsaar']);
    t.strictSame(await ids(move({ alder: 41 })), ['DQ18-foedselsaar']);

    const dead = event(1, 'doed', '2024-12-31', { alder: 39 });
    t.match(await findAll(duck, bevaegelse, [dead, event(1, 'tilflyttet', '2025-01-01')]), {
      'DQ21-efter-doed': [{ reference: '2025-01', count: 1 }],
    });
    t.strictSame(await ids(dead, event(2, 'tilflyttet', '2025-01-01')), [], 'another person');
    t.strictSame(await ids(event(1, 'doed', '2025-02-01'), event(1, 'tilflyttet', '2025-02-01')), [], 'the same day');
    t.strictSame(
      await ids(event(1, 'doed', '2023-02-01', { alder: 37 }), event(1, 'tilflyttet', '2024-02-01', { alder: 38 })),
      [],
      'a finding belongs to the bucket of the event',
    );
  });
});

t.test('synthetic data repeats itself, adds up to the real population and holds invented persons only', async (t) => {
  const rowsOf = (code: string, table: string, seed = 7) =>
    [...synthetic.deliveries(catalogue.municipality(code) as Municipality, seed)]
      .flatMap(({ files }) => files.filter((file) => file.table === table))
      .flatMap(({ rows }) => [...rows()]);
  t.strictSame(rowsOf('492', 'bor_bevaegelse'), rowsOf('492', 'bor_bevaegelse'));
  t.strictNotSame(rowsOf('492', 'bor_bevaegelse'), rowsOf('492', 'bor_bevaegelse', 8));

  const population = rowsOf('615', 'bor_befolkning');
  t.equal(population.length, 24 * 2 * 101);
  const last = population.filter(([, month]) => month === '2025-12').reduce((sum, row) => sum + Number(row.at(-1)), 0);
  const real = catalogue.municipality('615')?.population ?? 0;
  t.ok(Math.abs(last - real) < real / 500, `${last} is close to ${real}`);
  t.ok(population.every((row) => Number(row.at(-1)) >= 0));

  const events = rowsOf('615', 'bor_bevaegelse');
  t.equal(
    new Set(events.map(([, cpr, kind, date]) => `${cpr} ${kind} ${date}`)).size,
    events.length,
    'keys are unique',
  );
  t.ok(
    events.every(([, cpr]) => /^(?:6[1-9]|[78]\d|9[01])(?:0[1-9]|1[0-2])\d{6}$/.test(cpr ?? '')),
    'every CPR number is a replacement number',
  );
  t.equal(makeCpr(2004, 2, 9, 7), '6902044007');

  t.strictSame([...synthetic.deliveries(catalogue.municipality('825') as Municipality, 7)], [], 'left out');
  t.ok(
    rowsOf('370', 'bor_bevaegelse').some(([, , , , from]) => from === '353'),
    'a planted fault',
  );
});
