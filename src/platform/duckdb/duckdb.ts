// DuckDB for jobs: a locked instance that reads its own folder and the folders it was opened with, and nothing else.
// Only workers use it. It keeps nothing: a job has a database and a folder of its own, which go when it ends (spill holds person data),
// and the next worker sweeps what a killed one left.
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  type DuckDBMaterializedResult,
  type DuckDBValue,
} from '@duckdb/node-api';

export interface DuckDbOptions {
  /** Folder of this machine under which each instance gets a folder; not shared between machines or containers. */
  readonly tempRoot: string;
  /** Folders that jobs may read besides their own. */
  readonly allowedDirectories: readonly string[];
  readonly memoryLimitMb: number;
  readonly threads: number;
}

/** A value for a `$1` parameter. */
export type DuckDbParameter = string | number | bigint | boolean | null;

export interface Duck {
  /** The job's own folder: readable and writable from SQL, deleted when the job ends. */
  readonly folder: string;
  /** Runs one or more statements; parameters (`$1` …) go with a single one. @throws DuckDbError */
  run(sql: string, parameters?: readonly DuckDbParameter[]): Promise<void>;
  /** Runs a query. Integers come as number when safe, else text; DECIMAL as exact text; DATE as ISO text. @throws DuckDbError */
  all<Row extends object>(sql: string, parameters?: readonly DuckDbParameter[]): Promise<Row[]>;
}

/** Kinds of error whose text names SQL, never a value of the data. */
const SAFE_TEXTS = ['Parser Error', 'Binder Error', 'Catalog Error', 'Permission Error', 'Out of Memory Error'];

/** A refused statement. `kind` is DuckDB's class, e.g. `Conversion Error`; texts that may print values of the data are left out. */
export class DuckDbError extends Error {
  readonly kind: string;
  /** As the system calls it, where the disk is full. */
  readonly code?: 'ENOSPC' | 'EDQUOT';

  constructor(error: unknown) {
    const text = error instanceof Error ? error.message : String(error);
    const kind = /^[A-Z][A-Za-z -]*? Error|^INTERRUPT/.exec(text)?.[0] ?? 'Error';
    super(SAFE_TEXTS.includes(kind) ? text : `DuckDB refused a statement: ${kind}`);
    this.name = 'DuckDbError';
    this.kind = kind;
    if (kind === 'IO Error' && text.includes('No space left on device')) this.code = 'ENOSPC';
    if (kind === 'IO Error' && text.includes('Disk quota exceeded')) this.code = 'EDQUOT';
  }
}

/** Quotes a name of a table, view or column. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a text literal, for the places where DuckDB takes no parameter (views, COPY, SET). */
export function quoteText(text: string): string {
  if (text.includes('\0')) throw new TypeError('a NUL character cannot be quoted');
  return `'${text.replaceAll("'", "''")}'`;
}

/** `['/a', 'b']` as a list literal, e.g. for `read_parquet(['…', '…'])` inside a view. */
export function quoteList(texts: readonly string[]): string {
  return `[${texts.map(quoteText).join(', ')}]`;
}

const PREFIX = 'duckdb';
/** Tells this process's folders from those of an earlier process with the same id. */
const PROCESS_TOKEN = randomUUID().slice(0, 8);

function toPlain(value: DuckDBValue): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (value instanceof DuckDBDecimalValue || value instanceof DuckDBDateValue) return value.toString();
  return value;
}

function plainRow<Row extends object>(row: Record<string, DuckDBValue>): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, toPlain(value)])) as Row;
}

/** The result is in memory already: reading it chunk by chunk on the pool's threads would cost two more round trips. */
function rowsOf<Row extends object>(result: DuckDBMaterializedResult): Row[] {
  const names = result.deduplicatedColumnNames();
  const chunks = Array.from({ length: result.chunkCount }, (_, index) => result.getChunk(index));
  return chunks.flatMap((chunk) => chunk.getRowObjects(names).map((row) => plainRow<Row>(row)));
}

