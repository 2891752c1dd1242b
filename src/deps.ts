// Builds what the rest is given: pools, storage, queue, cache, catalogue. The only place that opens or closes connections.
import { mkdir } from 'node:fs/promises';
import type pg from 'pg';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import {
  ACCESS_CHANGED,
  type CallerVerifier,
  confirmClient,
  createCallerVerifier,
  createKeyRing,
  createLimiter,
  createReadCounter,
  createRefusalCounter,
  createTokenVerifier,
  createTransferLog,
  type KeyRing,
  type Limiter,
  type ReadCounter,
  type RefusalCounter,
  SIGNING_KEYS,
  type TransferLog,
  verifyAccessKey,
} from './access/index.ts';
import type { Config } from './config.ts';
import { type Catalogue, loadCatalogue } from './domains/index.ts';
import { delivery } from './pipeline/index.ts';
import type { AnswerCache } from './platform/cache/cache.ts';
import { layerCaches } from './platform/cache/layered-cache.ts';
import { createMemoryCache } from './platform/cache/memory-cache.ts';
import { createRedisCache } from './platform/cache/redis-cache.ts';
import { createDigester, type Digester } from './platform/digest/digester.ts';
import { createDuckDbPool, type DuckDbPool } from './platform/duckdb/pool.ts';
import { codeOf } from './platform/error-code.ts';
import { createMetrics } from './platform/http/observe.ts';
import { startListener } from './platform/postgres/listener.ts';
import { createPool } from './platform/postgres/pool.ts';
import { startJobSender } from './platform/queue/pg-boss.ts';
import type { JobSender } from './platform/queue/queue.ts';
import { createRedisLeases } from './platform/rate/redis-leases.ts';
import { createRedisLink } from './platform/redis/redis-link.ts';
import { createLocalDirectory } from './platform/storage/local-directory.ts';
import type { ObjectStorage } from './platform/storage/storage.ts';
import { machineClock } from './platform/time/steady-clock.ts';

/** What api and worker have in common. */
interface SharedDeps {
  readonly log: Logger;
  readonly pool: pg.Pool;
  readonly storage: ObjectStorage;
  readonly jobs: JobSender;
  readonly catalogue: Catalogue;
  readonly limits: Config['limits'];
  readonly secrets: { readonly rootSecret: Buffer };
  /** Signs manifests and receipts. */
  readonly statementKey: delivery.StatementKey;
  /** The name under which this service vouches: the issuer of its tokens. */
  readonly issuer: string;
  readonly clock: () => Date;
}

/** Everything that routes are built from. */
export interface ApiDeps extends SharedDeps {
  readonly http: Config['http'];
  readonly cache: AnswerCache;
  readonly callerVerifier: CallerVerifier;
  readonly limiter: Limiter;
  readonly keyRing: KeyRing;
  readonly audience: string;
  readonly reads: ReadCounter;
  readonly refusals: RefusalCounter;
  readonly transfers: TransferLog;
  readonly sent: delivery.SentLog;
  readonly metrics: Registry;
  /** What `/readyz` asks. */
  readonly checks: Readonly<Record<string, () => Promise<unknown>>>;
  /** Closes all that was opened, when no request is running any more. */
  close(): Promise<void>;
}

/** Everything that job handlers are built from. */
export interface WorkerDeps extends SharedDeps {
  readonly duckdb: DuckDbPool;
  readonly digester: Digester;
  close(): Promise<void>;
}

export interface DepsOptions {
  /** Folders of domain declarations besides the built-in ones. */
  readonly domainFolders?: readonly string[];
  /** What time it is, for all that falls due; the machine's clock when absent. */
  readonly clock?: () => Date;
}

const API_STATEMENT_TIMEOUT_MS = 15_000;
const WORKER_STATEMENT_TIMEOUT_MS = 300_000;
/** A context ends with its transaction; these bound transactions that never end. No request's and no job's (at most an hour) lasts as long. */
const API_CONTEXT_LIFETIME_S = 600;
const WORKER_CONTEXT_LIFETIME_S = 2 * 3600;

