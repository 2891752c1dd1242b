// A database that is full, gone or in the way is answered 503, with a time to come back; by the real errors of the driver and of PostgreSQL.
import pg from 'pg';
import t, { type Test } from 'tap';
import { freePort } from '../../src/platform/free-port.ts';
import { problemOf } from '../../src/platform/http/error-handler.ts';
import { createTestDatabase } from '../harness/database.ts';

/** Holds what `work` fails with to a 503. */
async function refuses(t: Test, work: () => Promise<unknown>, name: string): Promise<void> {
  const problem = await work().then(
    () => undefined,
    (error: unknown) => problemOf(error),
  );
  t.match(problem, { type: { code: 'unavailable', status: 503 } }, name);
  const seconds = Number(problem?.headers['retry-after']);
  t.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 120, `${name}: Retry-After is ${seconds}`);
}

t.test('a database that cannot answer now', async (t) => {
  const { ownerUrl: connectionString } = await createTestDatabase(t);
  const pool = new pg.Pool({ connectionString, max: 1, connectionTimeoutMillis: 2_000 });
  pool.on('error', () => {});
  t.teardown(() => pool.end());

  const busy = await pool.connect();
  busy.on('error', () => {});
  await refuses(t, () => pool.connect(), 'no connection comes free');

  const other = new pg.Client({ connectionString });
  other.on('error', () => {});
  await other.connect();
  t.teardown(() => other.end());
  await busy.query('create table t (id int primary key)');
  await busy.query('begin; lock table t');
  await refuses(t, () => other.query('begin; lock table t nowait'), 'a lock is held');
  await other.query('rollback');
  await other.query("set lock_timeout = '1ms'");
  await refuses(t, () => other.query('select * from t'), 'a lock is held for too long');
  await other.query("set lock_timeout = 0; set statement_timeout = '1ms'");
  await refuses(t, () => other.query('select pg_sleep(60)'), 'a statement takes too long');
  await other.query('set statement_timeout = 0');
  await busy.query('rollback');

  await busy.query('insert into t values (1)');
  await Promise.all([busy, other].map((client) => client.query('begin isolation level serializable')));
  await Promise.all([busy, other].map((client) => client.query('select count(*) from t')));
  await busy.query('insert into t values (2)');
  await other.query('insert into t values (3)');
  await busy.query('commit');
  await refuses(t, () => other.query('commit'), 'transactions that met');

  const { rows } = await busy.query('select pg_backend_pid() as pid');
  const cut = busy.query('select pg_sleep(60)');
  const ended = refuses(t, () => cut, 'a connection that is ended');
  await other.query('select pg_terminate_backend($1)', [rows[0].pid]);
  await ended;
  await refuses(t, () => busy.query('select 1'), 'and whoever still holds it');
  busy.release(true);

  const nobody = new pg.Client({ host: '127.0.0.1', port: await freePort() });
  await refuses(t, () => nobody.connect(), 'nobody listens');
});

t.test('what is our own fault is no 503', async (t) => {
  const { ownerUrl: connectionString } = await createTestDatabase(t);
  const client = new pg.Client({ connectionString });
  await client.connect();
  t.teardown(() => client.end());
  for (const statement of ['select * from nowhere', 'select 1/0', 'selct 1']) {
    const error = await client.query(statement).catch((thrown: unknown) => thrown);
    t.match(problemOf(error), { type: { code: 'internal-error' } }, statement);
  }
});
