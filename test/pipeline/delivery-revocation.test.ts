// Packages that are taken back, and packages whose time is over: no byte of them leaves, their manifests stay, and subscribers get what makes it good.
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import t from 'tap';
import { openWorkerDeps } from '../../src/deps.ts';
import { prepareDelivery } from '../../src/pipeline/delivery/deliveries/prepare-delivery.ts';
import { scheduleDeliveries } from '../../src/pipeline/delivery/deliveries/schedule-deliveries.ts';
import { revokeDelivered } from '../../src/pipeline/delivery/index.ts';
import { buildPackage, checkPackages, sweepPackages } from '../../src/pipeline/packages/index.ts';
import { expirePackages } from '../../src/pipeline/packages/store.ts';
import { withSystem } from '../../src/platform/postgres/tenancy.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { openDeliveryScene } from './deliveries-scene.ts';
import { birth, type Json, people } from './packages-scene.ts';

const population = (extra = 0) => [people('2025-01', 30, 100 + extra), people('2024-12', 3, 7)];
const events = [birth(1, '2025-01-05')];
const REASON = 'Kolonnen antal var forkert';
const operatorOf = (municipality: string) => ({
  ...{ municipality: municipalityCodeOf(municipality), domains: null },
  ...{ clientId: 'operator', requestId: 'test' },
});