/** Opens what the api needs. @throws when the database of the queue cannot be reached. */
export async function openApiDeps(config: Config, log: Logger, options: DepsOptions = {}): Promise<ApiDeps> {
  const { redisUrl, bytes } = config.cache;
  const redis = redisUrl === undefined ? undefined : createRedisCache(redisUrl);
  const leaseLink = redisUrl === undefined ? undefined : createRedisLink(redisUrl);
  const metrics = createMetrics();
  const memory = createMemoryCache(bytes);
  const shared = await openShared(config, log, options, {
    url: config.database.api,
    direct: config.database.directApi,
    applicationName: 'flis-api',
    statementTimeout: API_STATEMENT_TIMEOUT_MS,
    contextLifetime: API_CONTEXT_LIFETIME_S,
    clock: () => new Date(),
  });
  const { pool, storage } = shared;
  const keyRing = createKeyRing(shared, () => callerVerifier.forget());
  await keyRing.reload();
  const callerVerifier: CallerVerifier = createCallerVerifier({
    verifyToken: createTokenVerifier(config.access, keyRing.published),
    confirmClient: (principal) => confirmClient(pool, principal),
    verifyAccessKey: (text) => verifyAccessKey(shared, text),
    isListening: () => listener.isListening(),
    catchUp: () => listener.catchUp(),
  });
  const listener = startListener({
    url: config.database.directApi ?? '',
    applicationName: 'flis-api-listener',
    channel: ACCESS_CHANGED,
    log,
    onMessage: (changed) => {
      if (changed === SIGNING_KEYS) void keyRing.reload();
      else callerVerifier.forget(changed);
    },
    onGap: () => {
      callerVerifier.forget();
      void keyRing.reload();
    },
  });
  const reads = createReadCounter(pool, (error) => log.error({ code: codeOf(error) }, 'reads-not-written'));
  const refusals = createRefusalCounter(pool, metrics, (error) =>
    log.error({ code: codeOf(error) }, 'refusals-not-written'),
  );
  const transfers = createTransferLog(pool, (error) => log.error({ code: codeOf(error) }, 'transfer-end-not-written'));
  const sent = delivery.createSentLog(pool, shared.clock, (error) =>
    log.error({ code: codeOf(error) }, 'sent-not-written'),
  );
  return {
    ...shared,
    http: config.http,
    cache: redis === undefined ? memory : layerCaches(memory, redis),
    callerVerifier,
    limiter: createLimiter({
      limits: config.rates,
      metrics,
      ...(leaseLink === undefined ? {} : { leases: createRedisLeases(leaseLink) }),
    }),
    keyRing,
    audience: config.access.audience,
    reads,
    refusals,
    transfers,
    sent,
    metrics,
    checks: {
      database: () => pool.query('select 1'),
      storage: () => storage.check(),
    },
    async close() {
      redis?.close();
      leaseLink?.close();
      await listener.stop();
      keyRing.stop();
      await reads.flush();
      await refusals.flush();
      await transfers.close();
      await sent.close();
      await shared.close();
    },
  };
}

/** Opens what the worker needs. @throws when the database of the queue cannot be reached. */
export async function openWorkerDeps(config: Config, log: Logger, options: DepsOptions = {}): Promise<WorkerDeps> {
  await mkdir(config.tempFolder, { recursive: true, mode: 0o700 });
  const shared = await openShared(config, log, options, {
    url: config.database.worker,
    direct: config.database.directWorker,
    applicationName: 'flis-worker',
    statementTimeout: WORKER_STATEMENT_TIMEOUT_MS,
    contextLifetime: WORKER_CONTEXT_LIFETIME_S,
    clock: machineClock.earliest,
  });
  const duckdb = createDuckDbPool({
    tempRoot: config.tempFolder,
    allowedDirectories: [shared.storage.localRoot],
    memoryLimitMb: config.duckdbMemoryMb,
    threads: 1,
  });
  const digester = createDigester();
  return {
    ...shared,
    duckdb,
    digester,
    async close() {
      await digester.close();
      await duckdb.close();
      await shared.close();
    },
  };
}

interface Connection {
  readonly url: string | undefined;
  readonly direct: string | undefined;
  readonly applicationName: string;
  readonly statementTimeout: number;
  readonly contextLifetime: number;
  readonly clock: () => Date;
}

async function openShared(config: Config, log: Logger, options: DepsOptions, connection: Connection) {
  const { url, direct, applicationName, statementTimeout, contextLifetime } = connection;
  if (url === undefined || direct === undefined) throw new Error(`no database is configured for ${applicationName}`);
  const catalogue = await loadCatalogue(options.domainFolders);
  await mkdir(config.storageFolder, { recursive: true, mode: 0o700 });
  const pool = createPool({
    url,
    applicationName,
    statementTimeout,
    max: config.database.connections,
    namedStatements: config.database.namedStatements,
    context: { secret: config.contextSecret, lifetime: contextLifetime },
  });
  const jobs = await startJobSender({ url: direct, applicationName: `${applicationName}-queue`, log });
  return {
    log,
    pool,
    jobs,
    catalogue,
    storage: createLocalDirectory(config.storageFolder),
    limits: config.limits,
    secrets: { rootSecret: config.rootSecret },
    statementKey: await delivery.deriveStatementKey(config.rootSecret),
    issuer: config.access.issuer,
    clock: options.clock ?? connection.clock,
    async close() {
      await jobs.stop();
      await pool.end();
    },
  };
}
