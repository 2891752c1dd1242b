// Group statistics agree with PostgreSQL's, ranks share places, and released cells show what they may.
import fc from 'fast-check';
import t from 'tap';
import type { Formula, KeyFigure } from '../../src/domains/definition.ts';
import { type FormulaValues, placesOf, releaseCells } from '../../src/pipeline/keyfigures/releases/rules.ts';
import { breakdownFilter, listOf, periodBounds } from '../../src/pipeline/keyfigures/values/rules.ts';
import { rank, statisticsOf, visibleCells } from '../../src/pipeline/keyfigures/values/rules-statistics.ts';
import type { MunicipalityCell } from '../../src/pipeline/keyfigures/values/store.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { createTestDatabase, TEST_CONTEXT } from '../harness/database.ts';

const formula = (id: string, domain = 'x') => ({ id, domain }) as unknown as Formula;
const figureOf = (rest: Partial<KeyFigure>) =>
  ({
    id: 'F',
    factor: 100,
    decimals: 2,
    direction: 'up',
    kind: 'share',
    persons: true,
    minimumCell: 5,
    level: 'month',
    numerator: formula('n'),
    denominator: formula('d'),
    breakdowns: [],
    ...rest,
  }) as KeyFigure;
const cellOf = (
  municipality: string,
  numerator: number,
  denominator: number | null,
  value: string,
): MunicipalityCell => ({
  municipality,
  period: '2025-01',
  breakdown: '',
  numerator: String(numerator),
  denominator: denominator === null ? null : String(denominator),
  value,
  status: 'ok',
  reason: null,
});

t.test('statistics are those of PostgreSQL', async (t) => {
  const pool = createPool({
    url: (await createTestDatabase(t)).apiUrl,
    max: 1,
    statementTimeout: 10_000,
    applicationName: 'test',
    context: TEST_CONTEXT,
  });
  t.teardown(() => pool.end());
  const pairs = fc.array(fc.tuple(fc.nat(5000), fc.integer({ min: 1, max: 5000 })), { minLength: 1, maxLength: 98 });
  const figure = figureOf({ decimals: 6 });
  await fc.assert(
    fc.asyncProperty(pairs, async (list) => {
      const cells = list.map(([n, d], index) => cellOf(String(index), n, d, '0'));
      const { rows } = await pool.query(
        `select 100 * sum(n) / sum(d) as "weightedMean", avg(v) as mean, min(v) as minimum, max(v) as maximum,
           percentile_cont(0.25) within group (order by v) as "lowerQuartile",
           percentile_cont(0.5) within group (order by v) as median,
           percentile_cont(0.75) within group (order by v) as "upperQuartile"
         from (select n, d, 100::numeric * n / d as v from unnest($1::numeric[], $2::numeric[]) as list(n, d)) ratios`,
        [list.map(([n]) => n), list.map(([, d]) => d)],
      );
      const ours = statisticsOf(figure, visibleCells(cells));
      for (const [name, value] of Object.entries(rows[0] as Record<string, unknown>)) {
        const mine = Number(ours[name as keyof typeof ours]);
        if (Math.abs(mine - Number(value)) > 0.000_001) throw new Error(`${name}: ${mine} and ${value}`);
      }
    }),
    { numRuns: 100 },
  );
  const count = figureOf({ denominator: null, factor: 1, decimals: 0, kind: 'count' });
  const counts = [cellOf('101', 5_000_000, null, '5000000'), cellOf('615', 822_679, null, '822679')];
  t.match(statisticsOf(count, visibleCells(counts)), { sum: '5822679', weightedMean: null, median: '2911340' });
  t.match(statisticsOf(count, []), { sum: null, mean: null, median: null });
});

