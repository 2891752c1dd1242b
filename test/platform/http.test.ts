// The HTTP platform over real connections: limits, time-outs, problem answers, conditional answers, paging, CSV, and a log without secrets.
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import Type from 'typebox';
import { type App, createHttpApp } from '../../src/platform/http/app.ts';
import { matchesEtag, sendBody } from '../../src/platform/http/conditional.ts';
import { toCsv } from '../../src/platform/http/csv.ts';
import { registerHealthRoutes } from '../../src/platform/http/health-routes.ts';
import { languageOf, wantsCsv } from '../../src/platform/http/negotiate.ts';
import { createMetrics, observeRequests } from '../../src/platform/http/observe.ts';
import { decodeCursor, encodeCursor, nextLink, sendPage } from '../../src/platform/http/paging.ts';
import { NOT_FOUND, Problem } from '../../src/platform/http/problem.ts';
import { securityHeaders } from '../../src/platform/http/security-headers.ts';
import { acceptStreams } from '../../src/platform/http/stream-bodies.ts';
import { readTime } from '../../src/platform/http/wire-forms.ts';
import { logSettings } from '../../src/platform/log.ts';

const SECRET = 'topsecret';

/** A server with a route of each kind, its log lines, and the address it listens on. */
async function start(t: Test, settings: { requestTimeout?: number; maxConnections?: number } = {}) {
  const lines: Record<string, unknown>[] = [];
  const log = pino(logSettings({ service: 'test', level: 'info' }), {
    write: (line) => void lines.push(JSON.parse(line)),
  });
  const app = createHttpApp({
    publicOrigin: 'https://flis.example',
    logger: log,
    requestTimeout: 60_000,
    maxConnections: 100,
    ...settings,
  });
  const metrics = createMetrics();
  let stopping = false;
  observeRequests(app, { log, metrics, callerOf: () => ({ clientId: 'c1', municipality: '615' }) });
  registerHealthRoutes(app, {
    checks: { database: async () => undefined },
    isStopping: () => stopping,
  });
  const stop = () => {
    stopping = true;
  };
  registerRoutes(app);
  await app.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  return { app, lines, metrics, port, url: `http://127.0.0.1:${port}`, stop };
}

function registerRoutes(app: App): void {
  app.get(
    '/items/:id',
    { schema: { params: Type.Object({ id: Type.String({ pattern: '^[0-9]{1,3}$' }) }) } },
    async (request) => {
      if (request.params.id === '404') throw new Problem(NOT_FOUND);
      if (request.params.id === '500') throw Object.assign(new Error(`${SECRET} in a text`), { detail: SECRET });
      if (request.params.id === '22') throw Object.assign(new Error(SECRET), { code: '22021' });
      if (request.params.id === '503') throw Object.assign(new Error(SECRET), { code: '57P03' });
      return { id: request.params.id };
    },
  );
  app.post(
    '/items',
    {
      schema: {
        body: Type.Object(
          { n: Type.Integer(), kind: Type.Optional(Type.Union([Type.Literal('a'), Type.Literal('b')])) },
          { additionalProperties: false },
        ),
      },
    },
    async ({ body }) => body,
  );
  app.get('/page', async (request, reply) =>
    sendPage(reply, { items: [1], next: nextLink(request, encodeCursor(['x'])) }),
  );
  app.get('/body', async (request, reply) => sendBody(request, reply, Buffer.from('æøå'), 'text/plain; charset=utf-8'));
  app.get('/wish', async (request) => ({ csv: wantsCsv(request), language: languageOf(request) }));
  void app.register((scoped, _options, done) => {
    acceptStreams(scoped as App, ['text/csv']);
    scoped.put('/file', async (request) => {
      let bytes = 0;
      for await (const chunk of request.body as Readable) bytes += (chunk as Buffer).length;
      return { bytes };
    });
    done();
  });
}

const json = async (response: Response) => (await response.json()) as Record<string, never>;

