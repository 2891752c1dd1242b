// Archives out of segments: CRC arithmetic, one gzip member, ZIP and zip64, byte ranges; read back by Node and by the usual tools.
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { crc32, gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import type { ByteSource } from '../../src/platform/byte-source.ts';
import { createLocalDirectory } from '../../src/platform/storage/local-directory.ts';
import {
  assembleGzip,
  assembleZip,
  combineCrc32,
  copyParts,
  digestParts,
  literalSegment,
  type Part,
  readParts,
  type Segment,
} from '../../src/slices/index.ts';

const run = promisify(execFile);
const root = await mkdtemp(join(tmpdir(), 'flis-archives-'));
t.teardown(() => rm(root, { recursive: true, force: true }));
const storage = createLocalDirectory(join(root, 'storage'));

/** Reads a source through one buffer of `size` bytes. */
async function collect(source: ByteSource, size = 100_000): Promise<Buffer> {
  const buffer = Buffer.alloc(size);
  const chunks: Buffer[] = [];
  for (let length = await source.fill(buffer); length > 0; length = await source.fill(buffer)) {
    chunks.push(Buffer.from(buffer.subarray(0, length)));
  }
  return Buffer.concat(chunks);
}

/** The same segment, but its bytes are a stored object with other bytes around them. */
async function store(segment: Segment): Promise<Segment> {
  if (!('literal' in segment.part)) return segment;
  const bytes = Buffer.from(segment.part.literal, 'base64');
  const around = Buffer.concat([Buffer.from('before'), bytes, Buffer.from('after')]);
  const key = `segments/${createHash('sha256').update(bytes).digest('hex')}`;
  await storage.put(key, [around] as unknown as AsyncIterable<Uint8Array>);
  return { ...segment, part: { key, start: 6, end: 6 + bytes.length - 1 } };
}

async function segmentsOf(texts: readonly string[]): Promise<Segment[]> {
  return Promise.all(
    texts.map((text, index) => (index % 2 === 0 ? store(literalSegment(text)) : literalSegment(text))),
  );
}

const hasTool = (name: string) => {
  try {
    execFileSync(name, ['--help'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
};
const unlessMissing = (name: string) => (hasTool(name) ? {} : { skip: `${name} is not on this machine` });

const texts = fc.array(fc.oneof(fc.constant(''), fc.string({ unit: 'grapheme', maxLength: 300 })), { maxLength: 6 });

t.test('the CRC of joined texts follows from their CRCs', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4000 }), fc.uint8Array({ maxLength: 4000 }), (a, b) => {
      return combineCrc32(crc32(a), crc32(b), b.length) === crc32(Buffer.concat([a, b]));
    }),
  );
});

t.test('CRC lengths beyond 32 bits combine like a sum of shorter ones', async (t) => {
  fc.assert(
    fc.property(
      fc.nat(0xffffffff),
      fc.nat({ max: 2 ** 31 - 1 }),
      fc.integer({ min: 1, max: 5 }),
      (crc, length, times) => {
        let steps = crc;
        for (let step = 0; step < times; step += 1) steps = combineCrc32(steps, 0, length * 1000);
        return steps === combineCrc32(crc, 0, length * 1000 * times);
      },
    ),
  );
  const gigabyte = Buffer.alloc(1 << 20);
  t.equal(combineCrc32(crc32('x'), crc32(gigabyte), gigabyte.length), crc32(gigabyte, crc32('x')));
});

t.test('a gzip of segments is one member that holds their texts', async () => {
  await fc.assert(
    fc.asyncProperty(texts, async (parts) => {
      const whole = Buffer.from(parts.join(''), 'utf8');
      const file = assembleGzip(await segmentsOf(parts));
      const bytes = await collect(readParts(storage, file.parts));
      return (
        bytes.length === file.bytes &&
        gunzipSync(bytes).equals(whole) &&
        bytes.readUInt32LE(file.bytes - 8) === crc32(whole)
      );
    }),
    { numRuns: 60 },
  );
});

t.test('every prefix, suffix and inner range equals that slice of the whole', async () => {
  await fc.assert(
    fc.asyncProperty(texts, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 700 }), async (parts, a, b, size) => {
      const file = assembleZip([
        { name: 'a.csv', segments: await segmentsOf(parts) },
        { name: 'b.csv', segments: [] },
      ]);
      const whole = await collect(readParts(storage, file.parts));
      const [start, end] = [a % file.bytes, b % file.bytes].sort((x, y) => x - y) as [number, number];
      for (const range of [
        { start: 0, end },
        { start, end: file.bytes - 1 },
        { start, end },
      ]) {
        const part = await collect(readParts(storage, file.parts, range), size);
        if (!part.equals(whole.subarray(range.start, range.end + 1))) return false;
      }
      return true;
    }),
    { numRuns: 60 },
  );
});

t.test('the digest of an assembled file', async (t) => {
  const { parts } = assembleGzip(await segmentsOf(['one\n', '', 'two\n']));
  const whole = await collect(readParts(storage, parts));
  t.equal(await digestParts(storage, parts), createHash('sha256').update(whole).digest('hex'));
});

t.test('more parts than are read at once, copied to a file', async (t) => {
  const segments = await segmentsOf(Array.from({ length: 100 }, (_, index) => `${index}\n`));
  const path = join(root, 'copied.gz');
  await copyParts(storage, assembleGzip(segments).parts, path);
  t.equal(
    gunzipSync(await readFile(path)).toString(),
    Array.from({ length: 100 }, (_, index) => `${index}\n`).join(''),
  );
});

t.test('a missing object is an error', async (t) => {
  await t.rejects(collect(readParts(storage, [{ literal: '' }, { key: 'gone', start: 0, end: 3 }])), {
    code: 'ENOENT',
  });
});

