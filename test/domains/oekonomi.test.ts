// The quality rules of `oekonomi`, each with a hit and a non-hit, run in DuckDB over the slices that the rule reads.
// Worked examples of the key figures run in examples.test.ts; the generator is tested in oekonomi-synthetic.test.ts.
import { tmpdir } from 'node:os';
import t from 'tap';
import type { ExampleRows, Rule } from '../../src/domains/definition.ts';
import { balance, budgeted, charted } from '../../src/domains/oekonomi/examples.ts';
import { rules } from '../../src/domains/oekonomi/rules.ts';
import { table as budget } from '../../src/domains/oekonomi/tables/oko-budget.ts';
import { table as kontoplan } from '../../src/domains/oekonomi/tables/oko-kontoplan.ts';
import { table as regnskab } from '../../src/domains/oekonomi/tables/oko-regnskab.ts';
import { type Duck, withDuckDb } from '../../src/platform/duckdb/duckdb.ts';
import { findingsOf, showGiven } from './run-rule.ts';

type Row = ExampleRows[string][number];

interface Case {
  readonly rule: string;
  readonly hit: ExampleRows;
  readonly references: readonly string[];
  readonly detail?: string;
  readonly miss: ExampleRows;
  readonly bucket?: string;
}

const tables = [regnskab, budget, kontoplan];
const run = (duck: Duck, rule: Rule, given: ExampleRows, bucket: string, due?: string) =>
  findingsOf(duck, tables, rule, bucket, showGiven(duck, given), due);

/** `counts[month - 1]` rows in each month, kept apart by cost centre. */
function months(year: string, counts: readonly number[]): Row[] {
  return counts.flatMap((count, index) =>
    Array.from({ length: count }, (_, number) =>
      balance('3.22.01', '1.00', { year, period: String(index + 1), omkostningssted: String(number) }),
    ),
  );
}

const FULL = Array.from({ length: 12 }, () => 10);

function budgetYears(counts: Readonly<Record<string, number>>, version: 'opr' | 'korr' = 'opr'): Row[] {
  return Object.entries(counts).flatMap(([year, count]) =>
    Array.from({ length: count }, (_, number) =>
      budgeted(version, '3.22.01', '1.00', { year, omkostningssted: String(number) }),
    ),
  );
}

/** A month with `debit` on the debit side that is `off` from balancing. */
const month = (debit: string, credit: string, period = '4') => [
  balance('3.22.01', debit, { period }),
  balance('9.22.05', credit, { period, dranst: '8' }),
];

/** `matched` + `unmatched` balances on accounts with and without match. */
function booked(matched: number, unmatched: number): ExampleRows {
  const rows = (function_: string, count: number) =>
    Array.from({ length: count }, (_, number) => balance(function_, '1.00', { omkostningssted: String(number) }));
  return {
    oko_regnskab: [...rows('3.22.01', matched), ...rows('3.22.02', unmatched)],
    oko_kontoplan: [charted('3.22.01', true), { ...charted('3.22.02', true), im_match: 'false' }],
  };
}

const against2023 = (now: string, before: string, funktion = '6.45.51'): ExampleRows => ({
  oko_regnskab: [
    balance(funktion, before, { year: '2023', period: '1' }),
    balance(funktion, '77777.00', { year: '2023', period: '9' }),
    balance(funktion, now, { period: '1' }),
  ],
});

