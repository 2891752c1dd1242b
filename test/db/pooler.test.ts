// Isolation through pgbouncer in transaction mode: connections to the server go from one transaction to the next, whoever's it is; no context goes with them.
import pg from 'pg';
import t from 'tap';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { type Tx, withPublished, withSystem, withTenant } from '../../src/platform/postgres/tenancy.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { TEST_CONTEXT } from '../harness/database.ts';
import { startPooler } from '../harness/pooler.ts';
import { skipWithout } from '../harness/skip-without.ts';
import { contextFor, FOREIGN, OWN, OWN_CLAIMS, openContextScene, placeOf, say, seenBy } from './context-scene.ts';

const tenantOf = (municipality: string, domains: readonly string[] | null = null) => ({
  ...{ municipality: municipalityCodeOf(municipality), clientId: 'c', requestId: 'r' },
  domains,
});
const INVALID = { code: '42501', message: 'the tenant context is not valid' };

t.test('through pgbouncer', { skip: skipWithout('pgbouncer') }, async (t) => {
  const { database } = await openContextScene(t);
  const [api, worker] = await Promise.all(
    [database.apiUrl, database.workerUrl].map(async (url) => (await startPooler(t, url, 2))(url)),
  );
  if (api === undefined || worker === undefined) throw new Error('no pooler');
  const poolOf = (url: string, namedStatements: boolean) => {
    const pool = createPool({
      ...{ url, max: 8, statementTimeout: 15_000, applicationName: 'test', context: TEST_CONTEXT },
      namedStatements,
    });
    t.teardown(() => pool.end());
    return pool;
  };
  const pool = poolOf(api, false);
  const seen = async (tx: Tx) =>
    (await tx.query<{ at: string }>(`select municipality_code || domain as at from source_delivery order by 1`))
      .map(({ at }) => at)
      .join(' ');

  await t.test('many transactions on few connections: each sees its own rows', async (t) => {
    const callers = [
      [tenantOf(OWN), `${OWN}a ${OWN}b`],
      [tenantOf(FOREIGN), `${FOREIGN}a ${FOREIGN}b`],
      [tenantOf(OWN, ['a']), `${OWN}a`],
      [tenantOf(FOREIGN, ['b']), `${FOREIGN}b`],
      [tenantOf(FOREIGN, []), ''],
      [undefined, ''],
    ] as const;
    const backends = new Set<number>();
    const wrong: string[] = [];
    const run = async (tx: Tx, expected: string) => {
      for (let statement = 0; statement < 3; statement += 1) {
        const found = await seen(tx);
        if (found !== expected) wrong.push(`${found} instead of ${expected}`);
      }
      backends.add((await tx.query<{ pid: number }>('select pg_backend_pid() as pid'))[0]?.pid ?? 0);
    };
    await Promise.all(
      Array.from({ length: 400 }, (_, index) => {
        const [tenant, expected] = callers[index % callers.length] ?? [undefined, ''];
        const fn = (tx: Tx) => run(tx, expected);
        return tenant === undefined ? withPublished(pool, fn) : withTenant(pool, tenant, fn);
      }),
    );
    t.same(wrong, []);
    t.equal(backends.size, 2, 'eight clients shared two connections');
  });

  await t.test('writing for another municipality or domain is refused', async (t) => {
    const insert = (municipality: string, domain: string) => (tx: Tx) =>
      tx.query(
        `insert into source_delivery (municipality_code, source_delivery_id, domain, kind, source_system, period_from, period_to, client_id)
         values ($1, gen_random_uuid(), $2, 'total', 's', '2024-01', '2024-12', 'c')`,
        [municipality, domain],
      );
    for (const [municipality, domain] of [
      [FOREIGN, 'a'],
      [OWN, 'b'],
    ] as const)
      await t.rejects(withTenant(pool, tenantOf(OWN, ['a']), insert(municipality, domain)), { code: '42501' });
  });

  await t.test('only the worker sees several, and only inside withSystem', async (t) => {
    const several = `${OWN}a ${OWN}b ${FOREIGN}a ${FOREIGN}b`;
    const workers = poolOf(worker, false);
    for (let round = 0; round < 10; round += 1) {
      t.equal(await withSystem(workers, 'test', seen), several);
      t.equal(await withPublished(workers, seen), '');
      t.equal(await withTenant(workers, tenantOf(OWN), seen), `${OWN}a ${OWN}b`);
    }
    await t.rejects(withSystem(pool, 'test', seen), { code: '42501' });
  });

  await t.test(
    'a context of one backend is refused on the other, and in the next transaction of the same',
    async (t) => {
      const [one, two] = await Promise.all(
        [1, 2].map(async () => {
          const client = new pg.Client({ connectionString: api });
          await client.connect();
          t.teardown(() => client.end());
          return client;
        }),
      );
      if (one === undefined || two === undefined) throw new Error('no clients');
      await one.query('begin');
      await two.query('begin');
      const context = contextFor(await placeOf(one), { ...OWN_CLAIMS, municipality: FOREIGN });
      await say(two, context);
      await t.rejects(seenBy(two), INVALID);
      await two.query('rollback');
      await say(one, context);
      t.same(await seenBy(one), [`${FOREIGN} a`, `${FOREIGN} b`]);
      await one.query(`select set_config('app.context', $1, false)`, [context]);
      await one.query('commit');
      // It was set for the session of a backend that now serves others: they say whose they are, or nothing.
      for (let round = 0; round < 4; round += 1) {
        t.equal(await withTenant(pool, tenantOf(OWN, ['a']), seen), `${OWN}a`);
        t.equal(await withPublished(pool, seen), '');
        await two.query('begin');
        await seenBy(two).then(
          (rows) => t.same(rows, []),
          (error) => t.match(error, INVALID),
        );
        await two.query('rollback');
      }
    },
  );

  await t.test('named statements must be off', async (t) => {
    const named = poolOf(api, true);
    const statements = Array.from({ length: 40 }, () => withTenant(named, tenantOf(OWN), seen));
    const failed = (await Promise.allSettled(statements)).filter(({ status }) => status === 'rejected');
    t.ok(failed.length > 0, 'this pooler knows no named statements, so the tests above could tell');
  });
});
