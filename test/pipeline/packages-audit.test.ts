// Downloads on record over HTTP: a row that is there before the first byte and one that tells the end, no data without it, and no flood of rows.
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import t from 'tap';
import { birth, people, startScene } from './packages-scene.ts';

const MIB = 1024 * 1024;
const scene = await startScene(t);
const { flis, call, fetchAs, deliver, build } = scene;
const owner = new pg.Client({ connectionString: flis.database.ownerUrl });
await owner.connect();
t.teardown(() => owner.end());
await deliver([people('2024-01', 1, 10)], [birth(1, '2024-03-01')]);
const manifest = await build({ domain: 'borger', kind: 'total' });
const { manifest: stored } = (await owner.query('select manifest from package where package_id = $1', [manifest.id]))
  .rows[0];
const addressOf = (name: string) => `/v1/packages/${manifest.id}/files/${name}`;
const FILE = 'bor_befolkning.csv.gz';

// A file that no socket buffer can take, made of one object again and again.
const BIG = 'bor_bevaegelse.csv.gz';
const storage = flis.workerDeps?.storage;
const { sha256 } = (await storage?.put('packages/filler', Readable.from([Buffer.alloc(MIB, 7)]))) ?? { sha256: '' };
const parts = Array.from({ length: 64 }, () => ({ key: 'packages/filler', start: 0, end: MIB - 1 }));
await owner.query('update package_file set parts = $1, bytes = $2 where package_id = $3 and name = $4', [
  ...[JSON.stringify(parts), 64 * MIB, manifest.id, BIG],
]);
t.ok(sha256);

interface Row {
  readonly entry: number;
  readonly outcome: string;
  readonly completes: number | null;
  readonly object: Record<string, unknown>;
}

async function rowsOf(operation: string, client = 'bi-system'): Promise<Row[]> {
  const { rows } = await owner.query(
    'select entry::int, outcome, completes::int, object from audit_entry where operation = $1 and client_id = $2 order by entry',
    [operation, client],
  );
  return rows;
}

async function untilRows(operation: string, client: string, count: number): Promise<Row[]> {
  for (let tries = 0; tries < 500; tries += 1) {
    const rows = await rowsOf(operation, client);
    if (rows.length >= count) return rows;
    await delay(10);
  }
  return rowsOf(operation, client);
}

const as = (clientId: string, ...more: 'cpr:read'[]) =>
  ({ municipality: '615', clientId, scopes: ['raw-data:read', ...more] }) as const;

t.test('a whole download: what is on record before, and after', async (t) => {
  const file = await fetchAs(as('whole'), 'GET', addressOf(FILE));
  const rows = await untilRows('getPackageFile', 'whole', 2);
  const bytes = file.bytes.length;
  t.match(rows, [
    { outcome: 'started', completes: null, object: { package: manifest.id, domain: 'borger', file: FILE, cpr: false } },
    { outcome: 'complete', completes: rows[0]?.entry, object: { bytes, answers: 1 } },
  ]);
  t.match(rows[0]?.object, { kind: 'total', revision: 1, rows: 1, bytes });
  await fetchAs(as('whole'), 'GET', addressOf(FILE));
  t.equal((await untilRows('getPackageFile', 'whole', 4)).length, 4, 'each whole download has rows of its own');
  await fetchAs(as('cpr', 'cpr:read'), 'GET', addressOf('identitet.csv.gz'));
  t.match(await untilRows('getPackageFile', 'cpr', 2), [{ object: { cpr: true } }, {}]);
  await fetchAs(as('zip'), 'GET', `/v1/packages/${manifest.id}/archive.zip`);
  // Of the archive: those of all its tables, a row of each.
  t.match(await untilRows('getPackageArchive', 'zip', 2), [
    { outcome: 'started', object: { rows: 2 } },
    { outcome: 'complete' },
  ]);
});

t.test(
  'a manifest tells of raw data: reading it is on record, asking for a package that is not ready is not',
  async (t) => {
    const { id } = manifest;
    for (const method of ['GET', 'HEAD']) await fetchAs(as('reader'), method, `/v1/packages/${id}`);
    const object = { package: id, domain: 'borger', kind: 'total', revision: 1 };
    t.strictSame(
      (await rowsOf('getPackage', 'reader')).map((row) => [row.outcome, row.object]),
      [
        ['done', object],
        ['done', object],
      ],
    );
    await owner.query(`update package set state = 'building', manifest = null where package_id = $1`, [id]);
    await fetchAs(as('asker'), 'GET', `/v1/packages/${id}`);
    await owner.query(`update package set state = 'ready', manifest = $2 where package_id = $1`, [id, stored]);
    t.same(await rowsOf('getPackage', 'asker'), []);
  },
);

