// Limits over HTTP: what is refused and how it is told, whose tokens are spent, and that neither two processes nor a dying Redis opens a limit.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { networkOf } from '../../src/access/limits/limit-failures.ts';
import { clientKey, pairKey, policyItem, retryAfterOf, standingItem } from '../../src/access/limits/rules.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { testLimiter } from '../harness/limits.ts';
import { startRedis } from '../harness/redis.ts';
import { startService, type TestService } from '../harness/service.ts';
import { skipWithout } from '../harness/skip-without.ts';

/** Whatever an answer holds. */
type Json = ReturnType<typeof JSON.parse>;

const skip = skipWithout('redis-server');

/** One request a second and as many at once as a test needs: what comes back while it runs is counted by the clock. */
const settings = { FLIS_CLIENT_RATE: '1', FLIS_CLIENT_MUNICIPALITY_RATE: '1', FLIS_RATE_BURST_S: '40' };

interface Asked {
  readonly statuses: number[];
  readonly last: Response;
}

/** Asks `count` times at `services` in turn with one token, `at` once as many as there are services. */
async function ask(services: TestService[], token: string, count: number, path = '/v1/me'): Promise<Asked> {
  const statuses: number[] = [];
  let last: Response | undefined;
  for (let turn = 0; turn < count; turn += services.length) {
    const headers = { authorization: `Bearer ${token}` };
    const answers = await Promise.all(services.map(({ url }) => fetch(url + path, { headers })));
    await Promise.all(answers.map((answer) => (answer.bodyUsed ? undefined : answer.clone().arrayBuffer())));
    statuses.push(...answers.map(({ status }) => status));
    last = answers.at(-1);
  }
  return { statuses, last: last as Response };
}

const countOf = ({ statuses }: Asked, status: number) => statuses.filter((each) => each === status).length;

/** Whole tokens that can have come back since `start`, of a limit of one a second. */
const sinceThen = (start: number) => Math.ceil((performance.now() - start) / 1000) + 1;

