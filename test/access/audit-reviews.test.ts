// The monthly review: what of the log is in which line, which days are unusual, that a finished month stays as it is, and that it shows nobody else's.
import fc from 'fast-check';
import pg from 'pg';
import t from 'tap';
import {
  addDays,
  type DayLine,
  FACTOR,
  FLOOR_BYTES,
  findUnusualDays,
  LOOK_BACK_DAYS,
  listUnusualDays,
  medianOf,
  sumLines,
} from '../../src/access/audit-reviews/rules.ts';
import { UNUSUAL_DA, UNUSUAL_EN } from '../../src/access/audit-reviews/schemas.ts';
import { type Caller, startService } from '../harness/service.ts';

const MONTH = '2026-03';
const DPO: Caller = { municipality: '615', clientId: 'dpo', scopes: ['audit:read'] };

const volumes = fc
  .dictionary(
    fc.integer({ min: -40, max: 30 }).map((offset) => addDays(`${MONTH}-01`, offset)),
    fc.oneof(fc.integer({ min: 1, max: 1_000_000 }), fc.constant(FLOOR_BYTES), fc.constant(0)),
    { maxKeys: 60 },
  )
  .map((days) => new Map(Object.entries(days)));

t.test('unusual days, against a second way to say what they are', async () => {
  fc.assert(
    fc.property(volumes, (days) => {
      const found = new Map(findUnusualDays(days, MONTH).map((unusual) => [unusual.day, unusual]));
      for (let day = `${MONTH}-01`; day.startsWith(MONTH); day = addDays(day, 1)) {
        const bytes = days.get(day) ?? 0;
        const before = [...days].filter(
          ([other, volume]) => volume > 0 && other < day && other >= addDays(day, -LOOK_BACK_DAYS),
        );
        // Above FACTOR × median: at least half of the days before are below a FACTOR-th of it, the middle pair on average.
        const sorted = before.map(([, volume]) => volume).sort((a, b) => a - b);
        const twice = (sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0);
        const expected = bytes >= FLOOR_BYTES && (sorted.length === 0 || 2 * bytes > FACTOR * twice);
        if (found.has(day) !== expected) throw new Error(`${day} ${bytes} of ${JSON.stringify(sorted)}`);
        if (expected && found.get(day)?.comparedDays !== sorted.length) throw new Error('days compared');
      }
    }),
  );
});

t.test('the median lies in the middle, whatever the order; multiples of a volume change nothing', async () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1 }), (values) => {
      const median = medianOf(values) as number;
      const below = values.filter((value) => value < median).length;
      const above = values.filter((value) => value > median).length;
      return 2 * below <= values.length && 2 * above <= values.length && medianOf([...values].reverse()) === median;
    }),
  );
  fc.assert(
    fc.property(volumes, fc.integer({ min: 2, max: 9 }), (days, times) => {
      const above = new Map([...days].map(([day, bytes]) => [day, bytes === 0 ? 0 : bytes + FLOOR_BYTES]));
      const more = new Map([...above].map(([day, bytes]) => [day, bytes * times]));
      const daysOf = (each: Map<string, number>) =>
        findUnusualDays(each, MONTH)
          .map(({ day }) => day)
          .join();
      return daysOf(above) === daysOf(more);
    }),
  );
});

const key = fc.record({
  client: fc.constantFrom('a', 'b'),
  mandate: fc.constant(null),
  purpose: fc.constant(null),
  operation: fc.constantFrom('getPackageFile', 'listAuditLog'),
  domain: fc.constantFrom('skole', null),
  cpr: fc.boolean(),
});
const number = fc.integer({ min: 0, max: 1e6 });
const instant = fc.date({ min: new Date('2026-03-01'), max: new Date('2026-03-31'), noInvalidDate: true });

