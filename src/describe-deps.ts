// Makes dependencies behind which nothing can be reached, so that the app can be described without being run.
import type { Logger } from 'pino';
import {
  createCallerVerifier,
  createLimiter,
  createReadCounter,
  createRefusalCounter,
  createTransferLog,
} from './access/index.ts';
import type { ApiDeps } from './deps.ts';
import { loadCatalogue } from './domains/index.ts';
import { delivery } from './pipeline/index.ts';
import { createMemoryCache } from './platform/cache/memory-cache.ts';
import { createMetrics } from './platform/http/observe.ts';
import { createPool } from './platform/postgres/pool.ts';
import { createLocalDirectory } from './platform/storage/local-directory.ts';

/** What the app needs in order to be described, not run: nothing behind it can be reached. */
export async function describeDeps(log: Logger): Promise<ApiDeps> {
  const pool = createPool({
    url: 'postgres://none:none@localhost:1/none',
    max: 1,
    statementTimeout: 1,
    applicationName: 'none',
    context: { secret: Buffer.alloc(0), lifetime: 1 },
  });
  const metrics = createMetrics();
  const once = { rate: 1, burst: 1 };
  return {
    log,
    pool,
    storage: createLocalDirectory('/nonexistent'),
    jobs: { send: () => Promise.reject(new Error('a description sends no jobs')) },
    catalogue: await loadCatalogue(),
    limits: { maxFileBytes: 1, maxInflatedBytes: 1, maxInflationRatio: 1 },
    secrets: { rootSecret: Buffer.alloc(0) },
    statementKey: await delivery.deriveStatementKey(Buffer.alloc(32)),
    clock: () => new Date(),
    http: {
      host: 'localhost',
      port: 0,
      publicOrigin: 'http://localhost',
      otherHosts: [],
      trustedProxies: [],
      corsOrigins: [],
      requestTimeout: 60_000,
      maxConnections: 1,
    },
    cache: createMemoryCache(1),
    callerVerifier: createCallerVerifier({
      verifyToken: () => Promise.reject(new Error('a description verifies no tokens')),
      confirmClient: async () => undefined,
      verifyAccessKey: async () => undefined,
      isListening: () => false,
      catchUp: async () => {},
    }),
    limiter: createLimiter({
      limits: { client: once, clientMunicipality: once, address: once, processes: 1 },
      metrics,
    }),
    keyRing: { signer: async () => undefined, published: () => [], reload: async () => {}, stop: () => {} },
    issuer: 'none',
    audience: 'none',
    reads: createReadCounter(pool, () => {}),
    refusals: createRefusalCounter(pool, metrics, () => {}),
    transfers: createTransferLog(pool, () => {}),
    sent: delivery.createSentLog(
      pool,
      () => new Date(),
      () => {},
    ),
    metrics,
    checks: {},
    close: () => pool.end(),
  };
}
