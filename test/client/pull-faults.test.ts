// What `pull` refuses, and how it says so: wrong bytes, wrong signatures, another key under a known id, keys that are not taken, settings, a second pull at
// once. Of what is refused nothing is ever shown.
import { chmod, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { CompactSign, exportJWK, generateKeyPair } from 'jose';
import t from 'tap';
import { runPull } from '../../src/client/index.ts';
import { LockFault, takeLock } from '../../src/client/pull/lock.ts';
import { birth, type Json, people } from '../pipeline/packages-scene.ts';
import { digestsIn, openPullScene } from './pull-scene.ts';

const events = [birth(1, '2025-01-05')];
const population = [people('2025-01', 30, 100), people('2024-12', 3, 7)];

t.test('what is not as it is signed is refused, and not shown', async (t) => {
  const { proxy, pull, newFolder, sql, deliver, subscribe, lookAt, readyOn, call } = await openPullScene(t);
  await deliver(population, events);
  const subscription = await subscribe();
  await lookAt('2026-03-01T04:00:00Z');
  const ready = await readyOn(subscription, '2026-03-01');
  const isOpen = async () =>
    ['ready', 'fetched'].includes((await call('GET', `/v1/deliveries/${ready.id}`)).json.state);
  const setManifest = (jws: string) => sql('update delivery set manifest = $1 where delivery_id = $2', [jws, ready.id]);
  const [header = '', payload = '', signature = ''] = ready.signedManifest.split('.');
  const withStatement = (changes: object) => {
    const statement = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), ...changes };
    return Buffer.from(JSON.stringify(statement)).toString('base64url');
  };

  await t.test('a byte that was changed on the way', async (t) => {
    const folder = await newFolder();
    proxy.corrupts = true;
    const { status, out } = await pull(folder);
    t.equal(status, 4, out);
    t.match(out, 'not fetched: bor_befolkning.csv.gz is not what the manifest says: its digest is another\n');
    t.same(await digestsIn(folder), {});
    t.same(
      (await readdir(join(folder, '.flis', 'work', ready.id))).filter((name) => name.endsWith('.part')),
      [],
      'the wrong bytes are gone',
    );
    t.ok(await isOpen());
    t.equal((await pull(folder)).status, 0, 'and when the way is right again it arrives');
    await sql(`update delivery set state = 'ready' where delivery_id = $1`, [ready.id]);
  });

  await t.test(
    'a manifest that was changed, is signed by nobody known, as something else, or about something else',
    async (t) => {
      const stranger = await generateKeyPair('EdDSA', { extractable: true });
      const sign = (protectedHeader: object, text = payload) =>
        new CompactSign(Buffer.from(text, 'base64url'))
          .setProtectedHeader({ ...JSON.parse(Buffer.from(header, 'base64url').toString()), ...protectedHeader })
          .sign(stranger.privateKey);
      const wrong: Record<string, [string, RegExp]> = {
        changed: [`${header}.${withStatement({ revision: 9 })}.${signature}`, /its signature is wrong/],
        forged: [await sign({}), /its signature is wrong/],
        unknown: [await sign({ kid: 'other' }), /the service publishes no key other/],
        receipt: [await sign({ typ: 'flis-receipt+jws' }), /signed as something else/],
        padded: [`${header}.${payload}.${signature}=`, /it is no signed statement/],
        unsigned: [`${header}.${payload}.`, /it is no signed statement/],
      };
      for (const [name, [jws, told]] of Object.entries(wrong)) {
        const folder = await newFolder();
        await setManifest(jws);
        const { status, out } = await pull(folder);
        t.equal(status, 4, name);
        t.match(out, told, name);
        t.same(await digestsIn(folder), {}, name);
      }
      // From here on the stranger is who signs: what is told by the manifest must still fit.
      const { x } = await exportJWK(stranger.publicKey);
      const jwk = { kty: 'OKP', crv: 'Ed25519', kid: 'second', x };
      await sql('insert into manifest_key (key_id, jwk, used_from) values ($1, $2, now())', ['second', jwk]);
      const [file] = ready.manifest.files;
      const about: Record<string, [object, RegExp]> = {
        municipality: [{ municipality: '101' }, /about another municipality: 101/],
        delivery: [{ delivery: subscription }, /about another delivery/],
        package: [{ package: subscription }, /about another package/],
        files: [{ files: [{ ...file, sha256: 'a'.repeat(64) }] }, /names other files than the delivery has/],
        path: [{ files: [{ ...file, name: '../../x.csv.gz' }] }, /names a file that can be none/],
      };
      for (const [name, [changes, told]] of Object.entries(about)) {
        const folder = await newFolder();
        await setManifest(await sign({ kid: 'second' }, withStatement(changes)));
        const { status, out } = await pull(folder);
        t.equal(status, 4, name);
        t.match(out, told, name);
        t.same(await digestsIn(folder), {}, name);
      }
      await setManifest(await sign({ kid: 'second' }));
      t.equal((await pull(await newFolder())).status, 0, 'the same statement under a published key is taken');
      await setManifest(ready.signedManifest);
    },
  );

  await t.test('another key under the id of one that was used', async (t) => {
    await lookAt('2026-03-02T04:00:00Z');
    await readyOn(subscription, '2026-03-02');
    const folder = await newFolder();
    t.equal((await pull(folder)).status, 0);
    const { x } = await exportJWK((await generateKeyPair('EdDSA')).publicKey);
    await sql(`update manifest_key set jwk = jwk || jsonb_build_object('x', $1::text) where key_id <> 'second'`, [x]);
    const { status, err } = await pull(folder);
    t.equal(status, 4);
    t.match(err, /^the key delivery-1-\S+ is not the one that it was/);
  });
});

