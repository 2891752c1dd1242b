// Reading headers and keeping files: dialects are read back, encrypted files survive nothing but being left alone, inflation is capped.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { materialiseReceivedFile, ReceivedFileFault } from '../../src/pipeline/intake/materialise-file.ts';
import {
  encryptReceivedFile,
  type ReceivedFile,
  readReceivedFile,
} from '../../src/pipeline/intake/open-received-file.ts';
import { readHeader, splitRecord } from '../../src/pipeline/intake/read-header.ts';
import { compareColumns, expectedSequence } from '../../src/pipeline/intake/rules.ts';
import { createLocalDirectory } from '../../src/platform/storage/local-directory.ts';
import type { ObjectStorage } from '../../src/platform/storage/storage.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';

const name = fc.string({ unit: fc.constantFrom(...'abcæøåÆØÅ_ 0123456789;,"\n\r.é'), minLength: 1, maxLength: 12 });
const quote = (text: string, delimiter: string, always: boolean) =>
  always || /["\r\n]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text;

t.test('any header written in any supported dialect is read back', async () => {
  fc.assert(
    fc.property(
      fc.record({
        columns: fc.array(name, { minLength: 2, maxLength: 20 }),
        delimiter: fc.constantFrom(',' as const, ';' as const),
        newline: fc.constantFrom('\n', '\r\n'),
        encoding: fc.constantFrom('utf8' as const, 'latin1' as const),
        bom: fc.boolean(),
        quoted: fc.boolean(),
        declared: fc.boolean(),
        data: fc.constantFrom('', 'æ;1,2\n', '"a\nb"'),
      }),
      (given) => {
        const { columns, delimiter, newline } = given;
        // Undeclared, the delimiters count outside quotes, so the other one must not stand there more often.
        const other = delimiter === ',' ? ';' : ',';
        const cells = columns.map((column) =>
          quote(column, delimiter, given.quoted || (!given.declared && column.includes(other))),
        );
        const text = cells.join(delimiter) + newline + given.data;
        const bytes = Buffer.concat([
          given.bom && given.encoding === 'utf8' ? Buffer.from('\ufeff') : Buffer.alloc(0),
          Buffer.from(text, given.encoding),
        ]);
        const encoding = given.encoding === 'latin1' ? 'iso-8859-1' : 'utf-8';
        const declared = given.declared ? { delimiter, encoding: encoding as 'utf-8' | 'iso-8859-1' } : {};
        const dialect = readHeader(bytes, true, declared);
        if (typeof dialect === 'string') {
          // A record of nothing but blanks is an empty header.
          return dialect === 'empty' && cells.join(delimiter).trim() === '';
        }
        return (
          JSON.stringify(dialect.columns) === JSON.stringify(columns) &&
          dialect.delimiter === delimiter &&
          dialect.newline === (newline === '\n' ? 'lf' : 'crlf') &&
          (dialect.encoding === encoding || dialect.encoding === 'detect')
        );
      },
    ),
    { numRuns: 3000 },
  );
});

t.test('what a header can be told by', async (t) => {
  const read = (text: string | Buffer, whole = true) => readHeader(Buffer.from(text as string), whole, {});
  t.match(read('\ufeffa;b\r\n1;2'), { bom: true, encoding: 'utf-8', newline: 'crlf', delimiter: ';' });
  t.match(readHeader(Buffer.from('a\n'), true, { decimalMark: 'comma' }), { decimalMark: 'comma', columns: ['a'] });
  t.match(read('a,b\n'), { encoding: 'detect', decimalMark: 'detect', bom: false });
  t.match(read(Buffer.from('år,b\n', 'latin1')), { encoding: 'iso-8859-1', columns: ['år', 'b'] });
  t.match(read(Buffer.from('a,b\n1,å').subarray(0, -1)), { encoding: 'utf-8' }, 'a character cut by the prefix');
  t.match(read('a,b'), { columns: ['a', 'b'] }, 'a header alone, without a line break');
  t.equal(readHeader(Buffer.from([0xe5, 0x2c]), true, { encoding: 'utf-8' }), 'not-utf-8');
  t.equal(read(Buffer.from('a,b\n1,\u0096\n', 'latin1')), 'not-iso-8859-1', 'a dash of Windows-1252');
  t.equal(read(''), 'empty');
  t.equal(read('a,b', false), 'too-long');
  t.equal(read('"a,b\n1,2\n'), 'unclosed-quote');
  t.equal(read('a,b\r1,2'), 'newline', 'carriage return alone');
  t.equal(read(Buffer.from('a,b\n', 'utf16le')), 'not-text');
  t.equal(read(Buffer.from('\ufeffa,b\n', 'utf16le')), 'utf-16');
  t.same(splitRecord('"a""b",c,', ','), ['a"b', 'c', '']);
  t.same(compareColumns(['a', 'x', 'a'], ['a', 'b']), { unknown: ['x'], missing: ['b'], doubled: ['a'] });
  const total = { kind: 'total', sequence: null } as const;
  const delta = (sequence: number) => ({ kind: 'delta', sequence }) as const;
  t.same([expectedSequence(0, []), expectedSequence(4, []), expectedSequence(4, [delta(5)])], [1, 5, 6]);
  t.same([expectedSequence(4, [delta(5), total]), expectedSequence(4, [total, delta(1)])], [1, 2]);
});

const secrets = { rootSecret: Buffer.alloc(32, 7) };
const municipality = municipalityCodeOf('999');
const root = await mkdtemp(join(tmpdir(), 'flis-received-'));
t.teardown(() => rm(root, { recursive: true }));
/** A storage that holds these bytes under every key that the tests ask for. */
async function holding(bytes: Uint8Array): Promise<ObjectStorage> {
  const storage = createLocalDirectory(join(root, randomUUID()));
  for (const key of ['received/a', 'received/b']) await storage.put(key, Readable.from([bytes]));
  return storage;
}
const fileOf = (part: Partial<ReceivedFile>): ReceivedFile => ({
  municipality,
  storageKey: 'received/a',
  bytes: 0,
  encrypted: 'none',
  compression: 'none',
  ...part,
});
const encrypt = (plain: Uint8Array, key = 'received/a') =>
  buffer(encryptReceivedFile(secrets, municipality, key, Readable.from([plain])));
async function open(bytes: Uint8Array, plainBytes: number, part: Partial<ReceivedFile> = {}): Promise<Buffer> {
  const file = fileOf({ encrypted: 'aes-256-gcm', bytes: plainBytes, ...part });
  const chunks: Buffer[] = [];
  for await (const chunk of readReceivedFile(await holding(bytes), secrets, file)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

t.test('an encrypted file is read back, or not at all', async (t) => {
  for (const size of [0, 1, 65_535, 65_536, 65_537, 131_072, 200_001, 2_500_000]) {
    const plain = randomBytes(size);
    const stored = await encrypt(plain);
    t.ok((await open(stored, size)).equals(plain), `${size} bytes`);
    t.notOk(size > 100 && stored.includes(plain.subarray(0, 100)), 'nothing of it in the clear');
  }
  const frame = 65_536 + 16;
  const size = 65_536 * 3;
  const stored = await encrypt(randomBytes(size));
  t.equal((await open(stored, size)).length, size);
  const head = stored.subarray(0, 24);
  const frames = [0, 1, 2].map((index) => stored.subarray(24 + index * frame, 24 + (index + 1) * frame));
  await t.rejects(open(Buffer.concat([head, ...frames.slice(0, 2)]), size), 'cut between frames');
  await t.rejects(open(Buffer.concat([head, ...frames.slice(0, 2)]), 65_536 * 2), 'cut between frames, its row too');
  await t.rejects(open(stored.subarray(0, -1), size), 'cut inside a frame');
  await t.rejects(open(head, size), 'nothing but the head');
  await t.rejects(open(head.subarray(0, 5), size), 'not even the head');
  await t.rejects(open(Buffer.concat([head, frames[1], frames[0], frames[2]] as Buffer[]), size), 'reordered');
  await t.rejects(open(stored, size, { storageKey: 'received/b' }), 'exchanged with another file');
  await t.rejects(open(stored, size, { municipality: municipalityCodeOf('615') }), 'another municipality');
  await t.rejects(open(randomBytes(200), size), 'not encrypted at all');
});

t.test('a received file becomes a plain file within its limits', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'flis-intake-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const limits = { maxInflatedBytes: 8 * 1024 * 1024, maxInflationRatio: 20 };
  const materialise = async (bytes: Buffer, part: Partial<ReceivedFile>, target: string) => {
    const file = fileOf({ bytes: bytes.length, ...part });
    const facts = await materialiseReceivedFile(await holding(bytes), secrets, file, limits, join(folder, target));
    return { ...facts, content: await readFile(join(folder, target)) };
  };
  const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  // Odd lengths, so that two-byte characters fall on chunk borders.
  const danish = Buffer.from(`x${'æøå'.repeat(300_001)}`);
  const utf8 = await materialise(gzipSync(danish, { level: 0 }), { compression: 'gzip' }, 'utf8');
  t.same([utf8.encoding, utf8.bytes, sha(utf8.content)], ['utf-8', danish.length, sha(danish)]);
  const late = Buffer.concat([Buffer.alloc(700_000, 'a'), Buffer.from('æ', 'latin1'), Buffer.from('b')]);
  t.equal((await materialise(late, {}, 'latin1')).encoding, 'iso-8859-1', 'one late byte decides');
  const whole = await materialise(
    await encrypt(danish),
    { encrypted: 'aes-256-gcm', bytes: danish.length },
    'encrypted',
  );
  t.equal(sha(whole.content), sha(danish));
  const twoMembers = Buffer.concat([gzipSync('a,b\n'), gzipSync('1,2\n')]);
  t.equal(String((await materialise(twoMembers, { compression: 'gzip' }, 'members')).content), 'a,b\n1,2\n');

  const refused = async (bytes: Buffer, part: Partial<ReceivedFile>, rule: string, target: string) => {
    const fault = await materialise(bytes, part, target).then(
      () => undefined,
      (error: unknown) => error,
    );
    t.ok(fault instanceof ReceivedFileFault && fault.rule === rule, `${target}: ${rule}`);
  };
  await refused(gzipSync(Buffer.alloc(2 * 1024 * 1024)), { compression: 'gzip' }, 'inflation-limit', 'ratio');
  await refused(gzipSync(randomBytes(8 * 1024 * 1024 + 1)), { compression: 'gzip' }, 'inflation-limit', 'size');
  await refused(Buffer.alloc(8 * 1024 * 1024 + 1), {}, 'inflation-limit', 'plain');
  await refused(gzipSync(danish).subarray(0, 500), { compression: 'gzip' }, 'parse', 'cut-gzip');
  await refused(Buffer.from('a,b\n'), { compression: 'gzip' }, 'parse', 'no-gzip');
});
