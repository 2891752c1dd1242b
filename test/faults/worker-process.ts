// What the kill tests share: the real worker as a process of its own, chance that can be repeated, and what a run reports.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPackages } from '../../src/pipeline/packages/index.ts';
import { checkStorage } from '../../src/pipeline/warehouse/index.ts';
import { STOP_DEADLINE } from '../../src/start.ts';
import { CONTEXT_SECRET } from '../harness/database.ts';
import { ROOT_SECRET, type Scene } from '../pipeline/warehouse-scene.ts';

/** When a kill hit: before the job had written any file, between its first file and the commit, or after the commit. */
export type Phase = 'before the first file' | 'between first file and commit' | 'after the commit';

export interface KillReport {
  readonly histogram: Record<Phase, number>;
  /** What was wrong after a kill or at the end; empty when all is well. */
  readonly problems: readonly string[];
}

export interface KillOptions {
  readonly kills: number;
  readonly seed: number;
  /** Hears of each kill. */
  readonly onKill?: (phase: Phase) => void;
}

/** What library and service would log or print. */
export const SILENT = { info() {}, error() {} };

const WORKER = fileURLToPath(new URL('../../src/worker.ts', import.meta.url));

export function emptyHistogram(): Record<Phase, number> {
  return { 'before the first file': 0, 'between first file and commit': 0, 'after the commit': 0 };
}

/** A small generator of its own, so that a run can be repeated. */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** @param environment further variables */
export function startWorkerProcess(scene: Scene, environment: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, [WORKER], {
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
      FLIS_DATABASE_URL_WORKER: scene.database.workerUrl,
      FLIS_STORAGE_DIR: scene.storage.localRoot,
      FLIS_TEMP_DIR: join(scene.folder, 'worker'),
      FLIS_ROOT_SECRET: ROOT_SECRET.toString('hex'),
      FLIS_CONTEXT_SECRET: CONTEXT_SECRET.toString('hex'),
      FLIS_ISSUER: 'urn:flis:test',
      FLIS_WORKER_JOBS: '1',
      FLIS_WORKER_METRICS_PORT: '0',
      FLIS_LOG_LEVEL: 'error',
      ...environment,
    },
  });
}

/** @throws Error when it has not ended long after it must have; it is killed then */
export async function end(worker: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const exit = once(worker, 'exit');
  worker.kill(signal);
  const given = setTimeout(() => worker.kill('SIGKILL'), 2 * STOP_DEADLINE);
  await exit;
  clearTimeout(given);
  if (signal === 'SIGTERM' && worker.signalCode === 'SIGKILL')
    throw new Error('a process did not end when it was told to');
}

/** What fsck finds, over all stages. */
export async function findFaults({ pool, storage, deps }: Scene): Promise<string[]> {
  const reports = [
    await checkStorage({ pool, storage, secrets: deps.secrets }),
    await checkPackages({ pool, storage }),
  ];
  return reports.flatMap(({ faults }) => faults.map(({ key, fault }) => `${fault}: ${key}`));
}
