// Behind a reverse proxy: whose failures are counted, and that nothing else of what a proxy says is believed, be it trusted or not.
import t from 'tap';
import { startService, type TestService } from '../harness/service.ts';

t.test('failures behind a proxy', async (t) => {
  const guess = async ({ url }: TestService, forwarded: string, count: number) => {
    const statuses = new Set<number>();
    for (let turn = 0; turn < count; turn += 1) {
      const headers = { authorization: `Bearer guess-${turn}`, 'x-forwarded-for': forwarded };
      statuses.add((await fetch(`${url}/v1/me`, { headers })).status);
    }
    return [...statuses].sort();
  };
  const start = (proxies: object) =>
    startService(t, { withoutWorker: true, settings: { FLIS_FAILURE_RATE: '1', ...proxies } });

  await t.test('that is trusted: of each caller by itself', async (t) => {
    const service = await start({ FLIS_TRUSTED_PROXIES: '127.0.0.0/8,10.0.0.0/8' });
    t.same(await guess(service, '192.0.2.1', 40), [401, 429]);
    t.same(await guess(service, '192.0.2.2', 3), [401], 'another caller is not refused for it');
    t.same(await guess(service, '192.0.2.77, 192.0.2.1', 1), [429], 'what a caller claims itself is not believed');
    t.same(await guess(service, '192.0.2.1, 10.1.2.3', 1), [429], 'through another trusted proxy');
    await guess(service, 'no address', 40);
    t.same(await guess(service, 'neither', 1), [429], 'what is no address is one and the same');
  });

  await t.test('that is not: all are one', async (t) => {
    const service = await start({});
    t.same(await guess(service, '192.0.2.1', 40), [401, 429]);
    t.same(await guess(service, '192.0.2.2', 1), [429]);
  });
});

t.test('what a trusted proxy says of host and scheme changes nothing', async (t) => {
  const service = await startService(t, { withoutWorker: true, settings: { FLIS_TRUSTED_PROXIES: '127.0.0.1' } });
  const lies = {
    ...{ 'x-forwarded-for': '192.0.2.1', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'ftp' },
    ...{ 'x-forwarded-port': '666', forwarded: 'for=192.0.2.1;host=evil.example;proto=ftp' },
  };
  const body = { domain: 'borger', kind: 'total', sourceSystem: 'cpr', periodFrom: '2025-01', periodTo: '2025-12' };
  const seen = async (method: string, path: string, headers: Record<string, string>) => {
    const answer = await service.call(method, path, {
      ...{ caller: { clientId: 'proxied' }, headers: { 'idempotency-key': path, ...headers } },
      ...(method === 'POST' ? { body } : {}),
    });
    const told = [...answer.headers].filter(([name]) => !['date', 'request-id', 'ratelimit'].includes(name));
    return { status: answer.status, told, text: await answer.text() };
  };
  const asked = ['/.well-known/oauth-authorization-server', '/openapi.json', '/docs', '/v1/domains', '/nowhere'];
  asked.push('/v1/source-deliveries?limit=1', '/v1/key-figures/BO05/values', '/v1/releases');
  const opened = await seen('POST', '/v1/source-deliveries', {});
  await service.call('POST', '/v1/source-deliveries', { body, headers: { 'idempotency-key': 'another' } });
  t.equal(opened.status, 201);
  t.match(await seen('POST', '/v1/source-deliveries', lies), { told: opened.told });
  for (const path of asked) t.strictSame(await seen('GET', path, lies), await seen('GET', path, {}), path);
  t.match((await seen('GET', '/v1/source-deliveries?limit=1', lies)).text, '"next":"https://flis.example/v1/');
});
