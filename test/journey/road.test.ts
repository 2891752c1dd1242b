// The whole road, as a user walks it, with a domain that the service has never heard of: one folder is all it takes.
import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { startService, type TestService } from '../harness/service.ts';

const FOLDER = new URL('./domains', import.meta.url).pathname;
const HEADER = 'kommunekode,maaned,filial,udlaan,laanere';

interface Delivery {
  readonly id: string;
  readonly state: string;
  readonly revision: number;
}

async function json<T>(answer: Promise<Response>, status: number): Promise<T> {
  const received = await answer;
  const text = await received.text();
  if (received.status !== status) throw new Error(`answer ${received.status}, not ${status}: ${text}`);
  return JSON.parse(text) as T;
}

/** Asks until the answer is done; a queue is behind it. */
async function until<T>(ask: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await ask();
    if (done(value)) return value;
    await delay(20);
  }
}

async function deliver(flis: TestService, municipality: string, rows: string[], more: object = {}): Promise<Delivery> {
  const caller = { municipality };
  const operations = 'sequence' in more ? '_op,' : '';
  const { id } = await json<Delivery>(
    flis.call('POST', '/v1/source-deliveries', {
      caller,
      headers: { 'idempotency-key': randomUUID() },
      body: {
        domain: 'bibliotek',
        kind: 'total',
        sourceSystem: 'cicero',
        periodFrom: '2025-01',
        periodTo: '2025-12',
        ...more,
      },
    }),
    201,
  );
  const file = gzipSync([`${operations}${HEADER}`, ...rows, ''].join('\n'));
  const digest = createHash('sha256').update(file).digest('base64');
  await json(
    flis.call('PUT', `/v1/source-deliveries/${id}/files/bib_udlaan`, {
      caller,
      body: file,
      headers: { 'content-type': 'application/gzip', 'content-digest': `sha-256=:${digest}:` },
    }),
    201,
  );
  await json(flis.call('POST', `/v1/source-deliveries/${id}/submit`, { caller }), 202);
  return until(
    () => json<Delivery>(flis.call('GET', `/v1/source-deliveries/${id}`, { caller }), 200),
    ({ state }) => ['accepted', 'rejected', 'failed'].includes(state),
  );
}

async function release(flis: TestService): Promise<{ state: string }> {
  const caller = { municipality: null };
  const { releaseId } = await json<{ releaseId: string }>(
    flis.call('POST', '/v1/releases', { caller, body: { domain: 'bibliotek' } }),
    202,
  );
  return until(
    () => json<{ state: string }>(flis.call('GET', `/v1/releases/${releaseId}`, { caller: {} }), 200),
    ({ state }) => state !== 'requested',
  );
}

async function buildPackage(flis: TestService, body: object): Promise<{ id: string; state: string }> {
  const created = await flis.call('POST', '/v1/packages', { body: { domain: 'bibliotek', ...body } });
  const { id } = (await created.json()) as { id: string };
  return until(
    () => json<{ id: string; state: string }>(flis.call('GET', `/v1/packages/${id}`), 200),
    ({ state }) => state !== 'building',
  );
}

async function table(flis: TestService, id: string): Promise<string[]> {
  const answer = await flis.call('GET', `/v1/packages/${id}/files/bib_udlaan.csv.gz`);
  return gunzipSync(Buffer.from(await answer.arrayBuffer()))
    .toString()
    .trimEnd()
    .split('\n');
}

t.test('a new domain walks the whole road', async (t) => {
  const flis = await startService(t, { domainFolders: [FOLDER] });

  const { items } = await json<{ items: { id: string }[] }>(flis.call('GET', '/v1/domains', { caller: null }), 200);
  t.ok(items.some(({ id }) => id === 'bibliotek'));

  const first = await deliver(flis, '615', [
    '615,2025-02,Vest,50,15',
    '615,2025-01,Øst,100,30',
    '615,2025-01,Vest,50,15',
  ]);
  t.match(first, { state: 'accepted', revision: 1 });
  t.match(await deliver(flis, '791', ['791,2025-01,Viborg,400,100']), { state: 'accepted', revision: 1 });
  t.match(await deliver(flis, '657', ['657,2025-01,Herning,9,3']), { state: 'accepted', revision: 1 });
  t.match(await deliver(flis, '661', ['661,2025-01,Holstebro,90,0']), { state: 'accepted', revision: 1 });

  await t.test('key figures are released, suppressed and flagged', async (t) => {
    t.match(await release(flis), { state: 'published' });
    const values = await json<{ items: { municipality: string; value: number | null; status: string }[] }>(
      flis.call('GET', '/v1/key-figures/BI01/values?group=7-by&from=2025-01&to=2025-01'),
      200,
    );
    const of = (code: string) => values.items.find(({ municipality }) => municipality === code);
    t.match(of('615'), { value: 3.33, status: 'ok' });
    t.match(of('791'), { value: 4, status: 'ok' });
    t.match(of('657'), { value: null, status: 'suppressed' });
    t.match(of('661'), { value: null, status: 'missing' });
    t.match(of('730'), { value: null, status: 'missing' });
  });

  await t.test('raw data come back as they went in, sorted by key', async (t) => {
    const total = await buildPackage(flis, { kind: 'total' });
    t.match(total, { state: 'ready' });
    t.same(await table(flis, total.id), [
      HEADER,
      '615,2025-01,Vest,50,15',
      '615,2025-01,Øst,100,30',
      '615,2025-02,Vest,50,15',
    ]);
  });

  await t.test(
    'a delta changes, adds and deletes; the delta package tells exactly that; a restore undoes it',
    async (t) => {
      const rows = ['U,615,2025-01,Vest,60,15', 'U,615,2025-03,Nord,1,1', 'D,615,2025-02,Vest,,'];
      t.match(await deliver(flis, '615', rows, { kind: 'delta', sequence: 1 }), { state: 'accepted', revision: 2 });
      const delta = await buildPackage(flis, { kind: 'delta', since: 1 });
      t.same(await table(flis, delta.id), [
        `_op,_revision,${HEADER}`,
        'U,2,615,2025-01,Vest,60,15',
        'D,2,615,2025-02,Vest,50,15',
        'I,2,615,2025-03,Nord,1,1',
      ]);
      await json(flis.call('POST', '/v1/revisions/1/restore?domain=bibliotek'), 201);
      const total = await buildPackage(flis, { kind: 'total' });
      t.equal((await table(flis, total.id))[1], '615,2025-01,Vest,50,15');
    },
  );

  await t.test('an identical re-delivery is a revision without a change', async (t) => {
    const again = await deliver(flis, '791', ['791,2025-01,Viborg,400,100']);
    t.match(again, { state: 'accepted', revision: 2 });
    const revision = await json<{ slicesChanged: number }>(
      flis.call('GET', '/v1/revisions/2?domain=bibliotek', { caller: { municipality: '791' } }),
      200,
    );
    t.equal(revision.slicesChanged, 0);
  });

  await t.test('a rejected delivery changes nothing', async (t) => {
    const rejected = await deliver(flis, '791', ['791,2025-01,Viborg,mange,100']);
    t.match(rejected, { state: 'rejected', revision: null });
    const findings = await json<{ items: { rule: string; row: number; column: string }[] }>(
      flis.call('GET', `/v1/source-deliveries/${rejected.id}/findings`, { caller: { municipality: '791' } }),
      200,
    );
    t.match(findings.items, [{ rule: 'type', row: 1, column: 'udlaan' }]);
  });
});
