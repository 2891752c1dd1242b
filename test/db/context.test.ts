// The signed tenant context: PostgreSQL takes what the service signed for this very transaction, and nothing that differs from it by a byte.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { contextKeyOf, padsOf, signWith } from '../../db/schema/index.ts';
import { createSignContext } from '../../src/platform/postgres/context.ts';
import { TEST_CONTEXT } from '../harness/database.ts';
import {
  connect,
  contextFor,
  FOREIGN,
  insertDelivery,
  OWN,
  OWN_CLAIMS,
  openContextScene,
  placeOf,
  rolledBack,
  say,
  seenBy,
} from './context-scene.ts';

const INVALID = { code: '42501', message: 'the tenant context is not valid' };

/** Turns a good context into a bad one; `foreign` is a context of the other municipality, of another connection. */
const FORGERIES: Record<string, (good: string, place: string, foreign: string) => string> = {
  'another digit in the HMAC': (good) => good.slice(0, 9) + (good[9] === '0' ? '1' : '0') + good.slice(10),
  'no HMAC': (good) => `${good.slice(0, 8)}..${good.slice(75)}`,
  'an HMAC of zeros': (good) => `${good.slice(0, 8)}.${'0'.repeat(64)}.${good.slice(75)}`,
  'an HMAC in capitals': (good) => good.slice(0, 9) + good.slice(9, 73).toUpperCase() + good.slice(73),
  'another municipality': (good) => good.replace(`\n${OWN}\n`, `\n${FOREIGN}\n`),
  'fewer domains taken for more': (good, place) => {
    const restricted = contextFor(place, { ...OWN_CLAIMS, domains: ['a'] });
    return restricted.slice(0, 75) + good.slice(75);
  },
  'a reason instead of a municipality': (good) => good.replace(`\n${OWN}\n\n\n`, '\n\n\nbecause\n'),
  'a later expiry': (good) => good.replace(/\.(\d+)\n/, (_, expiry) => `.${Number(expiry) + 1}\n`),
  'another client': (good) => `${good}2`,
  'one line more': (good) => `${good}\n`,
  'the other municipality on its own connection': (_, __, foreign) => foreign,
  'another backend, and the same start': (_, place) =>
    contextFor(place.replace(/^\d+/, (pid) => String(Number(pid) + 1))),
  'the same backend, and a microsecond later': (_, place) =>
    contextFor(place.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10))),
  'a key that the database does not have': (_, place) =>
    contextFor(place, OWN_CLAIMS, { ...TEST_CONTEXT, secret: randomBytes(32) }),
  'another key under the right id': (good, place) =>
    good.slice(0, 8) + contextFor(place, OWN_CLAIMS, { ...TEST_CONTEXT, secret: randomBytes(32) }).slice(8),
  'the right key under another id': (good) => `00000000${good.slice(8)}`,
  'what has expired': (_, place) => contextFor(place, OWN_CLAIMS, { ...TEST_CONTEXT, lifetime: -1 }),
  'a key id alone': (good) => good.slice(0, 8),
  'a key id and dots': (good) => `${good.slice(0, 8)}..`,
  'the claims alone': (good) => good.slice(75),
  'a municipality as it was told before contexts were signed': () => OWN,
  'white space': () => ' ',
  'lines of nothing': (good) => `${good.slice(0, 74)}\n\n\n\n`,
  'a good one in white space': (good) => ` ${good}`,
  'a million letters': () => 'x'.repeat(1_000_000),
  'a good one with a million letters behind': (good) => good + 'x'.repeat(1_000_000),
  'letters from everywhere': () => 'æøå€😀\u202e'.repeat(50),
  'pieces of SQL': () => `'; select set_config('app.municipality', '791', true); --`,
};

