// Slices out of DuckDB: the canonical CSV pinned by a golden file, order and digests, re-delivery, verification, differences.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync, gzipSync, inflateRawSync, constants as zlib } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { type Column, type ColumnType, defineTable } from '../../src/domains/definition.ts';
import { type Duck, withDuckDb } from '../../src/platform/duckdb/duckdb.ts';
import { createLocalDirectory } from '../../src/platform/storage/local-directory.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import {
  diffSlices,
  identityTableOf,
  parquetRows,
  type Slice,
  type SliceDiff,
  schemaHashOf,
  writeSlice,
  writeSlices,
} from '../../src/slices/index.ts';

const root = await mkdtemp(join(tmpdir(), 'flis-slices-'));
t.teardown(() => rm(root, { recursive: true, force: true }));
const storage = createLocalDirectory(join(root, 'storage'));
const municipality = municipalityCodeOf('999');
const words = { da: '', en: '' };
const column = (name: string, type: ColumnType, nullable = false): Column => ({
  name,
  title: words,
  description: words,
  type,
  nullable,
  sensitivity: 'ordinary',
});
const text: ColumnType = { type: 'text', maxLength: 80 };
const integer: ColumnType = { type: 'integer', minimum: -1_000_000, maximum: 1_000_000 };

/** A table with every type of column. */
const TABLE = defineTable({
  name: 'proeve',
  title: words,
  description: words,
  columns: [
    column('aar', integer),
    column('navn', text),
    column('dato', { type: 'date' }),
    column('beloeb', { type: 'money' }, true),
    column('andel', { type: 'decimal', precision: 5, scale: 3 }, true),
    column('aktiv', { type: 'boolean' }, true),
    column('note', text, true),
  ],
  key: ['aar', 'navn', 'dato'],
  period: { kind: 'year', from: 'aar' },
  sources: ['test'],
});

/** Rows in arrival order: unsorted on purpose. */
const ROWS = `
  ('999', 10, 'b', date '2024-03-01', 1.5, 0.5, true, 'plain'),
  ('999', 9, 'b', date '2024-02-29', -0.05, null, false, ''),
  ('999', 9, 'å', date '0001-01-01', null, -12.345, null, null),
  ('999', 9, 'æøå ÆØÅ', date '2024-01-01', 1234567890123.99, 0, true, 'comma, in it'),
  ('999', 9, 'Z', date '2024-01-01', 0, 1, true, 'quote " in it'),
  ('999', 9, 'a', date '2024-10-01', 0, 1, true, E'line\\nbreak'),
  ('999', 9, 'a', date '2024-09-30', 0, 1, true, E'carriage\\rreturn'),
  ('999', 9, '#first', date '2024-01-01', 0, 1, true, 'a # inside'),
  ('999', 9, '', date '2024-01-01', 0, 1, true, ' blanks around '),
  ('999', -3, 'b', date '2024-01-01', 0, 1, true, 'semi;colon, ''single'' and tab	')`;

async function inDuck<T>(fn: (duck: Duck) => Promise<T>, threads = 1): Promise<T> {
  const options = {
    tempRoot: join(root, 'temp'),
    allowedDirectories: [storage.localRoot],
    memoryLimitMb: 256,
    threads,
  };
  return withDuckDb(options, fn);
}

function define(duck: Duck, relation: string, rows: string): Promise<void> {
  return duck.run(
    `create or replace table ${relation} as select kommunekode, aar::bigint as aar, navn, dato, beloeb::decimal(15,2) as beloeb,
       andel::decimal(5,3) as andel, aktiv::boolean as aktiv, note
     from (values ${rows}) t(kommunekode, aar, navn, dato, beloeb, andel, aktiv, note)`,
  );
}

const specOf = (relation: string, period = '2024') => ({
  municipality,
  domain: 'proeve',
  table: TABLE,
  period,
  rows: `from ${relation}`,
});