t.test('too many requests', async (t) => {
  const service = await startService(t, { withoutWorker: true, settings: { ...settings, FLIS_CLIENT_RATE: '2' } });
  const start = performance.now();
  const mine = await service.token({ municipality: '615', clientId: 'vendor' });
  const asked = await ask([service], mine, 60);
  const served = countOf(asked, 200);
  t.ok(served >= 40 && served <= 40 + sinceThen(start), `${served} of 60 are served, the quota is 40`);
  t.equal(countOf(asked, 429), 60 - served);

  await t.test('are refused in words that a program understands', async (t) => {
    const { last } = asked;
    t.equal(last.status, 429);
    t.match(last.headers.get('content-type'), 'application/problem+json');
    t.match(await last.json(), { code: 'rate-limited', status: 429, policy: 'client-municipality' });
    t.equal(last.headers.get('retry-after'), '1');
    t.match(last.headers.get('ratelimit'), /^"client-municipality";r=0;t=(39|40)$/);
    t.equal(last.headers.get('ratelimit-policy'), '"client";q=80;w=40, "client-municipality";q=40;w=40');
    t.equal(last.headers.get('cache-control'), 'no-store');
  });

  await t.test('spend nothing of anybody else', async (t) => {
    const other = await service.token({ municipality: '791', clientId: 'vendor' });
    const answer = await ask([service], other, 1, '/v1/limits');
    const [client, pair] = ((await answer.last.json()) as Json).requests;
    t.match(pair, { policy: 'client-municipality', quota: 40, windowSeconds: 40 });
    t.ok(pair.remaining >= 39, 'one was spent, and may have come back');
    t.ok(client.remaining <= 80 - served + 2 * sinceThen(start), 'the vendor itself has less');
    const theirs = await service.token({ municipality: '615', clientId: 'another' });
    t.equal(countOf(await ask([service], theirs, 30), 200), 30, 'another client of the municipality is not held up');
  });

  await t.test('of a client for all of its municipalities together', async (t) => {
    let last = asked.last;
    // Tokens come back meanwhile; no municipality's own limit is reached, so it is the client's that ends it.
    for (const municipality of ['101', '147', '151', '153', '155']) {
      ({ last } = await ask([service], await service.token({ municipality, clientId: 'vendor' }), 40));
      if (last.status === 429) break;
    }
    t.match(await last.json(), { code: 'rate-limited', policy: 'client' });
    t.match(last.headers.get('ratelimit'), /^"client";r=0;t=\d+$/);
  });

  await t.test('count whatever they ask for', async (t) => {
    const caller = { municipality: '615', clientId: 'wanderer', scopes: ['source:read' as const] };
    const token = await service.token(caller);
    const paths = [
      '/v1/me',
      '/v1/audit-log',
      '/v1/source-deliveries/6f1c9f0a-52b7-4a52-8a3e-0f8a54a1a4de',
      '/v1/me?x=1',
    ];
    const began = performance.now();
    const leftOf = ({ headers }: Response) => Number(/;r=(\d+);/.exec(headers.get('ratelimit') ?? '')?.[1]);
    /** As many as were there less those spent, and those that came back meanwhile. */
    const isLeft = (left: number, least: number) => left >= least && left < least + sinceThen(began);
    const statuses: number[] = [];
    for (const [index, path] of paths.entries()) {
      const { last } = await ask([service], token, 1, path);
      statuses.push(last.status);
      t.ok(isLeft(leftOf(last), 39 - index), `${path} costs one`);
    }
    t.same(statuses, [200, 403, 404, 200]);
    const head = await service.call('HEAD', '/v1/me', { caller: null, headers: { authorization: `Bearer ${token}` } });
    t.ok(isLeft(leftOf(head), 35), 'HEAD costs one');
    const bare = await service.call('GET', '/v1/domains', { caller: null });
    t.equal(bare.headers.get('ratelimit'), null, 'what is public is not counted');
  });

  await t.test('are counted by operators too', async (t) => {
    const { last } = await ask([service], await service.token({ municipality: null, clientId: 'op' }), 1);
    t.equal(last.headers.get('ratelimit-policy'), '"client";q=80;w=40');
    const metrics = await (await fetch(`${service.api.metricsUrl}/metrics`)).text();
    t.match(metrics, /flis_rate_limited_total\{policy="client-municipality"\} \d+/);
    t.match(metrics, /flis_rate_limited_total\{policy="client"\} \d+/);
    t.notMatch(metrics, /flis_rate_limits_alone/, 'without Redis a process is never alone');
  });
});

t.test('what is told is what the service runs with', async (t) => {
  const service = await startService(t, {
    withoutWorker: true,
    settings: { FLIS_MAX_FILE_MB: '7', FLIS_REQUEST_TIMEOUT_S: '77', FLIS_MAX_CONNECTIONS: '777' },
  });
  const limits = (await (await service.call('GET', '/v1/limits')).json()) as Json;
  t.match(limits, {
    sizes: { bodyBytes: 65_536, fileBytes: 7 * 1024 * 1024, inflationRatio: 200 },
    pages: [
      { of: 'lists', items: 100, most: 1000 },
      { of: 'values', items: 1000, most: 10_000 },
    ],
    timeouts: { headersSeconds: 15, requestSeconds: 77, idleSeconds: 72 },
    connections: 777,
  });
  t.same(
    limits.requests.map(({ policy, quota, windowSeconds }: Json) => [policy, quota, windowSeconds]),
    [
      ['client', 1000, 10],
      ['client-municipality', 500, 10],
    ],
  );
  t.equal(service.api.app.server.headersTimeout, 15_000);
  t.equal(service.api.app.server.keepAliveTimeout, 72_000);
  const me = (await (await service.call('GET', '/v1/me')).json()) as Json;
  t.same(Object.keys(me.limits[0]).sort(), Object.keys(limits.requests[0]).sort());
});