t.test('when the service is too busy it waits as long as it is told', async (t) => {
  const { proxy, pull, newFolder } = await openPullScene(t);
  proxy.refusals = 2;
  const started = performance.now();
  const { status, out } = await pull(await newFolder());
  t.equal(status, 0);
  t.match(out, /^ {2}503 – the service answered 503; again in 1\.0 s\n {2}503 .* 1\.0 s\ndeliveries: 0 /);
  t.ok(performance.now() - started >= 2_000);
});

t.test('keys and settings', async (t) => {
  const { flis, proxy, pull, keyFile, newKeyFile, newFolder, home } = await openPullScene(t);
  const folder = await newFolder();
  const run = async (args: string[], environment: Record<string, string> = {}) => {
    let [out, err] = ['', ''];
    const status = await runPull(
      args,
      { write: (text) => (out += text) },
      { write: (text) => (err += text) },
      environment,
    );
    return { status, out, err };
  };
  const rest = ['--base-url', proxy.url, '--folder', folder];

  await t.test('a key that is not taken, or not for this, ends it', async (t) => {
    const wrong = join(home, 'wrong');
    await writeFile(wrong, 'flis_615_x', { mode: 0o600 });
    t.match(await pull(folder, '--access-key-file', wrong), { status: 3, err: /^[a-z-]+ – / });
    const events = await newKeyFile(['events:read']);
    t.match(await pull(folder, '--access-key-file', events), { status: 3, err: /raw-data:read/ });
  });

  await t.test('what others can read is no secret', async (t) => {
    await chmod(keyFile, 0o640);
    t.match(await pull(folder), { status: 2, err: /others can read it: chmod 600/ });
    await chmod(keyFile, 0o600);
    const config = join(home, 'config.json');
    await writeFile(config, JSON.stringify({ accessKey: 'x' }), { mode: 0o644 });
    t.match(await run([...rest, '--config', config]), { status: 2, err: /others can read it/ });
  });

  await t.test('words count before the environment, that before the file', async (t) => {
    const config = join(home, 'settings.json');
    const settings = { baseUrl: 'https://nowhere.invalid', accessKeyFile: 'gone', folder: 'gone', domain: 'skole' };
    await writeFile(config, JSON.stringify(settings));
    const environment = { FLIS_PULL_ACCESS_KEY: (await readFile(keyFile, 'utf8')).trim(), FLIS_PULL_FOLDER: folder };
    t.match(await run(['--config', config, '--base-url', proxy.url], environment), { status: 0 });
    t.match(await run(['--config', config]), { status: 2, err: `cannot read ${join(home, 'gone')}\n` });
    t.ok(proxy.requests.some((line) => line.includes('domain=skole')));
  });

  await t.test('faults of settings are told', async (t) => {
    const key = { FLIS_PULL_ACCESS_KEY: 'x' };
    t.match(await run([]), { status: 2, err: /^Usage: flis pull/ });
    t.match(await run(['--help']), { status: 0, out: /^Usage: flis pull/ });
    t.match(await run(['--nonsense']), { status: 2, err: /nonsense/ });
    t.match(await run(rest), { status: 2, err: /^no access key/ });
    t.match(await run([...rest, '--domain', '../x'], key), { status: 2, err: /^domain/ });
    t.match(await run([...rest, '--interval', '0'], key), { status: 2, err: /^interval/ });
    t.match(await run(['--base-url', 'http://flis.example', '--folder', folder], key), { status: 2, err: /^base URL/ });
    t.match(await run(rest, { ...key, FLIS_PULL_ACCESS_KEY_FILE: 'x' }), { status: 2, err: /^give either/ });
    const config = join(home, 'odd.json');
    for (const [text, told] of [
      ['{', /expected a JSON object/],
      ['{"baseUrls":"x"}', /unknown name baseUrls/],
      ['{"folder":{}}', /folder: expected text/],
    ] as const) {
      await writeFile(config, text);
      t.match(await run(['--config', config]), { status: 2, err: told });
    }
  });

  await t.test('a folder is for one municipality', async (t) => {
    t.equal((await pull(folder)).status, 0);
    const token = join(home, 'token');
    await writeFile(token, await flis.token({ municipality: '101', scopes: ['raw-data:read'] }), { mode: 0o600 });
    t.match(await pull(folder, '--access-key-file', token), {
      status: 2,
      err: /for municipality 101, the folder for 615/,
    });
  });
});

