// After a revision exactly the formulas and periods that can have changed are computed, once, whatever happens meanwhile.
import fc from 'fast-check';
import t from 'tap';
import { event, people } from '../../src/domains/borger/examples.ts';
import type { Formula, KeyFigure, Source } from '../../src/domains/definition.ts';
import { computeFormulas } from '../../src/pipeline/keyfigures/formulas/compute-formulas.ts';
import { bucketOf, changedValues, joinRuns, planComputations } from '../../src/pipeline/keyfigures/formulas/rules.ts';
import { runFormulas } from '../../src/pipeline/keyfigures/formulas/store-duckdb.ts';
import { enqueueComputations } from '../../src/pipeline/keyfigures/index.ts';
import { joinFigure } from '../../src/pipeline/keyfigures/rules.ts';
import { withDuckDb } from '../../src/platform/duckdb/duckdb.ts';
import { add, canonical, compare, divide, exactOf, multiply, round, subtract } from '../../src/platform/exact.ts';
import type { JobSender } from '../../src/platform/queue/queue.ts';
import { shiftPeriod } from '../../src/platform/time/period.ts';
import { createScene, tenantOf } from './keyfigures-scene.ts';

const exact = fc
  .tuple(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), fc.nat(4))
  .map(([n, scale]) => ({ n, d: 10n ** BigInt(scale) }));

t.test('exact arithmetic', async (t) => {
  fc.assert(
    fc.property(exact, fc.nat(4), (value, decimals) => {
      const rounded = exactOf(round(value, decimals));
      const error = subtract(rounded, value);
      const half = { n: 1n, d: 2n * 10n ** BigInt(decimals) };
      const distance = error.n < 0n ? { n: -error.n, d: error.d } : error;
      if (compare(distance, half) > 0) throw new Error('more than half a unit away');
      // On a tie the rounded number is the one farther from zero.
      if (compare(distance, half) === 0 && value.n < 0n !== error.n < 0n) throw new Error('a tie went towards zero');
    }),
  );
  fc.assert(
    fc.property(exact, exact, (a, b) => {
      if (compare(subtract(add(a, b), b), a) !== 0) throw new Error('a + b - b');
      if (b.n !== 0n && compare(multiply(divide(a, b), b), a) !== 0) throw new Error('a / b * b');
    }),
  );
  t.same(
    ['-0.05', '0.05', '0.049', '-0.04', '1.25', '-2.5'].map((text) => round(exactOf(text), 1)),
    ['-0.1', '0.1', '0.0', '0.0', '1.3', '-2.5'],
  );
  t.same(['12.50', '-0.00', '100', '7.0', '-3.10'].map(canonical), ['12.5', '0', '100', '7', '-3.1']);
  t.throws(() => exactOf('1e3'), RangeError);
  t.throws(() => exactOf(Number.NaN), RangeError);
});

t.test('joining', async (t) => {
  const figure = { factor: 100, decimals: 1, denominator: {} } as unknown as KeyFigure;
  const value = (text: string) => ({ value: text, missing: null });
  t.same(joinFigure(figure, value('1'), value('8')).value, '12.5');
  t.same(joinFigure(figure, value('-1'), value('3')).value, '-33.3');
  t.same(joinFigure(figure, value('7'), value('0')).missing, 'zero-denominator');
  t.same(joinFigure(figure, undefined, value('8')).missing, 'no-data');
  t.same(joinFigure(figure, { value: null, missing: 'age-bands' }, value('0')).missing, 'age-bands');
  t.same(joinFigure({ ...figure, denominator: null, factor: 1, decimals: 0 }, value('53'), undefined).value, '53');
});

const formula = (source: Partial<Source>, rest: Partial<Formula> = {}) =>
  ({ id: 'f', version: 1, domain: 'x', measure: 'count(*)', ...rest, source: { id: 's', ...source } }) as Formula;

