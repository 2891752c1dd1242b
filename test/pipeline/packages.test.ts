// Packages over HTTP: what is ordered, what its manifest says, and that every byte that leaves is what the manifest promises.

import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import t from 'tap';
import { packageJobs } from '../../src/pipeline/packages/index.ts';
import { withDuckDb } from '../../src/platform/duckdb/duckdb.ts';
import { birth, people, startScene } from './packages-scene.ts';

const scene = await startScene(t);
const { flis, call, fetchAs, deliver, order, build } = scene;
const folder = await mkdtemp(join(tmpdir(), 'flis-packages-'));
t.teardown(() => rm(folder, { recursive: true, force: true }));
const TOTAL = { domain: 'borger', kind: 'total' };
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

const OLD = [people('2024-01', 1, 10), people('2024-01', 2, 20), people('2025-01', 1, 11), people('2025-01', 2, 21)];
const NEW = [people('2024-01', 1, 10), people('2024-01', 2, 20), people('2025-01', 2, 99), people('2025-01', 3, 31)];
const first = await deliver(OLD, [birth(1, '2024-03-01'), birth(2, '2025-04-01')]);
const between = new Date();
const second = await deliver(NEW, [birth(1, '2024-03-01'), birth(2, '2025-04-01')]);
const manifest = await build({ ...TOTAL, revision: first });
const population = manifest.resources.find(({ name }: { name: string }) => name === 'bor_befolkning');

t.test('before the first delivery there is nothing to order', async (t) => {
  const nobody = { municipality: '101' };
  t.match(await fetchAs(nobody, 'POST', '/v1/packages', { body: TOTAL }), {
    status: 409,
    json: { code: 'nothing-delivered' },
  });
  t.match((await fetchAs(nobody, 'GET', '/v1/packages')).json, { items: [], next: null });
});

t.test('a total holds every table at its revision, as the manifest says', async (t) => {
  t.match(manifest, {
    $schema: 'https://datapackage.org/profiles/2.0/datapackage.json',
    name: `borger-615-r${first}`,
    municipality: '615',
    domain: 'borger',
    kind: 'total',
    revision: first,
    since: null,
    state: 'ready',
    resources: [{ name: 'bor_befolkning' }, { name: 'bor_bevaegelse' }],
  });
  for (const { path, bytes, hash, rows, schema } of manifest.resources) {
    const file = await call('GET', path);
    t.equal(file.status, 200);
    t.equal(file.bytes.length, bytes);
    t.equal(`sha256:${sha256(file.bytes)}`, hash);
    const lines = gunzipSync(file.bytes).toString().trimEnd().split('\n');
    t.equal(lines[0], schema.fields.map(({ name }: { name: string }) => name).join(','));
    t.equal(lines.length - 1, rows);
  }
  const lines = gunzipSync((await call('GET', population.path)).bytes).toString();
  t.match(lines, /\n615,2024-01,ialt,2,2,ialt,ialt,ialt,ialt,20\n615,2025-01,ialt,1,1,ialt,ialt,ialt,ialt,11\n/);
  t.strictSame(population.schema.primaryKey.slice(0, 2), ['kommunekode', 'maaned']);
  t.match(population.schema.fields[1], { name: 'maaned', type: 'yearmonth', constraints: { required: true } });
});

t.test('the same content is one package, whoever orders it', async (t) => {
  const again = await order({ ...TOTAL, revision: first });
  t.match(again, { status: 201, json: { id: manifest.id, state: 'ready' } });
  t.equal(again.headers.get('location'), `/v1/packages/${manifest.id}`);
  t.equal((await order({ ...TOTAL, asOf: between.toISOString() })).json.id, manifest.id);
  const key = randomUUID();
  const [one, two] = await Promise.all([order(TOTAL, key), order(TOTAL, key)]);
  t.equal(one.json.id, two.json.id);
  t.match(await order({ ...TOTAL, revision: first }, key), { status: 422, json: { code: 'idempotency-key-reused' } });
});

t.test('what cannot be ordered is refused with a reason', async (t) => {
  const refused = async (body: object, status: number, code: string) =>
    t.match(await order(body), { status, json: { code } });
  await refused({ ...TOTAL, revision: 99 }, 422, 'unknown-revision');
  await refused({ domain: 'borger', kind: 'delta', since: 2, revision: 1 }, 422, 'unknown-revision');
  await refused({ domain: 'borger', kind: 'delta' }, 400, 'invalid-request');
  await refused({ ...TOTAL, since: 1 }, 400, 'invalid-request');
  await refused({ ...TOTAL, revision: 1, asOf: between.toISOString() }, 400, 'invalid-request');
  await refused({ domain: 'nowhere', kind: 'total' }, 400, 'invalid-request');
  await refused({ ...TOTAL, asOf: '2001-01-01T00:00:00Z' }, 409, 'nothing-delivered');
  await refused({ ...TOTAL, revision: '1' }, 400, 'invalid-request');
});

