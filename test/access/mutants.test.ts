// Mutants of the application's own protection, generated from the routes and from the keys of cached answers: of every route that asks for a scope, one that
// everybody has and one that asks for no credential; of every cached answer, keys that leave out one of their parts. Each must change an answer.
import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import t from 'tap';
import { SCOPES, type Scope } from '../../src/access/index.ts';
import { buildApp } from '../../src/app.ts';
import type { AnswerCache, CachedAnswer, CacheKey } from '../../src/platform/cache/cache.ts';
import { createMetrics } from '../../src/platform/http/observe.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { startService } from '../harness/service.ts';
import { type KnownCaller, makeCallers } from './callers.ts';
import { addressOf, type Route, randomIds, routes } from './every-route.ts';

const HOST = 'flis.example';

type Mutation = 'everybody has the scope' | 'no credential is asked for';

t.test('mutants of the application', async (t) => {
  const service = await startService(t, { withoutWorker: true });
  const worker = await service.startWorker();
  const callers = await makeCallers(service);
  await worker.stop();
  const { deps } = service.api;

  await t.test('of the scopes of routes', async (t) => {
    const mutation = new AsyncLocalStorage<Mutation | undefined>();
    const every = new Set(Object.keys(SCOPES) as Scope[]);
    const { callerVerifier: verifier } = deps;
    const app = await buildApp({
      ...deps,
      metrics: createMetrics(),
      callerVerifier: {
        ...verifier,
        known: () => undefined,
        async verify(authorization) {
          const active = mutation.getStore();
          if (active === 'no credential is asked for' && authorization === undefined) {
            return {
              ...{ clientId: 'x', credential: 'token', isRegistered: false, domains: null, mandate: null },
              ...{ municipality: municipalityCodeOf('615'), scopes: every, expiresAt: new Date(Date.now() + 60_000) },
            };
          }
          const principal = await verifier.verify(authorization);
          return active === 'everybody has the scope' ? { ...principal, scopes: every } : principal;
        },
      },
    });
    t.teardown(() => app.close());
    await app.ready();
    /** Who is refused by what a route asks for, with the code of the refusal. */
    const refusals = async (route: Route, active: Mutation | undefined) => {
      const found: string[] = [];
      for (const { name, authorization } of callers) {
        const type = Object.keys(route.operation.requestBody?.content ?? {})[0];
        // Awaited inside: an injection begins when it is waited for.
        const answer = await mutation.run(
          active,
          async () =>
            await app.inject({
              ...{ method: route.method as 'GET', url: addressOf(route, ids) },
              headers: {
                host: HOST,
                ...(authorization === undefined ? {} : { authorization }),
                ...(type === undefined ? {} : { 'content-type': type }),
              },
              ...(type === undefined ? {} : { payload: type === 'application/json' ? '{}' : 'x' }),
            }),
        );
        const isRefusal = answer.statusCode === 401 || answer.statusCode === 403;
        if (isRefusal)
          found.push(`${name}: ${answer.statusCode} ${answer.headers['www-authenticate'] ?? codeIn(answer.body)}`);
      }
      return found;
    };
    const ids = randomIds();
    const asking = routes.filter(({ scope }) => scope !== 'public');
    const survivors: string[] = [];
    let mutants = 0;
    for (const route of asking) {
      const plain = await refusals(route, undefined);
      const label = `${route.method} ${route.path}`;
      for (const active of ['everybody has the scope', 'no credential is asked for'] as const) {
        // A route that any credential opens has no scope to be weakened.
        if (active === 'everybody has the scope' && route.scope === 'any') continue;
        mutants += 1;
        if ((await refusals(route, active)).join() === plain.join()) survivors.push(`${label}: ${active}`);
      }
    }
    t.ok(mutants > 80);
    t.same(survivors, []);
    t.comment(`mutants of routes killed: ${mutants - survivors.length} / ${mutants}`);
  });

  await t.test('of the keys of cached answers', async (t) => {
    const owner = new pg.Client({ connectionString: service.database.ownerUrl });
    await owner.connect();
    t.teardown(() => owner.end());
    await plantReleases(owner);
    const caller = callers.find(({ name }) => name === 'the municipality itself') as KnownCaller;
    const other = callers.find(({ name }) => name === 'another municipality') as KnownCaller;
    /** All answers, in order, of an app with this cache. */
    const answersWith = async (cache: AnswerCache): Promise<string[]> => {
      const app = await buildApp({
        ...deps,
        metrics: createMetrics(),
        cache,
        callerVerifier: { ...deps.callerVerifier, known: () => undefined },
      });
      const seen: string[] = [];
      for (const { path, language = 'da', accept = 'application/json', by = caller } of VARIATIONS) {
        const headers = { host: HOST, authorization: by.authorization ?? '', accept, 'accept-language': language };
        const { statusCode, body } = await app.inject({ method: 'GET', url: path, headers });
        if (statusCode !== 200) t.fail(`${path} answers ${statusCode}: ${body}`);
        seen.push(body);
      }
      await app.close();
      return seen;
    };
    VARIATIONS.push({ path: `/v1/key-figures/BO06/benchmark?group=landet&period=2025-01`, by: other });
    const keys: string[][] = [];
    const plain = await answersWith(
      cacheWith((key) => {
        keys.push(JSON.parse(key));
        return key;
      }),
    );
    t.same(await answersWith(cacheWith((key) => key)), plain, 'the same answers a second time');
    /** Answers of one kind have keys of one form: how many parts, and the two names at their beginning. */
    const formOf = (key: readonly string[]) => `${key[0]} ${key[2]} ${key.length}`;
    const survivors: string[] = [];
    let mutants = 0;
    for (const form of new Set(keys.map(formOf))) {
      const ofForm = keys.filter((key) => formOf(key) === form);
      for (let part = 1; part < (ofForm[0]?.length ?? 0); part += 1) {
        if (part === 2) continue;
        mutants += 1;
        const cache = cacheWith((key) => {
          const parts: string[] = JSON.parse(key);
          return formOf(parts) === form ? JSON.stringify(parts.toSpliced(part, 1)) : key;
        });
        if ((await answersWith(cache)).join() === plain.join())
          survivors.push(`${form} without part ${part}, e.g. ${ofForm[0]?.[part]}`);
      }
    }
    t.ok(mutants > 12);
    t.same(survivors, []);
    t.comment(`mutants of cache keys killed: ${mutants - survivors.length} / ${mutants}`);
  });
});