t.test('one pull at a time', async (t) => {
  const { pull, newFolder } = await openPullScene(t);
  const folder = await newFolder();
  t.equal((await pull(folder)).status, 0);
  const path = join(folder, '.flis', 'lock');
  const release = await takeLock(path);
  t.match(await pull(folder), {
    status: 5,
    err: new RegExp(`^another pull works in this folder: process ${process.pid} on `),
  });
  await release();
  t.equal((await pull(folder)).status, 0);

  await t.test('the lock of a process that is gone is taken over, by one alone', async (t) => {
    const ofDead = JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), id: 'x' });
    for (const left of [...Array.from({ length: 40 }, () => ofDead), '']) {
      await writeFile(path, left);
      if (left === '') await utimes(path, new Date(0), new Date(0));
      const taken = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(path)));
      const releases = taken.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      t.equal(releases.length, 1);
      for (const each of taken) if (each.status === 'rejected') t.type(each.reason, LockFault);
      for (const release of releases) await release();
    }
    t.same(await readdir(join(folder, '.flis')), ['receipts', 'state.json', 'work'], 'nothing of it is left');
  });

  await t.test('the lock of another machine counts as long as it is touched', async (t) => {
    await writeFile(path, JSON.stringify({ pid: 1, host: 'elsewhere', id: 'x' }));
    t.match(await pull(folder), { status: 5, err: /process 1 on elsewhere/ });
    await utimes(path, new Date(), new Date(Date.now() - 180_000));
    t.equal((await pull(folder)).status, 0);
  });
});

t.test('watching fetches what comes, goes on after faults, and ends when it is told to', async (t) => {
  const { proxy, pull, newFolder, deliver, subscribe, lookAt, readyOn, until } = await openPullScene(t);
  await deliver(population, events);
  const subscription = await subscribe();
  const folder = await newFolder();
  const watching = pull(folder, '--watch', '--interval', '1');
  for (const day of ['2026-03-01', '2026-03-02']) {
    proxy.corrupts = day === '2026-03-01';
    await lookAt(`${day}T04:00:00Z`);
    const { id } = await readyOn(subscription, day);
    await until(`/v1/deliveries/${id}`, ({ state }: Json) => state === 'acknowledged');
  }
  process.kill(process.pid, 'SIGINT');
  const { status, out } = await watching;
  t.equal(status, 130);
  t.match(out, /its digest is another/);
  t.equal(Object.keys(await digestsIn(folder)).filter((path) => path.endsWith('manifest.jws')).length, 2);
  t.match(await pull(folder), { status: 0, out: /^deliveries: 0 / }, 'what it left is a state to go on from');
});
