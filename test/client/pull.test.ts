// The command `pull` against the real service, through a proxy that injects the faults of a network: what is shown is whole and verified, what had arrived
// is not fetched twice, and nothing wrong is ever shown.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { compactVerify, createLocalJWKSet } from 'jose';
import t from 'tap';
import { revokeDelivered } from '../../src/pipeline/delivery/index.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { birth, type Json, people } from '../pipeline/packages-scene.ts';
import { digestsIn, manyPeople, openPullScene } from './pull-scene.ts';

const FORMATS = ['csv.gz', 'parquet', 'zip'] as const;
const events = [birth(1, '2025-01-05')];
const small = (extra = 0) => [people('2025-01', 30, 100 + extra), people('2024-12', 3, 7)];
const INTERRUPTIONS = 20;
/** What an interruption may cost: the headers of another answer. */
const OVERHEAD = 2_048;
/** More than all headers and JSON of one pull. */
const HEADERS = 40_000;
const FLIS = fileURLToPath(new URL('../../src/client/flis.ts', import.meta.url));

const bytesOf = (files: Json[]) => files.reduce((sum: number, { bytes }) => sum + bytes, 0);

/** How many bytes the files of a folder have; 0 while there is none. */
async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

t.test('what is due arrives whole, verified and acknowledged', async (t) => {
  const scene = await openPullScene(t);
  const { proxy, pull, newFolder, call, deliver, subscribe, lookAt, readyOn, deliveriesOf } = scene;
  await deliver(small(), events);
  const subscription = await subscribe({ formats: [...FORMATS] });
  await lookAt('2026-03-01T04:00:00Z');
  const ready = await readyOn(subscription, '2026-03-01');
  const folder = await newFolder();
  const place = join(folder, 'borger', `2026-03-01_${ready.id}`);

  await t.test('its folder has the files, their descriptor and the manifest', async (t) => {
    const { status, out, err } = await pull(folder);
    t.equal(status, 0, out + err);
    t.match(out, `borger 2026-03-01 ${ready.id}\n`);
    t.match(out, /\ndeliveries: 1 fetched and acknowledged, 0 not; \d+ bytes fetched\n$/);
    t.notOk(out.includes('\u001b'), 'plain lines where there is no terminal');
    const digests = await digestsIn(place);
    for (const { name, sha256 } of ready.files) t.equal(digests[name], sha256, name);
    t.same(
      Object.keys(digests).filter((name) => !ready.files.some((file: Json) => file.name === name)),
      ['datapackage.json', 'manifest.json', 'manifest.jws'],
    );
    const { keys } = (await call('GET', '/.well-known/delivery-keys.json')).json;
    const jws = await readFile(join(place, 'manifest.jws'), 'utf8');
    const { payload } = await compactVerify(jws, createLocalJWKSet({ keys }));
    t.same(
      JSON.parse(await readFile(join(place, 'manifest.json'), 'utf8')),
      JSON.parse(Buffer.from(payload).toString()),
    );
    const { resources } = JSON.parse(await readFile(join(place, 'datapackage.json'), 'utf8'));
    for (const { path, bytes, schema, alternatives } of resources) {
      const text = gunzipSync(await readFile(join(place, path))).toString();
      t.equal((await stat(join(place, path))).size, bytes);
      t.equal(text.split('\n')[0], schema.fields.map(({ name }: Json) => name).join(','), path);
      t.ok(digests[alternatives[0].path], alternatives[0].path);
    }
  });

  await t.test('a read-only access key acknowledges, and the receipt is kept', async (t) => {
    t.equal((await deliveriesOf(subscription))[0].state, 'acknowledged');
    const { receipt } = (await call('GET', `/v1/deliveries/${ready.id}`)).json;
    const path = join(folder, '.flis', 'receipts', `borger_2026-03-01_${ready.id}.jws`);
    t.equal(await readFile(path, 'utf8'), receipt);
  });

  await t.test('run again it asks for no file; a new delivery of the same data is copied from here', async (t) => {
    proxy.requests.length = 0;
    t.match(await pull(folder), { status: 0, out: 'deliveries: 0 fetched and acknowledged, 0 not; 0 bytes fetched\n' });
    await lookAt('2026-03-02T04:00:00Z');
    const next = await readyOn(subscription, '2026-03-02');
    t.match(await pull(folder), {
      status: 0,
      out: /\ndeliveries: 1 fetched and acknowledged, 0 not; 0 bytes fetched\n$/,
    });
    t.same(
      proxy.requests.filter((line) => line.includes('/files/')),
      [],
    );
    const digests = await digestsIn(join(folder, 'borger', `2026-03-02_${next.id}`));
    for (const { name, sha256 } of next.files) t.equal(digests[name], sha256, name);
  });

  await t.test('what was changed here since is not copied, but fetched', async (t) => {
    const [held] = (await readdir(join(folder, 'borger'))).filter((name) => name.startsWith('2026-03-02'));
    await writeFile(join(folder, 'borger', held as string, 'archive.zip'), 'changed');
    await lookAt('2026-03-03T04:00:00Z');
    const next = await readyOn(subscription, '2026-03-03');
    t.match(await pull(folder), { status: 0 });
    const digests = await digestsIn(join(folder, 'borger', `2026-03-03_${next.id}`));
    for (const { name, sha256 } of next.files) t.equal(digests[name], sha256, name);
  });

  await t.test('a run that was ended right after a folder had appeared is taken up', async (t) => {
    await scene.sql(`update delivery set state = 'ready' where delivery_id = $1`, [ready.id]);
    await rm(join(folder, '.flis', 'state.json'));
    proxy.requests.length = 0;
    t.match(await pull(folder), {
      status: 0,
      out: /\ndeliveries: 1 fetched and acknowledged, 0 not; 0 bytes fetched\n$/,
    });
    t.notOk(proxy.requests.some((line) => line.includes('/files/')));
    await scene.sql(`update delivery set state = 'acknowledged' where delivery_id = $1`, [ready.id]);
  });

  await t.test('only of one domain; what another client has acknowledged is let be', async (t) => {
    await lookAt('2026-03-04T04:00:00Z');
    const next = await readyOn(subscription, '2026-03-04');
    t.match(await pull(folder, '--domain', 'skole'), { status: 0, out: /^deliveries: 0 / });
    const files = next.files.map(({ name, sha256 }: Json) => ({ name, sha256 }));
    t.equal((await call('POST', `/v1/deliveries/${next.id}/acknowledgements`, { body: { files } })).status, 200);
    t.match(await pull(folder), { status: 0, out: /^deliveries: 0 / });
  });

  await t.test('what lies here and is taken back is marked, and told of once', async (t) => {
    const { workerDeps } = scene.flis;
    if (workerDeps === undefined) throw new Error('no worker');
    const operator = {
      municipality: municipalityCodeOf('615'),
      domains: null,
      clientId: 'operator',
      requestId: 'test',
    };
    await revokeDelivered(workerDeps, operator, ready.packageId, 'antal er\u001b[31m forkert');
    t.match(await pull(folder, '--domain', 'skole'), { status: 0, out: /^deliveries: 0 / }, 'of one domain alone');
    const statePath = join(folder, '.flis', 'state.json');
    const memory = JSON.parse(await readFile(statePath, 'utf8'));
    const { id, domain, dueOn, subscriptionId, files } = ready;
    memory.unacknowledged[id] = { id, domain, dueOn, subscriptionId, path: `borger/2026-03-01_${id}`, files };
    await writeFile(statePath, JSON.stringify(memory));
    proxy.requests.length = 0;
    const { status, out } = await pull(folder);
    t.equal(status, 0);
    t.notOk(
      proxy.requests.some((line) => line.includes(`${id}/acknowledgements`)),
      'no receipt is asked for',
    );
    t.match(out, `borger/2026-03-01_${id} was revoked, do not use it: antal er [31m forkert\n`);
    t.match(JSON.parse(await readFile(join(place, 'revoked.json'), 'utf8')), {
      ...{ delivery: id, reason: 'antal er\u001b[31m forkert' },
      revokedAt: /^2026-03-/,
    });
    t.same(JSON.parse(await readFile(statePath, 'utf8')).unacknowledged, {});
    t.notMatch((await pull(folder)).out, 'was revoked');
  });
});