function codeIn(body: string): string {
  return /"code":"([^"]+)"/.exec(body)?.[1] ?? '';
}

/** A cache that keeps everything, under keys that `change` has been at. */
function cacheWith(change: (key: CacheKey) => string): AnswerCache {
  const kept = new Map<string, Promise<CachedAnswer>>();
  return {
    get(key, make) {
      const name = change(key);
      const found = kept.get(name) ?? make();
      kept.set(name, found);
      return found;
    },
  };
}

/** Requests that differ in one thing each from another one. */
const VARIATIONS: { path: string; language?: string; accept?: string; by?: KnownCaller }[] = [
  ...['', 'municipality=615', 'group=7-by', 'from=2025-02', 'to=2025-01', 'limit=1', 'release=borger-1'].map(
    (query) => ({ path: `/v1/key-figures/BO06/values?${query}` }),
  ),
  { path: '/v1/key-figures/SK06/values' },
  { path: '/v1/key-figures/SK06/values?breakdown=klassetrin%3D3' },
  { path: '/v1/key-figures/SK06/benchmark?group=landet&period=2025-01' },
  { path: '/v1/key-figures/SK06/benchmark?group=landet&period=2025-01&breakdown=klassetrin%3D3' },
  { path: '/v1/key-figures/BO05/values' },
  { path: '/v1/key-figures/BO06/values', language: 'en' },
  { path: '/v1/key-figures/BO06/values', accept: 'text/csv' },
  {
    path: `/v1/key-figures/BO06/values?limit=1&cursor=${Buffer.from(JSON.stringify(['2025-01', '', '615'])).toString('base64url')}`,
  },
  ...[
    'group=landet&period=2025-01',
    'group=7-by&period=2025-01',
    'group=landet&period=2025-02',
    'group=landet&period=2025-01&release=borger-1',
  ].map((query) => ({ path: `/v1/key-figures/BO06/benchmark?${query}` })),
  { path: '/v1/key-figures/BO05/benchmark?group=landet&period=2025-01' },
  { path: '/v1/key-figures/BO06/benchmark?group=landet&period=2025-01', language: 'en' },
  { path: '/v1/key-figures/BO06/benchmark?group=landet&period=2025-01', accept: 'text/csv' },
];

/** Releases whose values tell them, figures, months and municipalities apart. */
async function plantReleases(owner: pg.Client): Promise<void> {
  for (const number of [1, 2]) {
    const releaseId = `borger-${number}`;
    await owner.query(
      `insert into release (release_id, domain, number, state, published_at, requested_by)
       values ($1, 'borger', $2::int, 'published', now() - interval '1 h' + make_interval(secs => $2::int), 'x')`,
      [releaseId, number],
    );
    await owner.query(
      `insert into released_value (release_id, key_figure, period, breakdown, municipality_code, numerator, denominator, value, status)
       select $1, figure, period, '', code, code::int * $2::int + ascii(right(figure, 1)) + ascii(right(period, 1)), 100000, code::int * $2::int, 'ok'
       from unnest('{BO05,BO06}'::text[]) figure, unnest('{2025-01,2025-02}'::text[]) period, unnest('{615,791,101,851}'::text[]) code`,
      [releaseId, number],
    );
  }
  await owner.query(
    `insert into release (release_id, domain, number, state, published_at, requested_by) values ('skole-1', 'skole', 1, 'published', now(), 'x')`,
  );
  await owner.query(
    `insert into released_value (release_id, key_figure, period, breakdown, municipality_code, numerator, denominator, value, status)
     select 'skole-1', 'SK06', '2025-01', breakdown, '615', length(breakdown), 1, length(breakdown), 'ok' from unnest('{"",klassetrin=3}'::text[]) breakdown`,
  );
}
