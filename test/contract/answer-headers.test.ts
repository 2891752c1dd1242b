// What every answer says to browsers and caches, whatever it is: generated over all operations, with and without a token, found or not, again and refused;
// and who may read answers from scripts of another site.
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { securityHeaders } from '../../src/platform/http/security-headers.ts';
import { describeApi } from '../../src/write-openapi.ts';
import { startService, type TestService } from '../harness/service.ts';

interface Operation {
  readonly operationId: string;
}

const document = JSON.parse((await describeApi()).openApi) as { paths: Record<string, Record<string, Operation>> };
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => ({ path, method: method.toUpperCase() })),
);
const EXPECTED = securityHeaders('https://flis.example');
const ALLOWED = 'https://bi.example';
const PAGES = "default-src 'none';base-uri 'none';connect-src 'self';font-src 'self' data:;form-action 'none'";

/** An address that may or may not be there; what counts is that it is answered. */
function addressOf(path: string): string {
  const ids: Record<string, string> = { domain: 'borger', table: 'bor_befolkning', id: 'BO06' };
  return `${path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? '1')}?domain=borger&group=landet`;
}

/** @returns what is missing or other than it should be */
function faultsOf(headers: Headers, label: string, wanted: Readonly<Record<string, string>> = EXPECTED): string[] {
  return Object.entries(wanted)
    .filter(([name, value]) => headers.get(name) !== value)
    .map(([name]) => `${label}: ${name} is ${headers.get(name)}`);
}

async function sweep(t: Test, service: TestService, see: (answer: Response, label: string) => void): Promise<void> {
  const statuses = new Map<number, number>();
  const ask = async (method: string, path: string, options: Parameters<TestService['call']>[2]) => {
    const answer = await service.call(method, path, options);
    await answer.arrayBuffer();
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    see(answer, `${method} ${path} ${answer.status}`);
    return answer;
  };
  for (const { path, method } of [
    ...operations,
    { path: '/nowhere', method: 'GET' },
    { path: '/%zz', method: 'GET' },
  ]) {
    const address = path === '/%zz' ? path : addressOf(path);
    for (const caller of [{}, { municipality: null }, null]) {
      const answer = await ask(method, address, { caller, ...(method === 'GET' ? {} : { body: {} }) });
      const etag = answer.headers.get('etag');
      if (etag !== null) await ask(method, address, { caller, headers: { 'if-none-match': etag } });
      if (method === 'GET') await ask('HEAD', address, { caller });
    }
    await ask('OPTIONS', address, { caller: null });
  }
  for (const status of [200, 304, 400, 401, 403, 404, 415]) t.ok(statuses.has(status), `${status} was seen`);
}

