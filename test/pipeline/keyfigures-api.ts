// The HTTP face of key figures for tests, with tokens of any municipality.
import type { LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { createReadCounter, createSigningKey, registerAccess, type Scope, signToken } from '../../src/access/index.ts';
import { people } from '../../src/domains/borger/examples.ts';
import { registerKeyfigureRoutes } from '../../src/pipeline/keyfigures/index.ts';
import { createMemoryCache } from '../../src/platform/cache/memory-cache.ts';
import { createHttpApp } from '../../src/platform/http/app.ts';
import { createMetrics, observeRequests } from '../../src/platform/http/observe.ts';
import type { JobSender } from '../../src/platform/queue/queue.ts';
import { testLimiter } from '../harness/limits.ts';
import { tokensOnly } from '../harness/tokens-only.ts';
import type { Scene } from './keyfigures-scene.ts';

export const ORIGIN = 'https://flis.example';

/** The routes of key figures on `scene`; `as: null` is an operator. */
export async function startApi(t: { teardown(fn: () => unknown): void }, scene: Scene, jobs: JobSender) {
  const log = pino({ enabled: false });
  const app = createHttpApp({
    publicOrigin: ORIGIN,
    logger: log,
    requestTimeout: 30_000,
    maxConnections: 9,
  });
  const key = await createSigningKey();
  const settings = { issuer: 'urn:test', audience: 'urn:flis' };
  registerAccess(app, tokensOnly({ ...settings, keys: { keys: [key.publicJwk] } }), testLimiter());
  observeRequests(app, { log, metrics: createMetrics(), callerOf: ({ principal }) => principal });
  const reads = createReadCounter(scene.api, (error) => t.teardown(() => Promise.reject(error)));
  registerKeyfigureRoutes(app, {
    pool: scene.api,
    catalogue: scene.deps.catalogue,
    cache: createMemoryCache(1e7),
    jobs,
    reads,
  });
  await app.ready();
  t.teardown(() => app.close());
  const get = async (
    url: string,
    options: {
      as?: string | null;
      scopes?: Scope[];
      method?: 'GET' | 'POST' | 'HEAD';
      body?: object;
      headers?: object;
    } = {},
  ): Promise<LightMyRequestResponse> => {
    const { as = '615', scopes = ['key-figures:read', 'raw-data:read'], method = 'GET', body, headers = {} } = options;
    const claims = {
      clientId: 'client',
      scopes: as === null ? (['operator'] as Scope[]) : scopes,
      ...(as === null ? {} : { municipality: as }),
    };
    const authorization = `Bearer ${await signToken({ ...settings, key }, claims)}`;
    return app.inject({
      method,
      url,
      headers: { host: new URL(ORIGIN).host, authorization, ...headers },
      ...(body === undefined ? {} : { payload: body }),
    });
  };
  return Object.assign(get, { reads });
}

/** The inhabitants of a month, below 80 and from 80. */
export const year = (month: string, young: number, old: number) => [
  people(month, 0, 79, young),
  people(month, 80, 125, old),
];
