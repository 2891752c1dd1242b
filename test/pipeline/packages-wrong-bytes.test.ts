// Storage that gives other bytes than were put there: found before the last of them is sent, before a package is made of them, and by fsck.
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import pg from 'pg';
import t from 'tap';
import { checkStorage } from '../../src/pipeline/warehouse/index.ts';
import { birth, type Json, people, startScene } from './packages-scene.ts';

const MIB = 1024 * 1024;
const lines: Json[] = [];
const scene = await startScene(t, { logTo: { write: (line) => lines.push(JSON.parse(line)) } });
const { flis, call, deliver, build } = scene;
const deps = flis.workerDeps;
if (deps === undefined) throw new Error('no worker');

/** Changes a byte in the middle of the newest slice of the table, as a failing disk does. @returns how to put it right */
async function spoil(table: string, kind: 'deflate' | 'parquet'): Promise<() => Promise<void>> {
  const found: { key: string; modifiedAt: Date }[] = [];
  for await (const each of flis.api.deps.storage.list(`slices/table=${table}/`)) {
    if (each.key.endsWith(kind)) found.push(each);
  }
  const newest = found.sort((a, b) => a.modifiedAt.getTime() - b.modifiedAt.getTime()).at(-1);
  const path = join(flis.config.storageFolder, newest?.key ?? '');
  const right = await readFile(path);
  const wrong = Buffer.from(right);
  const middle = Math.floor(wrong.length / 2);
  wrong.writeUInt8(wrong.readUInt8(middle) ^ 1, middle);
  await writeFile(path, wrong);
  return () => writeFile(path, right);
}

const ages = Array.from({ length: 100 }, (_, age) => people('2025-01', age, 100 + age));
await deliver(ages, [birth(1, '2025-01-05')]);
const ready = await build({ domain: 'borger', kind: 'total' });
const path = `/v1/packages/${ready.id}/files/bor_befolkning.csv.gz`;
const whole = await call('GET', path);

t.test('a download is cut off before its last byte', async (t) => {
  const mend = await spoil('bor_befolkning', 'deflate');
  for (const url of [path, `/v1/packages/${ready.id}/archive.zip`]) {
    lines.length = 0;
    const answer = await flis.call('GET', url, { caller: { municipality: '615' } });
    // A small file is found out before anything is sent, a larger one while it is.
    const got = await answer.arrayBuffer().then(
      (bytes) => bytes.byteLength,
      () => 0,
    );
    t.ok(answer.status === 500 || got === 0, `${answer.status}, ${got} bytes`);
    t.ok(
      lines.some(({ code }) => code === 'wrong-bytes'),
      'and the log says why',
    );
  }
  const { faults } = await checkStorage(deps);
  t.match(faults, [{ fault: 'digest' }], 'fsck finds it as well');
  await mend();
  t.same((await call('GET', path)).bytes, whole.bytes);
});

t.test('a large file is cut off in the last stretch of the wrong object', async (t) => {
  const bytes = randomBytes(4 * MIB);
  const { key, crc32 } = await deps.storage.put(`packages/municipality=615/${ready.id}/large`, Readable.from([bytes]));
  const owner = new pg.Client({ connectionString: flis.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  const fetchWith = async (crc: number) => {
    const parts = JSON.stringify([{ key, start: 0, end: bytes.length - 1, crc32: crc }]);
    await owner.query(`update package_file set parts = $1, bytes = $2 where name = 'bor_bevaegelse.csv.gz'`, [
      parts,
      bytes.length,
    ]);
    lines.length = 0;
    const answer = await flis.call('GET', `/v1/packages/${ready.id}/files/bor_bevaegelse.csv.gz`, {
      caller: { municipality: '615' },
    });
    let got = 0;
    for await (const chunk of answer.body ?? []) got += chunk.length;
    return got;
  };
  t.equal(await fetchWith(crc32), bytes.length);
  t.same(
    lines.filter(({ event }) => event === 'answer-broken-off'),
    [],
  );
  await t.rejects(fetchWith(crc32 ^ 1), 'the length gives it away');
  t.ok(
    lines.some(({ code }) => code === 'wrong-bytes'),
    'and the log says why',
  );
});

t.test('part of it that can be looked at, in a range', async (t) => {
  const mend = await spoil('bor_befolkning', 'deflate');
  const { bytes } = whole;
  const inRange = (range: string) => call('GET', path, { headers: { range } });
  t.equal((await inRange(`bytes=0-9`)).status, 206, 'what is not of the spoilt segment is sent');
  t.equal((await inRange(`bytes=1-${bytes.length - 1}`)).status, 500, 'a range with all of it is not');
  await mend();
});

t.test('no package is made of wrong bytes', async (t) => {
  const mend = await spoil('bor_bevaegelse', 'deflate');
  const failed = await build({ domain: 'borger', kind: 'delta', since: 0 });
  await mend();
  t.equal(failed.state, 'ready', 'a difference has segments of its own');
  await deliver([...ages.slice(1), people('2025-01', 0, 999)], [birth(1, '2025-01-05')]);
  const mendAgain = await spoil('bor_befolkning', 'deflate');
  t.match(await build({ domain: 'borger', kind: 'total' }), { state: 'failed', failure: 'wrong-bytes' });
  await mendAgain();
  t.match(await build({ domain: 'borger', kind: 'total' }), { state: 'ready' }, 'mended, it can be ordered again');
});
