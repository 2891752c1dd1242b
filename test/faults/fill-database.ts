// A small disk that holds PostgreSQL's cluster, and is full at a seeded moment of a source delivery and of a package: all but a seeded rest of it. Now and
// then the next segment of the write-ahead log is due then, for which PostgreSQL needs room or ends. Once there is room again (and the server was started
// again, where it could not by itself), everything must come to its end as under any client.
import { spawnSync } from 'node:child_process';
import { readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { launchService } from '../../src/demo/launch-service.ts';
import { loadCatalogue } from '../../src/domains/index.ts';
import type { TestScope } from '../harness/database.ts';
import { homeOf, isRunning, readPostmaster, startPostgres, stopPostgres } from './postgres-server.ts';
import { clientFor, deliver, inspect, orderAndRead, runFsck } from './running-service.ts';
import { mountDisk } from './small-disk.ts';
import { type KillOptions, seeded } from './worker-process.ts';

const DISK_MIB = 320;
/** Bytes. */
const LARGEST_REST = 12_000;
/** Within a delivery or a package. */
const LATEST_MS = 1_000;
const LONGEST_MS = 4_000;
/** A server that ends for want of room starts again by itself, or is gone by then. */
const RECOVERY_MS = 5_000;

/** What PostgreSQL did: it went on without saying a word, refused a statement, went down and came up by itself, or had to be started. */
type Outcome = 'noticed nothing' | 'refused' | 'recovered' | 'started again';

export interface FullDatabaseReport {
  readonly histogram: Record<Outcome, number>;
  readonly problems: readonly string[];
}

export interface FullDatabaseOptions extends Omit<KillOptions, 'onKill'> {
  readonly folder: string;
  readonly onKill?: () => void;
}

/** Runs as many rounds as `kills` says. */
export async function fillDatabase(
  t: TestScope,
  { kills, seed, folder, onKill }: FullDatabaseOptions,
): Promise<FullDatabaseReport> {
  const random = seeded(seed);
  // A segment that is used again needs no room.
  const postgresSettings = { min_wal_size: '32MB', max_wal_size: '64MB', wal_recycle: 'off' };
  const service = await launchService({ folder, postgresSettings });
  t.teardown(() => service.discard());
  const home = await homeOf(folder);
  const disk = await moveToSmallDisk(t, home);
  const fillMeanwhile = async (): Promise<Outcome> => {
    const read = (await stat(join(home, 'server.log'))).size;
    await delay(random(LATEST_MS));
    await disk.fill(random(LARGEST_REST));
    if (random(2) === 0) await switchSegment(home);
    await delay(random(LONGEST_MS));
    await disk.empty();
    await delay(RECOVERY_MS);
    if (await isUp(home)) return seenIn(home, read);
    await restartPostgres(home);
    return 'started again';
  };
  const { municipalities } = await loadCatalogue();
  const histogram = { 'noticed nothing': 0, refused: 0, recovered: 0, 'started again': 0 };
  const problems: string[] = [];
  const orders: string[] = [];
  for (let round = 0; round < kills; round += 1) {
    const code = municipalities[round % municipalities.length]?.code ?? '';
    const client = await clientFor(service, code);
    const steps = [() => deliver(client, folder, code, round), () => orderAndRead(client, orders)];
    const fullIn = random(steps.length);
    const wrong: string[] = [];
    for (const [place, step] of steps.entries()) {
      const doing = step();
      if (place === fullIn) histogram[await fillMeanwhile()] += 1;
      wrong.push(...(await doing));
    }
    onKill?.();
    problems.push(...wrong.map((problem) => `round ${round + 1}: ${problem}`));
  }
  problems.push(...(await inspect(folder, orders)), ...(await runFsck(service)));
  return { histogram, problems };
}

/** Its log stays where there is room. */
async function moveToSmallDisk(t: TestScope, home: string) {
  const data = join(home, 'data');
  await stopPostgres(home, 'SIGINT');
  await rename(data, `${data}.old`);
  const disk = await mountDisk(t, data, DISK_MIB);
  const copied = spawnSync('cp', ['-a', `${data}.old/.`, data], { encoding: 'utf8' });
  if (copied.status !== 0) throw new Error(copied.stderr);
  await startPostgres(home);
  return disk;
}

/** Writes into the log until its next segment is needed. */
async function switchSegment(home: string): Promise<void> {
  const client = await openOwner(home).catch(() => undefined);
  try {
    const write = `select pg_logical_emit_message(true, 'flis', 'written')`;
    for (const statement of [write, 'select pg_switch_wal()', write]) await client?.query(statement);
  } catch {
  } finally {
    await client?.end().catch(() => {});
  }
}

async function openOwner(home: string): Promise<pg.Client> {
  const password = await readFile(join(home, 'owner-password'), 'utf8');
  const { port } = await readPostmaster(home);
  const client = new pg.Client({ host: '127.0.0.1', port, database: 'flis', user: 'flis_owner', password });
  // The server may go down with it.
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function isUp(home: string): Promise<boolean> {
  return openOwner(home).then(
    async (client) => {
      await client.end();
      return true;
    },
    () => false,
  );
}

/**
 * PostgreSQL 18.4 can stay up without taking connections when it finds no room in its own recovery: it forgets a start process that ends before its start was
 * noticed (seen: 1 in some 30). It is ended and started then, as whoever looks after it would.
 */
async function restartPostgres(home: string): Promise<void> {
  const postmaster = await readPostmaster(home).catch(() => undefined);
  if (postmaster !== undefined && (await isRunning(postmaster.pid))) await stopPostgres(home, 'SIGQUIT');
  await startPostgres(home);
}

/** What the server has logged since. */
async function seenIn(home: string, from: number): Promise<Outcome> {
  const log = (await readFile(join(home, 'server.log'))).subarray(from).toString();
  if (log.includes('all server processes terminated; reinitializing')) return 'recovered';
  return log.includes('No space left on device') ? 'refused' : 'noticed nothing';
}
