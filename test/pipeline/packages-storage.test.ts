// Files of packages, compared and tidied: fsck finds every kind of fault, the sweep takes exactly what nobody names, and no download leaves one open.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, readdir, readFile, readlink, rm, utimes, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import t from 'tap';
import { checkBlocks, deriveBlockKey, sealEntries } from '../../src/access/index.ts';
import { checkPackages, packageJobs, sweepPackages } from '../../src/pipeline/packages/index.ts';
import { checkStorage, lockRevisions } from '../../src/pipeline/warehouse/index.ts';
import { withTenant } from '../../src/platform/postgres/tenancy.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { birth, people, startScene } from './packages-scene.ts';

const DAY = 24 * 3600;
const { flis, call, deliver, build } = await startScene(t);
const deps = flis.workerDeps;
if (deps === undefined) throw new Error('no worker');
const { pool, storage } = deps;
const owner = new pg.Client({ connectionString: flis.database.ownerUrl });
await owner.connect();
t.teardown(() => owner.end());

const first = await deliver([people('2024-01', 1, 10), people('2025-01', 1, 11)], [birth(1, '2024-03-01')]);
await deliver([people('2024-01', 1, 10), people('2025-01', 1, 12)], [birth(1, '2024-03-01')]);
const total = await build({ domain: 'borger', kind: 'total' });
const delta = await build({ domain: 'borger', kind: 'delta', since: first });
const keyOf = (id: string, name: string) => `packages/municipality=615/${id}/${name}`;
const parquet = keyOf(total.id, 'bor_befolkning.parquet');
await call('GET', `/v1/packages/${total.id}/files/bor_befolkning.parquet`);

/** Makes an object look as old as that many seconds. */
async function age(key: string, seconds: number): Promise<void> {
  const at = Date.now() / 1000 - seconds;
  await utimes(await storage.localPath(key), at, at);
}

const put = (key: string) => storage.put(key, Readable.from([Buffer.from('x')]));

t.test('the sweep takes old files without a row, under the lock, and nothing else', async (t) => {
  const old = [
    keyOf(total.id, 'bor_bevaegelse.parquet'),
    keyOf(delta.id, 'other.parquet'),
    keyOf(randomUUID(), 'bor_befolkning.parquet'),
    `packages/municipality=147/${total.id}/bor_befolkning.parquet`,
  ];
  const young = keyOf(delta.id, 'young.parquet');
  for (const key of [...old, young]) await put(key);
  for (const key of [...old, parquet]) await age(key, DAY + 60);
  await age(young, DAY - 600);
  t.match(await checkPackages({ pool, storage }), { named: 1, faults: [], orphans: [...old].sort(), young: 1 });

  const tenant = { municipality: municipalityCodeOf('615'), domains: null, clientId: 'test', requestId: 'test' };
  let released = false;
  let sweep: Promise<number> | undefined;
  await withTenant(pool, tenant, async (tx) => {
    await lockRevisions(tx, 'borger');
    sweep = sweepPackages({ pool, storage }).finally(() => {
      t.ok(released, 'the sweep waits for whoever is publishing');
    });
    const waits = new Promise((done) => setTimeout(done, 300, 'waits'));
    t.equal(await Promise.race([sweep.then(() => 'swept'), waits]), 'waits');
    released = true;
  });
  t.equal(await sweep, old.length);
  t.match(await checkPackages({ pool, storage }), { faults: [], orphans: [], young: 1 });
  t.equal(await sweepPackages({ pool, storage }), 0);
  await storage.delete(young);
});

t.test('fsck reads every file of every package, and the warehouse knows nothing of them', async (t) => {
  const files = [...total.resources, ...delta.resources, total.archive, delta.archive];
  const clean = await checkPackages({ pool, storage });
  t.match(clean, { named: 1, faults: [] });
  const { rows } = await owner.query('select sum(bytes)::int as bytes, count(*)::int as files from package_file');
  t.equal(clean.bytes, rows[0].bytes);
  t.equal(rows[0].files, files.length + 2 + 1, 'identity pairs of both, and one Parquet file');
  t.match(await checkStorage({ pool, storage, secrets: deps.secrets }), { faults: [], orphans: [], young: 0 });
});