const cases: readonly Case[] = [
  {
    rule: 'DQ06-regnskab',
    hit: {
      oko_regnskab: [balance('3.22.01', '1.00'), balance('3.22.01', '1.00', { gruppering: '009' })],
      oko_kontoplan: [charted('3.22.01', true)],
    },
    references: ['3.22.01 dranst 1 gruppering 009'],
    miss: {
      oko_regnskab: [balance('3.22.01', '1.00'), balance('3.22.01', '1.00', { year: '2023', gruppering: '009' })],
      oko_kontoplan: [charted('3.22.01', true)],
    },
  },
  {
    rule: 'DQ06-budget',
    hit: {
      oko_budget: [budgeted('opr', '3.22.01', '1.00'), budgeted('korr', '3.22.02', '1.00')],
      oko_kontoplan: [charted('3.22.01', true, { year: '2023' })],
    },
    references: ['2024'],
    detail: 'Året har ingen kontoplan.',
    miss: { oko_budget: [budgeted('opr', '3.22.01', '1.00')], oko_kontoplan: [charted('3.22.01', true)] },
  },
  {
    rule: 'DQ07-maaned',
    hit: { oko_regnskab: months('2024', [10, 10, 10, 13, 11]) },
    references: ['2024-04'],
    detail: '130,0 pct. af gennemsnittet for de tre perioder før',
    miss: { oko_regnskab: months('2024', [30, 1, 9, 16, 9]) },
  },
  {
    rule: 'DQ07-maaned-stor',
    hit: { oko_regnskab: months('2024', [10, 10, 10, 4]) },
    references: ['2024-04'],
    miss: { oko_regnskab: months('2024', [10, 10, 10, 5]) },
  },
  {
    rule: 'DQ07-aarsskifte',
    hit: { oko_regnskab: [...months('2023', [0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 10, 10]), ...months('2024', [7, 9, 9])] },
    references: ['2024-01'],
    miss: { oko_regnskab: [...months('2023', [3, 9, 1, 9, 0, 0, 0, 0, 0, 10, 10]), ...months('2024', [2, 2, 2, 9])] },
  },
  {
    rule: 'DQ07-aarsskifte-stor',
    hit: { oko_regnskab: [...months('2023', [0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 10, 10]), ...months('2024', [10, 10, 2])] },
    references: ['2024-03'],
    miss: {
      oko_regnskab: [...months('2023', [0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 10, 10]), ...months('2024', [6, 10, 10, 1])],
    },
  },
  {
    rule: 'DQ07-maaned-stor',
    hit: { oko_regnskab: months('2024', [10, 10, 10, 0, 10, 10]) },
    references: ['2024-04'],
    detail: '0,0 pct. af gennemsnittet for de tre perioder før',
    miss: { oko_regnskab: months('2024', [0, 0, 0, 0, 10, 10, 10, 10]) },
  },
  {
    rule: 'DQ07-aarsskifte-stor',
    hit: { oko_regnskab: months('2023', FULL) },
    references: ['2024-01'],
    miss: { oko_regnskab: [...months('2023', FULL), ...months('2024', [10])] },
  },
  {
    rule: 'DQ07-aarsskifte-stor',
    hit: { oko_regnskab: [...months('2023', FULL), ...months('2024', [10, 0, 10])] },
    references: ['2024-02'],
    miss: { oko_regnskab: [...months('2022', FULL), ...months('2025', FULL)] },
  },
  {
    rule: 'DQ07-budget-stor',
    hit: { oko_budget: budgetYears({ 2021: 10, 2022: 10, 2023: 10 }) },
    references: ['2024 opr'],
    miss: { oko_budget: budgetYears({ 2021: 10, 2022: 10, 2023: 10, 2024: 10 }) },
  },
  {
    rule: 'DQ07-budget',
    hit: {
      oko_budget: [
        ...budgetYears({ 2021: 10, 2022: 10, 2023: 10, 2024: 13 }),
        ...budgetYears({ 2022: 1, 2023: 1, 2024: 9 }, 'korr'),
      ],
    },
    references: ['2024 opr'],
    miss: { oko_budget: budgetYears({ 2020: 90, 2021: 10, 2022: 10, 2023: 10, 2024: 12 }) },
  },
  {
    rule: 'DQ07-budget-stor',
    hit: { oko_budget: budgetYears({ 2021: 10, 2022: 10, 2023: 10, 2024: 16 }, 'korr') },
    references: ['2024 korr'],
    miss: { oko_budget: budgetYears({ 2022: 10, 2023: 10 }) },
  },
  {
    rule: 'DQ08',
    hit: { oko_kontoplan: [charted('3.22.01', true), { ...charted('3.22.02', true), im_match: 'false' }] },
    references: ['2024/3/22/02/1/000'],
    miss: { oko_kontoplan: [{ ...charted('3.22.01', true), autoriseret: 'false' }] },
  },
  {
    rule: 'DQ09',
    hit: { oko_regnskab: [...month('1000.00', '-1010.00', '4'), ...month('1000.00', '-1000.00', '5')] },
    references: ['2024/4'],
    detail: 'Forskellen er 1,0 pct. af omsætningen',
    miss: { oko_regnskab: [...month('1000.00', '-995.00'), ...month('0.30', '-0.10', '5')] },
  },
  {
    rule: 'DQ09-stor',
    hit: { oko_regnskab: month('1000.00', '-1030.00', '0') },
    references: ['2024/0'],
    miss: { oko_regnskab: [...month('1000.00', '-980.00'), ...month('0.00', '0.00', '5')] },
  },
  { rule: 'DQ14', hit: booked(95, 5), references: ['2024'], detail: '5,0 pct. af rækkerne', miss: booked(98, 2) },
  { rule: 'DQ14-stor', hit: booked(89, 11), references: ['2024'], miss: booked(90, 10) },
  {
    rule: 'DQ14-stor',
    hit: { ...booked(0, 9), oko_kontoplan: [charted('4.62.82', true)] },
    references: ['2024'],
    miss: { ...booked(0, 9), oko_kontoplan: [charted('3.22.01', true, { year: '2023' })] },
  },
  {
    rule: 'DQ17',
    hit: { oko_kontoplan: [{ ...charted('3.22.01', true), gyldig_fra: '2024-02-01', gyldig_til: '2024-01-31' }] },
    references: ['2024/3/22/01/1/000'],
    miss: {
      oko_kontoplan: [
        { ...charted('3.22.01', true), gyldig_fra: '2024-02-01' },
        { ...charted('3.22.02', true), gyldig_fra: '2024-02-01', gyldig_til: '2024-02-01' },
      ],
    },
  },
  {
    rule: 'DQ24',
    hit: against2023('126.00', '100.00'),
    references: ['OK06'],
    detail: '26,0 pct. i forhold til samme måneder året før',
    miss: against2023('125.00', '100.00'),
  },
  {
    rule: 'DQ24',
    hit: {
      ...against2023('-90.00', '100.00', '3.22.01'),
      oko_kontoplan: [charted('3.22.01', true), charted('3.22.01', true, { year: '2023' })],
    },
    references: ['OK04', 'SK11'],
    miss: {
      ...against2023('100.00', '100.00', '3.22.01'),
      oko_kontoplan: [charted('3.22.01', true, { year: '2023' })],
    },
  },
  {
    rule: 'DQ24',
    hit: {
      oko_regnskab: [balance('6.45.51', '9.00', { year: '2023' }), balance('6.45.60', '9.00')],
    },
    references: ['OK06'],
    detail: '-100,0 pct. i forhold til samme måneder året før',
    miss: { oko_regnskab: [balance('6.45.60', '9.00', { year: '2023' }), balance('6.45.51', '9.00')] },
  },
  {
    rule: 'DQ25',
    hit: { oko_regnskab: months('2024', [0, 0, 1]) },
    references: ['2024'],
    miss: { oko_regnskab: months('2024', [1, 1, 1]) },
  },
  {
    rule: 'DQ25',
    hit: { oko_regnskab: months('2024', [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1]) },
    references: ['2024'],
    detail: '7 af 12 måneder',
    miss: { oko_regnskab: months('2024', [1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1]) },
  },
  {
    rule: 'DQ25',
    hit: {},
    references: ['2024'],
    detail: '0 af 12 måneder',
    miss: { oko_regnskab: months('2024', [1]) },
  },
];