t.test('failed authentications', async (t) => {
  const service = await startService(t, { withoutWorker: true, settings: { FLIS_FAILURE_RATE: '1' } });
  const good = await service.token();
  t.equal((await ask([service], good, 1)).statuses[0], 200);
  const guesses = async (count: number) => {
    const statuses: number[] = [];
    for (let turn = 0; turn < count; turn += 1) {
      const { last } = await ask([service], `guess-${turn}`, 1);
      statuses.push(last.status);
    }
    return statuses;
  };
  for (let turn = 0; turn < 20; turn += 1)
    t.equal((await service.call('GET', '/v1/me', { caller: null })).status, 401, 'to show nothing is no guess');
  const statuses = await guesses(40);
  t.same(statuses.slice(0, 10), Array(10).fill(401));
  t.ok(statuses.includes(429));
  t.equal((await ask([service], good, 1)).statuses[0], 200, 'a credential that is known is let through');
  await guesses(3);
  const { last } = await ask([service], await service.token(), 1);
  t.equal(last.status, 429, 'one that would have to be verified first is not');
  t.match(await last.json(), { code: 'rate-limited', policy: 'address' });
  t.equal(last.headers.get('retry-after'), '1');
  await guesses(3);
  const body = new URLSearchParams({ grant_type: 'client_credentials' });
  const token = await fetch(`${service.url}/oauth2/token`, { method: 'POST', body });
  t.match(await token.json(), { error: 'temporarily_unavailable', code: 'rate-limited' });
  t.match([token.status, token.headers.get('retry-after')], [429, '1']);
});

