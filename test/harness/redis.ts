// A Redis server of its own for a test, to be stopped, killed and filled with garbage.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../src/platform/free-port.ts';
import type { TestScope } from './database.ts';

export interface RedisServer {
  readonly url: string;
  readonly process: ChildProcess;
  /** A client of the test's own, to look and to meddle. */
  readonly client: Redis;
}

/** A Redis server on a free port, ended with the test. */
export async function startRedis(t: TestScope): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'flis-redis-'));
  const port = await freePort();
  const server = spawn('redis-server', ['--port', String(port), '--save', '', '--dir', folder, '--bind', '127.0.0.1']);
  const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 20 });
  client.on('error', () => {});
  t.teardown(async () => {
    client.disconnect();
    server.kill('SIGKILL');
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
    await rm(folder, { recursive: true, force: true });
  });
  await client.ping();
  return { url: `redis://127.0.0.1:${port}/0`, process: server, client };
}

/** Everything that the server holds, keys and values, as text. */
export async function textsIn(client: Redis): Promise<string[]> {
  const keys = await client.keys('*');
  return Promise.all(
    keys.map(async (key) => {
      const type = await client.type(key);
      if (type === 'string') return `${key}\n${(await client.getBuffer(key))?.toString('latin1')}`;
      if (type === 'hash') return `${key}\n${JSON.stringify(await client.hgetall(key))}`;
      throw new Error(`nobody has said how to read a ${type}`);
    }),
  );
}