async function csvOf(slice: Slice | SliceDiff): Promise<string> {
  const bytes = await readFile(await storage.localPath(slice.segmentKey));
  return inflateRawSync(bytes, { finishFlush: zlib.Z_SYNC_FLUSH }).toString('utf8');
}

t.test('the canonical CSV is the golden file, byte for byte', async (t) => {
  const slice = await inDuck(async (duck) => {
    await define(duck, 'rows', ROWS);
    return writeSlice(duck, storage, specOf('rows'));
  });
  const golden = await readFile(new URL('canonical.csv', import.meta.url));
  t.equal(await csvOf(slice), golden.toString('utf8'));
  t.match(slice, {
    municipality: '999',
    domain: 'proeve',
    table: 'proeve',
    period: '2024',
    sha256: createHash('sha256').update(golden).digest('hex'),
    schemaHash: schemaHashOf(TABLE),
    rows: 10,
    csvBytes: golden.length,
    csvCrc32: crc32(golden),
    segmentKey: `slices/table=proeve/municipality=999/period=2024/${slice.sha256}.deflate`,
  });
  for (const [key, bytes, sha256] of [
    [slice.segmentKey, slice.segmentBytes, slice.segmentSha256],
    [slice.parquetKey, slice.parquetBytes, slice.parquetSha256],
  ] as const) {
    const file = await readFile(await storage.localPath(key));
    t.equal(file.length, bytes);
    t.equal(createHash('sha256').update(file).digest('hex'), sha256);
  }
  await inDuck(async (duck) => {
    const path = await storage.localPath(slice.parquetKey);
    const types = await duck.all(`select column_type from (describe select * from ${parquetRows([path])})`);
    const expected = ['VARCHAR', 'BIGINT', 'VARCHAR', 'DATE', 'DECIMAL(15,2)', 'DECIMAL(5,3)', 'BOOLEAN', 'VARCHAR'];
    t.same(
      types.map((row) => (row as { column_type: string }).column_type),
      expected,
    );
    const back = await writeFrom(duck, path);
    t.equal(back.sha256, slice.sha256, 'Parquet holds the very same rows');
  });
});

async function writeFrom(duck: Duck, path: string): Promise<Slice> {
  await duck.run(`create view back as select * from ${parquetRows([path])}`);
  return writeSlice(duck, storage, specOf('back'));
}

t.test('shuffled rows give the same slice with 1 and 2 threads', async (t) => {
  const hashes = new Set<string>();
  for (const [threads, seed] of [
    [1, 1],
    [2, 2],
  ] as const) {
    await inDuck(async (duck) => {
      await duck.run(
        `create table rows as select '999' as kommunekode, 2024 as aar, 'navn ' || (i % 1009) || chr(97 + (i % 26)::int) as navn,
           date '2020-01-01' + (i // 1009)::int as dato, (i * 7 % 100000) / 100 as beloeb, 0.1 as andel, i % 3 = 0 as aktiv,
           case when i % 5 = 0 then null else 'note ' || i end as note
         from range(150000) r(i) order by hash(i + ${seed})`,
      );
      hashes.add((await writeSlice(duck, storage, specOf('rows'))).sha256);
    }, threads);
  }
  t.equal(hashes.size, 1);
});

t.test('an empty slice exists, with an empty text', async (t) => {
  const slice = await inDuck(async (duck) => {
    await define(duck, 'rows', ROWS);
    await duck.run('create view none as select * from rows where false');
    return writeSlice(duck, storage, specOf('none', '2030'));
  });
  t.match(slice, { rows: 0, csvBytes: 0, csvCrc32: 0 });
  t.equal(await csvOf(slice), '');
});

