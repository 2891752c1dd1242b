// Repeats: the same words get the same bytes without the handler, other words do not, and whoever may not ask gets nothing.
import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { createHttpApp } from '../../src/platform/http/app.ts';
import { etagOf } from '../../src/platform/http/conditional.ts';
import { wantsCsv } from '../../src/platform/http/negotiate.ts';
import { createMetrics, observeRequests } from '../../src/platform/http/observe.ts';
import { NOT_FOUND, Problem } from '../../src/platform/http/problem.ts';
import type { RateFields } from '../../src/platform/http/remember-requests.ts';
import { repeatAnswers } from '../../src/platform/http/repeat-answers.ts';

interface Answer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface StartOptions {
  readonly level?: string;
  readonly corsOrigins?: readonly string[];
  readonly charge?: () => RateFields | 'plenty' | undefined;
  readonly stillTimeout?: number;
}

const LARGE = 8 * 1024 * 1024;

async function start(
  t: Test,
  { level = 'silent', corsOrigins = [], charge = () => 'plenty', stillTimeout = 60_000 }: StartOptions = {},
) {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const app = createHttpApp({
    publicOrigin: 'http://flis.example',
    logger: log,
    requestTimeout: 60_000,
    maxConnections: 9,
    corsOrigins,
    stillTimeout,
  });
  const metrics = createMetrics();
  observeRequests(app, { log, metrics, callerOf: () => ({ clientId: 'routed', municipality: null }) });
  let made = 0;
  /** The admission of the one caller there is, while it lasts. */
  const caller = { clientId: 'c1', municipality: '615' };
  let isAdmitted = true;
  const repeats: string[] = [];
  await app.register((scoped, _options, registered) => {
    scoped.addHook('onRequest', (request, _reply, done) =>
      done(request.headers.authorization === 'yes' ? undefined : new Problem(NOT_FOUND)),
    );
    const send = repeatAnswers(scoped as never, {
      admit: ({ headers }) =>
        headers.authorization === 'yes' && isAdmitted ? { caller, holds: () => isAdmitted, charge } : undefined,
      isFor: () => true,
      onRepeat: ({ clientId }, about) => repeats.push(`${clientId} ${about}`),
    });
    scoped.get('/values', async (request, reply) => {
      made += 1;
      const padding = request.url.includes('large') ? 'x'.repeat(LARGE) : '';
      const body = Buffer.from(`${made} ${wantsCsv(request) ? 'csv' : 'json'} Ærø${padding}`);
      const next = `http://flis.example/values?cursor=${made}`;
      return send(
        request,
        reply,
        { body, etag: etagOf(body), mediaType: 'text/plain', next, about: 'BO06' },
        !request.url.includes('asOf'),
      );
    });
    registered();
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    new Promise<Answer>((resolve, reject) => {
      const own = { authorization: 'yes', ...headers };
      const sent = request({ host: '127.0.0.1', port, path, method, headers: own }, (incoming) => {
        const { statusCode = 0, headers } = incoming;
        text(incoming).then((body) => resolve({ statusCode, headers, body }), reject);
      });
      sent.on('error', reject);
      sent.end('content-length' in headers ? '{}' : undefined);
    });
  const dismiss = () => {
    isAdmitted = false;
  };
  return { get, dismiss, repeats, made: () => made, metrics, lines, app, port };
}

t.test('the same words, the same answer', async (t) => {
  const { get, made, repeats } = await start(t);
  const first = await get('/values?a=1');
  const second = await get('/values?a=1');
  t.equal(made(), 1);
  t.same([second.statusCode, second.body], [200, first.body]);
  for (const name of ['etag', 'content-type', 'content-length', 'vary', 'link', 'cache-control']) {
    t.equal(second.headers[name], first.headers[name], name);
  }
  t.not(second.headers['request-id'], first.headers['request-id']);
  const unchanged = await get('/values?a=1', { 'if-none-match': String(first.headers.etag) });
  t.same([unchanged.statusCode, unchanged.body, made()], [304, '', 1]);
  t.same(Object.keys(unchanged.headers).sort(), [
    'cache-control',
    'connection',
    'date',
    'etag',
    'keep-alive',
    'link',
    'request-id',
    'vary',
  ]);
  t.same(repeats, ['c1 BO06', 'c1 BO06'], 'each repeat is told of');
});

t.test('other words, another answer', async (t) => {
  const { get, made } = await start(t);
  const answers = [
    await get('/values'),
    await get('/values?a=1'),
    await get('/values?a=1', { accept: 'text/csv' }),
    await get('/values?a=1', { 'accept-language': 'en' }),
  ];
  t.same(
    answers.map(({ body }) => body),
    ['1 json Ærø', '2 json Ærø', '3 csv Ærø', '4 json Ærø'],
  );
  await get('/values?asOf=x');
  await get('/values?asOf=x');
  t.equal(made(), 6, 'what must not be repeated is not');
  await get('/values');
  const before = made();
  const head = await get('/values', {}, 'HEAD');
  t.same([head.statusCode, head.body, made()], [200, '', before + 1], 'another method is for the route');
  await get('/values', { 'content-length': '2', 'content-type': 'application/json' });
  t.equal(made(), before + 2, 'and so is a body');
});

t.test('who may not ask gets nothing of it', async (t) => {
  const { get, repeats, made } = await start(t);
  const kept = await get('/values');
  for (const authorization of ['', 'no']) {
    const refused = await get('/values', { authorization, 'if-none-match': String(kept.headers.etag) });
    t.equal(refused.statusCode, 404);
    t.notOk(refused.headers.etag);
  }
  t.same([repeats, made()], [[], 1]);
});

t.test(
  'whoever was admitted and is no more gets nothing again, in the same words on the same connection',
  async (t) => {
    const { dismiss, repeats, made, port } = await start(t);
    const socket = connect(port, '127.0.0.1');
    t.teardown(() => socket.destroy());
    const ask = async () => {
      socket.write('GET /values HTTP/1.1\r\nHost: flis.example\r\nAuthorization: yes\r\n\r\n');
      await once(socket, 'data');
    };
    for (let asked = 0; asked < 3; asked += 1) await ask();
    t.same([made(), repeats.length], [1, 2]);
    dismiss();
    await ask();
    t.same([made(), repeats.length], [2, 2], 'it is for the route to judge');
  },
);

t.test('a repeat is for one origin, and for a host that is ours', async (t) => {
  const { get, made, repeats } = await start(t, { corsOrigins: ['https://a.example', 'https://b.example'] });
  const seen = async (headers: Record<string, string>) => {
    const answers = [await get('/values', headers), await get('/values', headers)];
    const [first] = answers.map(({ headers: { vary, 'access-control-allow-origin': allowed } }) => ({ vary, allowed }));
    t.same(answers[1]?.headers['access-control-allow-origin'], first?.allowed);
    t.equal(answers[1]?.headers.vary, first?.vary);
    return first;
  };
  const vary = 'Accept, Accept-Language, Origin';
  t.same(await seen({ origin: 'https://a.example' }), { vary, allowed: 'https://a.example' });
  t.same(await seen({ origin: 'https://b.example' }), { vary, allowed: 'https://b.example' });
  t.same(await seen({ origin: 'https://evil.example' }), { vary, allowed: undefined });
  t.same(await seen({}), { vary, allowed: undefined });
  t.same([made(), repeats.length], [4, 4]);
  const etag = String((await get('/values', { origin: 'https://a.example' })).headers.etag);
  const unchanged = await get('/values', { origin: 'https://b.example', 'if-none-match': etag });
  t.equal(unchanged.statusCode, 200, 'here each origin has a body of its own');
  const before = repeats.length;
  for (const host of ['evil.example', 'flis.example:', 'flis.example,evil.example']) {
    const refused = await get('/values', { host });
    t.match(refused.body, /"code":"(unknown|invalid)-host"/, host);
    t.notOk(refused.headers.etag);
  }
  t.equal(repeats.length, before, 'nothing was repeated');
});

t.test('who cannot pay at once is left to the route; who has little left is told', async (t) => {
  let paid: RateFields | undefined;
  const { get, made, repeats } = await start(t, { charge: () => paid });
  await get('/values');
  await get('/values');
  t.same([made(), repeats], [2, []]);
  paid = { ratelimit: '"x";r=1;t=1', policy: '"x";q=2;w=2' };
  const { statusCode, headers } = await get('/values');
  t.same([statusCode, made(), repeats.length], [200, 2, 1]);
  t.match(headers, { ratelimit: paid.ratelimit, 'ratelimit-policy': paid.policy });
});

t.test('a repeat is logged and measured like any other answer', async (t) => {
  const { get, metrics, lines } = await start(t, { level: 'info' });
  const first = await get('/values');
  const second = await get('/values', { 'if-none-match': String(first.headers.etag) });
  const requests = lines.filter(({ msg }) => msg === 'request');
  t.match(requests, [
    { request: first.headers['request-id'], client: 'routed', method: 'GET', route: '/values', status: 200 },
    {
      request: second.headers['request-id'],
      client: 'c1',
      municipality: '615',
      method: 'GET',
      route: '/values',
      status: 304,
    },
  ]);
  const series = (await metrics.metrics()).match(/flis_http_request_seconds_count\{.*/g);
  t.same(series?.sort(), [
    'flis_http_request_seconds_count{method="GET",route="/values",status="200"} 1',
    'flis_http_request_seconds_count{method="GET",route="/values",status="304"} 1',
  ]);
});

t.test('a repeat that nobody takes is ended; the connection of one that is taken stays open', async (t) => {
  const { get, app, port, repeats } = await start(t, { stillTimeout: 300 });
  await get('/values?large');
  const served = once(app.server, 'connection') as Promise<[Socket]>;
  openAndAsk(t, port, '/values?large');
  const [connection] = await served;
  await once(connection, 'close');
  t.equal(repeats.length, 1);
  t.ok(connection.bytesWritten >= LARGE, 'it was handed over whole');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  const ports = [];
  for (let asked = 0; asked < 2; asked += 1) {
    const sent = request({ agent, host: '127.0.0.1', port, path: '/values?large', headers: { authorization: 'yes' } });
    const [answer] = (await once(sent.end(), 'response')) as [IncomingMessage];
    ports.push(answer.socket.localPort);
    // Read in spells that are shorter than what may be still, and together longer.
    for await (const chunk of answer) if (chunk.length > 0 && ports.length === 1) await delay(5);
  }
  t.equal(ports[0], ports[1]);
});

/** Sends a request whose answer is never read. */
function openAndAsk(t: Test, port: number, path: string): void {
  const socket = connect(port, '127.0.0.1').pause();
  socket.on('error', () => {});
  t.teardown(() => socket.destroy());
  socket.write(`GET ${path} HTTP/1.1\r\nHost: flis.example\r\nAuthorization: yes\r\n\r\n`);
}
