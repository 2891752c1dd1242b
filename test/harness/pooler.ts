// pgbouncer in transaction mode for the tests: each transaction may get another of few server connections.
// Like PostgreSQL it refuses to run as root, and is started as the account that runs the embedded server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../../src/platform/free-port.ts';
import { unprivilegedAccount } from '../../src/platform/postgres/embedded.ts';
import type { TestScope } from './database.ts';

const START_TIMEOUT_MS = 10_000;

/** Starts a pooler before the server of `url` with `connections` server connections for each role; ended with the test. @returns a function that leads a URL through it. */
export async function startPooler(t: TestScope, url: string, connections: number): Promise<(url: string) => string> {
  const account = unprivilegedAccount();
  const folder = await mkdtemp('/var/tmp/flis-pgbouncer-');
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  if (account !== undefined) await chown(folder, account.uid, account.gid);
  const { hostname, port: server, pathname, username, password } = new URL(url);
  const port = await freePort();
  const settings = {
    ...{ listen_addr: '127.0.0.1', listen_port: port, unix_socket_dir: '', auth_type: 'any', pool_mode: 'transaction' },
    // Time-outs that the driver asks for when it connects; behind a pooler they are the role's (README).
    ...{
      default_pool_size: connections,
      ignore_startup_parameters: 'statement_timeout,idle_in_transaction_session_timeout',
    },
    // Without it, the pooler would hand out the connection that was used last, and mostly the same.
    server_round_robin: 1,
  };
  const databases = `${pathname.slice(1)} = host=${hostname} port=${server} user=${username} password=${password}`;
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const path = join(folder, 'pgbouncer.ini');
  await writeFile(path, ['[databases]', databases, '[pgbouncer]', ...lines, ''].join('\n'), { mode: 0o600 });
  if (account !== undefined) await chown(path, account.uid, account.gid);
  const pooler = spawn('pgbouncer', ['-q', path], { ...account, cwd: folder, stdio: 'ignore' });
  const failed = once(pooler, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => {});
  t.teardown(async () => {
    pooler.kill('SIGINT');
    if (pooler.pid !== undefined && pooler.exitCode === null && pooler.signalCode === null) await once(pooler, 'exit');
  });
  const through = (direct: string) => Object.assign(new URL(direct), { host: `127.0.0.1:${port}` }).href;
  await Promise.race([failed, untilItAnswers(through(url))]);
  return through;
}

async function untilItAnswers(url: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('select 1');
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(50);
    } finally {
      await client.end().catch(() => {});
    }
  }
}