t.test('what is known already is returned as it is and writes nothing', async (t) => {
  await inDuck(async (duck) => {
    await define(duck, 'rows', ROWS);
    await duck.run(`create view other as select * replace ('changed' as note) from rows`);
    const first = await writeSlices(duck, storage, [specOf('rows', '2001'), specOf('rows', '2002')]);
    for (const slice of first) {
      await storage.delete(slice.segmentKey);
      await storage.delete(slice.parquetKey);
    }
    const again = await writeSlices(duck, storage, [specOf('rows', '2001'), specOf('other', '2002')], first);
    t.equal(again[0], first[0], 'the very same facts');
    t.equal(await storage.stat(first[0]?.segmentKey ?? ''), undefined, 'nothing was written');
    t.not(again[1]?.sha256, first[1]?.sha256);
    t.ok(await storage.stat(again[1]?.segmentKey ?? ''));
    const stale = { ...(first[0] as Slice), schemaHash: '0'.repeat(64) };
    const reslice = await writeSlice(duck, storage, specOf('rows', '2001'), [stale]);
    t.equal(reslice.schemaHash, schemaHashOf(TABLE), 'the same text under another declaration is another slice');
  });
});

t.test('a file left by a killed job is used when it holds the same, else refused', async (t) => {
  await inDuck(async (duck) => {
    await define(duck, 'rows', ROWS);
    const first = await writeSlice(duck, storage, specOf('rows', '2003'));
    t.same(await writeSlice(duck, storage, specOf('rows', '2003')), first);
    const path = await storage.localPath(first.segmentKey);
    const text = inflateRawSync(await readFile(path), { finishFlush: zlib.Z_SYNC_FLUSH });
    await writeFile(path, deflateRawSync(text, { level: 1, finishFlush: zlib.Z_FULL_FLUSH }));
    const other = await writeSlice(duck, storage, specOf('rows', '2003'));
    t.not(other.segmentSha256, first.segmentSha256, 'the digest is that of the file that is there');
    await writeFile(path, deflateRawSync('something else', { finishFlush: zlib.Z_FULL_FLUSH }));
    await t.rejects(writeSlice(duck, storage, specOf('rows', '2003')), /does not hold the text/);
    await storage.delete(first.segmentKey);
    await duck.run(`copy (select * from rows limit 3) to '${duck.folder}/short.parquet' (format parquet)`);
    await storage.delete(first.parquetKey);
    await storage.putFile(first.parquetKey, `${duck.folder}/short.parquet`);
    await t.rejects(writeSlice(duck, storage, specOf('rows', '2003')), /does not hold the rows/);
  });
});