t.test('a delta is the net difference with inserted, updated and deleted rows', async (t) => {
  const delta = await build({ domain: 'borger', kind: 'delta', since: first });
  t.match(delta, { kind: 'delta', since: first, revision: second, name: `borger-615-r${first}-r${second}` });
  const text = gunzipSync((await call('GET', delta.resources[0].path)).bytes).toString();
  const rows = text.trimEnd().split('\n').slice(1);
  t.strictSame(rows, [
    `D,${second},615,2025-01,ialt,1,1,ialt,ialt,ialt,ialt,11`,
    `U,${second},615,2025-01,ialt,2,2,ialt,ialt,ialt,ialt,99`,
    `I,${second},615,2025-01,ialt,3,3,ialt,ialt,ialt,ialt,31`,
  ]);
  t.match(text, /^_op,_revision,kommunekode,/);
  t.match(delta.resources[0].schema.fields[0], { name: '_op', constraints: { enum: ['I', 'U', 'D'] } });
  t.equal(delta.resources[1].rows, 0, 'a table without changes is there with its header line');
  const parquet = await call('GET', `/v1/packages/${delta.id}/files/bor_befolkning.parquet`);
  t.equal(parquet.status, 200);
  t.strictSame(await readParquet(parquet.bytes, '_op, antal'), [
    { _op: 'D', antal: 11 },
    { _op: 'U', antal: 99 },
    { _op: 'I', antal: 31 },
  ]);
});

t.test('an empty delta is still a package, and a delta since nothing holds everything', async (t) => {
  const empty = await build({ domain: 'borger', kind: 'delta', since: second });
  for (const { path, rows } of empty.resources) {
    t.equal(rows, 0);
    t.match(gunzipSync((await call('GET', path)).bytes).toString(), /^_op,_revision,kommunekode,[a-z_,]+\n$/);
  }
  const everything = await build({ domain: 'borger', kind: 'delta', since: 0, revision: first });
  t.equal(everything.resources[0].rows, OLD.length);
});

async function readParquet(bytes: Buffer, columns: string) {
  const path = join(folder, `${randomUUID()}.parquet`);
  await writeFile(path, bytes);
  const options = { tempRoot: join(folder, 'temp'), allowedDirectories: [folder], memoryLimitMb: 128, threads: 1 };
  return withDuckDb(options, (duck) => duck.all(`select ${columns} from read_parquet($1)`, [path]));
}

t.test('Parquet is made on first demand and stays', async (t) => {
  const path = `/v1/packages/${manifest.id}/files/bor_befolkning.parquet`;
  const [one, two] = await Promise.all([call('GET', path), call('GET', path)]);
  t.equal(one.status, 200);
  t.equal(one.headers.get('content-type'), 'application/vnd.apache.parquet');
  t.equal(one.headers.get('etag'), `"${sha256(one.bytes)}"`);
  t.ok(one.bytes.equals(two.bytes));
  t.strictSame(await readParquet(one.bytes, 'count(*) as rows, sum(antal) as antal'), [{ rows: 4, antal: 62 }]);
  t.equal(population.alternatives[0].path, `https://flis.example${path}`);
});

t.test('the archive holds a descriptor and all tables', async (t) => {
  const archive = await call('GET', manifest.archive.path);
  t.equal(archive.headers.get('content-type'), 'application/zip');
  t.equal(`sha256:${sha256(archive.bytes)}`, manifest.archive.hash);
  const path = join(folder, 'archive.zip');
  await writeFile(path, archive.bytes);
  const script = `import json,sys,zipfile
z = zipfile.ZipFile(sys.argv[1])
print(json.dumps({n: z.read(n).decode() for n in z.namelist()}))`;
  const unpacked = await promisify(execFile)('python3', ['-c', script, path]).catch((error) => error);
  if (unpacked.code === 'ENOENT') return t.comment('python3 is not on this machine');
  const files = JSON.parse(unpacked.stdout);
  t.strictSame(Object.keys(files), ['datapackage.json', 'bor_befolkning.csv', 'bor_bevaegelse.csv']);
  t.equal(files['bor_befolkning.csv'], gunzipSync((await call('GET', population.path)).bytes).toString());
  const descriptor = JSON.parse(files['datapackage.json']);
  for (const { path: name, bytes, hash } of descriptor.resources) {
    t.equal(Buffer.byteLength(files[name]), bytes);
    t.equal(hash, undefined, 'no hash inside');
  }
});

