// Repeats in front of Fastify open to nobody whom the routes would refuse: another scope, another key, no token, a token cut short.
import type { AddressInfo } from 'node:net';
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
registerAccess(app, tokensOnly({ ...settings, keys: { keys: [key.publicJwk] } }), testLimiter());
observeRequests(app, { log, metrics: createMetrics(), callerOf: ({ principal }) => principal });
const made: string[] = [];
const repeated: string[] = [];
withScope(app, 'key-figures:read', (scoped) => {
  const send = repeatAnswers(scoped, {
    admit: scoped.admit,
    charge: scoped.charge,
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
  return { status: answer.status, body: await answer.text(), etag: answer.headers.get('etag') };
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