t.test('ranks', async (t) => {
  const cells = visibleCells([
    cellOf('101', 1, 1, '3.0'),
    cellOf('147', 1, 1, '5.0'),
    cellOf('151', 1, 1, '5.00'),
    cellOf('153', 1, 1, '7.5'),
  ]);
  const ranks = (direction: KeyFigure['direction']) =>
    rank({ direction }, cells).map((one) => `${one.municipality} ${one.rank}`);
  t.same(ranks('up'), ['153 1', '147 2', '151 2', '101 4']);
  t.same(ranks('neutral'), ranks('up'), 'high to low');
  t.same(ranks('down'), ['101 1', '147 2', '151 2', '153 4']);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -9, max: 9 })), (values) => {
      const list = visibleCells(values.map((value, index) => cellOf(String(index), 1, 1, String(value))));
      for (const one of rank({ direction: 'up' }, list)) {
        const better = values.filter((value) => value > Number(one.value)).length;
        if (one.rank !== better + 1) throw new Error('a rank is one more than the number of better ones');
      }
    }),
  );
});

t.test('released cells', async (t) => {
  const other = figureOf({ id: 'G', persons: false, minimumCell: 0, kind: 'rate', numerator: formula('amount', 'y') });
  const figure = figureOf({ breakdowns: [{ column: 'trin', title: { da: '', en: '' } }] });
  const values = (entries: Record<string, Record<string, string | null>>): FormulaValues =>
    new Map(
      Object.entries(entries).map(([id, places]) => [
        id,
        new Map(
          Object.entries(places).map(([key, value]) => [
            key,
            value?.match(/^[a-z]/) ? { value: null, missing: value } : { value, missing: null },
          ]),
        ),
      ]),
    );
  const months = ['2025-01', '2025-02', '2025-03', '2025-04'].map((period) => ({ period, breakdown: '' }));
  const plan = [
    { figure, places: placesOf(figure, [...months, { period: '2025-01', breakdown: 'koen=1' }]) },
    { figure: other, places: months.slice(0, 1) },
  ];
  const own = values({
    n: { '2025-01 ': '30', '2025-02 ': '3', '2025-03 ': 'age-bands' },
    d: { '2025-01 ': '400', '2025-02 ': '400', '2025-03 ': '400', '2025-04 ': '400' },
    amount: { '2025-01 ': '12.5' },
  });
  const shown = (openErrors: string[]) =>
    releaseCells(plan, [], { values: own, openErrors: new Set(openErrors), suppressedBefore: new Set() }).map(
      ({ keyFigure, period, numerator, denominator, value, status, reason }) =>
        [keyFigure, period, numerator, denominator, value, status, reason].join(' '),
    );
  t.same(shown([]), [
    'F 2025-01 30 400 7.50 ok ',
    'F 2025-02    suppressed small-count',
    'F 2025-03    missing age-bands',
    'F 2025-04    missing no-data',
    'G 2025-01 12.5 400 3.13 ok ',
  ]);
  t.match(shown(['y'])[0], /ok/, 'open errors mark only figures that read the domain');
  t.match(shown(['y'])[4], /12.5 400 3.13 unvalidated open-errors/);
  const nothing = { values: values({}), openErrors: new Set<string>(), suppressedBefore: new Set<string>() };
  t.ok(releaseCells(plan, [], nothing).every(({ status, reason }) => status === 'missing' && reason === 'no-data'));
});

t.test('filters', async (t) => {
  t.same(listOf(['615,101', '615']), ['101', '615']);
  t.same(listOf(undefined), []);
  t.same(periodBounds({ level: 'month' }, '2024', '2024-2025'), { from: '2024-01', to: '2025-07' });
  t.same(periodBounds({ level: 'schoolYear' }, '2024-08', '2024Q4'), { from: '2024-2025', to: '2024-2025' });
  t.same(periodBounds({ level: 'year' }, undefined, '2025-03'), { from: null, to: '2025' });
  const figure = figureOf({ breakdowns: [{ column: 'trin', title: { da: '', en: '' } }] });
  t.same(breakdownFilter(figure, undefined), { exact: '' });
  t.same(breakdownFilter(figure, 'trin'), { column: 'trin' });
  t.same(breakdownFilter(figure, 'trin=3'), { exact: 'trin=3' });
  t.throws(() => breakdownFilter(figure, 'koen'), { message: 'invalid-request' });
});
