// Declared rules over a state: whether many run in one statement or each by itself, every violation is counted and the same examples are shown.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { type Column, type Domain, defineTable, type Rule } from '../../src/domains/definition.ts';
import { checkState, EXAMPLES_PER_RULE } from '../../src/pipeline/quality/index.ts';
import { rulesAtOnce } from '../../src/pipeline/warehouse/rules.ts';
import { type Duck, withDuckDb } from '../../src/platform/duckdb/duckdb.ts';
import { addMonths } from '../../src/platform/time/period.ts';

const text = { da: 'Der er noget galt.', en: 'Something is wrong.' };
const column = (name: string, type: Column['type']): Column => ({
  name,
  title: text,
  description: text,
  type,
  nullable: false,
  sensitivity: 'ordinary',
});
const table = (name: string, columns: readonly Column[], key: readonly string[]) =>
  defineTable({
    name,
    title: text,
    description: text,
    sources: ['kilde'],
    columns,
    key,
    period: name === 'sted' ? { kind: 'none' } : { kind: 'month', from: 'maaned' },
  });
const MEASURES = table(
  'maal',
  [
    column('maaned', { type: 'month' }),
    column('sted', { type: 'integer', minimum: 0, maximum: 1e6 }),
    column('tal', { type: 'integer', minimum: 0, maximum: 1e6 }),
  ],
  ['maaned', 'sted'],
);
const PLACES = table('sted', [column('sted', { type: 'integer', minimum: 0, maximum: 1e6 })], ['sted']);

const MONTHS = ['2025-01', '2025-02', '2026-01'];
const base = { title: text, message: text, table: 'maal', severity: 'warning' } as const;
const monthly = { ...base, scope: 'domain', bucket: 'month', reads: { maal: (month: string) => [month] } } as const;
const yearly = {
  ...base,
  scope: 'domain',
  bucket: 'year',
  reads: { maal: (year: string) => MONTHS.filter((month) => month.startsWith(year)), sted: () => ['all'] },
} as const;
const ROWS = {
  name: 'raekker',
  query: 'select bucket, sted, tal, count(*) as antal from maal group by bucket, sted, tal',
};
const SUMS = {
  name: 'summer',
  query: 'select bucket, sted, sum(tal) as sum, count(*) as antal from maal group by bucket, sted',
};
const sums = `select bucket, sted as reference, 'sum ' || sum as detail_da, null as detail_en, antal as count from summer`;
const RULES: readonly Rule[] = [
  { ...base, id: 'R-raekke', scope: 'row', violation: 'tal % 2 = 0' },
  {
    ...base,
    id: 'S-hver',
    scope: 'slice',
    query: `select bucket, sted as reference, 'tal ' || tal as detail_da, null as detail_en from maal`,
  },
  {
    ...base,
    id: 'S-vaegt',
    scope: 'slice',
    query: `select bucket, sted as reference, null as detail_da, null as detail_en, if(tal % 3 = 0, null, tal) as count from maal`,
  },
  {
    ...base,
    id: 'S-ingen',
    scope: 'slice',
    query: `select null as bucket, null as reference, null as detail_da, null as detail_en where false`,
  },
  {
    ...base,
    id: 'S-en',
    scope: 'slice',
    query: `select bucket, null as reference, null as detail_da, null as detail_en, count(*) as count from maal group by bucket`,
  },
  {
    ...base,
    id: 'S-delt',
    scope: 'slice',
    view: ROWS,
    query: `select bucket, sted as reference, 'tal ' || tal as detail_da, null as detail_en from raekker where tal < 9`,
  },
  {
    ...base,
    id: 'S-delt-stor',
    scope: 'slice',
    severity: 'error',
    view: ROWS,
    query: `select bucket, sted as reference, null as detail_da, null as detail_en, antal as count from raekker where tal >= 9`,
  },
  { ...yearly, id: 'D-delt', view: SUMS, query: `${sums} where sum % 2 = 0` },
  { ...yearly, id: 'D-delt-ulige', severity: 'error', view: SUMS, query: `${sums} where sum % 2 = 1` },
  {
    ...monthly,
    id: 'D-maaned',
    query: `select bucket, bucket as reference, cast(sted as varchar) as detail_da, null as detail_en from maal where tal % 2 = 1`,
  },
  {
    ...yearly,
    id: 'D-ukendt',
    query: `select bucket, sted as reference, null as detail_da, null as detail_en, count(*) as count
      from maal where sted not in (select sted from sted) group by bucket, sted`,
  },
  {
    ...yearly,
    id: 'D-laengst',
    severity: 'error',
    query: `select bucket, sted as reference, maaned as detail_da, 'en ' || maaned as detail_en from maal qualify row_number() over (partition by bucket, sted order by maaned desc) = 1`,
  },
];
const DOMAIN: Domain = {
  id: 'toy',
  title: text,
  description: text,
  sources: ['kilde'],
  frequencies: ['daily'],
  tables: [MEASURES, PLACES],
  rules: RULES,
  relations: [],
  keyFigures: [],
};