t.test('http', async (t) => {
  const { url, lines, metrics, port, app, stop } = await start(t);
  const send = (path: string, init?: RequestInit) => fetch(`${url}${path}`, init);
  const post = (body: string, type = 'application/json') =>
    send('/items', { method: 'POST', body, headers: { 'content-type': type } });

  await t.test('what is not there looks the same everywhere', async (t) => {
    const bodies = await Promise.all(
      ['/items/404', '/nowhere', '/items', '/%zz', `/items/${'9'.repeat(300)}`, '/%2e%2e/x'].map(async (path) => {
        const response = await send(path);
        t.equal(response.status, 404, path);
        t.equal(response.headers.get('content-type'), 'application/problem+json');
        t.ok(response.headers.get('request-id'));
        return response.text();
      }),
    );
    t.equal(new Set(bodies).size, 1);
    t.equal((await send('/items/1', { method: 'DELETE' })).status, 404);
  });

  await t.test('faults are listed by place and expectation, never by value', async (t) => {
    const faults = async (response: Response) => {
      const body = await json(response);
      t.equal(response.status, 400);
      t.equal(body.code, 'invalid-request');
      t.notMatch(JSON.stringify(body), SECRET);
      return body.faults;
    };
    t.same(await faults(await post('{"n":"topsecret","kind":"topsecret"}')), [
      { place: 'body/n', expected: 'a value of type integer' },
      { place: 'body/kind', expected: 'one of a, b' },
    ]);
    t.same(
      await faults(await post('{"n":"1"}')),
      [{ place: 'body/n', expected: 'a value of type integer' }],
      'no coercion',
    );
    t.same(await faults(await post('{"n":1,"topsecret":1}')), [{ place: 'body', expected: 'only the fields n, kind' }]);
    t.same(await faults(await post('{}')), [{ place: 'body/n', expected: 'this field must be given' }]);
    for (const bad of ['', '{"n":1', SECRET])
      t.same(await faults(await post(bad)), [{ place: 'body', expected: 'a JSON document' }]);
    t.same(await faults(await send('/items/topsecret')), [
      { place: 'params/id', expected: 'text of the form ^[0-9]{1,3}$' },
    ]);
    t.equal((await post('{"n":1,"__proto__":{"x":1}}')).status, 400);
  });

  await t.test('bodies: limit and media type', async (t) => {
    t.equal((await json(await post(`{"n":${'1'.repeat(70_000)}}`))).code, 'body-too-large');
    t.equal((await json(await post('n=1', 'application/x-www-form-urlencoded'))).code, 'unsupported-media-type');
    const streamed = await send('/file', {
      method: 'PUT',
      body: Buffer.alloc(300_000),
      headers: { 'content-type': 'text/csv' },
    });
    t.same(await streamed.json(), { bytes: 300_000 }, 'files are streamed past the limit');
    t.equal(
      (await send('/file', { method: 'PUT', body: '{}', headers: { 'content-type': 'application/json' } })).status,
      415,
    );
  });

  await t.test('a body that is announced and not there is an empty one', async (t) => {
    for (const [line, type, status, answer] of [
      ['POST /items', 'application/json', 400, 'a JSON document'],
      ['PUT /file', 'text/csv', 200, '{"bytes":0}'],
      ['DELETE /nothing', 'application/json', 400, 'a JSON document'],
      ['GET /items/7', 'application/json', 200, '{"id":"7"}'],
    ] as const) {
      const socket = connect(port, '127.0.0.1');
      socket.write(`${line} HTTP/1.1\r\nHost: flis.example\r\nConnection: close\r\nContent-Type: ${type}\r\n\r\n`);
      const answered = await text(socket);
      t.match(answered, `HTTP/1.1 ${status} `, line);
      t.ok(answered.includes(answer), answered);
    }
  });

  await t.test('what fails inside stays inside', async (t) => {
    const failed = await send('/items/500');
    t.equal(failed.status, 500);
    t.same(Object.keys(await json(failed)), ['type', 'title', 'status', 'code', 'action']);
    const away = await send('/items/503');
    t.equal(away.status, 503);
    t.equal(away.headers.get('retry-after'), '5');
    t.equal((await json(away)).code, 'unavailable');
    const unreadable = await send('/items/22');
    t.equal(unreadable.status, 400, 'a value that the database cannot read');
    t.match(await json(unreadable), { code: 'invalid-request', faults: [{ place: 'request' }] });
    t.ok(
      lines.some(({ event, code }) => event === 'request-failed' && code === '22021'),
      'and a schema that let it through is ours to mend',
    );
  });

  await t.test('the log has patterns, codes and ids only', async (t) => {
    const response = await send(`/items/7?q=${SECRET}`, { headers: { 'x-note': SECRET, authorization: SECRET } });
    await response.text();
    await send(`/${SECRET}`);
    app.log.error(new Error(SECRET), undefined as never);
    app.log.info({ err: new Error(SECRET), body: SECRET, url: SECRET }, 'event');
    t.notMatch(JSON.stringify(lines), SECRET);
    const line = lines.find((each) => each.request === response.headers.get('request-id'));
    t.match(line, {
      event: 'request',
      method: 'GET',
      route: '/items/:id',
      status: 200,
      client: 'c1',
      municipality: '615',
    });
    t.ok(lines.some((each) => each.route === '(none)' || each.route === undefined));
    t.match(
      lines.find((each) => each.event === 'request-failed'),
      { code: 'Error' },
    );
    const measured = await metrics.metrics();
    t.match(measured, /flis_http_request_seconds_count\{method="GET",route="\/items\/:id",status="200"\} \d+/);
    t.match(measured, /_bucket\{method="GET",route="\/items\/:id",status="200",le="\+Inf"\} \d+/);
    // Labels are quoted; bare digits are measured values and may be anything.
    t.notMatch(measured, /topsecret|"c1"|"615"/);
  });

  await t.test('conditional answers', async (t) => {
    const first = await send('/body');
    const etag = first.headers.get('etag') ?? '';
    t.match(etag, /^"[0-9a-f]{64}"$/);
    t.equal(await first.text(), 'æøå');
    for (const list of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const again = await send('/body', { headers: { 'if-none-match': list } });
      t.equal(again.status, 304, list);
      t.equal(again.headers.get('etag'), etag);
      t.equal(await again.text(), '');
    }
    t.equal((await send('/body', { headers: { 'if-none-match': '"x"' } })).status, 200);
    t.notOk(matchesEtag(`W/${etag}`, etag, false), 'If-Match compares strongly');
    const head = await send('/body', { method: 'HEAD' });
    t.equal(head.headers.get('content-length'), '6');
    t.equal(head.headers.get('etag'), etag);
  });

  await t.test('links name the configured origin, whatever the request says', async (t) => {
    const socket = connect(port, '127.0.0.1');
    socket.end(
      'GET /page?limit=2&cursor=old HTTP/1.1\r\nHost: flis.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n',
    );
    const answer = await text(socket);
    const next = `https://flis.example/page?limit=2&cursor=${encodeCursor(['x'])}`;
    t.match(answer, `link: <${next}>; rel="next"`);
    t.match(answer, JSON.stringify(next));
    t.notMatch(answer, 'evil');
  });

  await t.test('wishes', async (t) => {
    const wish = async (accept: string, language: string, query = '') =>
      json(await send(`/wish${query}`, { headers: { accept, 'accept-language': language } }));
    t.same(await wish('*/*', '*'), { csv: false, language: 'da' });
    t.same(await wish('text/csv', 'en-GB, da;q=0.5'), { csv: true, language: 'en' });
    t.same(await wish('text/csv;q=0.5, application/json', 'de, da'), { csv: false, language: 'da' });
    t.same(await wish('application/json;q=0.5, text/csv', 'en;q=0'), { csv: true, language: 'da' });
    t.same(await wish('text/csv', 'de', '?format=json'), { csv: false, language: 'da' });
    t.same(await wish('application/json', 'fr', '?format=csv'), { csv: true, language: 'da' });
  });

  await t.test('what is no HTTP gets a problem and the door', async (t) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(`${SECRET}\r\n\r\n`);
    const answer = await text(socket);
    t.match(answer, /^HTTP\/1.1 400 /);
    t.match(answer, 'invalid-request');
    for (const [name, value] of Object.entries(securityHeaders('https://flis.example')))
      t.ok(answer.includes(`\r\n${name}: ${value}\r\n`), name);
    t.notMatch(answer, SECRET);
  });

  await t.test('stopping: not ready, but alive', async (t) => {
    t.equal((await send('/readyz')).status, 200);
    stop();
    const response = await send('/readyz');
    t.equal(response.status, 503);
    t.match(await json(response), { code: 'unavailable', part: 'stopping' });
    t.equal((await send('/livez')).status, 200);
  });
});

