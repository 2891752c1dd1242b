// The client's own parts: CSV records are read back however they are cut, mappings say what is wrong and where, files are split.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import t from 'tap';
import { CsvFault, csvLine, readRecords } from '../../src/client/csv.ts';
import { compileMapping, type Mapping, MappingFault, readMapping } from '../../src/client/mapping.ts';
import { splitFile } from '../../src/client/split-file.ts';

const FOLK1B = readMapping(await readFile(new URL('../../src/client/mappings/folk1b.json', import.meta.url), 'utf8'));

async function recordsOf(bytes: Uint8Array, size: number, delimiter = ','): Promise<string[][]> {
  const chunks = [];
  for (let start = 0; start < bytes.length; start += size) chunks.push(bytes.subarray(start, start + size));
  const records = [];
  for await (const record of readRecords(Readable.from(chunks), { delimiter, encoding: 'utf-8' })) records.push(record);
  return records;
}

t.test('records that were written are read back, however the bytes are cut', async () => {
  const field = fc.string({ unit: fc.constantFrom(...'ab",;\n\ræ€😀 '), maxLength: 8 });
  const records = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(records, fc.integer({ min: 1, max: 40 }), fc.boolean(), async (given, size, crlf) => {
      const text = given.map(csvLine).map((line) => (crlf ? `${line.slice(0, -1)}\r\n` : line));
      return JSON.stringify(await recordsOf(Buffer.from(text.join('')), size)) === JSON.stringify(given);
    }),
    { numRuns: 2000 },
  );
});

t.test('what is no CSV is told by record', async (t) => {
  const read = (text: string | Uint8Array) => recordsOf(Buffer.from(text as string), 3);
  t.same(
    await read('\ufeffa,b\n\n1,"2"'),
    [
      ['a', 'b'],
      ['1', '2'],
    ],
    'BOM, an empty line, no line break at the end',
  );
  await t.rejects(read('a,b\n1,"2'), new CsvFault(1, 'a quote is never closed'));
  await t.rejects(read('a,b\n"1"x,2\n'), new CsvFault(1, 'text after a closing quote'));
  await t.rejects(read(Buffer.from('a,b\n1,å\n', 'latin1')), { message: 'record 1: not utf-8' });
});

const base = {
  domain: 'd',
  sourceSystem: 's',
  kind: 'total',
  table: 't',
  municipality: 'kommune',
  period: { constant: '2025-01' },
  columns: { a: 'x', b: { constant: 'ialt' }, c: { from: 'x', replace: { '(\\d)-.*': '$1' }, map: { 1: 'en' } } },
};

t.test('a mapping is applied, or its fault is named', async (t) => {
  const mapping = readMapping(JSON.stringify(base));
  const toRow = compileMapping(mapping, ['kommune', 'x']);
  t.same(toRow(['615', '1-4'], 1), {
    municipality: '615',
    from: '2025-01',
    to: '2025-01',
    cells: ['1-4', 'ialt', 'en'],
  });
  const fault = (record: string[]) => {
    try {
      return String(toRow(record, 7));
    } catch (error) {
      return error instanceof MappingFault ? error.message : 'another error';
    }
  };
  t.equal(fault(['615', 'secret']), 'record 7: column x: no pattern of columns.c fits');
  t.equal(fault(['615', '2-secret']), 'record 7: column x: not in the list of columns.c');
  t.equal(fault(['secret', '1-4']), 'record 7: municipality is not three digits');
  t.equal(fault(['615']), 'record 7: 1 fields where the header has 2');
  const spanOf = (period: string) => {
    const dated = compileMapping({ ...mapping, period: 'tid' }, ['kommune', 'x', 'tid'])(['615', '1-4', period], 7);
    return [dated.from, dated.to];
  };
  t.same(spanOf('2025-02'), ['2025-02', '2025-02']);
  t.same(spanOf('2024'), ['2024-01', '2024-12'], 'a year is all its months');
  t.same(spanOf('2024-2025'), ['2024-08', '2025-07'], 'a school year runs from August to July');
  for (const period of ['2025-13', '2024-2026', '24', '2025Q1', '2025-01-01', '']) {
    t.throws(() => spanOf(period), { message: /^record 7: period is no month/ }, JSON.stringify(period));
  }
  t.throws(() => compileMapping(mapping, ['x']), /municipality: the file has no column kommune/);
  const reading = (change: object) => () => readMapping(JSON.stringify({ ...base, ...change }));
  t.throws(reading({ kind: 'all' }), /kind: expected total or delta/);
  t.throws(reading({ colums: {} }), /colums: expected one of/);
  t.throws(reading({ columns: { a: { from: 'x', replace: { '(': '' } } } }), /columns\.a\.replace/);
  t.throws(reading({ columns: { a: { from: 'x', maps: {} } } }), /columns\.a\.maps/);
  t.throws(reading({ columns: { a: { constant: 1 } } }), /columns\.a/);
  t.throws(reading({ period: undefined }), /period/);
  t.throws(() => readMapping('{'), /expected a JSON document/);
});

t.test('a national file is split by municipality', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'flis-client-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const lines = [];
  for (const code of ['101', '615', '999']) {
    for (let year = 2008; year < 2020; year += 1) {
      for (const age of ['0-4', '95-99', '100+']) {
        for (let quarter = 1; quarter <= 4; quarter += 1)
          lines.push(`${code},M,${age},${year}K${quarter},${year - quarter}`);
      }
    }
  }
  const file = join(folder, 'national.csv');
  await writeFile(
    file,
    `kommunekode,koen,aldersgruppe,tid,antal\n${lines.sort((a, b) => (a.slice(4) < b.slice(4) ? -1 : 1)).join('\r\n')}`,
  );
  const split = await splitFile(file, FOLK1B, folder, AbortSignal.timeout(10_000));
  t.match(split, { rows: 432, periodFrom: '2008-01', periodTo: '2019-10' });
  t.same(
    split.parts.map(({ municipality, rows }) => [municipality, rows]),
    [
      ['101', 144],
      ['615', 144],
      ['999', 144],
    ],
  );
  const part = (await readFile(split.parts[1]?.path as string, 'utf8')).trimEnd().split('\n');
  t.equal(part[0], 'kommunekode,maaned,koen,alder_fra,alder_til,civilstand,herkomst,statsborgerskab,distrikt,antal');
  t.equal(part.length, 145);
  t.ok(part.includes('615,2010-07,M,100,125,ialt,ialt,ialt,ialt,2007'));
  t.ok(part.includes('615,2010-10,M,95,99,ialt,ialt,ialt,ialt,2006'));
  const broken = { ...FOLK1B, delimiter: ';' } as Mapping;
  await t.rejects(splitFile(file, broken, folder, AbortSignal.timeout(10_000)), {
    message: /the file has no column kommunekode/,
  });
});