interface Given {
  /** Rows per month, in the order of `MONTHS`. */
  readonly sizes: readonly number[];
  readonly places: number;
  readonly seed: number;
}

/** What a row holds, by its number in the month; the same arithmetic makes the rows in DuckDB, where they lie out of order. */
const amountOf = (row: number, seed: number) => (row * 7 + seed) % 11;

async function define(duck: Duck, { sizes, places, seed }: Given): Promise<void> {
  const rows = MONTHS.map(
    (month, index) =>
      `(select '615' as kommunekode, '${month}' as maaned, i::bigint as sted, ((i * 7 + ${seed}) % 11)::bigint as tal from range(${sizes[index]}) r(i) order by hash(i))`,
  );
  await duck.run(`create or replace table data_maal as ${rows.join(' union all ')}`);
  await duck.run(
    `create or replace table data_sted as select '615' as kommunekode, i::bigint as sted from range(${places}) r(i)`,
  );
}

interface Checked {
  readonly atOnce: number;
  readonly rules?: readonly Rule[];
  readonly held?: readonly string[];
  readonly changed?: readonly string[];
}

function check(duck: Duck, { atOnce, rules = RULES, held = MONTHS, changed = held }: Checked) {
  return checkState(duck, {
    domain: { ...DOMAIN, rules },
    changed: changed.map((period) => ({ table: 'maal', period, rows: 1 })),
    handedIn: '2100-01',
    periodsOf: (name) => (name === 'sted' ? ['all'] : held),
    rowsOf: ({ name }, periods) =>
      name === 'sted'
        ? `select *, 'all' as _period, null::bigint as _row from data_sted`
        : `select *, maaned as _period, null::bigint as _row from data_maal where maaned in (${periods.map((period) => `'${period}'`).join(', ')})`,
    rulesAtOnce: atOnce,
  });
}

/** How often each rule must be found per period, worked out row by row. */
function expectedCounts({ sizes, places, seed }: Given): Record<string, number> {
  const counts: Record<string, number> = {};
  const add = (rule: string, period: string, number: number) => {
    counts[`${rule} ${period}`] = (counts[`${rule} ${period}`] ?? 0) + number;
  };
  const years = new Map<string, number[]>();
  for (const [index, month] of MONTHS.entries()) {
    for (const { id, scope } of RULES) {
      const isYearly = scope === 'domain' && id !== 'D-maaned';
      add(id, isYearly ? month.slice(0, 4) : month, 0);
    }
    for (let row = 0; row < (sizes[index] ?? 0); row += 1) {
      const value = amountOf(row, seed);
      add('S-hver', month, 1);
      add('S-en', month, 1);
      add('S-vaegt', month, value % 3 === 0 ? 1 : value);
      add(value < 9 ? 'S-delt' : 'S-delt-stor', month, 1);
      const place = `${month.slice(0, 4)} ${row}`;
      years.set(place, [...(years.get(place) ?? []), value]);
      add(value % 2 === 0 ? 'R-raekke' : 'D-maaned', month, 1);
      if (row >= places) add('D-ukendt', month.slice(0, 4), 1);
    }
  }
  for (const [place, values] of years) {
    const sum = values.reduce((total, value) => total + value, 0);
    add(sum % 2 === 0 ? 'D-delt' : 'D-delt-ulige', place.slice(0, 4), values.length);
  }
  add('D-laengst', '2025', Math.max(sizes[0] ?? 0, sizes[1] ?? 0));
  add('D-laengst', '2026', sizes[2] ?? 0);
  return counts;
}