t.test('fsck sees what is missing, cut, changed and unnamed', async (t) => {
  /** Breaks something, checks, mends it. */
  const faultsOf = async (break_: () => Promise<unknown>, mend: () => Promise<unknown>) => {
    await break_();
    const { faults } = await checkPackages({ pool, storage });
    await mend();
    t.match(await checkPackages({ pool, storage }), { faults: [] }, 'mended');
    return faults;
  };
  const path = await storage.localPath(parquet);
  const bytes = await readFile(path);
  const restore = async () => {
    await rm(path, { force: true });
    await writeFile(path, bytes);
  };
  t.same(await faultsOf(() => rm(path), restore), [{ key: parquet, fault: 'missing' }]);
  t.same(await faultsOf(() => appendFile(path, 'x'), restore), [{ key: parquet, fault: 'bytes' }]);
  const changed = Buffer.concat([bytes.subarray(0, -1), Buffer.from([~(bytes.at(-1) ?? 0) & 0xff])]);
  t.same(await faultsOf(() => rm(path).then(() => writeFile(path, changed)), restore), [
    { key: parquet, fault: 'digest' },
  ]);

  const csv = keyOf(delta.id, 'bor_befolkning.csv.gz');
  const files = (set: string) => () =>
    owner.query(`update package_file set ${set} where package_id = $1 and name = 'bor_befolkning.csv.gz'`, [delta.id]);
  t.same(await faultsOf(files(`sha256 = reverse(sha256)`), files(`sha256 = reverse(sha256)`)), [
    { key: csv, fault: 'digest' },
    { key: csv, fault: 'digest' },
  ]); // prettier-ignore
  t.same(await faultsOf(files('bytes = bytes + 1'), files('bytes = bytes - 1')), [
    { key: csv, fault: 'bytes' },
    { key: csv, fault: 'bytes' },
  ]); // prettier-ignore
  const rename = (from: string, to: string) => () =>
    owner.query('update package_file set name = $3 where package_id = $1 and name = $2', [delta.id, from, to]);
  t.same(await faultsOf(rename('archive.zip', 'other.zip'), rename('other.zip', 'archive.zip')), [
    { key: keyOf(delta.id, 'archive.zip'), fault: 'missing' },
  ]);
  const state = (to: string) => () =>
    owner.query('update package set state = $2 where package_id = $1', [delta.id, to]);
  const halfVisible = await faultsOf(state('building'), state('ready'));
  t.same(
    halfVisible.map(({ fault }) => fault),
    Array(4).fill('unnamed'),
  );
  const diff = (table: string) => () => owner.query(`update slice_diff set segment_key = ${table}`);
  const unnamed = await faultsOf(diff(`segment_key || '.gone'`), diff(`replace(segment_key, '.gone', '')`));
  t.match(unnamed, [{ key: /^diffs\/table=bor_befolkning\//, fault: 'unnamed' }]);
});

t.test('a Parquet file that a killed job left is used if it holds the rows of its name, and only then', async (t) => {
  const [, job] = packageJobs(deps) as unknown as { run(payload: object, context: object): Promise<void> }[];
  const payload = { municipality: '615', domain: 'borger', packageId: delta.id, table: 'bor_befolkning' };
  const run = () =>
    job?.run(payload, { jobId: 'x', attempt: 1, lastAttempt: false, signal: new AbortController().signal });
  const key = keyOf(delta.id, 'bor_befolkning.parquet');
  const rows = async () =>
    (
      await owner.query('select bytes, parts from package_file where name like $1 and package_id = $2', [
        '%.parquet',
        delta.id,
      ])
    ).rows; // prettier-ignore
  const larger = await build({ domain: 'borger', kind: 'delta', since: 0 });
  await call('GET', `/v1/packages/${larger.id}/files/bor_befolkning.parquet`);
  for (const [wrong, what] of [
    [Readable.from([Buffer.from('x')]), 'no Parquet at all'],
    [storage.read(parquet), 'a table of other columns'],
    [storage.read(keyOf(larger.id, 'bor_befolkning.parquet')), 'a table of other rows'],
  ] as const) {
    await storage.put(key, wrong);
    await t.rejects(run() as Promise<void>, what);
    await storage.delete(key);
  }
  t.same(await rows(), []);
  await run();
  const [row] = await rows();
  const whole = await readFile(await storage.localPath(key));
  await owner.query('delete from package_file where name like $1 and package_id = $2', ['%.parquet', delta.id]);
  await run();
  t.same(await rows(), [row]);
  t.ok(whole.equals(await readFile(await storage.localPath(key))), 'never written twice');
  t.match(await checkPackages({ pool, storage }), { faults: [], orphans: [], young: 0 });
});

/** How many files of the storage this process, the service's and the tests', has open. */
async function countOpenFiles(): Promise<number> {
  const names = await readdir('/proc/self/fd');
  const targets = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
  return targets.filter((target) => target.startsWith(storage.localRoot)).length;
}

const countConnections = () => promisify(flis.api.app.server.getConnections.bind(flis.api.app.server))();

const skip = existsSync('/proc/self/fd') ? false : 'this system does not tell which files are open';
t.test('a download that is broken off leaves no file and no connection open', { skip }, async (t) => {
  const [large, small] = [4 << 20, 10_000];
  const { key } = await storage.put(keyOf(delta.id, 'large'), Readable.from([Buffer.alloc(large, 1)]));
  const parts = [
    ...Array.from({ length: 12 }, () => ({ key, start: 0, end: large - 1 })),
    ...Array.from({ length: 1600 }, (_, index) => ({ key, start: index, end: index + small - 1 })),
  ];
  const file = ['615', delta.id, 'bor_bevaegelse.parquet', 12 * large + 1600 * small, JSON.stringify(parts)];
  await owner.query(
    `insert into package_file (municipality_code, package_id, name, media_type, scope, rows, bytes, sha256, parts)
     values ($1, $2, $3, 'application/vnd.apache.parquet', '', 0, $4, repeat('0', 64), $5)`,
    file,
  );
  t.teardown(() => owner.query('delete from package_file where package_id = $1 and name = $2', file.slice(1, 3)));
  t.teardown(() => storage.delete(key));
  const headers = { authorization: `Bearer ${await flis.token()}` };
  const address = new URL(`/v1/packages/${delta.id}/files/bor_bevaegelse.parquet`, flis.url);
  const idle = await countConnections();
  let most = 0;
  /** Reads about so many bytes and goes away; at a stroke when none are wanted. */
  const breakOff = async (start: number, wanted: number) => {
    const client = new AbortController();
    const answered = fetch(address, { headers: { ...headers, range: `bytes=${start}-` }, signal: client.signal });
    if (wanted === 0) setImmediate(() => client.abort());
    const body = await answered.then((answer) => answer.body).catch(() => null);
    const reader = body?.getReader();
    for (let read = 0; reader !== undefined && read < wanted; ) read += (await reader.read()).value?.length ?? wanted;
    most = Math.max(most, await countOpenFiles(), await countConnections());
    client.abort();
  };
  for (let turn = 0; turn < 10; turn += 1) {
    // From the beginning, within an object, and among the small ones; as soon as asked for, at the first bytes, and later.
    const starts = [0, 0, large / 2, 12 * large - 1, 12 * large + turn];
    await Promise.all(starts.map((start, index) => breakOff(start, [0, 1, 100_000, 3_000_000, 1][index] as number)));
  }
  t.ok(most > idle, 'there was something to be left open');
  // A client that had read everything before it went away may keep its connection for the next request: those that wait for one are closed here.
  const isLeft = async () => {
    flis.api.app.server.closeIdleConnections();
    return (await countOpenFiles()) > 0 || (await countConnections()) > 0;
  };
  // A connection that was opened for a request which went away unsent is the client's; the server closes it when no headers have come (15 s).
  // And a request whose client has gone may still be looking for its file, which it then opens: nothing is left only when it stays so.
  let quiet = 0;
  for (let tries = 0; tries < 4000 && quiet < 50; tries += 1) {
    quiet = (await isLeft()) ? 0 : quiet + 1;
    await delay(10);
  }
  t.equal(quiet, 50);
});

t.test('the commands of the operator cover all stages', async (t) => {
  const run = (command: string) =>
    promisify(execFile)(process.execPath, [fileURLToPath(new URL('../../src/cli.ts', import.meta.url)), command], {
      env: {
        PATH: process.env.PATH,
        FLIS_DATABASE_URL_WORKER: flis.database.workerUrl,
        FLIS_ISSUER: flis.config.access.issuer,
        FLIS_STORAGE_DIR: storage.localRoot,
        FLIS_TEMP_DIR: flis.config.tempFolder,
        FLIS_ROOT_SECRET: deps.secrets.rootSecret.toString('hex'),
        FLIS_CONTEXT_SECRET: flis.config.contextSecret.toString('hex'),
        FLIS_LOG_LEVEL: 'error',
      },
    });
  const left = [keyOf(total.id, 'bor_bevaegelse.parquet'), 'slices/table=x/municipality=615/period=all/x.parquet'];
  for (const key of left) {
    await put(key);
    await age(key, DAY + 60);
  }
  await sealEntries({ pool, storage, key: deriveBlockKey(deps.secrets.rootSecret) });
  const reports = [
    await checkStorage({ pool, storage, secrets: deps.secrets }),
    await checkPackages({ pool, storage }),
  ];
  // The worker goes on sealing the audit log meanwhile; its blocks are files as well.
  const count = async () =>
    [...reports, await checkBlocks({ pool, storage })].reduce((sum, report) => sum + report.named, 0);
  const before = await count();
  const told = Number(/^(\d+) files named by rows/.exec((await run('fsck')).stdout)?.[1]);
  t.ok(before <= told && told <= (await count()), `${told} files`);
  const block = 'audit/blocks=000000000/000000000001.json';
  await age(block, DAY + 60);
  t.match((await run('fsck')).stdout, /, 0 faults\n2 files without a row are older than 24 h .*, 0 are younger\n$/);
  t.match((await run('sweep')).stdout, /^2 files and 0 remembered answers deleted\n$/);
  t.ok(await storage.stat(block), 'no sweep takes a block');
  await storage.delete(parquet);
  const refused = await run('fsck').catch((error) => error);
  t.match(refused, { code: 1, stdout: `missing: ${parquet}\n` });
});