t.test('time-outs and connections', async (t) => {
  const { app, port } = await start(t, { requestTimeout: 20_000, maxConnections: 2 });
  t.equal(app.server.headersTimeout, 15_000);
  t.equal(app.server.requestTimeout, 20_000);
  const [a, b, c] = [connect(port), connect(port), connect(port)];
  await Promise.race([once(a, 'close'), once(b, 'close'), once(c, 'close')]);
  t.equal([a, b, c].filter((socket) => socket.closed).length, 1, 'the third connection is dropped');
  for (const socket of [a, b, c]) socket.destroy();
});

t.test('an idle connection does not hold up the end, a running request is waited for', async (t) => {
  const { app, port, url } = await start(t);
  const idle = connect(port, '127.0.0.1');
  idle.write('GET /items/1 HTTP/1.1\r\nHost: flis.example\r\n\r\n');
  await once(idle, 'data');
  const upload = connect(port, '127.0.0.1');
  upload.write('PUT /file HTTP/1.1\r\nHost: flis.example\r\nContent-Type: text/csv\r\nContent-Length: 4\r\n\r\nab');
  const answer = text(upload);
  await fetch(`${url}/items/1`).then((response) => response.text());
  const closed = app.close();
  await once(idle, 'close');
  upload.write('cd');
  t.match(await answer, /"bytes":4/);
  await closed;
  t.pass('and then it is closed');
});

