// The pure rules of deliveries: a simulated month of looks at the clock creates each due day once and on time, and totals add up exactly.
import fc from 'fast-check';
import t from 'tap';
import {
  addDecimals,
  addTotals,
  contentFor,
  dueBy,
  isAgreedFile,
  LEAD_MS,
  nextPromised,
  schemaHashOfAll,
} from '../../src/pipeline/delivery/deliveries/rules.ts';
import { dueDays, type Rhythm } from '../../src/pipeline/delivery/rhythm/rules.ts';
import type { Terms } from '../../src/pipeline/delivery/subscriptions/index.ts';
import { addDays, type Day, instantOf } from '../../src/platform/time/local-time.ts';

const terms = (rhythm: Rhythm, hour: number): Terms => ({
  ...{ rhythm, hour, kind: 'total' as const, tables: ['bor_befolkning'], formats: ['csv.gz' as const] },
});
const rhythms = fc.oneof(
  fc.constantFrom<Rhythm>({ frequency: 'daily', days: 'every' }, { frequency: 'daily', days: 'working' }),
  fc.integer({ min: 1, max: 7 }).map((weekday): Rhythm => ({ frequency: 'weekly', weekday })),
  fc.integer({ min: 1, max: 31 }).map((dayOfMonth): Rhythm => ({ frequency: 'monthly', dayOfMonth })),
  fc.integer({ min: 1, max: 15 }).map((workingDay): Rhythm => ({ frequency: 'monthly', workingDay })),
);
const starts = fc.integer({ min: 0, max: 4_000 }).map((days) => addDays('2024-01-01', days));
const MINUTE = 60_000;

t.test('looks at any times create each due day once, none before its hour less the lead', async () => {
  fc.assert(
    fc.property(
      ...([rhythms, fc.integer({ min: 0, max: 23 }), starts] as const),
      fc.array(fc.integer({ min: 1, max: 4 * 24 * 60 }), { minLength: 5, maxLength: 40 }),
      (rhythm, hour, start, gaps) => {
        const agreed = terms(rhythm, hour);
        const created: Day[] = [];
        let from = start;
        let now = instantOf(start, 0).getTime() - 2 * LEAD_MS;
        for (const gap of gaps) {
          now += gap * MINUTE;
          for (const { day, promisedAt } of dueBy(() => agreed, from, new Date(now))) {
            if (promisedAt.getTime() - LEAD_MS > now || promisedAt.getTime() !== instantOf(day, hour).getTime())
              return false;
            created.push(day);
            from = addDays(day, 1);
          }
        }
        const expected = dueDays(rhythm, start, addDays(start, 400)).filter(
          (day) => instantOf(day, hour).getTime() - LEAD_MS <= now,
        );
        return created.join() === expected.join();
      },
    ),
  );
});

t.test('preparation begins exactly an hour ahead, of midnight on the day before', async (t) => {
  const midnight = () => terms({ frequency: 'daily', days: 'every' }, 0);
  const daysAt = (time: string) => dueBy(midnight, '2026-03-02', new Date(time)).map(({ day }) => day);
  t.same(daysAt('2026-03-01T21:59:59.999Z'), []);
  t.same(daysAt('2026-03-01T22:00:00Z'), ['2026-03-02']);
});

t.test('terms that change, and an end', async (t) => {
  const daily = terms({ frequency: 'daily', days: 'every' }, 6);
  const weekly = terms({ frequency: 'weekly', weekday: 1 }, 8);
  // Monday 2 March to Sunday 8 March daily, then weekly, until the end of the month.
  const agreement = (day: Day) => (day > '2026-03-31' ? undefined : day < '2026-03-09' ? daily : weekly);
  const due = dueBy(agreement, '2026-03-02', new Date('2026-04-20T00:00:00Z'));
  t.same(
    due.map(({ day }) => day.slice(8)),
    ['02', '03', '04', '05', '06', '07', '08', '09', '16', '23', '30'],
  );
  t.equal(due[6]?.nextPromisedAt?.toISOString(), '2026-03-09T07:00:00.000Z', 'at the hour of the terms that hold then');
  t.equal(due.at(-1)?.nextPromisedAt, null, 'none after the end');
  t.equal(
    nextPromised(agreement, '2026-03-24')?.toISOString(),
    '2026-03-30T06:00:00.000Z',
    'over the change of clocks',
  );
});

t.test('sums are exact, whatever the order', async (t) => {
  const decimals = (value: bigint, scale: number) => {
    const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
    const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
    return value < 0n ? `-${text}` : text;
  };
  fc.assert(
    fc.property(fc.array(fc.bigInt(-(10n ** 30n), 10n ** 30n)), fc.integer({ min: 0, max: 6 }), (values, scale) => {
      const sum = values.map((value) => decimals(value, scale)).reduce<string | null>(addDecimals, null);
      return (
        sum ===
        (values.length === 0
          ? null
          : decimals(
              values.reduce((a, b) => a + b, 0n),
              scale,
            ))
      );
    }),
  );
  t.equal(addDecimals('-0.05', '0.04'), '-0.01');
  t.equal(addDecimals(null, '7'), '7');
  t.throws(() => addDecimals('1.0', '1.00'), RangeError);
  t.same(addTotals({ a: '1', b: null }, { b: '2.50' }), { a: '1', b: '2.50' });
});

t.test('a delta needs something to be the difference to, under the same schema', async (t) => {
  const before = { revision: 4, epochStart: new Date() };
  t.same(contentFor('delta', before, true), { kind: 'delta', since: 4 });
  for (const [kind, known, same] of [
    ['total', before, true],
    ['delta', undefined, true],
    ['delta', before, false],
  ] as const)
    t.same(contentFor(kind, known, same), { kind: 'total', since: null });
});

t.test('the files are those of the agreed tables and formats', async (t) => {
  const all = ['archive.zip', 'a.csv.gz', 'a.parquet', 'b.csv.gz', 'identitet.csv.gz'];
  const agreed = (tables: string[], formats: string[]) => all.filter((name) => isAgreedFile(name, tables, formats));
  t.same(agreed(['a'], ['csv.gz']), ['a.csv.gz']);
  t.same(agreed(['a', 'b'], ['parquet', 'zip']), ['archive.zip', 'a.parquet']);
  t.same(agreed(['a', 'b'], ['csv.gz', 'parquet', 'zip']), all.slice(0, 4), 'CPR numbers are in no delivery');
});

t.test('one hash for all schemas, in any order', async (t) => {
  const [a, b] = [
    { name: 'a', schemaHash: '1' },
    { name: 'b', schemaHash: '2' },
  ];
  t.equal(schemaHashOfAll([a, b]), schemaHashOfAll([b, a]));
  t.not(schemaHashOfAll([a, b]), schemaHashOfAll([a, { ...b, schemaHash: '3' }]));
});
