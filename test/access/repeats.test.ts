// Repeats in front of Fastify open to nobody whom the routes would refuse: another scope, another key, no token, a token cut short.
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { pino } from 'pino';
import t from 'tap';
import {
  createSigningKey,
  isForDomain,
  principalOf,
  registerAccess,
  requireDomain,
  type Scope,
  signToken,
  withScope,
} from '../../src/access/index.ts';
import { createHttpApp } from '../../src/platform/http/app.ts';
import { etagOf } from '../../src/platform/http/conditional.ts';
import { createMetrics, observeRequests } from '../../src/platform/http/observe.ts';
import { repeatAnswers } from '../../src/platform/http/repeat-answers.ts';
import { testLimiter } from '../harness/limits.ts';
import { tokensOnly } from '../harness/tokens-only.ts';

const log = pino({ enabled: false });
const settings = { issuer: 'urn:test', audience: 'urn:flis' };
const key = await createSigningKey();
const app = createHttpApp({
  publicOrigin: 'http://flis.example',
  logger: log,
  requestTimeout: 30_000,
  maxConnections: 9,
});
/** What comes back while a test runs is less than a token. */
const QUOTA = 40;
const limiter = testLimiter({ clientMunicipality: { rate: 0.001, burst: QUOTA } });
registerAccess(app, tokensOnly({ ...settings, keys: { keys: [key.publicJwk] } }), limiter);
observeRequests(app, { log, metrics: createMetrics(), callerOf: ({ principal }) => principal });
const made: string[] = [];
const repeated: string[] = [];
withScope(app, 'key-figures:read', (scoped) => {
  const send = repeatAnswers(scoped, {
    admit: scoped.admit,
    isFor: (reader) => isForDomain(reader, 'borger'),
    onRepeat: ({ clientId, municipality }) => repeated.push(`${clientId} ${municipality}`),
  });
  scoped.get('/values', async (request, reply) => {
    requireDomain(principalOf(request), 'borger');
    made.push(principalOf(request).clientId);
    const body = Buffer.from('the published values');
    return send(request, reply, { body, etag: etagOf(body), mediaType: 'text/plain', next: null, about: 'BO06' }, true);
  });
});
await app.listen({ host: '127.0.0.1', port: 0 });
t.teardown(() => app.close());
const address = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/values`;

async function ask(authorization: string | undefined, headers: Record<string, string> = {}) {
  const answer = await fetch(address, { headers: { ...(authorization && { authorization }), ...headers } });
  const [etag, ratelimit, policy] = ['etag', 'ratelimit', 'ratelimit-policy'].map((name) => answer.headers.get(name));
  return { status: answer.status, body: await answer.text(), etag, ratelimit, policy };
}

async function bearer(
  clientId: string,
  municipality: string,
  scopes: Scope[],
  signer = key,
  domains = ['borger', 'skole'],
): Promise<string> {
  return `Bearer ${await signToken({ ...settings, key: signer }, { clientId, municipality, scopes, domains })}`;
}

/** A repeat is good for half a second; on a busy machine the first may come too late. */
async function askUntilRepeated(authorization: string, headers: Record<string, string> = {}) {
  const before = repeated.length;
  let answer = await ask(authorization, headers);
  while (repeated.length === before) answer = await ask(authorization, headers);
  return { ...answer, reader: repeated.at(-1) };
}

t.test('a repeat goes to whoever the scope admits, and to nobody else', async (t) => {
  const first = await bearer('first', '615', ['key-figures:read']);
  const second = await bearer('second', '101', ['key-figures:read']);
  const answer = await ask(first);
  t.same([answer.status, answer.body], [200, 'the published values']);
  t.match(await askUntilRepeated(first), { status: 200, body: 'the published values', reader: 'first 615' });
  t.match(await askUntilRepeated(first, { 'if-none-match': String(answer.etag) }), {
    status: 304,
    body: '',
    reader: 'first 615',
  });
  t.match(await askUntilRepeated(second), { status: 200, body: 'the published values', reader: 'second 101' });
  t.ok(made.includes('second'), 'a token that was not seen before is verified by the route');
  const counts = [made.length, repeated.length];

  const refused: Record<string, [string | undefined, number]> = {
    'no token': [undefined, 401],
    'another scope': [await bearer('third', '615', ['raw-data:read']), 403],
    'another domain': [await bearer('fifth', '615', ['key-figures:read'], key, ['skole']), 403],
    'another key': [await bearer('fourth', '615', ['key-figures:read'], await createSigningKey()), 401],
    'cut short': [first.slice(0, -2), 401],
    'another scheme': [first.replace('Bearer', 'Basic'), 401],
  };
  // Twice: the second time the verifier may know the header.
  for (const [name, [authorization, status]] of [...Object.entries(refused), ...Object.entries(refused)]) {
    const { status: given, body, etag } = await ask(authorization, { 'if-none-match': String(answer.etag) });
    t.same([given, etag], [status, null], name);
    t.notMatch(body, /published values/, name);
  }
  t.same([made.length, repeated.length], counts);
});

t.test('a connection that was one caller is another one as soon as it sends another credential', async (t) => {
  const read = ['key-figures:read'] as Scope[];
  const [one, other] = [await bearer('on-one', '101', read), await bearer('on-other', '615', read)];
  const foreign = await bearer('on-third', '751', read, await createSigningKey());
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  const ports = new Set<number | undefined>();
  const askOn = async (authorization: string | undefined) => {
    const headers = { ...(authorization && { authorization }) };
    const [answer] = (await once(request(address, { agent, headers }).end(), 'response')) as [IncomingMessage];
    ports.add(answer.socket.localPort);
    await buffer(answer);
    return answer.statusCode;
  };
  await ask(one);
  await ask(other);
  // What was kept may have ended on a busy machine: then the handler makes it anew, for the same caller.
  const readers = () => [...made, ...repeated.map((reader) => reader.split(' ')[0] as string)];
  for (const [sent, status, reader] of [
    ...[
      [one, 200, 'on-one'],
      [one, 200, 'on-one'],
      [other, 200, 'on-other'],
      [foreign, 401, undefined],
    ],
    ...[
      [other, 200, 'on-other'],
      [undefined, 401, undefined],
      [one, 200, 'on-one'],
    ],
  ] as [string | undefined, number, string | undefined][]) {
    const before = readers();
    t.equal(await askOn(sent), status);
    const after = readers();
    for (const each of before) after.splice(after.indexOf(each), 1);
    t.same(after, reader === undefined ? [] : [reader]);
  }
  t.equal(ports.size, 1);
});

t.test('a repeat is counted like any other answer, and tells its own caller of its own limit', async (t) => {
  const [one, two] = [
    await bearer('one', '615', ['key-figures:read']),
    await bearer('two', '615', ['key-figures:read']),
  ];
  await ask(two);
  const before = repeated.length;
  const seen: Awaited<ReturnType<typeof ask>>[] = [];
  for (let turn = 0; turn < QUOTA + 10; turn += 1) seen.push(await ask(one));
  t.ok(repeated.length > before, 'some of them are repeats');
  t.same(
    seen.map(({ status }) => status),
    [...Array(QUOTA).fill(200), ...Array(10).fill(429)],
  );
  const left = seen.slice(0, QUOTA).map(({ ratelimit }) => ratelimit && Number(/;r=(\d+);/.exec(ratelimit)?.[1]));
  // A repeat says nothing while half of the limit or more is left.
  for (const [index, each] of left.entries()) {
    const right = QUOTA - 1 - index;
    if (each !== null || right < QUOTA / 2) t.equal(each, right, `after ${index + 1}`);
  }
  for (const { status, policy } of seen.slice(QUOTA / 2 + 1))
    t.match(policy, `"client-municipality";q=${QUOTA}`, `${status}`);
  const { ratelimit } = await askUntilRepeated(two);
  t.ok(!ratelimit || Number(/;r=(\d+);/.exec(ratelimit)?.[1]) > 20, 'the other has its own');
  t.same((await ask(two)).status, 200);
});