t.test('a revoked package of a chain of deltas', async (t) => {
  const { flis, subscribe, lookAt, deliver, readyOn, call, fetchAs, until } = await openDeliveryScene(t);
  const deps = flis.workerDeps;
  if (deps === undefined) throw new Error('no worker');
  const revoke = (municipality: string, id: string) => revokeDelivered(deps, operatorOf(municipality), id, REASON);
  await deliver(population(), events);
  const subscription = await subscribe({ kind: 'delta', tables: ['bor_befolkning'], formats: ['csv.gz', 'zip'] });
  await lookAt('2026-03-01T04:00:00Z');
  const first = await readyOn(subscription, '2026-03-01');
  await deliver(population(5), events);
  await lookAt('2026-03-02T04:00:00Z');
  const second = await readyOn(subscription, '2026-03-02');
  t.match(second, { manifest: { kind: 'delta' }, revocation: null, replaces: null });
  t.ok(second.fetchableUntil >= '2027-04-02T04:00:00.000Z', 'for 13 months at least');
  await lookAt('2026-03-02T05:10:00Z');

  t.equal(await revoke('101', second.packageId), undefined, 'in another municipality there is no such package');
  t.same(await revoke('615', second.packageId), { deliveries: 1, replacements: 1 });
  t.equal(await revoke('615', second.packageId), undefined, 'once');

  await t.test('its bytes answer 410 with the reason, and what is said of it stays', async (t) => {
    const paths = [
      ...second.files.map(({ path }: Json) => path),
      `${second.files[1].path}/segments`,
      `/v1/packages/${second.packageId}/files/bor_befolkning.csv.gz`,
      `/v1/packages/${second.packageId}/files/bor_befolkning.parquet`,
      `/v1/packages/${second.packageId}/archive.zip`,
    ];
    for (const path of paths) {
      const answer = await call('GET', path);
      t.match([answer.status, answer.json], [410, { code: 'package-revoked', reason: REASON }]);
      t.equal((await call('GET', path, { headers: { range: 'bytes=0-0' } })).status, 410);
      t.equal((await call('HEAD', path)).status, 410);
    }
    t.equal((await call('GET', first.files[0].path)).status, 200, 'other packages are as before');
    const manifest = (await call('GET', `/v1/packages/${second.packageId}`)).json;
    t.match(manifest, { state: 'revoked', revocation: { reason: REASON, revokedAt: '2026-03-02T05:10:00.000Z' } });
    t.ok(manifest.resources.length > 0);
    const again = (await call('GET', `/v1/deliveries/${second.id}`)).json;
    t.match(again, { state: 'revoked', revocation: { reason: REASON } });
    const { items: open } = (await call('GET', `/v1/deliveries?subscriptionId=${subscription}&state=ready`)).json;
    t.notOk(
      open.some(({ id }: Json) => id === second.id),
      'who looks for what is ready does not find it',
    );
    t.equal(again.signedManifest, second.signedManifest);
    const { items } = (await call('GET', '/v1/packages?state=revoked')).json;
    t.same(
      items.map(({ id }: Json) => id),
      [second.packageId],
    );
  });

  await t.test('the municipality is told, and a total takes its place; deltas go on from that', async (t) => {
    const told = await fetchAs(
      { municipality: '615', scopes: ['events:read'] },
      'GET',
      '/v1/events?types=package.revoked',
    );
    t.match(told.json.items, [
      { domain: 'borger', data: { package: second.packageId, deliveries: 1, replacements: 1 } },
    ]);
    const log = await fetchAs(
      { municipality: '615', scopes: ['audit:read'] },
      'GET',
      '/v1/audit-log?operation=revokePackage',
    );
    t.match(log.json.items, [{ client: 'operator' }]);
    const path = `/v1/deliveries?subscriptionId=${subscription}&from=2026-03-02&to=2026-03-02`;
    const both = await until(
      path,
      ({ items }) => items.length === 2 && items.every(({ readyAt }: Json) => readyAt !== null),
    );
    const { id } = both.items.find(({ replaces }: Json) => replaces !== null);
    const made = (await call('GET', `/v1/deliveries/${id}`)).json;
    t.match(made, {
      ...{ replaces: second.id, dueOn: '2026-03-02', promisedAt: '2026-03-02T06:10:00.000Z', unchanged: null },
      manifest: { kind: 'total', since: null, revision: 2, nextPromisedAt: second.nextPromisedAt },
    });
    t.not(made.packageId, second.packageId);
    t.equal((await call('GET', made.files[1].path)).status, 200);
    await lookAt('2026-03-03T04:00:00Z');
    const third = await readyOn(subscription, '2026-03-03');
    t.match(third.manifest, { kind: 'delta', since: 2, revision: 2, unchanged: 'no-new-source-data' });
    t.equal(third.manifest.epochStart, made.manifest.epochStart);
  });

  await t.test('a package in the midst of a chain, too: who did not take it could not follow', async (t) => {
    await deliver(population(6), events);
    await lookAt('2026-03-04T04:00:00Z');
    const fourth = await readyOn(subscription, '2026-03-04');
    await deliver(population(7), events);
    await lookAt('2026-03-05T04:00:00Z');
    const fifth = await readyOn(subscription, '2026-03-05');
    t.match(fifth.manifest, { kind: 'delta', since: 3, revision: 4 });
    await lookAt('2026-03-05T05:10:00Z');
    t.same(await revoke('615', fourth.packageId), { deliveries: 1, replacements: 1 });
    const path = `/v1/deliveries?subscriptionId=${subscription}&from=2026-03-05&to=2026-03-05`;
    const both = await until(
      path,
      ({ items }) => items.length === 2 && items.every(({ readyAt }: Json) => readyAt !== null),
    );
    t.ok(
      both.items.some(({ replaces }: Json) => replaces === fourth.id),
      'on the newest due day',
    );
    t.same(
      await revoke('615', first.packageId),
      { deliveries: 1, replacements: 0 },
      'whoever had the first has taken totals since',
    );
  });
  t.same((await checkPackages(deps)).faults, []);
});