t.test('security headers on every answer', async (t) => {
  const service = await startService(t, { withoutWorker: true });
  const faults: string[] = [];
  let answers = 0;
  await sweep(t, service, (answer, label) => {
    answers += 1;
    faults.push(...faultsOf(answer.headers, label));
    if (answer.headers.get('request-id') === null) faults.push(`${label}: no request id`);
    // Nobody configured any origin.
    for (const [name] of answer.headers) if (name.startsWith('access-control-')) faults.push(`${label}: ${name}`);
  });
  t.strictSame(faults, []);
  t.ok(answers > operations.length * 4, `${answers} answers to ${operations.length} operations`);

  const { hostname, port } = new URL(service.url);
  for (const bytes of ['nonsense\r\n\r\n', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`]) {
    const socket = connect(Number(port), hostname);
    socket.write(bytes);
    const answer = await text(socket);
    const [, ...lines] = (answer.split('\r\n\r\n')[0] ?? '').split('\r\n');
    const headers = new Headers(lines.map((line) => line.split(': ', 2) as [string, string]));
    t.strictSame(faultsOf(headers, answer.slice(9, 12)), []);
  }
});

t.test('the reference page and all that it loads', async (t) => {
  const service = await startService(t, { withoutWorker: true });
  const { 'content-security-policy': _, ...rest } = EXPECTED;
  const page = await fetch(new URL('/docs', service.url));
  const body = await page.text();
  const sources = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source ?? '');
  t.ok(sources.length > 3);
  for (const path of ['/docs', ...sources]) {
    const answer = await fetch(new URL(path, `${service.url}/docs`));
    await answer.arrayBuffer();
    t.equal(answer.status, 200, path);
    t.strictSame(faultsOf(answer.headers, path, rest), []);
    const policy = answer.headers.get('content-security-policy') ?? '';
    t.ok(policy.startsWith(PAGES) && policy.includes("frame-ancestors 'none'") && !policy.includes('script-src-attr'));
    t.notMatch(policy, /unsafe-eval|script-src[^;]*unsafe/);
  }
});

t.test('over plain HTTP nothing is said of HTTPS', async (t) => {
  const settings = { FLIS_PUBLIC_ORIGIN: 'http://flis.example' };
  const service = await startService(t, { withoutWorker: true, settings });
  for (const path of ['/livez', '/docs', '/nowhere']) {
    const answer = await fetch(new URL(path, service.url));
    await answer.arrayBuffer();
    t.equal(answer.headers.get('strict-transport-security'), null, path);
  }
});

t.test('scripts of configured sites may read answers, and no others', async (t) => {
  const settings = { FLIS_CORS_ORIGINS: `${ALLOWED},https://other.example` };
  const service = await startService(t, { withoutWorker: true, settings });
  const faults: string[] = [];
  await sweep(t, service, (answer, label) => {
    // The address is refused before it has a route; such an answer depends on nothing.
    if (!label.includes('%zz') && !answer.headers.get('vary')?.endsWith('Origin'))
      faults.push(`${label}: vary is ${answer.headers.get('vary')}`);
    faults.push(...faultsOf(answer.headers, label));
  });
  t.strictSame(faults, [], 'every answer says that it depends on the origin');

  const preflight = (path: string, origin: string, method = 'GET') =>
    service.call('OPTIONS', path, { caller: null, headers: { origin, 'access-control-request-method': method } });
  for (const path of ['/v1/domains', '/v1/packages', '/nowhere']) {
    const answer = await preflight(path, ALLOWED);
    t.equal(answer.status, 204, path);
    t.equal(answer.headers.get('access-control-allow-origin'), ALLOWED);
    t.match(answer.headers.get('access-control-allow-headers'), /Authorization.*If-None-Match.*Idempotency-Key/);
    t.match(answer.headers.get('access-control-allow-methods'), /GET.*POST.*PUT.*DELETE/);
    t.equal(answer.headers.get('access-control-allow-credentials'), null);
    t.equal(answer.headers.get('vary'), 'Origin');
  }
  const strangers = ['https://evil.example', 'null', `${ALLOWED}.evil.example`, 'http://bi.example', `${ALLOWED}:443`];
  for (const origin of [...strangers, `${ALLOWED}, https://evil.example`, 'https://BI.example', '']) {
    const refused = await preflight('/v1/domains', origin);
    t.equal(refused.status, 404, origin);
    const read = await service.call('GET', '/v1/domains', { headers: { origin } });
    t.equal(read.status, 200, 'an answer is given, and the browser keeps it from the script');
    for (const { headers } of [refused, read])
      t.strictSame(
        [...headers].filter(([name]) => name.startsWith('access-control-')),
        [],
      );
  }

  const seen = await service.call('GET', '/v1/domains', { caller: null, headers: { origin: ALLOWED } });
  const etag = seen.headers.get('etag') ?? '';
  t.equal(seen.headers.get('access-control-allow-origin'), ALLOWED);
  t.match(seen.headers.get('access-control-expose-headers'), /ETag.*Link.*Request-Id/);
  const again = await service.call('GET', '/v1/domains', {
    caller: null,
    headers: { origin: 'https://other.example', 'if-none-match': etag },
  });
  t.equal(again.status, 304, 'the body is the same for all, and so is its ETag');
  t.equal(again.headers.get('access-control-allow-origin'), 'https://other.example');
  for (const [path, status] of [
    ['/v1/revisions', 401],
    ['/nowhere', 404],
  ] as const) {
    const answer = await service.call('GET', path, { caller: null, headers: { origin: ALLOWED } });
    t.same([answer.status, answer.headers.get('access-control-allow-origin')], [status, ALLOWED], 'refusals too');
  }
});