t.test('the signed context', async (t) => {
  const { database, owner, connectApi } = await openContextScene(t);
  const api = await connectApi();
  const other = await connectApi();

  await t.test('what was signed for this transaction opens its rows, and no others', async (t) => {
    await rolledBack(api, async () => {
      await say(api, contextFor(await placeOf(api)));
      t.same(await seenBy(api), [`${OWN} a`, `${OWN} b`]);
      await insertDelivery(api, OWN);
      t.equal((await seenBy(api)).length, 3);
    });
  });

  await other.query('begin');
  const foreign = contextFor(await placeOf(other), { ...OWN_CLAIMS, municipality: FOREIGN });
  for (const [name, forge] of Object.entries(FORGERIES)) {
    await t.test(`refused: ${name}`, async (t) => {
      const tries: Record<string, () => Promise<unknown>> = {
        reading: () => seenBy(api),
        'writing to its own': () => insertDelivery(api, OWN),
        'writing to others': () => insertDelivery(api, FOREIGN),
        changing: () => api.query(`update source_delivery set failure = 'x'`),
      };
      for (const [what, attempt] of Object.entries(tries))
        await rolledBack(api, async () => {
          const place = await placeOf(api);
          await say(api, forge(contextFor(place), place, foreign));
          await t.rejects(attempt(), INVALID, what);
        });
    });
  }
  await say(other, foreign);
  t.same(await seenBy(other), [`${FOREIGN} a`, `${FOREIGN} b`], 'the other one was good where it belongs');
  await other.query('rollback');

  await t.test('refused: the context of an earlier transaction of the same connection', async (t) => {
    const earlier = await rolledBack(api, async () => contextFor(await placeOf(api)));
    await rolledBack(api, async () => {
      await say(api, earlier);
      await t.rejects(seenBy(api), INVALID);
    });
  });

  await t.test('none, and an empty one, see nothing and write nothing', async (t) => {
    for (const context of [undefined, ''])
      await rolledBack(api, async () => {
        if (context !== undefined) await say(api, context);
        t.same(await seenBy(api), []);
        t.equal((await api.query(`update source_delivery set failure = 'x'`)).rowCount, 0);
        await t.rejects(insertDelivery(api, OWN), { code: '42501', message: /row-level security/ });
      });
  });

  await t.test('it expires in the middle of a transaction', async (t) => {
    await rolledBack(api, async () => {
      // It ends with a whole second: of one second, nothing may be left.
      await say(api, contextFor(await placeOf(api), OWN_CLAIMS, { ...TEST_CONTEXT, lifetime: 2 }));
      t.equal((await seenBy(api)).length, 2);
      await api.query('select pg_sleep(2.1)');
      await t.rejects(seenBy(api), INVALID, 'an error, not an answer without rows');
    });
  });

  await t.test(
    'several municipalities take a signed reason, and the role of the system alone takes none',
    async (t) => {
      const worker = await connect(t, database.workerUrl);
      const codes = async () => [...new Set((await seenBy(worker)).map((row) => row.slice(0, 3)))];
      for (const [claims, expected] of [
        [undefined, []],
        [OWN_CLAIMS, []],
        [{ reason: '' }, []],
        [{ reason: 'because' }, [OWN, FOREIGN]],
      ] as const)
        await rolledBack(worker, async () => {
          if (claims !== undefined) await say(worker, contextFor(await placeOf(worker), claims));
          await worker.query(`set local role flis_system; set local app.system_reason = 'because'`);
          t.same(await codes(), expected, JSON.stringify(claims));
        });
      await rolledBack(worker, async () => {
        await say(worker, contextFor(await placeOf(worker), { reason: 'because' }));
        t.same(await codes(), [], 'nor is a reason enough without the role');
      });
    },
  );

  await t.test('parallel workers read under the context of their leader', async (t) => {
    await rolledBack(api, async () => {
      await say(api, contextFor(await placeOf(api)));
      for (const setting of ['enable_indexscan = off', 'enable_bitmapscan = off', 'min_parallel_table_scan_size = 0'])
        await api.query(`set local ${setting}`);
      await api.query('set local parallel_setup_cost = 0; set local parallel_tuple_cost = 0');
      t.same(await seenBy(api), [`${OWN} a`, `${OWN} b`]);
      const { rows } = await api.query('explain select * from source_delivery');
      t.match(JSON.stringify(rows), /Gather/, 'there were some');
    });
  });

  await t.test('the HMAC of the database is that of Node', async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 100 }),
        fc.string({ unit: 'grapheme', maxLength: 300 }).filter((text) => !text.includes('\0')),
        async (secret, message) => {
          const key = contextKeyOf(secret);
          const { inner, outer } = padsOf(key);
          const { rows } = await owner.query(
            `select encode(context.hmac(convert_to($1, 'UTF8'), $2, $3), 'hex') as mac`,
            [message, inner, outer],
          );
          return rows[0].mac === signWith(key, message);
        },
      ),
      { numRuns: 300 },
    );
    t.pass();
  });

  await t.test('any claims arrive as they were signed, and claims of several lines are not signed', async (t) => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((each) => !/[\0\n]/.test(each));
    await fc.assert(
      fc.asyncProperty(text, fc.array(text, { maxLength: 4 }), text, async (municipality, domains, client) =>
        rolledBack(api, async () => {
          await say(api, contextFor(await placeOf(api), { municipality, domains, client }));
          const { rows } = await api.query('select app.municipality() as m, app.domains() as d, app.system_reason() r');
          t.same(rows, [{ m: municipality === '' ? null : municipality, d: domains, r: null }]);
        }),
      ),
      { numRuns: 200 },
    );
    const sign = createSignContext(TEST_CONTEXT);
    for (const claims of [
      { municipality: '615\n', domains: null, client: 'c' },
      { municipality: '615', domains: ['a\nb'], client: 'c' },
      { municipality: '615', domains: null, client: 'c\nd' },
      { reason: 'a\nb' },
    ])
      t.throws(() => sign('1.1.1', claims), TypeError);
  });
});