t.test('downloads: HEAD, ranges, conditions', async (t) => {
  const { path } = population;
  const whole = await call('GET', path);
  const etag = whole.headers.get('etag') ?? '';
  t.equal(etag, `"${sha256(whole.bytes)}"`);
  t.equal(whole.headers.get('repr-digest'), `sha-256=:${createHash('sha256').update(whole.bytes).digest('base64')}:`);
  t.equal(
    whole.headers.get('content-disposition'),
    `attachment; filename="borger-615-r${first}-bor_befolkning.csv.gz"`,
  );
  const head = await call('HEAD', path);
  t.equal(head.bytes.length, 0);
  for (const name of ['etag', 'content-length', 'repr-digest', 'content-type', 'accept-ranges']) {
    t.equal(head.headers.get(name), whole.headers.get(name), name);
  }
  const size = whole.bytes.length;
  const ranged = (range: string, more: object = {}) => call('GET', path, { headers: { range, ...more } });
  for (const [range, start, end] of [
    ['bytes=0-0', 0, 0],
    ['bytes=5-', 5, size - 1],
    ['bytes=-7', size - 7, size - 1],
    [`bytes=3-${size * 2}`, 3, size - 1],
    [`bytes=-${size * 2}`, 0, size - 1],
  ] as const) {
    const part = await ranged(range);
    t.equal(part.status, 206, range);
    t.equal(part.headers.get('content-range'), `bytes ${start}-${end}/${size}`);
    t.ok(part.bytes.equals(whole.bytes.subarray(start, end + 1)), range);
  }
  for (const range of ['bytes=0-1,3-4', 'lines=1-2', 'bytes=5-2', 'nonsense'])
    t.equal((await ranged(range)).status, 200, range);
  for (const range of [`bytes=${size}-`, 'bytes=-0']) {
    const none = await ranged(range);
    t.match(none, { status: 416, json: { code: 'range-not-satisfiable' } }, range);
    t.equal(none.headers.get('content-range'), `bytes */${size}`);
  }
  t.equal((await ranged('bytes=0-0', { 'if-range': etag })).status, 206);
  t.equal((await ranged('bytes=0-0', { 'if-range': '"other"' })).status, 200);
  t.equal((await ranged('bytes=0-0', { 'if-range': 'Sat, 01 Jan 2022 00:00:00 GMT' })).status, 200);
  t.equal((await call('GET', path, { headers: { 'if-none-match': etag } })).status, 304);
});

t.test('identity pairs exist only for callers with cpr:read', async (t) => {
  const path = `/v1/packages/${manifest.id}/files/identitet.csv.gz`;
  const owner = { municipality: '615', scopes: ['raw-data:read', 'cpr:read'] as const };
  const refused = await call('GET', path);
  const unknown = await call('GET', path.replace('identitet', 'nothing'));
  t.equal(refused.status, 404);
  t.ok(refused.bytes.equals(unknown.bytes), 'as if it did not exist');
  t.notMatch(JSON.stringify(manifest), /identitet/);
  const granted = await fetchAs(owner, 'GET', path);
  const lines = gunzipSync(granted.bytes).toString().trimEnd().split('\n');
  t.match(lines[0], 'kommunekode,borger_id,cpr');
  t.equal(lines.length, 3);
  t.match(lines[1], /^615,[0-9a-f]{32},6101900/);
  const seen = (await fetchAs(owner, 'GET', `/v1/packages/${manifest.id}`)).json.resources.at(-1);
  t.match(seen, { name: 'identitet', rows: 2, bytes: granted.bytes.length, hash: `sha256:${sha256(granted.bytes)}` });
});

t.test('another municipality sees nothing of it', async (t) => {
  const other = { municipality: '147' };
  for (const path of ['', '/files/bor_befolkning.csv.gz', '/files/bor_befolkning.parquet', '/archive.zip']) {
    const answer = await fetchAs(other, 'GET', `/v1/packages/${manifest.id}${path}`);
    const absent = await fetchAs(other, 'GET', `/v1/packages/${randomUUID()}${path}`);
    t.equal(answer.status, 404);
    t.ok(answer.bytes.equals(absent.bytes), path);
  }
  t.strictSame((await fetchAs(other, 'GET', '/v1/packages')).json.items, []);
});

