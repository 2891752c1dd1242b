// The local directory against the promises of ObjectStorage: complete or absent, never overwritten, readable in ranges.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import t from 'tap';
import { createLocalDirectory, InvalidStorageKey } from '../../src/platform/storage/local-directory.ts';
import type { ListedObject } from '../../src/platform/storage/storage.ts';

const KEY = 'slices/table=bor_befolkning/municipality=615/period=2024-2025/ab.parquet';

async function openStorage(scope: { teardown(fn: () => unknown): void }) {
  const root = await mkdtemp(join(tmpdir(), 'flis-storage-'));
  scope.teardown(() => rm(root, { recursive: true, force: true }));
  return { root, storage: createLocalDirectory(root) };
}

async function* chunks(...parts: Uint8Array[]) {
  yield* parts;
}

async function collect(source: AsyncIterable<Buffer>) {
  const parts: Buffer[] = [];
  for await (const part of source) parts.push(part);
  return parts;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

t.test('put stores complete bytes under a final name and says their digest', async (t) => {
  const { root, storage } = await openStorage(t);
  const bytes = randomBytes(3_000_000);
  const stored = await storage.put(KEY, chunks(bytes.subarray(0, 5), bytes.subarray(5)));
  t.same(stored, { key: KEY, bytes: bytes.length, sha256: sha256(bytes), crc32: crc32(bytes), created: true });
  t.same(await readFile(join(root, KEY)), bytes);
  t.same(await readdir(join(root, 'tmp')), [], 'no temporary file stays');
  t.same(await storage.stat(KEY), { bytes: bytes.length });
  t.equal(await storage.stat('slices/none'), undefined);
  t.equal(await storage.stat('slices'), undefined, 'a folder is no object');
  t.equal(await storage.localPath(KEY), join(root, KEY));
});

t.test('a name that exists is never overwritten; the facts are those of the file that is there', async (t) => {
  const { storage } = await openStorage(t);
  const first = Buffer.from('first');
  await storage.put(KEY, chunks(first));
  t.same(await storage.put(KEY, chunks(Buffer.from('second'))), {
    key: KEY,
    bytes: 5,
    sha256: sha256(first),
    crc32: crc32(first),
    created: false,
  });
  t.same(Buffer.concat(await collect(storage.read(KEY))), first);
});

t.test('of two writers of one name exactly one creates it', async (t) => {
  const { root, storage } = await openStorage(t);
  const results = await Promise.all(
    Array.from({ length: 12 }, (_, index) => storage.put(KEY, chunks(Buffer.from(`writer ${index}`)))),
  );
  t.equal(results.filter(({ created }) => created).length, 1);
  t.equal(new Set(results.map((result) => result.sha256)).size, 1, 'all tell of the same file');
  t.same(await readdir(join(root, 'tmp')), []);
});

t.test('a source that fails leaves nothing', async (t) => {
  const { root, storage } = await openStorage(t);
  async function* broken() {
    yield Buffer.from('half');
    throw new Error('the sender went away');
  }
  await t.rejects(storage.put(KEY, broken()), /went away/);
  t.equal(await storage.stat(KEY), undefined);
  t.same(await readdir(join(root, 'tmp')), []);
});

t.test('putFile moves a file, also from another filesystem, and also when the name exists', async (t) => {
  const { root, storage } = await openStorage(t);
  const other = await mkdtemp('/dev/shm/flis-').catch(() => mkdtemp(join(tmpdir(), 'flis-')));
  t.teardown(() => rm(other, { recursive: true }));
  for (const [index, folder] of [root, other, other].entries()) {
    const path = join(folder, 'finished');
    await writeFile(path, 'text');
    const stored = await storage.putFile(index === 0 ? 'a/b' : 'a/c', path);
    t.match(stored, { bytes: 4, sha256: sha256(Buffer.from('text')), created: index < 2 });
    await t.rejects(readFile(path), { code: 'ENOENT' });
  }
  await t.rejects(storage.putFile('a/d', join(root, 'missing')), { code: 'ENOENT' });
});

t.test('read gives ranges with both ends inclusive, in large chunks', async (t) => {
  const { storage } = await openStorage(t);
  const bytes = randomBytes(2_500_000);
  await storage.put(KEY, chunks(bytes));
  const parts = await collect(storage.read(KEY));
  t.ok(
    parts.slice(0, -1).every((part) => part.length >= 256 * 1024 && part.length <= 1024 * 1024),
    'chunks of 256 KiB to 1 MiB',
  );
  t.same(Buffer.concat(parts), bytes);
  for (const [start, end] of [
    [0, 0],
    [7, 1_500_000],
    [2_499_999, 2_499_999],
  ] as const) {
    t.same(Buffer.concat(await collect(storage.read(KEY, { start, end }))), bytes.subarray(start, end + 1));
  }
  await t.rejects(collect(storage.read('not/there')), { code: 'ENOENT' });
});

t.test('list finds objects by prefix, temporary files under tmp/, and nothing under unknown prefixes', async (t) => {
  const { root, storage } = await openStorage(t);
  for (const key of ['a/x1', 'a/x2', 'a/y', 'ab/z']) await storage.put(key, chunks(Buffer.from(key)));
  await writeFile(join(root, 'tmp', 'left-over'), 'partial');
  const listed = (prefix: string): Promise<ListedObject[]> => Readable.from(storage.list(prefix)).toArray();
  const keysOf = async (prefix: string) => (await listed(prefix)).map(({ key }) => key).sort();
  t.same(await keysOf('a/x'), ['a/x1', 'a/x2']);
  t.same(await keysOf('a'), ['a/x1', 'a/x2', 'a/y', 'ab/z']);
  t.same(await keysOf(''), ['a/x1', 'a/x2', 'a/y', 'ab/z', 'tmp/left-over']);
  t.same(await keysOf('none/at/all'), []);
  const [object] = await listed('a/y');
  t.equal(object?.bytes, 3);
  t.ok(object?.modifiedAt instanceof Date);
});

t.test('delete removes an object and does not mind its absence', async (t) => {
  const { storage } = await openStorage(t);
  await storage.put(KEY, chunks(Buffer.from('x')));
  await storage.delete(KEY);
  await storage.delete(KEY);
  t.equal(await storage.stat(KEY), undefined);
});

t.test('a check fails unless objects can be put, and leaves nothing', async (t) => {
  const { root, storage } = await openStorage(t);
  await storage.check();
  t.same(await readdir(root), ['tmp']);
  t.same(await readdir(join(root, 'tmp')), []);

  await rm(join(root, 'tmp'), { recursive: true });
  await writeFile(join(root, 'tmp'), '');
  await t.rejects(storage.check(), 'a folder that takes no file');
  await rm(root, { recursive: true });
  await t.rejects(storage.check(), { code: 'ENOENT' });
  t.equal(existsSync(root), false, 'a folder that is gone is not made anew');
  await writeFile(root, '');
  await t.rejects(storage.check(), { code: 'ENOTDIR' }, 'a file in its place');
});

t.test('only relative names of our alphabet are keys', async (t) => {
  const { storage } = await openStorage(t);
  const faulty = [
    '',
    '/',
    '/etc/passwd',
    '../x',
    'a/../b',
    'a//b',
    'a/',
    './a',
    'a/.b',
    'a b',
    'æ',
    'a\0b',
    'a\\b',
    'a/..',
  ];
  for (const key of faulty) {
    await t.rejects(storage.put(key, chunks(Buffer.from('x'))), InvalidStorageKey, JSON.stringify(key));
    t.throws(() => storage.read(key), InvalidStorageKey);
    await t.rejects(storage.localPath(key), InvalidStorageKey);
    await t.rejects(storage.delete(key), InvalidStorageKey);
  }
  await t.rejects(Readable.from(storage.list('../')).toArray(), InvalidStorageKey);
});
