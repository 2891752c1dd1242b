// Repeats: the same words get the same bytes without the handler, other words do not, and whoever may not ask gets nothing.
import { pino } from 'pino';
import t from 'tap';
import { createHttpApp } from '../../src/platform/http/app.ts';
import { etagOf } from '../../src/platform/http/conditional.ts';
import { wantsCsv } from '../../src/platform/http/negotiate.ts';
import { NOT_FOUND, Problem } from '../../src/platform/http/problem.ts';
import { repeatAnswers } from '../../src/platform/http/repeat-answers.ts';

async function start() {
  const log = pino({ level: 'silent' });
  const app = createHttpApp({
    publicOrigin: 'http://flis.example',
    logger: log,
    requestTimeout: 60_000,
    maxConnections: 9,
  });
  let made = 0;
  const repeats: string[] = [];
  await app.register((scoped, _options, registered) => {
    scoped.addHook('onRequest', (request, _reply, done) =>
      done(request.headers.authorization === 'yes' ? undefined : new Problem(NOT_FOUND)),
    );
    const send = repeatAnswers(scoped as never, (_request, about) => repeats.push(about));
    scoped.get('/values', async (request, reply) => {
      made += 1;
      const body = Buffer.from(`${made} ${wantsCsv(request) ? 'csv' : 'json'}`);
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
  const get = async (url: string, headers: Record<string, string> = {}) =>
    app.inject({ url, headers: { authorization: 'yes', ...headers } });
  return { app, get, repeats, made: () => made };
}

t.test('the same words, the same answer', async (t) => {
  const { app, get, made, repeats } = await start();
  t.teardown(() => app.close());
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
  const head = await app.inject({ method: 'HEAD', url: '/values?a=1', headers: { authorization: 'yes' } });
  t.same([head.statusCode, head.body, head.headers.etag], [200, '', first.headers.etag]);
  t.same(repeats, ['BO06', 'BO06', 'BO06'], 'each repeat is told of');
});

t.test('other words, another answer', async (t) => {
  const { app, get, made } = await start();
  t.teardown(() => app.close());
  const answers = [
    await get('/values'),
    await get('/values?a=1'),
    await get('/values?a=1', { accept: 'text/csv' }),
    await get('/values?a=1', { 'accept-language': 'en' }),
  ];
  t.same(
    answers.map(({ body }) => body),
    ['1 json', '2 json', '3 csv', '4 json'],
  );
  await get('/values?asOf=x');
  await get('/values?asOf=x');
  t.equal(made(), 6, 'what must not be repeated is not');
});

t.test('who may not ask gets nothing of it', async (t) => {
  const { app, get } = await start();
  t.teardown(() => app.close());
  const kept = await get('/values');
  for (const authorization of ['', 'no']) {
    const refused = await get('/values', { authorization, 'if-none-match': String(kept.headers.etag) });
    t.equal(refused.statusCode, 404);
    t.notOk(refused.headers.etag);
  }
});
