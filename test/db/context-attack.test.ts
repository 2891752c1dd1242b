// Whoever gets SQL of his own into a transaction of the api role stays who he is: he sees no other municipality's rows, reads no key, and leaves
// nothing in the connection that works for him in a later transaction.
import type pg from 'pg';
import t, { type Test } from 'tap';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { withTenant } from '../../src/platform/postgres/tenancy.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { TEST_CONTEXT } from '../harness/database.ts';
import {
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

const NOT_ALLOWED = { code: '42501' };
const OWN_ROWS = [`${OWN} a`, `${OWN} b`];
const INSIDE = `select string_agg(municipality_code, ',') as seen from source_delivery`;

/** Settings that gain nothing: what is seen stays what it was, or seeing is refused. */
const SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ['app.municipality', FOREIGN],
  ['app.domains', '{a,b,c}'],
  ['app.system_reason', 'because'],
  ['app.verified', FOREIGN],
  ['context.verified', FOREIGN],
  ['row_security', 'off'],
  ['search_path', 'pg_temp, app, context, public'],
  ['search_path', ''],
  ['session_replication_role', 'replica'],
  ['is_superuser', 'on'],
  ['DateStyle', 'German'],
  ['TimeZone', 'Pacific/Auckland'],
  ['bytea_output', 'escape'],
  ['extra_float_digits', '-15'],
  ['client_encoding', 'LATIN1'],
  ['plpgsql.variable_conflict', 'use_column'],
  ['debug_parallel_query', 'regress'],
  ['plan_cache_mode', 'force_generic_plan'],
];

/** Statements that PostgreSQL must refuse for want of a right. */
const REFUSED: readonly string[] = [
  'select * from context.key',
  'select count(*) from context.key',
  'copy context.key to stdout',
  'table context.key',
  'select (k).inner_block from context.key k',
  `insert into context.key values ('00000000', repeat('6', 64)::bytea, repeat('6', 64)::bytea, now())`,
  'update context.key set since = now()',
  'delete from context.key',
  'lock table context.key',
  'alter table context.key owner to flis_api',
  'create view public.peek as select * from context.key',
  `select context.hmac('a', repeat('6', 64)::bytea, repeat('6', 64)::bytea)`,
  'create or replace function context.verified() returns text[] language sql return array[null, 791]',
  'alter function context.verified() security invoker',
  'alter function context.verified() reset all',
  'drop function context.verified() cascade',
  'create or replace function app.municipality() returns text language sql return 791',
  'alter function app.municipality() rename to other',
  `call app.clear_policies('public.source_delivery')`,
  `call app.secure_shared('public.source_delivery')`,
  `call app.secure_municipal('public.source_delivery', 'flis_api', 'flis_api', 'flis_api', 'flis_api')`,
  'create policy mine on source_delivery using (true)',
  'set role flis_context',
  'set role flis_system',
  'set role flis_worker',
  'set role flis_owner',
  'set session authorization flis_context',
  `select set_config('role', 'flis_system', true)`,
  'grant flis_context to flis_api',
  'alter role flis_api bypassrls',
  'create role mine',
  'create schema mine',
  'create table public.mine ()',
  'create table app.mine ()',
  'create table context.mine ()',
  'create table pgboss.mine ()',
  'create temp table source_delivery (municipality_code text)',
  'create temp table pg_class (oid oid)',
  'create temp table key (key_id text, inner_block bytea, outer_block bytea)',
  'create temp view source_delivery as select 1',
  'create temp sequence mine',
  ...['public', 'app', 'context', 'pgboss', 'pg_catalog', 'pg_temp'].flatMap((schema) => [
    `create function ${schema}.sha256(bytea) returns bytea language sql return $1`,
    `create function ${schema}.pg_backend_pid() returns int language sql return 1`,
    `create operator ${schema}.= (leftarg = bytea, rightarg = bytea, function = byteane)`,
    `create domain ${schema}.text as pg_catalog.text`,
  ]),
  'create cast (bytea as text) without function',
  'create extension dblink',
  `select pg_read_file('postgresql.conf')`,
  `copy (select 1) to program 'cat'`,
  `select pg_ls_dir('.')`,
];