t.test('property: rules find the same one by one and together; all is counted, 1 000 a rule are shown', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'flis-state-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const given = fc.record({
    sizes: fc.tuple(...MONTHS.map(() => fc.constantFrom(0, 1, 500, 999, 1000, 1001, 2000, 5000))),
    places: fc.constantFrom(0, 1, 700, 5000),
    seed: fc.nat(10),
  });
  let overflows = 0;
  await withDuckDb({ tempRoot: folder, allowedDirectories: [], memoryLimitMb: 256, threads: 2 }, (duck) =>
    fc.assert(
      fc.asyncProperty(given, async (given) => {
        await define(duck, given);
        const single = await check(duck, { atOnce: 1 });
        for (const atOnce of [3, 16]) t.same(await check(duck, { atOnce }), single, `${atOnce} at once`);
        for (const rule of RULES.filter((one) => one.scope !== 'row' && one.view !== undefined)) {
          const alone = await check(duck, { atOnce: 1, rules: [rule] });
          const own = (found: { rule: string }) => found.rule === rule.id;
          t.same(alone.outcomes, single.outcomes.filter(own), `${rule.id} without the rule that it shares with`);
          t.same(alone.findings.examples, single.findings.examples.filter(own), `${rule.id} shows the same`);
        }
        const first = single.findings.examples.filter(({ rule, period }) => rule === 'S-hver' && period === MONTHS[0]);
        t.same(
          first.map(({ reference }) => reference),
          first.map((_, row) => `${row}`),
          'the first by reference are shown',
        );
        const counts = Object.fromEntries(
          single.outcomes.map(({ rule, period, count }) => [`${rule} ${period}`, count]),
        );
        t.same(counts, expectedCounts(given));
        for (const { rule, count } of single.findings.counts) {
          const shown = single.findings.examples.filter((example) => example.rule === rule).length;
          const results = single.outcomes.filter((outcome) => outcome.rule === rule);
          t.ok(shown <= EXAMPLES_PER_RULE, `${rule}: ${shown} shown`);
          t.equal(
            count,
            results.reduce((sum, outcome) => sum + outcome.count, 0),
          );
          if (rule === 'S-hver') t.equal(shown, Math.min(count, EXAMPLES_PER_RULE));
          if (results.some((outcome) => outcome.count > EXAMPLES_PER_RULE)) overflows += 1;
        }
      }),
      { numRuns: 10, seed: 615 },
    ),
  );
  t.ok(overflows > 5, `${overflows} rules with more results than are shown`);
});

t.test('a rule that compares with earlier periods runs once one of them is held, be it without rows', async (t) => {
  const rule: Rule = {
    ...monthly,
    id: 'D-foer',
    reads: { maal: (month: string) => [addMonths(month, -1), month] },
    needsEarlier: true,
    query: 'select bucket, bucket as reference, null as detail_da, null as detail_en from buckets',
  };
  const options = { tempRoot: t.testdir(), allowedDirectories: [], memoryLimitMb: 256, threads: 1 };
  await withDuckDb(options, async (duck) => {
    await define(duck, { sizes: [0, 5, 5], places: 0, seed: 0 });
    const ran = async (held: readonly string[], changed = held) => {
      const { outcomes } = await check(duck, { atOnce: 16, rules: [rule], held, changed });
      return outcomes.map(({ period, count }) => `${period} ${count}`);
    };
    t.same(await ran(['2025-01']), [], 'the first month');
    t.same(await ran(['2025-01', '2025-02']), ['2025-02 1'], 'both at once');
    t.same(await ran(['2025-01', '2025-02'], ['2025-02']), ['2025-02 1'], 'the second month');
    t.same(await ran(['2025-01', '2025-02'], ['2025-01']), ['2025-02 1'], 'the month before comes later');
    t.same(await ran(['2025-01', '2026-01']), [], 'an earlier month that the rule does not read');
    t.same(await ran(['2025-02', '2025-03'], ['2025-03']), ['2025-03 1'], 'the bucket itself without rows');
  });
});

t.test('rules run together up to half a million rows, before and after the load', async (t) => {
  t.equal(rulesAtOnce([]), 16);
  t.equal(rulesAtOnce([{ rows: 250_000 }, { rows: 250_000 }]), 16);
  t.equal(rulesAtOnce([{ rows: 250_000 }, { rows: 250_001 }]), 1);
});