t.test('identity pairs lie under a prefix of their own', async (t) => {
  await inDuck(async (duck) => {
    await duck.run(`create table pairs as select '999' as kommunekode, 'ab' as borger_id, '0000000000' as cpr`);
    const table = identityTableOf({ id: 'udsatte-boern' });
    const slice = await writeSlice(duck, storage, {
      municipality,
      domain: 'x',
      table,
      period: 'all',
      rows: 'from pairs',
    });
    t.match(slice.segmentKey, /^identity\/table=identitet_udsatte_boern\/municipality=999\/period=all\//);
    t.match(slice.parquetKey, /^identity\//);
  });
});

t.test('stored segments are at most 1.15 of gzip -6 for accounts', async (t) => {
  const slice = await inDuck(async (duck) => {
    await duck.run(
      `create table rows as select '999' as kommunekode, 2024 as aar, printf('%d.%02d.%02d.%d', hash(i) % 7, hash(i, 1) % 70, hash(i, 2) % 99, i) as navn,
         date '2024-01-01' as dato, ((hash(i, 3) % 9000000)::bigint - 4000000) / 100 as beloeb, 0.1 as andel, true as aktiv,
         'Løn til medarbejdere, afdeling ' || (hash(i, 4) % 400) as note
       from range(60000) r(i)`,
    );
    return writeSlice(duck, storage, specOf('rows', '2004'));
  });
  const ratio = slice.segmentBytes / gzipSync(await csvOf(slice), { level: 6 }).length;
  t.ok(ratio <= 1.15, `ratio ${ratio.toFixed(3)}`);
});

t.test('a difference names inserted, updated and deleted rows by natural key', async (t) => {
  await inDuck(async (duck) => {
    await define(duck, 'older', ROWS);
    await duck.run(
      `create table newer as select * replace (case when navn = 'Z' then null else note end as note, case when navn = 'å' then 7 else beloeb end as beloeb) from older where aar <> 10
       union all select '999', 11, 'new', date '2024-05-05', 1, null, null, null`,
    );
    const from = await writeSlice(duck, storage, specOf('older', '2005'));
    const to = await writeSlice(duck, storage, specOf('newer', '2005'));
    const diff = await diffSlices(duck, storage, TABLE, from, to, 7);
    t.match(diff, { inserted: 1, updated: 2, deleted: 1, revision: 7, fromSha256: from.sha256, toSha256: to.sha256 });
    t.match(diff.segmentKey, `diffs/table=proeve/municipality=999/period=2005/${diff.csvSha256}.deflate`);
    t.equal(
      await csvOf(diff),
      'U,7,999,9,Z,2024-01-01,0.00,1.000,true,\nU,7,999,9,å,0001-01-01,7.00,-12.345,,\nD,7,999,10,b,2024-03-01,1.50,0.500,true,plain\nI,7,999,11,new,2024-05-05,1.00,,,\n',
    );
    t.match(await diffSlices(duck, storage, TABLE, from, from, 7), {
      inserted: 0,
      updated: 0,
      deleted: 0,
      csvBytes: 0,
    });
    t.match(await diffSlices(duck, storage, TABLE, null, to, 7), {
      inserted: 10,
      updated: 0,
      deleted: 0,
      fromSha256: '',
    });
    t.match(await diffSlices(duck, storage, TABLE, from, null, 8), { inserted: 0, deleted: 10, toSha256: '' });
    await t.rejects(diffSlices(duck, storage, TABLE, { ...from, schemaHash: '0' }, to, 7), TypeError);
    await t.rejects(diffSlices(duck, storage, TABLE, null, null, 7), TypeError);
  });
});

t.test('applying a difference to the older rows gives the newer ones', async (t) => {
  const rows = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'æ'), fc.option(fc.constantFrom('', 'x', 'y"')), {
    noNullPrototype: true,
  });
  const define = (duck: Duck, name: string, content: Record<string, string | null>) =>
    duck.run(
      `create or replace table ${name} as select '999' as kommunekode, 2024 as aar, navn, date '2024-01-01' as dato, 1 as beloeb, 1 as andel, true as aktiv, note
       from (select unnest($1::varchar[]) as navn, unnest($2::varchar[]) as note)`
        .replaceAll('$1', list(Object.keys(content)))
        .replaceAll('$2', list(Object.values(content))),
    );
  const list = (values: readonly (string | null)[]) =>
    `[${values.map((value) => (value === null ? 'null' : `'${value.replaceAll("'", "''")}'`)).join(',')}]`;
  await inDuck(async (duck) => {
    await fc.assert(
      fc.asyncProperty(rows, rows, async (older, newer) => {
        await define(duck, 'older', older);
        await define(duck, 'newer', newer);
        const [from, to] = await writeSlices(duck, storage, [specOf('older', '2006'), specOf('newer', '2006')]);
        const lines = (await csvOf(await diffSlices(duck, storage, TABLE, from as Slice, to as Slice, 1)))
          .split('\n')
          .slice(0, -1);
        const applied: Record<string, string | undefined> = Object.fromEntries(
          (await csvOf(from as Slice))
            .split('\n')
            .slice(0, -1)
            .map((line) => [line.split(',')[2], line]),
        );
        for (const line of lines) {
          const [op, , ...cells] = line.split(',');
          const key = cells[2] as string;
          if ((op === 'I') !== (applied[key] === undefined)) return false;
          applied[key] = op === 'D' ? undefined : cells.join(',');
        }
        const result = Object.values(applied)
          .filter((line) => line !== undefined)
          .sort();
        return result.join('\n') === (await csvOf(to as Slice)).split('\n').slice(0, -1).sort().join('\n');
      }),
      { numRuns: 25 },
    );
  });
  t.pass();
});