t.test('lines and volumes lose nothing of the month and take nothing from outside', async () => {
  const dayLine: fc.Arbitrary<DayLine> = fc
    .tuple(
      key,
      fc.integer({ min: -30, max: 40 }),
      fc.record({
        ...{ entries: number, complete: number, brokenOff: number, withoutEnd: number, nothingSent: number },
        refused: number,
        ...{ rows: number, bytes: number, first: instant, last: instant },
      }),
    )
    .map(([who, offset, counts]) => ({ ...who, ...counts, day: addDays(`${MONTH}-01`, offset) }));
  const total = (lines: readonly { bytes: number; entries: number }[]) =>
    lines.reduce((sum, { bytes, entries }) => sum + bytes + entries, 0);
  fc.assert(
    fc.property(fc.array(dayLine), (days) => {
      const own = days.filter(({ day }) => day.startsWith(MONTH));
      const lines = sumLines(days, MONTH);
      const keys = new Set(
        lines.map(({ client, operation, domain, cpr }) => `${client} ${operation} ${domain} ${cpr}`),
      );
      return (
        total(lines) === total(own) &&
        keys.size === lines.length &&
        lines.reduce((sum, line) => sum + line.days, 0) === own.length &&
        listUnusualDays(days, MONTH).every(
          ({ client, day, bytes }) =>
            bytes ===
            days
              .filter((each) => each.day === day && (client === null || each.client === client))
              .reduce((sum, each) => sum + each.bytes, 0),
        )
      );
    }),
  );
});

t.test('the texts that users read say the numbers that are worked with', async (t) => {
  for (const text of [UNUSUAL_DA, UNUSUAL_EN])
    for (const each of [FACTOR, LOOK_BACK_DAYS, FLOOR_BYTES]) t.match(text, String(each));
});