t.test('a cursor comes back as it was, and nothing else is one', async (t) => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0')),
        { maxLength: 5 },
      ),
      (values) => {
        t.same(decodeCursor(encodeCursor(values), values.length), values);
      },
    ),
  );
  const good = encodeCursor(['a', 'b']);
  for (const bad of [
    '',
    `${good}=`,
    ` ${good}`,
    good.slice(1),
    'W10',
    encodeCursor(['a']),
    encodeCursor(['a', '\0']),
    Buffer.from('[1,2]').toString('base64url'),
    Buffer.from('["a", "b"]').toString('base64url'),
  ]) {
    t.throws(() => decodeCursor(bad, 2), { message: 'invalid-cursor' }, bad);
  }
});

t.test('times of RFC 3339, a leap second among them', (t) => {
  const times = {
    '2026-01-15T08:00:00Z': '2026-01-15T08:00:00.000Z',
    '2026-01-15t08:00:00.9996z': '2026-01-15T08:00:00.999Z',
    '2026-01-15 08:00:00+01:30': '2026-01-15T06:30:00.000Z',
    '2026-01-15T23:30:00-0130': '2026-01-16T01:00:00.000Z',
    '2026-01-15T08:00:00+01': '2026-01-15T07:00:00.000Z',
    '2016-12-31T23:59:60Z': '2017-01-01T00:00:00.000Z',
    '2017-01-01T00:59:60.5+01:00': '2017-01-01T00:00:00.500Z',
  };
  for (const [text, instant] of Object.entries(times)) t.equal(readTime(text, 'x').toISOString(), instant, text);
  for (const text of ['', 'now', '2026-01-15', '2026-13-01T00:00:00Z', '2026-01-15T08:00:00'])
    t.throws(() => readTime(text, 'query/asOf'), { message: 'invalid-request' }, text);
  t.end();
});

t.test('CSV', async (t) => {
  const rows = [
    { a: 'x', b: null, c: 1.5 },
    { a: '', b: 'he said "no"', c: true },
    { a: 'l1\nl2', b: 'a,b', c: '=1+1' },
  ];
  t.equal(toCsv(['a', 'b', 'c'], rows), 'a,b,c\nx,,1.5\n"","he said ""no""",true\n"l1\nl2","a,b",=1+1\n');
  t.equal(toCsv(['a'], []), 'a\n');
});
