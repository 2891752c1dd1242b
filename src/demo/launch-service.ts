// Brings up a whole service on one machine: embedded PostgreSQL, migrations, an api process and a worker process, with keys of its own.
// For the demo, the journey test and the benchmarks; the processes are the same doors that production uses.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { migrate } from '../../db/migrate.ts';
import { createSigningKey, type SigningKey, signToken, type TokenClaims } from '../access/index.ts';
import { QUEUES } from '../pipeline/queues.ts';
import { freePort } from '../platform/free-port.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../platform/postgres/embedded.ts';
import { ensureDatabase } from '../platform/postgres/ensure-database.ts';
import { queueSettings } from '../platform/queue/pg-boss.ts';

export interface LaunchOptions {
  /** Holds everything: database, storage, keys, logs. Kept between runs. */
  readonly folder: string;
  /** Port of the api; 0 or absent picks a free one. */
  readonly port?: number;
  /** More settings for both processes, as environment variables. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly postgresSettings?: Readonly<Record<string, string>>;
}

export interface LaunchedService {
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly apiPid: number;
  /** The worker's process id; changes with `restartWorker`. */
  workerPid(): number;
  /** Starts the worker anew after it was ended or killed. */
  restartWorker(): Promise<void>;
  token(claims: TokenClaims): Promise<string>;
  stop(): Promise<void>;
  /** Stops, and deletes the database too: for a folder that is deleted afterwards. */
  discard(): Promise<void>;
}

interface Secrets {
  readonly rootSecret: string;
  readonly contextSecret: string;
  readonly passwords: { readonly api: string; readonly worker: string; readonly backup: string };
  readonly signingKey: SigningKey;
}

const ISSUER = 'urn:flis:demo';
const AUDIENCE = 'urn:flis:api';
const DATABASE = 'flis';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 30_000;

/** Starts the service in `folder`. @throws when a part does not come up; what was started is then stopped again. */
export async function launchService(options: LaunchOptions): Promise<LaunchedService> {
  await mkdir(options.folder, { recursive: true });
  const secrets = await readSecrets(join(options.folder, 'secrets.json'));
  const postgres = await startEmbeddedPostgres({
    folder: join(options.folder, 'postgres'),
    ...(options.postgresSettings === undefined ? {} : { settings: options.postgresSettings }),
  });
  const processes: ChildProcess[] = [];
  const stop = () => stopAll(processes, postgres);
  try {
    const environment = await prepare(options, secrets, postgres);
    const start = (door: string) => {
      const child = startProcess(join(ROOT, 'src', door), environment);
      processes.push(child);
      return child;
    };
    const api = start('main.ts');
    let worker = start('worker.ts');
    const url = environment.FLIS_PUBLIC_ORIGIN;
    await untilReady(url, api);
    return {
      url,
      environment,
      apiPid: pidOf(api),
      workerPid: () => pidOf(worker),
      async restartWorker() {
        await ended(worker);
        worker = start('worker.ts');
      },
      token: (claims) => signToken({ issuer: ISSUER, audience: AUDIENCE, key: secrets.signingKey }, claims),
      stop,
      async discard() {
        await stop();
        await postgres.remove();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A folder that an earlier version made has fewer secrets; it gets what is missing. */
async function readSecrets(path: string): Promise<Secrets> {
  const known = await readFile(path, 'utf8').catch(() => '{}');
  const password = () => randomBytes(18).toString('base64url');
  const secrets: Secrets = {
    rootSecret: randomBytes(32).toString('hex'),
    contextSecret: randomBytes(32).toString('hex'),
    passwords: { api: password(), worker: password(), backup: password() },
    signingKey: await createSigningKey(),
    ...(JSON.parse(known) as Partial<Secrets>),
  };
  await writeFile(path, JSON.stringify(secrets), { mode: 0o600 });
  await chmod(path, 0o600);
  return secrets;
}

async function prepare(options: LaunchOptions, secrets: Secrets, postgres: EmbeddedPostgres) {
  const ownerUrl = await ensureDatabase(postgres.url, DATABASE);
  const role = (name: keyof Secrets['passwords']) => ({ name: `flis_${name}`, password: secrets.passwords[name] });
  await migrate({
    ownerUrl,
    api: role('api'),
    worker: role('worker'),
    backup: role('backup'),
    contextSecret: Buffer.from(secrets.contextSecret, 'hex'),
    queues: QUEUES.map(queueSettings),
  });
  const urlAs = (name: keyof Secrets['passwords']) => {
    const url = new URL(ownerUrl);
    Object.assign(url, { username: role(name).name, password: role(name).password });
    return url.href;
  };
  const port = options.port ? options.port : await freePort();
  return {
    FLIS_DATABASE_URL_API: urlAs('api'),
    FLIS_DATABASE_URL_WORKER: urlAs('worker'),
    FLIS_STORAGE_DIR: join(options.folder, 'storage'),
    FLIS_TEMP_DIR: join(options.folder, 'temporary'),
    FLIS_HOST: '127.0.0.1',
    FLIS_PORT: String(port),
    FLIS_METRICS_PORT: '0',
    FLIS_WORKER_METRICS_PORT: '0',
    FLIS_PUBLIC_ORIGIN: `http://127.0.0.1:${port}`,
    FLIS_ISSUER: ISSUER,
    FLIS_AUDIENCE: AUDIENCE,
    FLIS_JWKS: JSON.stringify({ keys: [secrets.signingKey.publicJwk] }),
    FLIS_ROOT_SECRET: secrets.rootSecret,
    FLIS_CONTEXT_SECRET: secrets.contextSecret,
    FLIS_LOG_LEVEL: 'warn',
    ...options.settings,
  };
}

function startProcess(door: string, settings: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, [door], {
    cwd: ROOT,
    // Nothing of the caller's environment reaches the processes: a demo must never touch a real database.
    env: { ...settings },
    stdio: ['ignore', 'inherit', 'inherit'],
    // Ctrl-C reaches the demo, which ends its processes in order.
    detached: true,
  });
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('process did not start');
  return child.pid;
}

async function untilReady(url: string, api: ChildProcess): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const ready = await fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) return;
    if (api.exitCode !== null || Date.now() > deadline) throw new Error('the api did not become ready');
    await delay(50);
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((done) => child.once('exit', () => done()));
}

async function stopAll(processes: readonly ChildProcess[], postgres: EmbeddedPostgres): Promise<void> {
  await Promise.all(
    processes.map(async (child) => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await ended(child);
      clearTimeout(timer);
    }),
  );
  await postgres.stop();
}
