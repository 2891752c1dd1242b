// Tenancy in PostgreSQL: what a transaction sees and may write, whatever SQL it runs.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import t from 'tap';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { type Tx, withPublished, withSystem, withTenant } from '../../src/platform/postgres/tenancy.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { createTestDatabase, TEST_CONTEXT } from '../harness/database.ts';
import { contextFor, placeOf, say } from './context-scene.ts';

const HORSENS = municipalityCodeOf('615');
const VIBORG = municipalityCodeOf('791');

t.test('tenancy', async (t) => {
  const database = await createTestDatabase(t);
  const pools = {
    api: createPool({
      url: database.apiUrl,
      max: 2,
      statementTimeout: 5000,
      applicationName: 'test',
      context: TEST_CONTEXT,
    }),
    worker: createPool({
      url: database.workerUrl,
      max: 2,
      statementTimeout: 5000,
      applicationName: 'test',
      context: TEST_CONTEXT,
    }),
  };
  t.teardown(() => Promise.all([pools.api.end(), pools.worker.end()]));
  const tenant = (municipality: typeof HORSENS) => ({ municipality, domains: null, clientId: 'c', requestId: 'r' });
  const insert = (tx: Tx, municipality: string) =>
    tx.query(
      `insert into source_delivery (municipality_code, source_delivery_id, domain, kind, source_system, period_from, period_to, client_id)
       values ($1, $2, 'd', 'total', 's', '2024-01', '2024-12', 'c')`,
      [municipality, randomUUID()],
    );
  const count = async (tx: Tx) => (await tx.query<{ n: number }>('select count(*) as n from source_delivery'))[0]?.n;

  for (const code of [HORSENS, VIBORG]) await withTenant(pools.api, tenant(code), (tx) => insert(tx, code));

  await t.test('a statement without WHERE sees one municipality', async (t) => {
    t.equal(await withTenant(pools.api, tenant(HORSENS), count), 1);
    t.equal(await withTenant(pools.worker, tenant(HORSENS), count), 1);
  });

  await t.test('writing for another municipality is refused', async (t) => {
    await t.rejects(
      withTenant(pools.api, tenant(HORSENS), (tx) => insert(tx, VIBORG)),
      { code: '42501' },
    );
    await withTenant(pools.api, tenant(HORSENS), (tx) => tx.query(`update source_delivery set failure = 'x'`));
    const rows = await withTenant(pools.api, tenant(VIBORG), (tx) =>
      tx.query<{ failure: string | null }>('select failure from source_delivery'),
    );
    t.same(rows, [{ failure: null }]);
  });

  await t.test('only the worker sees several, and only inside withSystem', async (t) => {
    t.equal(await withSystem(pools.worker, 'test', count), 2);
    await t.rejects(withSystem(pools.api, 'test', count), { code: '42501' }, 'the api may not take on that role');
    t.equal(await withPublished(pools.worker, count), 0);
  });

  await t.test('nothing said, and nothing left after a transaction, matches no row', async (t) => {
    const client = new pg.Client({ connectionString: database.apiUrl });
    await client.connect();
    t.teardown(() => client.end());
    const seen = async () => Number((await client.query('select count(*) from source_delivery')).rows[0].count);
    t.equal(await seen(), 0);
    await client.query('begin');
    await say(client, contextFor(await placeOf(client), { municipality: HORSENS, domains: null, client: 'c' }));
    t.equal(await seen(), 1);
    await client.query('commit');
    t.equal(await seen(), 0);
  });

  await t.test('a connection that breaks between two statements fails its transaction, and nothing else', async (t) => {
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    t.teardown(() => owner.end());
    const isThere = async (pid: number) =>
      (await owner.query('select 1 from pg_stat_activity where pid = $1', [pid])).rows.length > 0;
    await t.rejects(
      withTenant(pools.api, tenant(HORSENS), async (tx) => {
        const pid = (await tx.query<{ pid: number }>('select pg_backend_pid() as pid'))[0]?.pid ?? 0;
        await owner.query('select pg_terminate_backend($1)', [pid]);
        while (await isThere(pid));
        // Its end has reached this process by now, or does with the next statement.
        await owner.query('select 1');
        return count(tx);
      }),
    );
    t.equal(await withTenant(pools.api, tenant(HORSENS), count), 1);
  });

  await t.test('the api role cannot turn the protection off', async (t) => {
    for (const statement of [
      'alter table source_delivery disable row level security',
      'set role flis_owner',
      'create table x ()',
      'truncate source_delivery',
      'delete from source_delivery',
      `copy source_delivery to program 'cat'`,
    ]) {
      await t.rejects(
        withTenant(pools.api, tenant(HORSENS), (tx) => tx.query(statement)),
        { code: '42501' },
        statement,
      );
    }
  });

  await t.test('a failed transaction leaves nothing, and its connection goes on', async (t) => {
    await t.rejects(
      withTenant(pools.api, tenant(HORSENS), async (tx) => {
        await insert(tx, HORSENS);
        throw new Error('no');
      }),
    );
    t.equal(await withTenant(pools.api, tenant(HORSENS), count), 1);
  });
});