t.test('affected buckets are those that read a changed slice', async (t) => {
  const school = formula({
    bucket: 'schoolYear',
    reads: { pupils: (year) => [shiftPeriod(year, -1), year], schools: () => ['all'] },
  });
  const held = ['2022-2023', '2023-2024', '2024-2025'].map((period) => ({ table: 'pupils', period }));
  const schools = { table: 'schools', period: 'all' };
  const buckets = (changed: { table: string; period: string }[]) =>
    planComputations([school], changed, [...held, schools]).map(({ bucket }) => bucket);
  t.same(buckets([{ table: 'pupils', period: '2023-2024' }]), ['2023-2024', '2024-2025']);
  t.same(buckets([{ table: 'pupils', period: '2025-2026' }]), ['2025-2026', '2026-2027'], 'one that is gone');
  t.same(buckets([{ table: 'other', period: '2023-2024' }]), []);
  t.same(
    buckets([schools]),
    ['2022-2023', '2023-2024', '2024-2025', '2025-2026'],
    'a table without time is read by all that read pupils',
  );
  t.equal(bucketOf('year', '2024-03'), '2024');
  t.equal(bucketOf('schoolYear', '2024'), '2024-2025', 'the last month decides');
  t.equal(bucketOf('none', '2024'), 'all');
});

t.test('buckets of a source share a statement as long as the rows are few', async (t) => {
  const { source } = formula({
    bucket: 'year',
    reads: { people: (year) => [year], schools: () => ['all'] },
    needs: ['people'],
  });
  const other = formula({ ...source, id: 'other' }).source;
  const runsOf = (rows: number) => {
    const periods = ['2021', '2022', '2023'].map((period) => ({ table: 'people', period, rows }));
    const slices = [...periods, { table: 'schools', period: 'all', rows: 1_000 }];
    const held = new Map(slices.map((slice) => [`${slice.table}/${slice.period}`, slice]));
    const years = ['2021', '2022', '2023', '2024'];
    const computations = [source, other].flatMap((each) =>
      years.map((bucket) => ({ source: each, formulas: [], bucket })),
    );
    return joinRuns(computations, held).map(({ source, buckets, slices }) => [source.id, buckets, slices.length]);
  };
  t.same(runsOf(166_333), [
    ['s', ['2021', '2022', '2023'], 4],
    ['other', ['2021', '2022', '2023'], 4],
  ]);
  t.same(
    runsOf(166_334).slice(0, 2),
    [
      ['s', ['2021', '2022'], 3],
      ['s', ['2023'], 2],
    ],
    'the rows of a slice that several buckets read count once',
  );
  t.same(
    runsOf(900_000).filter(([id]) => id === 's'),
    [
      ['s', ['2021'], 2],
      ['s', ['2022'], 2],
      ['s', ['2023'], 2],
    ],
  );
});

t.test('only what differs is stored', async (t) => {
  const row = (period: string, value: string | null, missing: string | null = null) => ({
    formula: 'f',
    version: 1,
    period,
    breakdown: '',
    value,
    missing,
  });
  t.same(changedValues([row('2024', '7')], [row('2024', '7')]), []);
  t.same(changedValues([row('2024', '7')], [row('2024', '8')]), [row('2024', '8')]);
  t.same(changedValues([row('2024', '7')], []), [row('2024', null, 'no-data')], 'a vanished period');
  t.same(changedValues([row('2024', null, 'no-data')], []), [], 'which is recorded once');
});

t.test('no float leaves DuckDB', async (t) => {
  const options = { tempRoot: t.testdir(), allowedDirectories: [], memoryLimitMb: 128, threads: 1 };
  await withDuckDb(options, async (duck) => {
    const run = (measure: string) => {
      const one = formula({ bucket: 'year', sql: `select '2024' as period, 0.1::decimal(9,2) as x` }, { measure });
      return runFormulas(duck, { source: one.source, formulas: [one], buckets: ['2024'] }, []);
    };
    t.match(await run('sum(x)'), [{ value: '0.1' }]);
    await t.rejects(run('avg(x)'), { message: 'formula f yields DOUBLE, not an exact number' });
  });
});