t.test(
  'a download that breaks off: the row was there before the first byte, and the end says how much had left',
  async (t) => {
    const authorization = `Bearer ${await flis.token(as('slow'))}`;
    const asked = request(new URL(addressOf(BIG), flis.url), { headers: { authorization } }).end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    answer.pause();
    t.match(await rowsOf('getPackageFile', 'slow'), [
      { outcome: 'started', completes: null, object: { bytes: 64 * MIB } },
    ]);
    await delay(200);
    t.equal((await rowsOf('getPackageFile', 'slow')).length, 1, 'it has not ended');
    asked.destroy();
    const rows = await untilRows('getPackageFile', 'slow', 2);
    t.match(rows[1], { outcome: 'broken-off', completes: rows[0]?.entry });
    const sent = Number(rows[1]?.object.bytes);
    t.ok(sent > 0 && sent < 64 * MIB, `${sent} bytes`);
  },
);

t.test('no row, no data', async (t) => {
  await owner.query('revoke insert on audit_entry from flis_api');
  for (const headers of [{}, { range: 'bytes=0-9' }] as Record<string, string>[]) {
    const refused = await fetchAs(as('unlogged'), 'GET', addressOf(FILE), { headers });
    t.ok(refused.status >= 500, `${refused.status}`);
    t.match(refused.json, { code: /./ }, 'a problem, and none of the file');
    t.equal(refused.headers.get('repr-digest'), null);
  }
  await owner.query('grant insert on audit_entry to flis_api');
  t.equal((await fetchAs(as('unlogged'), 'GET', addressOf(FILE))).status, 200);
});

t.test('a missing object: nothing left, and the log says so', async (t) => {
  await owner.query(
    `update package_file set parts = replace(parts::text, 'packages/filler', 'packages/gone')::jsonb where name = $1`,
    [BIG],
  );
  t.equal((await fetchAs(as('gone'), 'GET', addressOf(BIG))).status, 500);
  t.match(await untilRows('getPackageFile', 'gone', 2), [
    { outcome: 'started' },
    { outcome: 'broken-off', object: { bytes: 0 } },
  ]);
});

t.test('what transfers nothing leaves one row, however often it is asked', async (t) => {
  const { headers } = await call('HEAD', addressOf(FILE));
  const etag = headers.get('etag') ?? '';
  for (let index = 0; index < 20; index += 1) {
    t.equal((await fetchAs(as('looks'), 'HEAD', addressOf(FILE))).status, 200);
    t.equal((await fetchAs(as('looks'), 'GET', addressOf(FILE), { headers: { 'if-none-match': etag } })).status, 304);
    t.equal((await fetchAs(as('looks'), 'GET', addressOf(FILE), { headers: { range: 'bytes=9999999-' } })).status, 416);
  }
  const rows = await rowsOf('getPackageFile', 'looks');
  t.match(rows, [
    { outcome: 'nothing-sent', completes: null, object: { method: 'HEAD', file: FILE, bytes: 0, rows: 0 } },
  ]);
  t.equal(rows.length, 1);
});

t.test('hundreds of small ranges are one download', async (t) => {
  const size = Number((await call('HEAD', addressOf(FILE))).headers.get('content-length'));
  const pieces: Buffer[] = [];
  for (let start = 0; start < size; start += 1) {
    const { status, bytes } = await fetchAs(as('ranges'), 'GET', addressOf(FILE), {
      headers: { range: `bytes=${start}-${start}` },
    });
    t.equal(status, 206);
    pieces.push(bytes);
  }
  t.same(Buffer.concat(pieces), (await call('GET', addressOf(FILE))).bytes);
  const open = await rowsOf('getPackageFile', 'ranges');
  t.match(open, [{ outcome: 'started', object: { bytes: size, range: '0-0' } }], 'one row, which stands for the file');
  t.equal(open.length, 1);
  await flis.api.deps.transfers.close();
  const rows = await rowsOf('getPackageFile', 'ranges');
  t.match(rows[1], { outcome: 'complete', completes: rows[0]?.entry, object: { bytes: size, answers: size } });
  t.equal(rows.length, 2, `${size} ranges`);
});
