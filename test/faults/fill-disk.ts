// A small disk that holds what the service stores, and is full in a phase of a source delivery or when a Parquet file is made for a package (its other files
// are put together from what is stored already): all but a seeded rest of it, so that it is now the first and now the last file that has no room. There is room again once the service was seen to fail; everything must then come to its end by itself.
import { randomUUID } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Service, send } from '../../src/client/index.ts';
import { launchService } from '../../src/demo/launch-service.ts';
import { untilState } from '../../src/demo/until-state.ts';
import { loadCatalogue } from '../../src/domains/index.ts';
import { freePort } from '../../src/platform/free-port.ts';
import type { TestScope } from '../harness/database.ts';
import { populationFile, YEARS } from './kill-worker.ts';
import { clientFor, inspect, order, readPackage, runFsck, TABLE } from './running-service.ts';
import { mountDisk } from './small-disk.ts';
import { type KillOptions, seeded } from './worker-process.ts';

const DISK_MIB = 64;
const POLL_MS = 20;
/** The first and the last bytes of such a file. */
const PARQUET = Buffer.from('PAR1');
/** Bytes; now and then a phase gets through, which counts as well. */
const LARGEST_REST = { upload: 400_000, load: 300_000, parquet: 30_000 } as const;
const PHASES = ['upload', 'load', 'parquet'] as const;
type Phase = (typeof PHASES)[number];
/** Where an attempt of a phase is seen to fail. */
const QUEUES = { load: 'revise', parquet: 'build-parquet' } as const;

export interface FullReport {
  /** Rounds in which something failed for want of room, by phase; `got through`: there was enough. */
  readonly histogram: Record<Phase | 'got through', number>;
  readonly problems: readonly string[];
}

export interface FullOptions extends Omit<KillOptions, 'onKill'> {
  readonly folder: string;
  /** At most so many failures are waited for in a round; more than a job may have of other kinds. */
  readonly failures: number;
  readonly onKill?: (phase: Phase) => void;
}

/** Runs as many rounds as `kills` says; in each the disk is full in the next of the phases. */
export async function fillDisk(
  t: TestScope,
  { kills, seed, folder, failures, onKill }: FullOptions,
): Promise<FullReport> {
  const random = seeded(seed);
  const disk = await mountDisk(t, join(folder, 'disk'), DISK_MIB);
  const metricsPort = await freePort();
  const service = await launchService({
    folder,
    settings: {
      ...{ FLIS_STORAGE_DIR: join(disk.path, 'storage'), FLIS_TEMP_DIR: join(disk.path, 'temporary') },
      FLIS_WORKER_METRICS_PORT: String(metricsPort),
    },
  });
  t.teardown(() => service.discard());
  const { municipalities } = await loadCatalogue();
  const histogram = { upload: 0, load: 0, parquet: 0, 'got through': 0 };
  const problems: string[] = [];
  const orders: string[] = [];
  for (let round = 0; round < kills; round += 1) {
    const phase = PHASES[round % PHASES.length] as Phase;
    const code = municipalities[round % municipalities.length]?.code ?? '';
    const rest = random(LARGEST_REST[phase]);
    const times = 1 + random(failures);
    let failed = false;
    let refusals = 0;
    const during = async <Result>(now: Phase, work: () => Promise<Result>): Promise<Result> => {
      if (now !== phase) return work();
      await disk.fill(rest);
      const count = async () => (now === 'upload' ? refusals : await attemptsThatThrew(metricsPort, QUEUES[now]));
      const before = await count();
      const hasFailed = async () => (await count()) >= before + times;
      const doing = work();
      failed = await isSeen(hasFailed, doing);
      await disk.empty();
      return doing;
    };
    try {
      const onRetry = () => {
        refusals += 1;
      };
      const client = { ...(await clientFor(service, code)), onRetry };
      await deliver(client, folder, code, round, during);
      const id = await order(client, orders);
      await untilState(client, `/v1/packages/${id}`, ['ready']);
      problems.push(...(await readPackage(client, id)));
      await during('parquet', () => readParquet(client, id));
    } catch (error) {
      problems.push(`round ${round + 1} (${phase}, ${rest} bytes left): ${(error as Error).message}`);
      await disk.empty();
    }
    histogram[failed ? phase : 'got through'] += 1;
    onKill?.(phase);
  }
  problems.push(...(await inspect(folder, orders)), ...(await runFsck(service)));
  return { histogram, problems };
}

/** Delivers a year's population, step by step. */
async function deliver(
  client: Service,
  folder: string,
  code: string,
  round: number,
  during: <Result>(phase: Phase, work: () => Promise<Result>) => Promise<Result>,
): Promise<void> {
  const path = join(folder, `${code}.csv`);
  await writeFile(path, populationFile(code, round));
  const span = { periodFrom: `${YEARS[0]}-01`, periodTo: `${YEARS.at(-1)}-12` };
  const post = (to: string, json?: object) =>
    send(client, { method: 'POST', path: to, headers: { 'idempotency-key': randomUUID() }, json });
  const made = await post('/v1/source-deliveries', { domain: 'borger', kind: 'total', sourceSystem: 'cpr', ...span });
  const own = `/v1/source-deliveries/${made.body.id}`;
  const file = { path, bytes: (await stat(path)).size };
  const headers = { 'content-type': 'text/csv; charset=utf-8' };
  await during('upload', () => send(client, { method: 'PUT', path: `${own}/files/${TABLE}`, headers, file }));
  await during('load', async () => {
    await post(`${own}/submit`);
    await untilState(client, own, ['accepted']);
  });
}

/** Asks for the table as Parquet until it is made, and reads it. */
async function readParquet({ baseUrl, token, signal }: Service, id: string): Promise<void> {
  for (;;) {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${baseUrl}/v1/packages/${id}/files/${TABLE}.parquet`, { headers, signal });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const isWhole = bytes.subarray(0, 4).equals(PARQUET) && bytes.subarray(-4).equals(PARQUET);
    if (answer.ok && isWhole) return;
    if (answer.status !== 503) throw new Error(`the Parquet file: ${answer.status}, ${bytes.length} bytes`);
    await delay(POLL_MS, undefined, { signal });
  }
}

/** As the worker's own metrics count them. */
async function attemptsThatThrew(port: number, queue: string): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(
    new RegExp(`^flis_job_seconds_count\\{queue="${queue}",outcome="threw"\\} (\\d+)`, 'm').exec(metrics)?.[1] ?? 0,
  );
}

/** @returns true once `condition` holds, false when `doing` has ended before */
async function isSeen(condition: () => Promise<boolean>, doing: Promise<unknown>): Promise<boolean> {
  let hasEnded = false;
  const end = () => {
    hasEnded = true;
  };
  doing.then(end, end);
  while (!hasEnded) {
    if (await condition()) return true;
    await delay(POLL_MS);
  }
  return false;
}
