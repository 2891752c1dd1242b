// Keeps DuckDB instances open between jobs: opening and closing one costs some 20 ms, most of it on the main thread, where it holds up every
// other job (measured: 8 % of a small load). A job still has a database and a folder of its own.
import { type Duck, type DuckDbOptions, openSandbox, type Sandbox } from './duckdb.ts';

export interface DuckDbPool {
  /** What each instance is opened with. */
  readonly options: DuckDbOptions;
  /** Runs a job with an instance that no other job uses meanwhile. Aborting `signal` interrupts the running statement. @throws what `fn` throws */
  run<T>(fn: (duck: Duck) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Closes the idle instances, and those in use when their jobs end. */
  close(): Promise<void>;
}

/** Idle instances that are kept: a worker rarely has more jobs at a time, and each holds some megabytes. */
const MOST_IDLE = 4;

/** An instance whose job failed, or left something on disk, is closed instead of used again. */
export function createDuckDbPool(options: DuckDbOptions): DuckDbPool {
  const idle: Sandbox[] = [];
  let closed = false;
  return {
    options,
    async run(fn, signal) {
      signal?.throwIfAborted();
      const sandbox = idle.pop() ?? (await openSandbox(options));
      let kept = false;
      try {
        const result = await sandbox.use(fn, signal);
        // Looked at first: while it is, another job may end, or the pool.
        const isClean = await sandbox.isClean();
        kept = isClean && !closed && idle.length < MOST_IDLE;
        if (kept) idle.push(sandbox);
        return result;
      } finally {
        if (!kept) await sandbox.close();
      }
    },
    async close() {
      closed = true;
      for (const sandbox of idle.splice(0)) await sandbox.close();
    },
  };
}