t.test('computing', async (t) => {
  const scene = await createScene(t);
  const municipality = '615';
  const values = () =>
    scene.rows<{ period: string; revision: number; value: string | null; missing: string | null }>(
      municipality,
      `select period, revision, value::text as value, missing from formula_value where formula = 'bor.befolkning' order by revision, period`,
    );
  const slice = (count: number) => [people('2024-01', 0, 125, count), people('2024-02', 0, 125, count)];

  await scene.deliver(municipality, 'borger', {
    'bor_befolkning/2024': slice(100),
    'bor_befolkning/2025': [people('2025-01', 0, 125, 200)],
  });
  await scene.compute(municipality, 'borger');
  t.same(await values(), [
    { period: '2024-01', revision: 1, value: '100', missing: null },
    { period: '2024-02', revision: 1, value: '100', missing: null },
    { period: '2025-01', revision: 1, value: '200', missing: null },
  ]);

  await scene.deliver(municipality, 'borger', {});
  t.equal(await computeFormulas(scene.deps, tenantOf(municipality), 'borger'), 0, 'an identical delivery');
  await scene.compute(municipality, 'borger');
  t.equal((await values()).length, 3);

  await scene.deliver(municipality, 'borger', { 'bor_befolkning/2024': [people('2024-01', 0, 125, 101)] });
  const aborted = scene.compute(municipality, 'borger', { signal: AbortSignal.abort() });
  await t.rejects(aborted, { name: 'AbortError' });
  t.equal((await values()).length, 3, 'an aborted job publishes nothing');
  await Promise.all([scene.compute(municipality, 'borger'), scene.compute(municipality, 'borger')]);
  t.same((await values()).slice(3), [
    { period: '2024-01', revision: 3, value: '101', missing: null },
    { period: '2024-02', revision: 3, value: null, missing: 'no-data' },
  ]);

  await scene.deliver(municipality, 'borger', { 'bor_befolkning/2025': null });
  await scene.compute(municipality, 'borger');
  t.same((await values()).slice(5), [{ period: '2025-01', revision: 4, value: null, missing: 'no-data' }]);

  const raised = scene.deps.catalogue.formulas('borger').map((one) => ({ ...one, version: one.version + 1 }));
  const catalogue = { ...scene.deps.catalogue, formulas: () => raised };
  t.not(await computeFormulas({ ...scene.deps, catalogue }, tenantOf(municipality), 'borger'), 0, 'a raised formula');
  t.match((await values()).slice(5, 6), [{ period: '2024-01', revision: 4, value: '101' }]);
  t.same(await scene.rows('101', 'select 1 from formula_value'), [], 'nothing of another municipality');

  const sent: unknown[] = [];
  const jobs: JobSender = { send: async (_tx, _queue, key, payload) => void sent.push(key, payload) };
  const enqueue = () => enqueueComputations({ pool: scene.worker, jobs, catalogue: scene.deps.catalogue });
  t.equal(await enqueue(), 1, 'the values are those of raised formulas, which are declared no more');
  t.same(sent, ['615:borger', { municipality: '615', domain: 'borger' }]);
  await scene.compute(municipality, 'borger');
  t.equal(await enqueue(), 0);
});

t.test('a month without events is zero where the events of its year were delivered', async (t) => {
  const scene = await createScene(t);
  const months = (year: string) => ['01', '02', '03'].map((month) => people(`${year}-${month}`, 0, 125, 1000));
  await scene.deliver('615', 'borger', {
    'bor_befolkning/2023': months('2023'),
    'bor_befolkning/2024': months('2024'),
    'bor_bevaegelse/2024': [],
    'bor_befolkning/2025': months('2025'),
    'bor_bevaegelse/2025': [event(1, 'foedt', '2025-01-14')],
  });
  await scene.compute('615', 'borger');
  const values = await scene.rows<{ period: string; value: string }>(
    '615',
    `select period, value from formula_value where formula = 'bor.foedte' order by period`,
  );
  t.same(
    values.map(({ period, value }) => `${period} ${value}`),
    ['2024-01 0', '2024-02 0', '2024-03 0', '2025-01 1', '2025-02 0', '2025-03 0'],
  );
});