t.test('over HTTP', async (t) => {
  const service = await startService(t, { withoutWorker: true });
  const owner = new pg.Client({ connectionString: service.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  const add = async (at: string, client: string, outcome: string, object: object, completes: number | null = null) => {
    const { rows } = await owner.query(
      `insert into audit_entry (municipality_code, at, client_id, request_id, operation, object, outcome, completes)
       values ($1, $2, $3, 'r', 'getPackageFile', $4, $5, $6) returning entry::int`,
      [client === 'other' ? '791' : '615', at, client, object, outcome, completes],
    );
    return rows[0].entry as number;
  };
  const fetched = async (at: string, client: string, bytes: number, more: object = {}, sent = bytes) => {
    const file = { domain: 'skole', rows: 10, bytes, cpr: false, ...more };
    const start = await add(at, client, 'started', file);
    await add(at, client, sent < bytes ? 'broken-off' : 'complete', { bytes: sent, answers: 1 }, start);
  };
  const read = async (month = MONTH, caller: Caller = DPO, query = '') => {
    const answer = await service.call('GET', `/v1/audit-reviews/${month}${query}`, { caller });
    const text = await answer.text();
    return { status: answer.status, type: answer.headers.get('content-type'), text };
  };
  const review = async (month = MONTH, caller = DPO) => JSON.parse((await read(month, caller)).text);

  // The last hour of March 2026 in Denmark is 21:00–22:00 UTC; the first is 23:00–24:00 UTC of the last of February.
  await fetched('2026-02-28T22:59:59Z', 'bi', 100_000);
  await fetched('2026-02-28T23:00:00Z', 'bi', 100_000);
  await fetched('2026-03-02T10:00:00Z', 'bi', 300_000);
  await fetched('2026-03-03T10:00:00Z', 'bi', 300_001);
  await fetched('2026-03-03T11:00:00Z', 'bi', 900_000, { cpr: true }, 7);
  await fetched('2026-03-04T11:00:00Z', 'small', FLOOR_BYTES - 1);
  await fetched('2026-03-05T11:00:00Z', 'new', FLOOR_BYTES);
  await fetched('2026-03-05T11:00:00Z', 'other', 999_999_999);
  await add('2026-03-31T21:59:59Z', 'late', 'started', { domain: 'skole', rows: 3, bytes: 50 });
  await add('2026-03-31T21:59:59Z', 'late', 'nothing-sent', { domain: 'skole', rows: 0, bytes: 0, method: 'HEAD' });
  await fetched('2026-03-31T22:00:00Z', 'bi', 5_000_000);
  await add('2026-03-06T11:00:00Z', 'guesser', 'refused', { code: 'not-found', refusals: 17 });
  await add('2026-03-07T11:00:00Z', 'guesser', 'refused', { code: 'scope-missing', refusals: 2 });

  await t.test('lines', async (t) => {
    const { lines, ...head } = await review();
    t.match(head, {
      ...{ month: MONTH, municipality: '615', final: true },
      ...{ from: '2026-02-28T23:00:00.000Z', to: '2026-03-31T22:00:00.000Z' },
    });
    const file = {
      ...{ operation: 'getPackageFile', domain: 'skole', mandate: null, purpose: null, nothingSent: 0, refused: 0 },
    };
    t.match(lines, [
      {
        ...{ ...file, client: 'bi', cpr: false, days: 3, entries: 3, complete: 3, brokenOff: 0, withoutEnd: 0 },
        ...{ rows: 30, bytes: 700_001, first: '2026-02-28T23:00:00.000Z', last: '2026-03-03T10:00:00.000Z' },
      },
      { ...file, client: 'bi', cpr: true, entries: 1, complete: 0, brokenOff: 1, rows: 10, bytes: 7 },
      { ...file, domain: null, client: 'guesser', days: 2, entries: 0, refused: 19, rows: 0, bytes: 0 },
      { ...file, client: 'late', entries: 2, complete: 0, withoutEnd: 1, nothingSent: 1, rows: 3, bytes: 50 },
      { ...file, client: 'new', bytes: FLOOR_BYTES },
      { ...file, client: 'small', bytes: FLOOR_BYTES - 1 },
    ]);
    t.equal(lines.length, 6);
  });

  await t.test('unusual days', async (t) => {
    t.strictSame((await review()).unusual, [
      // 300 000 is not more than three times 100 000; 300 008 is, of the days with 100 000, 100 000 and 300 000.
      { client: null, day: '2026-03-03', bytes: 300_008, median: 100_000, comparedDays: 3 },
      { client: 'bi', day: '2026-03-03', bytes: 300_008, median: 100_000, comparedDays: 3 },
      { client: 'new', day: '2026-03-05', bytes: FLOOR_BYTES, median: null, comparedDays: 0 },
    ]);
  });

  await t.test('a finished month stays as it is, whatever comes later', async (t) => {
    const before = (await read()).text;
    await fetched('2026-04-01T12:00:00Z', 'bi', 77);
    const start = await add('2026-03-20T12:00:00Z', 'bi', 'started', { bytes: 1 });
    const changed = (await read()).text;
    t.not(changed, before, 'a row of the month would change it');
    await add('2026-04-01T22:00:00Z', 'bi', 'complete', { bytes: 1 }, start);
    t.equal((await read()).text, changed, 'an end after the day that ends may take does not');
    const month = new Date().toISOString().slice(0, 7);
    t.match(await review(month), { final: false });
    t.match((await review(month)).lines, [{ client: 'dpo', operation: 'getAuditReview', bytes: 0 }]);
    t.equal((await read()).text, changed, 'and neither does reading it');
  });

  await t.test('CSV', async (t) => {
    const { text, type } = await read(MONTH, DPO, '?format=csv');
    t.match(type, 'text/csv');
    const lines = text.split('\n');
    t.match(lines[0], /^kind,client,mandate,purpose,operation,domain,cpr,days,entries,/);
    t.match(text, '\nline,bi,,,getPackageFile,skole,true,1,1,0,1,0,0,0,10,7,2026-03-03T11:00:00.000Z,');
    t.match(text, '\nunusual,,,,,,,,,,,,,,,300008,,,2026-03-03,100000,3\n');
    t.equal(lines.length, 12);
  });

  await t.test('only its own, only with the scope, only months that have begun', async (t) => {
    t.match((await review(MONTH, { ...DPO, municipality: '791' })).lines, [{ client: 'other', bytes: 999_999_999 }]);
    t.notMatch((await read()).text, 'other');
    t.equal((await read(MONTH, { municipality: '615', scopes: ['raw-data:read'] })).status, 403);
    for (const month of ['2026-13', '2199-01', 'x', '2026']) {
      const { status, text } = await read(month);
      t.match({ status, ...JSON.parse(text) }, { status: 400, code: 'invalid-request' }, month);
    }
  });
});
