// The routes of the warehouse over HTTP: listing with pages and asOf, one revision, changes, restore, and what is not there.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { startService, type TestService } from '../harness/service.ts';

const HEADER = 'kommunekode,maaned,koen,alder_fra,alder_til,civilstand,herkomst,statsborgerskab,distrikt,antal';
const row = (month: string, age: number, count: number) => `615,${month},K,${age},${age},ialt,ialt,ialt,ialt,${count}`;

async function json<T>(answer: Response | Promise<Response>, status = 200): Promise<T> {
  const received = await answer;
  const text = await received.text();
  if (received.status !== status) throw new Error(`${received.status}: ${text}`);
  return JSON.parse(text) as T;
}

/** Hands in one file of population and waits for its end. */
async function deliver(
  flis: TestService,
  rows: readonly string[],
): Promise<{ state: string; revision: number; id: string }> {
  const body = { domain: 'borger', kind: 'total', sourceSystem: 'cpr', periodFrom: '2025-01', periodTo: '2025-12' };
  const { id } = await json<{ id: string }>(flis.call('POST', '/v1/source-deliveries', { body }), 201);
  const put = await flis.call('PUT', `/v1/source-deliveries/${id}/files/bor_befolkning`, {
    body: [HEADER, ...rows].join('\n'),
    headers: { 'content-type': 'text/csv' },
  });
  if (put.status !== 201) throw new Error(await put.text());
  await json(flis.call('POST', `/v1/source-deliveries/${id}/submit`), 202);
  for (;;) {
    const delivery = await json<{ state: string; revision: number; id: string }>(
      flis.call('GET', `/v1/source-deliveries/${id}`),
    );
    if (['accepted', 'rejected', 'failed'].includes(delivery.state)) return delivery;
    await delay(25);
  }
}

interface Listed {
  readonly items: { readonly revision: number; readonly createdAt: string; readonly slicesChanged: number }[];
  readonly next: string | null;
}

t.test('revisions over HTTP', async (t) => {
  const flis = await startService(t);
  const first = await deliver(flis, [row('2025-01', 5, 10), row('2025-01', 6, 20)]);
  t.match(first, { state: 'accepted', revision: 1 });
  t.match(await deliver(flis, [row('2025-01', 5, 10), row('2025-01', 6, 20)]), { state: 'accepted', revision: 2 });
  t.match(await deliver(flis, [row('2025-01', 5, 11), row('2025-02', 6, 20)]), { state: 'accepted', revision: 3 });
  const get = (path: string, caller = {}) => flis.call('GET', path, { caller });

  const page = await get('/v1/revisions?domain=borger&limit=2');
  const listed = await json<Listed>(page.clone());
  t.same(
    listed.items.map(({ revision, slicesChanged }) => [revision, slicesChanged]),
    [
      [3, 1],
      [2, 0],
    ],
  ); // prettier-ignore
  t.equal(page.headers.get('link'), `<${listed.next}>; rel="next"`);
  const { pathname, search } = new URL(listed.next ?? '');
  const rest = await json<Listed>(get(pathname + search));
  t.same(
    rest.items.map(({ revision }) => revision),
    [1],
  ); // prettier-ignore
  t.equal(rest.next, null);
  const asOf = encodeURIComponent(listed.items[1]?.createdAt ?? '');
  const then = await json<Listed>(get(`/v1/revisions?domain=borger&asOf=${asOf}`));
  t.equal(then.items[0]?.revision, 1, 'times are cut to milliseconds, so revision 2 is just after its own');

  const whole = await json<{ tables: unknown; sourceDelivery: string }>(get('/v1/revisions/1?domain=borger'));
  t.equal(whole.sourceDelivery, first.id);
  t.match(whole.tables, [
    { table: 'bor_befolkning', rows: 2, slices: [{ period: '2025', rows: 2, sha256: /^[0-9a-f]{64}$/, since: 1 }] },
  ]); // prettier-ignore
  const change = { table: 'bor_befolkning', period: '2025', inserted: 1, updated: 1, deleted: 1 };
  t.same(await json(get('/v1/revisions/3/changes?domain=borger&since=1')), {
    revision: 3,
    since: 1,
    changes: [change],
  });

  const restore = (headers = {}) =>
    flis.call('POST', '/v1/revisions/2/restore?domain=borger', { headers, caller: { clientId: 'one' } });
  const key = { 'idempotency-key': randomUUID() };
  const answer = await restore(key);
  t.equal(answer.headers.get('location'), '/v1/revisions/4?domain=borger');
  const restored = await json(answer, 201);
  t.match(restored, { revision: 4, kind: 'restore', restoredRevision: 2, sourceDelivery: null, slicesChanged: 1 });
  t.same(await json(restore(key), 201), restored);

  const missing = [
    '/v1/revisions?domain=ukendt',
    '/v1/revisions/9?domain=borger',
    '/v1/revisions/9/changes?domain=borger&since=0',
  ];
  for (const path of missing) t.match(await json(get(path), 404), { code: 'not-found' });
  t.match(await json(get('/v1/revisions/1?domain=borger', { municipality: '751' }), 404), { code: 'not-found' });
  t.match(await json(get('/v1/revisions/1/changes?domain=borger&since=2'), 400), { code: 'invalid-since' });
  t.match(await json(get('/v1/revisions/1'), 400), { code: 'invalid-request' });
  t.match(await json(get('/v1/revisions/1?domain=borger', { scopes: ['source:read'] }), 403), {
    code: 'scope-missing',
  });
});
