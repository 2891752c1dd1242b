// A whole service for a test file: the api on a free port and the worker, in this process, on a database and storage of their own.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createSigningKey, SCOPES, type Scope, signToken } from '../../src/access/index.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import type { WorkerDeps } from '../../src/deps.ts';
import type { SenderOptions } from '../../src/events/index.ts';
import { type RunningApi, type RunningWorker, startApi, startWorker } from '../../src/start.ts';
import { CONTEXT_SECRET, createTestDatabase, type TestDatabase, type TestScope } from './database.ts';

export interface ServiceOptions {
  /** Folders of domain declarations besides the built-in ones. */
  readonly domainFolders?: readonly string[];
  /** What time it is for all that falls due. */
  readonly clock?: () => Date;
  /** Further settings, as environment variables. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where log lines go; nowhere when absent. */
  readonly logTo?: { write(line: string): void };
  /** How the worker sends webhooks. */
  readonly webhooks?: SenderOptions;
  /** Leave the worker out: jobs then wait. */
  readonly withoutWorker?: boolean;
}

/** For whom a request is made. `municipality` null: an operator. */
export interface Caller {
  readonly municipality?: string | null;
  readonly scopes?: readonly Scope[];
  readonly clientId?: string;
  /** The domains that the token is for; all of them when absent. */
  readonly domains?: readonly string[];
  /** Seconds from now until the token expires; negative for one that has expired. */
  readonly lifetime?: number;
}

export interface TestService {
  readonly url: string;
  readonly database: TestDatabase;
  /** The variables of its environment. */
  readonly settings: Readonly<Record<string, string>>;
  readonly config: Config;
  readonly api: RunningApi;
  readonly worker: RunningWorker | undefined;
  readonly workerDeps: WorkerDeps | undefined;
  /** A token; by default with every scope but `operator`. */
  token(caller?: Caller): Promise<string>;
  /** Sends a request with a token for `caller`; a plain object as body is sent as JSON. */
  call(
    method: string,
    path: string,
    options?: { readonly caller?: Caller | null; readonly body?: unknown; readonly headers?: Record<string, string> },
  ): Promise<Response>;
  /** Starts the worker, when it was left out. */
  startWorker(): Promise<RunningWorker>;
}

const ISSUER = 'urn:flis:test';
const AUDIENCE = 'urn:flis:api';

/** Starts the service; everything is ended and removed when the test ends. */
export async function startService(t: TestScope, options: ServiceOptions = {}): Promise<TestService> {
  const database = await createTestDatabase(t);
  const folder = await mkdtemp(join(tmpdir(), 'flis-service-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const key = await createSigningKey();
  const settings = {
    FLIS_DATABASE_URL_API: database.apiUrl,
    FLIS_DATABASE_URL_WORKER: database.workerUrl,
    FLIS_STORAGE_DIR: join(folder, 'storage'),
    FLIS_TEMP_DIR: join(folder, 'temporary'),
    FLIS_PORT: '0',
    FLIS_METRICS_PORT: '0',
    FLIS_WORKER_METRICS_PORT: '0',
    FLIS_PUBLIC_ORIGIN: 'https://flis.example',
    FLIS_ISSUER: ISSUER,
    FLIS_AUDIENCE: AUDIENCE,
    FLIS_JWKS: JSON.stringify({ keys: [key.publicJwk] }),
    FLIS_ROOT_SECRET: randomBytes(32).toString('hex'),
    FLIS_CONTEXT_SECRET: CONTEXT_SECRET.toString('hex'),
    ...options.settings,
  };
  const log = options.logTo === undefined ? pino({ enabled: false }) : pino({ level: 'debug' }, options.logTo);
  const depsOptions = {
    ...(options.domainFolders && { domainFolders: options.domainFolders }),
    ...(options.clock && { clock: options.clock }),
  };
  const config = loadConfig('api', settings);
  const api = await startApi(config, log, depsOptions);
  t.teardown(() => api.stop());
  const start = async () => {
    const worker = await startWorker(loadConfig('worker', settings), log, {
      ...depsOptions,
      ...(options.webhooks === undefined ? {} : { webhooks: options.webhooks }),
    });
    let stopped: Promise<void> | undefined;
    const stop = () => {
      stopped ??= worker.stop();
      return stopped;
    };
    t.teardown(stop);
    return { ...worker, stop };
  };
  const worker = options.withoutWorker ? undefined : await start();
  const token = ({
    municipality = '615',
    scopes,
    clientId = `client-${randomUUID()}`,
    domains,
    lifetime,
  }: Caller = {}) =>
    signToken(
      { issuer: ISSUER, audience: AUDIENCE, key },
      {
        clientId,
        ...(lifetime === undefined ? {} : { lifetime }),
        ...(domains === undefined ? {} : { domains }),
        ...(municipality === null ? {} : { municipality }),
        scopes:
          scopes ??
          (municipality === null
            ? ['operator']
            : (Object.keys(SCOPES) as Scope[]).filter((scope) => scope !== 'operator')),
      },
    );
  return {
    url: api.url,
    database,
    settings,
    config,
    api,
    worker,
    workerDeps: worker?.deps,
    token,
    startWorker: start,
    async call(method, path, { caller = {}, body, headers = {} } = {}) {
      const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
      return fetch(new URL(path, api.url), {
        method,
        headers: {
          ...(caller === null ? {} : { authorization: `Bearer ${await token(caller)}` }),
          ...(raw ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
      });
    },
  };
}