const TABLES = {
  'bor_befolkning.csv': ['kommunekode,antal\n', '615,1\n', '', '615,"æ ø å"\n'],
  'tom.csv': [''],
  'ingen.csv': [],
};

t.test('a read that fails waits for those beside it: nothing is written into the buffer afterwards', async (t) => {
  const { key } = await storage.put('slices/beside', Readable.from([Buffer.from('beside')]));
  let letGo = () => {};
  const gate = new Promise<void>((done) => {
    letGo = done;
  });
  const slow = {
    ...storage,
    async readInto(...of: Parameters<typeof storage.readInto>) {
      if (of[0] === key) await gate;
      return storage.readInto(...of);
    },
  };
  const parts = [
    { key, start: 0, end: 5 },
    { key: 'gone', start: 0, end: 3 },
  ];
  const target = Buffer.alloc(10);
  let ended = false;
  const reading = readParts(slow, parts)
    .fill(target)
    .finally(() => {
      ended = true;
    });
  reading.catch(() => {});
  // The other read has failed long before this one, which goes the same way.
  await t.rejects(storage.readInto('gone', 0, Buffer.alloc(4)), { code: 'ENOENT' });
  await storage.readInto(key, 0, Buffer.alloc(6));
  t.notOk(ended);
  letGo();
  await t.rejects(reading, { code: 'ENOENT' });
  t.equal(target.subarray(0, 6).toString(), 'beside', 'the slow read had ended');
});

t.test('gzip by zcat and Python', async (t) => {
  const path = join(root, 'file.csv.gz');
  const file = assembleGzip(await segmentsOf(TABLES['bor_befolkning.csv']));
  await writeFile(path, await collect(readParts(storage, file.parts)));
  const empty = join(root, 'empty.csv.gz');
  await writeFile(empty, await collect(readParts(storage, assembleGzip(await segmentsOf([''])).parts)));
  await t.test('zcat', unlessMissing('zcat'), async (t) => {
    t.equal((await run('zcat', [path])).stdout, TABLES['bor_befolkning.csv'].join(''));
    t.equal((await run('zcat', [empty])).stdout, '');
  });
  await t.test('Python', unlessMissing('python3'), async (t) => {
    const script = 'import gzip,sys; sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())';
    t.equal((await run('python3', ['-c', script, path])).stdout, TABLES['bor_befolkning.csv'].join(''));
    t.equal((await run('python3', ['-c', script, empty])).stdout, '');
  });
});

t.test('ZIP by unzip and Python', async (t) => {
  const path = join(root, 'archive.zip');
  const entries = await Promise.all(
    Object.entries(TABLES).map(async ([name, parts]) => ({ name, segments: await segmentsOf(parts) })),
  );
  const file = assembleZip([...entries, { name: 'læs-mig.txt', segments: [literalSegment('hej')] }]);
  const bytes = await collect(readParts(storage, file.parts));
  t.equal(bytes.length, file.bytes);
  await writeFile(path, bytes);
  await t.test('unzip', unlessMissing('unzip'), async (t) => {
    t.match((await run('unzip', ['-t', path])).stdout, /No errors detected/);
    t.equal((await run('unzip', ['-p', path, 'bor_befolkning.csv'])).stdout, TABLES['bor_befolkning.csv'].join(''));
  });
  await t.test('Python', unlessMissing('python3'), async (t) => {
    const script = `import json,sys,zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
print(json.dumps({n: z.read(n).decode() for n in z.namelist()}))`;
    t.same(JSON.parse((await run('python3', ['-c', script, path])).stdout), {
      'bor_befolkning.csv': TABLES['bor_befolkning.csv'].join(''),
      'tom.csv': '',
      'ingen.csv': '',
      'læs-mig.txt': 'hej',
    });
  });
});

t.test('zip64: sizes, offsets and counts beyond the old format', unlessMissing('python3'), async (t) => {
  const path = join(root, 'large.zip');
  const huge: Segment = {
    part: { key: 'not/read', start: 0, end: 5 * 2 ** 30 - 1 },
    bytes: 5 * 2 ** 30,
    plainBytes: 50 * 2 ** 30,
    plainCrc32: 7,
  };
  const many = Array.from({ length: 66_000 }, (_, index) => ({ name: `${index}.csv`, segments: [] }));
  const file = assembleZip([
    { name: 'huge.csv', segments: [huge] },
    { name: 'after.csv', segments: [literalSegment('behind five gigabytes')] },
    ...many,
  ]);
  // A sparse file: the huge entry's bytes are a hole, everything else stands where it belongs.
  const hole = file.parts.findIndex((part) => 'key' in part);
  const literals = (parts: readonly Part[]) =>
    Buffer.concat(parts.map((part) => Buffer.from('literal' in part ? part.literal : '', 'base64')));
  const [before, after] = [literals(file.parts.slice(0, hole)), literals(file.parts.slice(hole))];
  t.equal(before.length + huge.bytes + after.length, file.bytes);
  const handle = await open(path, 'w');
  await handle.write(before, 0, before.length, 0);
  await handle.write(after, 0, after.length, before.length + huge.bytes);
  await handle.close();
  const script = `import json,sys,zipfile
z = zipfile.ZipFile(sys.argv[1])
h = z.getinfo('huge.csv')
print(json.dumps([len(z.namelist()), h.file_size, h.compress_size, h.CRC, z.read('after.csv').decode(), z.read('65999.csv').decode()]))`;
  t.same(JSON.parse((await run('python3', ['-c', script, path])).stdout), [
    66_002,
    50 * 2 ** 30,
    5 * 2 ** 30 + 2,
    7,
    'behind five gigabytes',
    '',
  ]);
});