t.test('the list is paged, newest first', async (t) => {
  const seen: string[] = [];
  let path: string | null = '/v1/packages?limit=2&domain=borger';
  while (path !== null) {
    const page = await call('GET', path);
    t.equal(page.headers.get('link'), page.json.next === null ? null : `<${page.json.next}>; rel="next"`);
    seen.push(...page.json.items.map(({ id }: { id: string }) => id));
    path = page.json.next;
  }
  const all = (await call('GET', '/v1/packages')).json.items;
  t.strictSame(
    seen,
    all.map(({ id }: { id: string }) => id),
  );
  t.ok(seen.length >= 4);
  t.match(await call('GET', '/v1/packages?cursor=WyJhIiwiYiJd'), { status: 400, json: { code: 'invalid-cursor' } });
});

t.test('every download and order leaves an audit row', async (t) => {
  const owner = new pg.Client({ connectionString: flis.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  const { rows } = await owner.query(
    `select operation, object from audit_entry where object->>'package' = $1 and object->>'file' = 'identitet.csv.gz'`,
    [manifest.id],
  );
  t.match(rows, [{ operation: 'getPackageFile', object: { cpr: true, domain: 'borger' } }]);
});

t.test('a build that is stopped or fails publishes nothing; building again is safe', async (t) => {
  const deps = flis.workerDeps;
  if (deps === undefined) throw new Error('no worker');
  const owner = new pg.Client({ connectionString: flis.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  // A delta whose differences are stored already, so that only the publication is left to be stopped.
  const content = { domain: 'borger', kind: 'delta', since: 0, revision: second };
  const replaced = await build(content);
  await owner.query(`update package set state = 'failed' where package_id = $1`, [replaced.id]);
  const id = randomUUID();
  await owner.query(
    `insert into package (municipality_code, package_id, domain, kind, revision, since, state) values ('615', $1, 'borger', 'delta', $2, 0, 'building')`,
    [id, second],
  );
  const [job] = packageJobs(deps) as unknown as {
    run(payload: object, context: object): Promise<void>;
    failed(payload: object, error: unknown): Promise<void>;
  }[];
  const payload = { municipality: '615', domain: 'borger', packageId: id };
  const context = { jobId: randomUUID(), attempt: 1, lastAttempt: false };
  await t.rejects(
    job?.run(payload, { ...context, signal: AbortSignal.abort(new Error('stopping')) }) ?? Promise.resolve(),
    /stopping/,
  );
  const download = `/v1/packages/${id}/files/bor_befolkning.csv.gz`;
  t.match(await call('GET', download), { status: 409, json: { code: 'package-not-ready' } });
  await job?.failed(payload, new Error('the worker died'));
  t.match((await call('GET', `/v1/packages/${id}`)).json, { state: 'failed', failure: 'internal-error' });
  t.match(await call('GET', download), { status: 409, json: { code: 'package-failed' } });
  const replacement = await build(content);
  t.not(replacement.id, id);
  const before = (await call('GET', replacement.resources[0].path)).bytes;
  await job?.run({ ...payload, packageId: replacement.id }, { ...context, signal: new AbortController().signal });
  t.ok((await call('GET', replacement.resources[0].path)).bytes.equals(before), 'ready packages are left alone');
});

t.test('a changed declaration refuses deltas across it and totals from before it', async (t) => {
  const owner = new pg.Client({ connectionString: flis.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  await owner.query(
    `insert into slice select (s).* from (
       select jsonb_populate_record(s, jsonb_build_object('schema_hash', repeat('0', 64))) as s from slice s where table_name = 'bor_befolkning') x`,
  );
  await owner.query(
    `update slice_change set schema_hash = repeat('0', 64) where table_name = 'bor_befolkning' and revision = $1`,
    [first],
  );
  const since = await deliver([...NEW, people('2024-02', 5, 5), people('2025-02', 5, 5)], []);
  t.match(await order({ domain: 'borger', kind: 'delta', since: first, revision: since }), {
    status: 409,
    json: { code: 'delta-across-schema-change', action: /total/ },
  });
  t.match(await order({ domain: 'borger', kind: 'delta', since: 0, revision: first }), { status: 409 });
  t.equal((await build({ domain: 'borger', kind: 'total', revision: since })).state, 'ready');
});
