// Deliveries from the due day to the receipt: scheduled once, prepared from the newest revision, signed, fetched in ranges, acknowledged.
import { gunzipSync } from 'node:zlib';
import { compactVerify, createLocalJWKSet, decodeProtectedHeader } from 'jose';
import { pino } from 'pino';
import t from 'tap';
import { openWorkerDeps } from '../../src/deps.ts';
import { prepareDelivery } from '../../src/pipeline/delivery/deliveries/prepare-delivery.ts';
import { scheduleDeliveries } from '../../src/pipeline/delivery/deliveries/schedule-deliveries.ts';
import { announceEnds } from '../../src/pipeline/delivery/subscriptions/index.ts';
import { insertEvent } from '../../src/pipeline/delivery/subscriptions/store.ts';
import { withTenant } from '../../src/platform/postgres/tenancy.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { openDeliveryScene, sha256 } from './deliveries-scene.ts';
import { birth, type Json, people } from './packages-scene.ts';

const population = (extra = 0) => [
  people('2025-01', 30, 100 + extra),
  people('2025-02', 30, 200),
  people('2024-12', 3, 7),
];
const events = [birth(1, '2025-01-05'), birth(3, '2025-02-11')];

t.test('from the due day to the receipt', async (t) => {
  const { subscribe, lookAt, deliver, readyOn, deliveriesOf, call, fetchAs } = await openDeliveryScene(t);
  await deliver(population(), events);
  const subscription = await subscribe({ formats: ['csv.gz', 'parquet', 'zip'] });

  t.equal((await lookAt('2026-03-01T03:59:00Z')).created, 0, 'an hour before six o’clock in Denmark is not yet');
  t.equal((await lookAt('2026-03-01T04:00:00Z')).created, 1);
  t.equal((await lookAt('2026-03-01T04:00:20Z')).created, 0, 'once');
  const ready = await readyOn(subscription, '2026-03-01');
  t.match(ready, {
    state: 'ready',
    domain: 'borger',
    dueOn: '2026-03-01',
    promisedAt: '2026-03-01T05:00:00.000Z',
    unchanged: null,
  });
  t.equal(ready.nextPromisedAt, '2026-03-02T05:00:00.000Z');

  await t.test('the manifest is signed with a published key, and adds up', async (t) => {
    const { keys } = (await call('GET', '/.well-known/delivery-keys.json')).json;
    const { payload } = await compactVerify(ready.signedManifest, createLocalJWKSet({ keys }));
    t.equal(decodeProtectedHeader(ready.signedManifest).typ, 'flis-manifest+jws');
    const manifest: Json = JSON.parse(Buffer.from(payload).toString());
    t.same(manifest, ready.manifest, 'what is shown is what is signed');
    t.match(manifest, {
      kind: 'total',
      revision: 1,
      since: null,
      municipality: '615',
      delivery: ready.id,
      subscription,
    });
    t.equal(manifest.epochStart, manifest.transactionTime);
    const [population, moves] = manifest.tables;
    t.same([population.rows, population.controlTotals.antal], [3, '307']);
    t.same([moves.rows, moves.controlTotals.alder], [2, '0']);
    t.same(
      manifest.files.map(({ name }: Json) => name),
      [
        'archive.zip',
        'bor_befolkning.csv.gz',
        'bor_befolkning.parquet',
        'bor_bevaegelse.csv.gz',
        'bor_bevaegelse.parquet',
      ],
    );
  });

  await t.test('wrong digests change nothing; before all is fetched it can be acknowledged', async (t) => {
    const path = `/v1/deliveries/${ready.id}/acknowledgements`;
    const named = ready.files.map(({ name, sha256 }: Json) => ({ name, sha256 }));
    const wrong = await call('POST', path, {
      body: { files: [{ ...named[0], sha256: 'a'.repeat(64) }, ...named.slice(2)] },
    });
    t.equal(wrong.status, 409);
    t.match(wrong.json, { code: 'digests-differ', files: [named[0].name, named[1].name] });
    const more = await call('POST', path, { body: { files: [...named, { name: 'other', sha256: 'a'.repeat(64) }] } });
    t.match(more.json, { code: 'digests-differ', files: ['other'] });
    t.equal((await call('GET', `/v1/deliveries/${ready.id}`)).json.state, 'ready');
  });

  await t.test('every byte of every file, ranges added up, makes it fetched', async (t) => {
    for (const { name, path, bytes, sha256: digest } of ready.files) {
      const whole = await call('GET', path, { headers: { range: `bytes=${bytes - 1}-` } });
      t.equal(whole.status, 206);
      const head = await call('GET', path, { headers: { range: `bytes=0-${bytes - 2}` } });
      t.equal(sha256(Buffer.concat([head.bytes, whole.bytes])), digest, name);
      if (name === 'bor_befolkning.csv.gz') {
        t.match(gunzipSync(Buffer.concat([head.bytes, whole.bytes])).toString(), /^kommunekode,maaned,/);
        const { files, state } = (await call('GET', `/v1/deliveries/${ready.id}`)).json;
        t.ok(files.find((file: Json) => file.name === 'bor_bevaegelse.parquet').bytesSent === 0);
        t.equal(state, 'ready', 'not while a file is missing');
      }
    }
    const fetched = await call('HEAD', ready.files[0].path);
    t.equal(fetched.status, 200);
    await t.resolves(
      (async () => {
        while ((await call('GET', `/v1/deliveries/${ready.id}`)).json.state !== 'fetched')
          await new Promise(setImmediate);
      })(),
    );
  });

  await t.test('what a file is made of is told without gaps, and nothing of where it lies', async (t) => {
    for (const { name, path, bytes, sha256: digest } of ready.files) {
      const { status, json, bytes: text } = await call('GET', `${path}/segments`);
      t.equal(status, 200, name);
      t.match(json, { bytes, sha256: digest });
      let end = -1;
      for (const segment of json.segments) {
        t.equal(segment.start, end + 1);
        end = segment.end;
      }
      t.equal(end, bytes - 1);
      t.notMatch(text.toString(), /municipality=|segments\/|packages\//);
    }
    t.equal((await call('GET', `${ready.files[0].path}x/segments`)).json.code, 'not-found');
  });

  await t.test('the receipt is one, signed, and the same again', async (t) => {
    const path = `/v1/deliveries/${ready.id}/acknowledgements`;
    const body = { files: ready.files.map(({ name, sha256 }: Json) => ({ name, sha256: sha256.toUpperCase() })) };
    const first = await call('POST', path, { body });
    t.equal(first.status, 200);
    const { keys } = (await call('GET', '/.well-known/delivery-keys.json')).json;
    const { payload } = await compactVerify(first.json.receipt, createLocalJWKSet({ keys }));
    t.equal(decodeProtectedHeader(first.json.receipt).typ, 'flis-receipt+jws');
    t.match(JSON.parse(Buffer.from(payload).toString()), {
      delivery: ready.id,
      acknowledgedBy: 'bi-system',
      revision: 1,
    });
    t.same((await call('POST', path, { body })).json, first.json);
    const other = await fetchAs({ municipality: '615', clientId: 'other', scopes: ['raw-data:read'] }, 'POST', path, {
      body,
    });
    t.equal(other.json.code, 'acknowledged-already');
    const { state, receipt } = (await call('GET', `/v1/deliveries/${ready.id}`)).json;
    t.same([state, receipt], ['acknowledged', first.json.receipt]);
  });

  await t.test('events tell of it', async (t) => {
    const { items } = (await fetchAs({ municipality: '615', scopes: ['events:read'] }, 'GET', '/v1/events')).json;
    const data = { delivery: ready.id, subscription, dueOn: '2026-03-01' };
    t.match(items, [
      { type: 'delivery.ready', domain: 'borger', data: { ...data, files: 5 } },
      { type: 'delivery.fetched', domain: 'borger', data },
    ]);
    t.equal(items.length, 2);
  });

  await t.test('unchanged data: the same package, a manifest of its own, and why', async (t) => {
    await lookAt('2026-03-02T04:30:00Z');
    const next = await readyOn(subscription, '2026-03-02');
    t.equal(next.packageId, ready.packageId);
    t.equal(next.unchanged, 'no-new-source-data');
    t.not(next.signedManifest, ready.signedManifest);
    t.equal((await deliveriesOf(subscription)).length, 2);
  });
});

t.test('deltas: a total first, then what changed, and an empty one when nothing did', async (t) => {
  const { subscribe, lookAt, deliver, readyOn, call } = await openDeliveryScene(t);
  await deliver(population(), events);
  const subscription = await subscribe({ kind: 'delta', tables: ['bor_befolkning'] });
  await lookAt('2026-03-01T04:00:00Z');
  const first = await readyOn(subscription, '2026-03-01');
  t.match(first.manifest, { kind: 'total', since: null });
  t.same(
    first.files.map(({ name }: Json) => name),
    ['bor_befolkning.csv.gz'],
    'the agreed tables only',
  );
  await deliver(population(5), events);
  await lookAt('2026-03-02T04:00:00Z');
  const second = await readyOn(subscription, '2026-03-02');
  t.match(second.manifest, { kind: 'delta', since: 1, revision: 2, epochStart: first.manifest.transactionTime });
  t.equal(second.manifest.tables[0].controlTotals.antal, '312', 'of the whole table, whatever the delta holds');
  const { bytes } = await call('GET', second.files[0].path);
  t.match(gunzipSync(bytes).toString().trim().split('\n'), [/^_op,/, /^U,2,615,2025-01/]);
  await lookAt('2026-03-03T04:00:00Z');
  const third = await readyOn(subscription, '2026-03-03');
  t.match(third.manifest, { kind: 'delta', since: 2, revision: 2, unchanged: 'no-new-source-data' });
  t.equal(third.files[0].rows, 0);
});

t.test('late: with the reason, and it still arrives', async (t) => {
  const { subscribe, lookAt, deliver, readyOn, deliveriesOf, call, fetchAs } = await openDeliveryScene(t);
  const subscription = await subscribe();
  t.match(await lookAt('2026-03-01T04:00:00Z'), { created: 1, late: 0 });
  t.match(await lookAt('2026-03-01T05:00:00Z'), { created: 0, late: 1 });
  t.match(await lookAt('2026-03-01T05:00:30Z'), { late: 0 }, 'noted once');
  const [late] = await deliveriesOf(subscription);
  t.match(late, { state: 'scheduled', isLate: true, lateReason: 'no-source-data' });
  const told = await fetchAs({ municipality: '615', scopes: ['events:read'] }, 'GET', '/v1/events?types=delivery.late');
  t.match(told.json.items, [{ data: { delivery: late.id, reason: 'no-source-data' } }]);
  t.equal((await call('GET', `/v1/deliveries/${late.id}/files/x`)).json.code, 'delivery-not-ready');
  await deliver(population(), events);
  t.match(await lookAt('2026-03-01T05:20:00Z'), { askedAgain: 1 });
  const ready = await readyOn(subscription, '2026-03-01');
  t.match(ready, { state: 'ready', isLate: true, lateReason: 'no-source-data' });
  const { items } = (await call('GET', '/v1/delivery-history?from=2026-03-01&to=2026-03-31')).json;
  t.match(items, [
    { domain: 'borger', month: '2026-03', due: 1, onTime: 0, late: 1, lateByReason: { 'no-source-data': 1 } },
  ]);
});

t.test('any number of workers create a due delivery once, and days that were missed are made up for', async (t) => {
  const { subscribe, lookAt, deliver, deliveriesOf } = await openDeliveryScene(t);
  await deliver(population(), events);
  const subscription = await subscribe();
  const looks = await Promise.all(Array.from({ length: 8 }, () => lookAt('2026-03-05T04:00:00Z')));
  t.equal(
    looks.reduce((sum, { created }) => sum + created, 0),
    5,
  );
  t.same(
    (await deliveriesOf(subscription)).map(({ dueOn }) => dueOn),
    ['2026-03-05', '2026-03-04', '2026-03-03', '2026-03-02', '2026-03-01'],
  );
});

t.test('however many prepare a delivery, and however late one of them wakes up, it is made ready once', async (t) => {
  const { flis, subscribe, deliver, readyOn, fetchAs, call } = await openDeliveryScene(t, {
    withoutWorker: true,
  });
  const worker = await flis.startWorker();
  await deliver(population(), events);
  await worker.stop();
  const deps = await openWorkerDeps(flis.config, pino({ enabled: false }), {
    clock: () => new Date('2026-03-01T04:10:00Z'),
  });
  t.teardown(() => deps.close());
  const subscription = await subscribe();
  await scheduleDeliveries(deps, new Date('2026-03-01T04:00:00Z'));
  const { items } = (await call('GET', `/v1/deliveries?subscriptionId=${subscription}`)).json;
  const tenant = { municipality: municipalityCodeOf('615'), domains: null, clientId: 'worker', requestId: 'test' };
  const prepare = (signal = new AbortController().signal) => prepareDelivery(deps, tenant, items[0].id, signal);
  await t.rejects(prepare(AbortSignal.abort(new Error('stopped'))), 'a stopped one publishes nothing');
  t.equal((await call('GET', `/v1/deliveries/${items[0].id}`)).json.state, 'building');
  await Promise.all([prepare(), prepare(), prepare()]);
  const { signedManifest, files } = await readyOn(subscription, '2026-03-01');
  t.equal(files.length, 2);
  await prepare();
  t.equal((await readyOn(subscription, '2026-03-01')).signedManifest, signedManifest);
  const told = await fetchAs(
    { municipality: '615', scopes: ['events:read'] },
    'GET',
    '/v1/events?types=delivery.ready',
  );
  t.equal(told.json.items.length, 1);
});

t.test('the end of a subscription is told of 30 and 7 days ahead, once', async (t) => {
  const { flis, subscribe, fetchAs } = await openDeliveryScene(t);
  const { pool } = flis.workerDeps ?? flis.api.deps;
  const terms = { tables: ['bor_befolkning'] };
  const [ends, goesOn] = [await subscribe(terms, '2026-03-01', '615', null), await subscribe(terms)];
  const announceAt = (time: string) => announceEnds(pool, new Date(time));
  t.equal(await announceAt('2027-01-28T12:00:00Z'), 0, 'its last day is 28 February');
  const atOnce = await Promise.all(Array.from({ length: 6 }, () => announceAt('2027-01-29T12:00:00Z')));
  t.equal(
    atOnce.reduce((sum, told) => sum + told, 0),
    1,
  );
  t.equal(await announceAt('2027-02-20T22:59:59Z'), 0);
  t.equal(await announceAt('2027-02-20T23:00:00Z'), 1, 'a day begins at midnight in Denmark');
  t.equal(await announceAt('2027-02-28T12:00:00Z'), 0);
  const path = '/v1/events?types=subscription.expiring';
  const { items } = (await fetchAs({ municipality: '615', scopes: ['events:read'] }, 'GET', path)).json;
  const told = (days: number) => ({ domain: 'borger', data: { subscription: ends, days, lastDay: '2027-02-28' } });
  t.match(items, [told(30), told(7)]);
  t.equal(items.length, 2);
  const tenant = { municipality: municipalityCodeOf('615'), domains: null, clientId: 'it', requestId: 'test' };
  await withTenant(flis.api.deps.pool, tenant, (tx) =>
    insertEvent(tx, goesOn, { kind: 'terminated', day: '2027-03-05', terms: null }),
  );
  t.equal(await announceAt('2027-03-01T12:00:00Z'), 1, 'one that is terminated in its last days has one notice');
});
