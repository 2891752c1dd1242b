// The PostgreSQL of a launched service, stopped and started under it.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { unprivilegedAccount } from '../../src/platform/postgres/embedded.ts';

/** Where the service's own cluster lives; as root it is a folder that another account can reach. */
export async function homeOf(folder: string): Promise<string> {
  const own = join(folder, 'postgres');
  return unprivilegedAccount() === undefined ? own : readFile(join(own, 'cluster'), 'utf8');
}

/** The process and the port of the server whose cluster is in `home`. */
export async function readPostmaster(home: string): Promise<{ pid: number; port: number }> {
  const lines = (await readFile(join(home, 'data/postmaster.pid'), 'utf8')).split('\n');
  return { pid: Number(lines[0]), port: Number(lines[3]) };
}

/** Ends the server whose cluster is in `home`: `SIGQUIT` is PostgreSQL's immediate shutdown, without any writing down, `SIGINT` its fast one. */
export async function stopPostgres(home: string, signal: 'SIGQUIT' | 'SIGINT'): Promise<void> {
  const { pid } = await readPostmaster(home);
  process.kill(pid, signal);
  await untilGone(pid);
}

/** Starts that server as it was started before. */
export async function startPostgres(home: string): Promise<void> {
  const [program, ...args] = (await readFile(join(home, 'data/postmaster.opts'), 'utf8')).trim().split(' ');
  const words = args.map((word) => word.replace(/^"(.*)"$/, '$1'));
  const log = openSync(join(home, 'server.log'), 'a');
  const server = spawn(program ?? '', words, {
    ...unprivilegedAccount(),
    cwd: home,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  server.unref();
}

export async function untilGone(pid: number): Promise<void> {
  while (await isRunning(pid)) await delay(10);
}

/** One that nobody has waited for yet is there still, and does nothing any more. */
export async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
  return status !== undefined && !/^State:\s+Z/m.test(status);
}