/** A locked instance. One job at a time. */
export interface Sandbox {
  /**
   * Runs a job in a database and a folder of its own. Aborting `signal` interrupts the running statement.
   * @throws what `fn` throws; the sandbox must then be closed, as after `false` for `isClean`
   */
  use<T>(fn: (duck: Duck) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** @returns whether nothing of the jobs that ended is left on disk, so that another job may use it. */
  isClean(): Promise<boolean>;
  close(): Promise<void>;
}

/** Opens an instance that cannot be unlocked, neither by its jobs nor for them. */
export async function openSandbox(options: DuckDbOptions): Promise<Sandbox> {
  const folder = resolve(options.tempRoot, `${PREFIX}-${process.pid}-${PROCESS_TOKEN}-${randomUUID()}`);
  const spill = join(folder, 'spill');
  await mkdir(spill, { recursive: true, mode: 0o700 });
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  try {
    const instance = await DuckDBInstance.create(':memory:', {
      threads: String(options.threads),
      memory_limit: `${options.memoryLimitMb}MB`,
      temp_directory: spill,
      // The system keeps files in memory already; a copy here would cost a fifth of what reading small slices costs (measured).
      enable_external_file_cache: 'false',
    });
    await lock(instance, [folder, ...options.allowedDirectories.map((directory) => resolve(directory))]);
    return {
      use: (fn, signal) => useOnce(instance, folder, fn, signal),
      isClean: async () => (await readdir(folder)).length === 1 && (await readdir(spill)).length === 0,
      async close() {
        instance.closeSync();
        await removeFolder();
      },
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

/** In this order: once external access is off the list is fixed, and once the configuration is locked nothing can be turned on again. */
async function lock(instance: DuckDBInstance, directories: readonly string[]): Promise<void> {
  const connection = await instance.connect();
  await connection.run(
    `SET allowed_directories = ${quoteList(directories)}; SET enable_external_access = false; SET lock_configuration = true`,
  );
  connection.closeSync();
}

/** Tables and views of the job live in a database that is thrown away with all it holds; temporary ones and variables live in its connection. */
async function useOnce<T>(
  instance: DuckDBInstance,
  instanceFolder: string,
  fn: (duck: Duck) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const folder = join(instanceFolder, randomUUID());
  await mkdir(folder, { mode: 0o700 });
  const connection = await instance.connect();
  const interrupt = () => connection.interrupt();
  signal?.addEventListener('abort', interrupt);
  const attempt = async <R>(statement: () => Promise<R>): Promise<R> => {
    signal?.throwIfAborted();
    try {
      return await statement();
    } catch (error) {
      signal?.throwIfAborted();
      throw new DuckDbError(error);
    }
  };
  const duck: Duck = {
    folder,
    async run(sql, parameters) {
      await attempt(() => connection.run(sql, parameters && [...parameters]));
    },
    async all<Row extends object>(sql: string, parameters?: readonly DuckDbParameter[]) {
      const result = await attempt(() => connection.run(sql, parameters && [...parameters]));
      return rowsOf<Row>(result);
    },
  };
  try {
    await duck.run(`attach ':memory:' as job; use job`);
    const result = await fn(duck);
    await duck.run('use memory; detach job');
    return result;
  } finally {
    signal?.removeEventListener('abort', interrupt);
    connection.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs `fn` with an instance of its own, which is closed, and its folder deleted, whatever happens. */
export async function withDuckDb<T>(
  options: DuckDbOptions,
  fn: (duck: Duck) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const sandbox = await openSandbox(options);
  try {
    return await sandbox.use(fn, signal);
  } finally {
    await sandbox.close();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Deletes the folders that dead workers left under `tempRoot`; run at worker start. @returns how many were deleted. */
export async function sweepTempFolders(tempRoot: string): Promise<number> {
  await mkdir(tempRoot, { recursive: true, mode: 0o700 });
  let deleted = 0;
  for (const name of await readdir(tempRoot)) {
    const [prefix, pid, token] = name.split('-');
    if (prefix !== PREFIX) continue;
    const living = Number(pid) === process.pid ? token === PROCESS_TOKEN : isAlive(Number(pid));
    if (living) continue;
    await rm(join(tempRoot, name), { recursive: true, force: true });
    deleted += 1;
  }
  return deleted;
}
