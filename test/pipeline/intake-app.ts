// A listening server with only the routes of intake, on a database and a storage folder of its own. Tokens name their caller in the clear.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { type CallerVerifier, type Principal, registerAccess, type Scope } from '../../src/access/index.ts';
import { UNWATCHED } from '../../src/access/watch-callers.ts';
import { loadCatalogue } from '../../src/domains/index.ts';
import { type IntakeDeps, registerIntakeRoutes } from '../../src/pipeline/intake/index.ts';
import { createHttpApp } from '../../src/platform/http/app.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { withTenant } from '../../src/platform/postgres/tenancy.ts';
import { startJobSender } from '../../src/platform/queue/pg-boss.ts';
import { createLocalDirectory } from '../../src/platform/storage/local-directory.ts';
import { type MunicipalityCode, municipalityCodeOf } from '../../src/platform/tenant.ts';
import { createTestDatabase, TEST_CONTEXT, type TestScope } from '../harness/database.ts';
import { testLimiter } from '../harness/limits.ts';

/** `Bearer <client>/<municipality>/<scope>+<scope>`. */
const verifier: CallerVerifier = {
  known(authorization = '') {
    const [clientId = '', municipality = '', scopes = ''] = authorization.replace('Bearer ', '').split('/');
    const expiresAt = new Date(Date.now() + 60_000);
    const principal: Principal = {
      clientId,
      credential: 'token',
      isRegistered: false,
      municipality: municipalityCodeOf(municipality),
      scopes: new Set(scopes.split('+') as Scope[]),
      domains: null,
      mandate: null,
      expiresAt,
    };
    return { principal, holds: () => true };
  },
  verify: () => Promise.reject(new Error('every header is known')),
  watch: () => UNWATCHED,
  forget() {},
};

export interface Call {
  readonly municipality?: string;
  readonly client?: string;
  readonly scopes?: string;
  readonly headers?: Record<string, string>;
  readonly body?: RequestInit['body'] | object;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  readonly json: any;
}

/** Starts the server. `rows` reads as the worker, for the municipality 999; `stored` lists the files in storage. */
export async function startIntake(t: TestScope, limits = { maxFileBytes: 1024 * 1024 }) {
  const database = await createTestDatabase(t);
  const folder = await mkdtemp(join(tmpdir(), 'flis-intake-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const pool = createPool({
    url: database.apiUrl,
    max: 4,
    statementTimeout: 10_000,
    applicationName: 'test-api',
    context: TEST_CONTEXT,
  });
  const workerPool = createPool({
    url: database.workerUrl,
    max: 2,
    statementTimeout: 10_000,
    applicationName: 'test',
    context: TEST_CONTEXT,
  });
  const log = { info() {}, error() {} };
  const jobs = await startJobSender({ url: database.apiUrl, applicationName: 'test-jobs', log });
  const deps: IntakeDeps = {
    pool,
    jobs,
    limits,
    storage: createLocalDirectory(folder),
    catalogue: await loadCatalogue(),
    secrets: { rootSecret: Buffer.alloc(32, 1) },
  };
  const app = createHttpApp({
    publicOrigin: 'https://flis.example',
    logger: pino({ level: 'silent' }),
    requestTimeout: 30_000,
    maxConnections: 50,
  });
  registerAccess(app, verifier, testLimiter());
  registerIntakeRoutes(app, deps);
  await app.listen({ port: 0, host: '127.0.0.1' });
  t.teardown(async () => {
    await app.close();
    await jobs.stop();
    await Promise.all([pool.end(), workerPool.end()]);
  });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;

  const call = async (method: string, path: string, options: Call = {}): Promise<Answer> => {
    const { municipality = '999', client = 'system', scopes = 'source:write+source:read', body } = options;
    const isBytes = body instanceof Uint8Array || body instanceof ReadableStream || typeof body === 'string';
    const answer = await fetch(path.startsWith('http') ? path.replace('https://flis.example', url) : url + path, {
      method,
      headers: {
        authorization: `Bearer ${client}/${municipality}/${scopes}`,
        ...(body !== undefined && !isBytes ? { 'content-type': 'application/json' } : {}),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body: isBytes ? (body as Uint8Array) : JSON.stringify(body), duplex: 'half' }),
    } as RequestInit);
    const text = await answer.text();
    const isJson = /json/.test(answer.headers.get('content-type') ?? '');
    return { status: answer.status, headers: answer.headers, text, json: isJson ? JSON.parse(text) : undefined };
  };

  const rows = (statement: string, values: unknown[] = [], municipality = '999') =>
    withTenant(
      workerPool,
      {
        municipality: municipalityCodeOf(municipality) as MunicipalityCode,
        domains: null,
        clientId: 'worker',
        requestId: 'test',
      },
      // biome-ignore lint/suspicious/noExplicitAny: the columns are those of the statement
      (tx) => tx.query<any>(statement, values),
    );

  const stored = async () =>
    (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));

  /** For what no role of the service may do, such as changing the past. */
  const asOwner = async (statement: string, values: unknown[]) => {
    const client = new pg.Client({ connectionString: database.ownerUrl });
    await client.connect();
    await client.query(statement, values).finally(() => client.end());
  };

  return { url, call, rows, stored, deps, workerPool, asOwner };
}

/** A header and one row that bor_befolkning takes. */
export const POPULATION =
  'kommunekode;maaned;koen;alder_fra;alder_til;civilstand;herkomst;statsborgerskab;distrikt;antal\n999;2025-01;ialt;0;125;ialt;ialt;ialt;ialt;12\n';

/** A request for a total of the population in 2025. */
export const TOTAL = {
  domain: 'borger',
  kind: 'total',
  sourceSystem: 'cpr',
  periodFrom: '2025-01',
  periodTo: '2025-12',
};