t.test('a package that is revoked while a delivery is made of it is not delivered, whenever that is', async (t) => {
  const { flis, subscribe, deliver, call } = await openDeliveryScene(t, { withoutWorker: true });
  const worker = await flis.startWorker();
  await deliver(population(), events);
  await worker.stop();
  const deps = await openWorkerDeps(flis.config, pino({ enabled: false }), {
    clock: () => new Date('2026-03-01T04:10:00Z'),
  });
  t.teardown(() => deps.close());
  const tenant = { ...operatorOf('615'), clientId: 'worker' };
  const { signal } = new AbortController();
  let [revoked, transactions] = [true, 0];
  for (let last = 1; revoked; last += 1) {
    const subscription = await subscribe({ tables: ['bor_befolkning'] });
    await scheduleDeliveries(deps, new Date('2026-03-01T04:00:00Z'));
    const [{ id }] = (await call('GET', `/v1/deliveries?subscriptionId=${subscription}`)).json.items;
    const ordered = (await call('POST', '/v1/packages', { body: { domain: 'borger', kind: 'total' } })).json;
    await buildPackage(deps, tenant, ordered.id, signal);
    [revoked, transactions] = [false, 0];
    /** Before so many a transaction of the preparation, somebody takes the package back. */
    const connect = async () => {
      transactions += 1;
      if (transactions === last)
        revoked = (await revokeDelivered(deps, operatorOf('615'), ordered.id, REASON)) !== undefined;
      return deps.pool.connect();
    };
    const pool = Object.create(deps.pool, { connect: { value: connect } });
    await prepareDelivery({ ...deps, pool }, tenant, id, signal).catch(() => {});
    if (revoked) await prepareDelivery(deps, tenant, id, signal);
    const ready = (await call('GET', `/v1/deliveries/${id}`)).json;
    t.match(ready, { state: 'ready', revocation: null, replaces: null });
    t.equal(ready.packageId === ordered.id, !revoked);
    t.equal((await call('GET', ready.files[0].path)).status, 200);
  }
  t.ok(transactions >= 5, `${transactions} transactions`);
});

t.test('after 13 months the files are gone, and the manifest says so', async (t) => {
  const { flis, subscribe, lookAt, deliver, readyOn, build, call } = await openDeliveryScene(t);
  const deps = flis.workerDeps;
  if (deps === undefined) throw new Error('no worker');
  const expireAt = (time: string | Date) => withSystem(deps.pool, 'test', (tx) => expirePackages(tx, new Date(time)));
  await deliver(population(), events);
  const subscription = await subscribe({
    rhythm: { frequency: 'monthly', dayOfMonth: 1 },
    formats: ['csv.gz', 'parquet'],
  });
  await lookAt('2026-03-01T04:00:00Z');
  const first = await readyOn(subscription, '2026-03-01');
  const ordered = await build({ domain: 'borger', kind: 'delta', since: 0 });
  const keptUntil = new Date(ordered.fetchableUntil);
  t.ok(keptUntil.getTime() - new Date(ordered.readyAt).getTime() >= 395 * 86_400_000);
  await lookAt('2099-02-01T04:00:00Z');
  const last = await readyOn(subscription, '2099-02-01');
  t.equal(last.packageId, first.packageId, 'the same package, delivered again');
  t.equal(last.fetchableUntil, '2100-03-01T04:00:00.000Z', 'is kept for the sake of the last delivery');

  t.equal(await expireAt(new Date(keptUntil.getTime() - 1)), 0);
  t.equal(await expireAt(new Date(keptUntil.getTime() + 1)), 1);
  t.match((await call('GET', `/v1/packages/${ordered.id}/archive.zip`)).json, { status: 410, code: 'package-expired' });
  const manifest = (await call('GET', `/v1/packages/${ordered.id}`)).json;
  t.match(manifest, { state: 'expired', revocation: null, fetchableUntil: ordered.fetchableUntil });
  t.same(manifest.resources, ordered.resources);
  t.equal((await call('GET', last.files[0].path)).status, 200);
  const renewed = await build({ domain: 'borger', kind: 'delta', since: 0 });
  t.not(renewed.id, ordered.id, 'the same content can be ordered anew');
  t.equal((await call('GET', `/v1/packages/${renewed.id}/archive.zip`)).status, 200);

  t.equal(await expireAt('2100-03-01T04:00:00Z'), 2);
  t.match((await call('GET', last.files[0].path)).json, { status: 410, code: 'package-expired' });
  t.match((await call('GET', `/v1/deliveries/${last.id}`)).json, {
    state: 'expired',
    signedManifest: last.signedManifest,
  });
  const { faults, orphans, young } = await checkPackages(deps);
  t.same([faults, orphans], [[], []]);
  t.equal(young, 2, 'the Parquet files are for the sweep to take');
  for await (const { key } of deps.storage.list('packages/')) {
    await utimes(join(flis.config.storageFolder, key), 0, 0);
  }
  t.equal(await sweepPackages(deps), 2);
});