t.test('refused assertions are failures as well', async (t) => {
  const service = await startService(t, { withoutWorker: true, settings: { FLIS_FAILURE_RATE: '1' } });
  const form = {
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: 'x.y.z',
  };
  const statuses: number[] = [];
  // Without a worker there is no signing key, which is nobody's fault; so a key is made first.
  await service.startWorker();
  for (let turn = 0; turn < 30; turn += 1) {
    const answer = await fetch(`${service.url}/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) });
    statuses.push(answer.status);
  }
  t.same(statuses.slice(0, 10), Array(10).fill(401));
  t.ok(statuses.includes(429));
});

t.test('two processes share a limit', { skip }, async (t) => {
  const redis = await startRedis(t);
  const shared = { ...settings, FLIS_REDIS_URL: redis.url, FLIS_API_PROCESSES: '2' };
  const services = [await startPair(t, shared), await startPair(t, shared)] as const;
  const askBoth = async (clientId: string) => {
    const start = performance.now();
    const tokens = await Promise.all(services.map((service) => service.token({ clientId })));
    await Promise.all(services.map(untilShared));
    const [a, b] = await Promise.all(services.map((service, index) => ask([service], tokens[index] ?? '', 50)));
    // One that could not ask Redis in time leaves it alone for two seconds, and gives out its own share as well.
    const wasAlone = !(await Promise.all(services.map(isShared))).every(Boolean);
    for (const each of [a, b]) t.equal(countOf(each as Asked, 200) + countOf(each as Asked, 429), 50, 'nothing fails');
    const served = countOf(a as Asked, 200) + countOf(b as Asked, 200);
    return { served, wasAlone, fits: served >= 36 && served <= 40 + 2 * 4 + 2 * sinceThen(start) };
  };
  let asked = await askBoth('shared-0');
  for (let turn = 1; turn < 4 && asked.wasAlone; turn += 1) asked = await askBoth(`shared-${turn}`);
  t.ok(asked.fits, `${asked.served} of 100 are served, the quota is 40`);
});

t.test('Redis killed in the middle of load', { skip }, async (t) => {
  const redis = await startRedis(t);
  const service = await startPair(t, { ...settings, FLIS_REDIS_URL: redis.url });
  const alone = async () =>
    /^flis_rate_limits_alone (\d)/m.exec(await (await fetch(`${service.api.metricsUrl}/metrics`)).text())?.[1];
  t.equal(await alone(), '0');
  const start = performance.now();
  const token = await service.token({ clientId: 'busy' });
  const quiet = await service.token({ clientId: 'quiet' });
  const load = [ask([service], token, 100), ask([service], token, 100), ask([service], quiet, 20)] as const;
  await delay(0);
  const gone = once(redis.process, 'exit');
  redis.process.kill('SIGKILL');
  const [a, b, modest] = await Promise.all(load);
  await gone;
  t.equal(countOf(modest, 200), 20, 'who keeps to the limit notices nothing');
  const served = countOf(a, 200) + countOf(b, 200);
  t.equal(served + countOf(a, 429) + countOf(b, 429), 200, 'no request fails for it');
  t.ok(served >= 36 && served <= 40 + 4 + sinceThen(start), `${served} of 200 are served, the quota is 40`);
  t.equal(await alone(), '1', 'and the operator sees it');
});

/** A service whose connection to Redis is there. */
async function startPair(t: Test, settings: Record<string, string>): Promise<TestService> {
  const service = await startService(t, { withoutWorker: true, settings });
  await untilShared(service);
  return service;
}

async function untilShared(service: TestService): Promise<void> {
  while (!(await isShared(service))) await delay(5);
}

async function isShared({ api }: TestService): Promise<boolean> {
  return (await (await fetch(`${api.metricsUrl}/metrics`)).text()).includes('flis_rate_limits_alone 0');
}

t.test('a client is not forgotten, and its bucket full again, before thousands of others have been seen', async (t) => {
  const limiter = testLimiter({ client: { rate: 1e-9, burst: 2 }, clientMunicipality: { rate: 1e-9, burst: 3 } });
  const municipality = municipalityCodeOf('615');
  const spends = (clientId: string) => limiter.spendNow({ clientId, municipality }) !== undefined;
  t.same([spends('a'), spends('a'), spends('a')], [true, true, false]);
  for (let other = 0; other < 9_000; other += 1) spends(`other-${other}`);
  t.notOk(spends('a'));
});

t.test('no two limits share a bucket', async () => {
  const client = fc.oneof(fc.string(), fc.constantFrom('615.a', '615', 'a","615', '000.b'));
  const spender = fc.tuple(client, fc.option(fc.constantFrom('615', '791', '000')));
  const keyOf = ([clientId, municipality]: [string, string | null]) =>
    municipality === null ? clientKey({ clientId }) : pairKey(clientId, municipalityCodeOf(municipality));
  fc.assert(
    fc.property(spender, spender, (one, other) => (keyOf(one) === keyOf(other)) === (one.join() === other.join())),
    {
      examples: [
        [
          ['a', '615'],
          ['a', '791'],
        ],
        [
          ['a', null],
          ['a', '615'],
        ],
      ],
    },
  );
});

t.test('addresses', async (t) => {
  t.equal(networkOf('192.0.2.1'), '192.0.2.1');
  for (const none of ['', 'x', '192.0.2.1:80', '[::1]', 'a'.repeat(9999)]) t.equal(networkOf(none), 'none');
  t.equal(networkOf('::ffff:192.0.2.1'), '::ffff:192.0.2.1');
  for (const address of ['2001:db8::1', '2001:db8:0:0:1:2:3:4', '2001:DB8::ffff:1', '2001:0db8::'])
    t.equal(networkOf(address), '2001:db8:0:0', address);
  t.equal(networkOf('2001:db8:1:2::1'), '2001:db8:1:2');
  t.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0');
  t.equal(networkOf('::1'), '0:0:0:0');
});

t.test('header fields', async (t) => {
  const limit = { rate: 50, burst: 500 };
  t.equal(policyItem('client', limit), '"client";q=500;w=10');
  t.equal(standingItem('client', limit, 480), '"client";r=480;t=1');
  t.equal(standingItem('client', limit, 500), '"client";r=500;t=0');
  t.same([0, 1, 1000, 1001, 1e9].map(retryAfterOf), ['1', '1', '1', '2', '120']);
});