t.test('interrupted 20 times it fetches each byte once', async (t) => {
  const { proxy, keyFile, pull, newFolder, deliver, subscribe, lookAt, readyOn } = await openPullScene(t);
  await deliver([...manyPeople('2024', 60_000, 1), ...manyPeople('2025', 60_000, 1)], events);
  const subscription = await subscribe({ formats: [...FORMATS], tables: ['bor_befolkning'] });
  await lookAt('2026-03-01T04:00:00Z');
  const { id, files } = await readyOn(subscription, '2026-03-01');
  const bytes = bytesOf(files);
  t.ok(bytes > 2_000_000, `${bytes} bytes`);
  // Seeded points (a linear congruential generator): now and then within the headers, mostly within a file.
  let seed = 4711;
  proxy.cuts = Array.from({ length: INTERRUPTIONS }, () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return 1 + (seed % Math.floor(bytes / 14));
  });
  proxy.sent = 0;
  const folder = await newFolder();
  const { status, out } = await pull(folder);
  t.equal(status, 0, out);
  t.equal(proxy.cuts.length, 0, 'all of them happened');
  const digests = await digestsIn(join(folder, 'borger', `2026-03-01_${id}`));
  for (const { name, sha256 } of files) t.equal(digests[name], sha256, name);
  t.comment(`${bytes} bytes of files, ${proxy.sent} bytes over the wire`);
  t.ok(proxy.sent <= bytes + (INTERRUPTIONS + 12) * OVERHEAD, 'nothing that had arrived was sent again');
  t.match(out, new RegExp(`0 not; ${bytes} bytes fetched`));

  await t.test('of what has changed only the slices that did are fetched', async (t) => {
    await deliver([...manyPeople('2024', 60_000, 1), ...manyPeople('2025', 60_000, 2)], events);
    await lookAt('2026-03-02T04:00:00Z');
    const next = await readyOn(subscription, '2026-03-02');
    proxy.requests.length = 0;
    const { status, out } = await pull(folder);
    t.equal(status, 0, out);
    const digests = await digestsIn(join(folder, 'borger', `2026-03-02_${next.id}`));
    for (const { name, bytes, sha256 } of next.files) {
      t.equal(digests[name], sha256, name);
      const [, fetched] = new RegExp(`${name}: ${bytes} bytes, (\\d+) of them fetched`).exec(out) ?? [];
      t.comment(`${name}: ${fetched} of ${bytes} bytes fetched`);
      if (!name.endsWith('.parquet')) t.ok(Number(fetched) < 0.55 * bytes, 'one year of two');
    }
    const asked = proxy.requests.filter((line) => line.endsWith('archive.zip'));
    t.ok(asked.length <= 3, `${asked.length} requests for the archive`);
  });

  for (const [signal, day] of [
    ['SIGKILL', '2026-03-03'],
    ['SIGINT', '2026-03-04'],
  ] as const) {
    await t.test(`ended in the middle by ${signal}, the next run goes on`, async (t) => {
      await lookAt(`${day}T04:00:00Z`);
      const next = await readyOn(subscription, day);
      const bytes = bytesOf(next.files);
      const folder = await newFolder();
      const half = Math.floor(bytes / 2);
      proxy.stallAfter = half;
      const args = ['--base-url', proxy.url, '--access-key-file', keyFile, '--folder', folder];
      const child = spawn(process.execPath, [FLIS, 'pull', ...args], { stdio: 'ignore' });
      const arrived = () => bytesIn(join(folder, '.flis', 'work', next.id));
      while ((await arrived()) < half - HEADERS) await delay(20);
      child.kill(signal);
      const [status] = await once(child, 'exit');
      if (signal === 'SIGINT') t.equal(status, 130);
      proxy.stallAfter = Number.POSITIVE_INFINITY;
      t.same(await digestsIn(folder), {}, 'nothing of it is shown');
      proxy.sent = 0;
      const again = await pull(folder);
      t.equal(again.status, 0, again.out);
      t.ok(proxy.sent < bytes - half + 2 * HEADERS, `${proxy.sent} of ${bytes} bytes were left to fetch`);
      const digests = await digestsIn(join(folder, 'borger', `${day}_${next.id}`));
      for (const { name, sha256 } of next.files) t.equal(digests[name], sha256, name);
    });
  }
});