t.test('a year that is delivered before it has begun lacks nothing', async (t) => {
  await withDuckDb({ tempRoot: tmpdir(), allowedDirectories: [], memoryLimitMb: 256, threads: 1 }, async (duck) => {
    const given = { oko_regnskab: months('2023', FULL), oko_budget: budgetYears({ 2021: 10, 2022: 10, 2023: 10 }) };
    for (const id of ['DQ07-aarsskifte-stor', 'DQ07-budget-stor', 'DQ25']) {
      t.strictSame(await run(duck, ruleOf(id), given, '2024', '2023-12'), [], id);
      t.equal((await run(duck, ruleOf(id), given, '2024', '2024-01')).length, 1, `${id}, once January is due`);
    }
    const [april] = await run(duck, ruleOf('DQ25'), {}, '2024', '2024-04');
    t.equal(april?.detail_da, '0 af 4 måneder');
  });
});

const ruleOf = (id: string): Rule => {
  const rule = rules.find((one) => one.id === id);
  if (rule === undefined) throw new Error(`no rule ${id}`);
  return rule;
};

t.test('every rule has a case', async (t) => {
  t.strictSame([...new Set(cases.map(({ rule }) => rule))].sort(), rules.map(({ id }) => id).sort());
});

t.test('rules find what they are for and nothing else', async (t) => {
  await withDuckDb({ tempRoot: tmpdir(), allowedDirectories: [], memoryLimitMb: 256, threads: 1 }, async (duck) => {
    for (const { rule: id, hit, references, detail, miss, bucket = '2024' } of cases) {
      const rule = ruleOf(id);
      const found = await run(duck, rule, hit, bucket);
      t.strictSame(
        found.map(({ reference }) => reference),
        references,
        `${id} finds the fault`,
      );
      if (detail !== undefined) t.equal(found[0]?.detail_da, detail, `${id} says how much`);
      t.strictSame(await run(duck, rule, miss, bucket), [], `${id} is silent where all is well`);
    }
  });
});

t.test('a rule over two years speaks once, in the bucket of the newer year', async (t) => {
  await withDuckDb({ tempRoot: tmpdir(), allowedDirectories: [], memoryLimitMb: 256, threads: 1 }, async (duck) => {
    for (const { rule: id, hit } of cases) {
      const rule = ruleOf(id);
      if (rule.scope !== 'domain') continue;
      const found = await run(duck, rule, hit, '2025', '2024-12');
      t.strictSame(found, [], `${id} is silent about 2024 in the bucket of 2025`);
    }
  });
});