t.test('SQL of an attacker in a transaction of the api role', async (t) => {
  const { database, owner, connectApi } = await openContextScene(t);
  const api = await connectApi();
  /** Runs `fn` in the attacker's own transaction, which is in order. */
  const attack = <T>(fn: () => Promise<T>) =>
    rolledBack(api, async () => {
      await say(api, contextFor(await placeOf(api)));
      return fn();
    });

  await t.test('no setting makes it another municipality', async (t) => {
    for (const [name, value] of SETTINGS)
      await attack(async () => {
        await api.query('select set_config($1, $2, true)', [name, value]).catch(() => {});
        await staysItself(t, api, `${name} = ${value}`);
      });
    await t.test('nor does one that it sets for the session', async (t) => {
      for (const [name, value] of SETTINGS) {
        const client = await connectApi();
        await client.query('select set_config($1, $2, false)', [name, value]).catch(() => {});
        await client.query('begin');
        await say(client, contextFor(await placeOf(client)));
        await staysItself(t, client, `${name} = ${value}`);
        await client.query('rollback');
      }
    });
  });

  for (const statement of REFUSED)
    await t.test(`refused: ${statement}`, async (t) => {
      await attack(() => t.rejects(api.query(statement), NOT_ALLOWED));
    });

  await t.test('a context is not to be read from other connections', async (t) => {
    const pool = createPool({
      url: database.apiUrl,
      max: 1,
      statementTimeout: 15_000,
      applicationName: 'victim',
      context: TEST_CONTEXT,
    });
    t.teardown(() => pool.end());
    const victim = { municipality: municipalityCodeOf(FOREIGN), domains: null, clientId: 'c', requestId: 'r' };
    const texts: string[] = [];
    const look = async () => {
      const { rows } = await owner.query(`select query from pg_stat_activity where application_name = 'victim'`);
      texts.push(...rows.map(({ query }) => query));
    };
    const running = { on: true };
    const looking = (async () => {
      while (running.on) await look();
    })();
    for (let round = 0; round < 100; round += 1) await withTenant(pool, victim, (tx) => tx.query('select 1'));
    await withTenant(pool, victim, look);
    running.on = false;
    await looking;
    t.ok(
      texts.some((text) => text.includes('app.context')),
      'the statement that says it was seen',
    );
    t.notMatch(texts.join('\n'), /[0-9a-f]{64}/, 'and not what it says');
  });

  await t.test('what it prepares and leaves open sees no more than whoever uses it', async (t) => {
    const client = await connectApi();
    await client.query('begin');
    await say(client, contextFor(await placeOf(client)));
    await client.query(`prepare peek as ${INSIDE}`);
    await client.query(
      `prepare mine as select set_config('app.context', '${contextFor(await placeOf(client))}', false)`,
    );
    await client.query('declare held cursor with hold for select municipality_code from source_delivery');
    await client.query(`select set_config('app.context', current_setting('app.context'), false)`);
    t.same((await client.query('execute peek')).rows, [{ seen: `${OWN},${OWN}` }]);
    await client.query('commit');
    t.same(await codes(client, 'fetch all from held'), [OWN, OWN], 'a held cursor holds what its transaction saw');
    await t.rejects(client.query('execute peek'), NOT_ALLOWED, 'its context outlived it and is worth nothing');
    await client.query('execute mine');
    await t.rejects(client.query('execute peek'), NOT_ALLOWED, 'prepared or not');
    await client.query('begin');
    await t.rejects(client.query('execute peek'), NOT_ALLOWED);
    await client.query('rollback');
    await client.query('reset app.context');
    t.same((await client.query('execute peek')).rows, [{ seen: null }]);
  });

  await t.test(
    'a statement of the service stays one statement: nothing can be prepared for whoever comes next',
    async (t) => {
      const victim = { municipality: municipalityCodeOf(OWN), domains: null, clientId: 'c', requestId: 'r' };
      for (const namedStatements of [true, false]) {
        const pool = createPool({
          ...{ url: database.apiUrl, max: 1, statementTimeout: 15_000, applicationName: 'test', context: TEST_CONTEXT },
          namedStatements,
        });
        for (const more of ['deallocate all', 'prepare statement_1 as select 1', 'commit', `set app.context = ''`])
          await t.rejects(
            withTenant(pool, victim, (tx) => tx.query(`select 1; ${more}`)),
            { code: '42601' },
            more,
          );
        await t.rejects(
          withTenant(pool, victim, (tx) => tx.query(`select query_to_xml('prepare p as select 1', true, true, '')`)),
          { code: '0A000' },
        );
        await pool.end();
      }
    },
  );

  await t.test('a cursor opened without a context stays empty when there is one', async (t) => {
    await rolledBack(api, async () => {
      await api.query(`declare early cursor for select municipality_code from source_delivery`);
      t.same(await codes(api, 'fetch 0 from early'), []);
      await say(api, contextFor(await placeOf(api)));
      t.ok((await codes(api, 'fetch all from early')).every((code) => code === OWN));
    });
  });

  await t.test('a block that commits and goes on is in another transaction', async (t) => {
    await api.query('begin');
    const context = contextFor(await placeOf(api));
    await api.query('commit and chain');
    await say(api, context);
    await t.rejects(seenBy(api), NOT_ALLOWED);
    await api.query('rollback');
    await t.rejects(
      api.query(
        `do $$ begin perform set_config('app.context', '${context}', false); commit; perform * from source_delivery; end $$`,
      ),
      NOT_ALLOWED,
    );
    await api.query('reset app.context');
  });

  await t.test('a savepoint brings back no more than it had', async (t) => {
    await attack(async () => {
      await api.query('savepoint s');
      await say(api, 'x');
      await t.rejects(seenBy(api), NOT_ALLOWED);
      await api.query('rollback to s');
      t.same(await seenBy(api), OWN_ROWS);
    });
  });

  await t.test('a statement that changes the context while it runs', async (t) => {
    for (const context of [FOREIGN, '', contextFor('1.1.1', { ...OWN_CLAIMS, municipality: FOREIGN })])
      await attack(async () => {
        const { rows } = await api
          .query(
            `with said as materialized (select set_config('app.context', $1, true))
             select d.municipality_code from said, lateral (select * from source_delivery) d union all select municipality_code from source_delivery`,
            [context],
          )
          .catch(() => ({ rows: [] }));
        t.ok(rows.every(({ municipality_code }) => municipality_code === OWN));
      });
  });
});

/** The transaction sees its own rows or is refused, and can write to no other municipality. */
async function staysItself(t: Test, client: pg.Client, what: string): Promise<void> {
  await client.query('savepoint here').catch(() => {});
  const seen = await client
    .query('select municipality_code, domain from public.source_delivery order by 1, 2')
    .then(({ rows }) => rows.map(({ municipality_code, domain }) => `${municipality_code} ${domain}`))
    .catch(() => []);
  t.ok(seen.length === 0 || JSON.stringify(seen) === JSON.stringify(OWN_ROWS), `${what}: ${seen}`);
  await client.query('rollback to here').catch(() => {});
  await t.rejects(insertDelivery(client, FOREIGN), what);
}

async function codes(client: pg.Client, statement: string): Promise<string[]> {
  return (await client.query(statement)).rows.map(({ municipality_code }) => municipality_code);
}
