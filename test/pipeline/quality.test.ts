// Reading and checking source files: every dialect, every structure rule, and the promise that what is accepted prints back to the same value.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { type Column, codeList, defineTable, type Table } from '../../src/domains/definition.ts';
import { readSourceTable, type SourceFile } from '../../src/pipeline/quality/index.ts';
import { type Duck, withDuckDb } from '../../src/platform/duckdb/duckdb.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';

const text = { da: '', en: '' };
const column = (name: string, type: Column['type'], nullable = true): Column => ({
  name,
  title: text,
  description: text,
  type,
  nullable,
  sensitivity: 'ordinary',
});

const LAWS = {
  id: 'paragraf',
  title: text,
  codes: [
    { code: 'gammel', title: text, gyldigTil: '2023-12-31' },
    { code: 'ny', title: text, gyldigFra: '2024-01-01' },
  ],
};

const TABLE: Table = defineTable({
  name: 'prøve'.replace('ø', 'oe'),
  title: text,
  description: text,
  sources: [],
  key: ['dag', 'navn'],
  period: { kind: 'schoolYear', from: 'dag' },
  validAt: 'dag',
  columns: [
    column('dag', { type: 'date' }, false),
    column('navn', { type: 'text', maxLength: 30 }, false),
    column('tal', { type: 'integer', minimum: -5, maximum: 1000 }),
    column('kroner', { type: 'money' }),
    column('grad', { type: 'decimal', precision: 5, scale: 4 }),
    column('maaned', { type: 'month' }),
    column('skoleaar', { type: 'schoolYear' }),
    column('ja', { type: 'boolean' }),
    column('paragraf', { type: 'code', list: LAWS }),
    column('skole', { type: 'text', maxLength: 6, pattern: '^[0-9]{6}$' }),
    column('bem', { type: 'text', maxLength: 20 }),
  ],
});

const NAMES = TABLE.columns.map(({ name }) => name);
const ROW: Record<string, string> = {
  kommunekode: '615',
  dag: '2024-08-01',
  navn: 'Å',
  tal: '7',
  kroner: '1.50',
  grad: '0.5',
  maaned: '2024-08',
  skoleaar: '2024-2025',
  ja: 'true',
  paragraf: 'ny',
  skole: '123456',
  bem: '',
}; // prettier-ignore

const folder = await mkdtemp(join(tmpdir(), 'flis-quality-'));
t.teardown(() => rm(folder, { recursive: true, force: true }));

interface Options extends Partial<SourceFile> {
  readonly table?: Table;
  readonly kind?: 'total' | 'delta';
  readonly announcedRows?: number | null;
  readonly threads?: number;
}

/** Reads one file. `inspect` sees the typed rows while they are there. */
async function read(
  content: string | Buffer,
  options: Options = {},
  inspect?: (duck: Duck, relation: string) => Promise<void>,
) {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'file.csv');
  await writeFile(path, content);
  const { table = TABLE, kind = 'total', announcedRows = null, threads = 2, ...file } = options;
  const columns = file.columns ?? (kind === 'delta' ? [...NAMES, '_op'] : NAMES);
  return withDuckDb(
    { tempRoot: join(folder, 'duckdb'), allowedDirectories: [folder], memoryLimitMb: 256, threads },
    async (duck) => {
      const reading = await readSourceTable(duck, {
        table,
        kind,
        municipality: municipalityCodeOf('615'),
        span: { from: '2023-08', to: '2025-07' },
        pseudonymKey: Buffer.alloc(32, 1),
        announcedRows,
        file: { path, delimiter: ',', encoding: 'utf-8', decimalMark: 'detect', ...file, columns },
      });
      if (reading.staged !== null) await inspect?.(duck, reading.staged.relation);
      return reading;
    },
  );
}

const line = (row: Record<string, string> = {}, delimiter = ',') =>
  NAMES.map((name) => row[name] ?? ROW[name]).join(delimiter);
const file = (rows: readonly Record<string, string>[], delimiter = ',') =>
  [NAMES.join(delimiter), ...rows.map((row, index) => line({ navn: `n${index}`, ...row }, delimiter))].join('\n');

/** `rule column row` of every finding, in order. */
async function findings(content: string | Buffer, options?: Options): Promise<string[]> {
  const { findings } = await read(content, options);
  return findings.examples.map(({ rule, column, row }) => [rule, column ?? '-', row ?? '-'].join(' '));
}

t.test('each strict form is accepted or refused to the letter', async (t) => {
  const cases: [string, string[], string[]][] = [
    [
      'tal',
      ['0', '-5', '1000', ''],
      ['12.7', '1e3', '+1', ' 1', '1 ', '01', '-0', '-6', '1001', '0x1', '१', '99999999999999999999', 'infinity'],
    ],
    [
      'kroner',
      ['0', '0.5', '-1234567890123.99', '12.50', ''],
      ['1e3', '.5', '5.', '12.505', '00.5', '12345678901234', 'NaN', '1 000.00', '--1'],
    ],
    ['grad', ['1', '9.9999', '0.0001'], ['10', '0.00001']],
    [
      'dag',
      ['2024-02-29', '2023-08-01'],
      [
        '',
        '2023-02-29',
        'infinity',
        '-infinity',
        'epoch',
        '2024-2-1',
        '24-02-01',
        '2024/02/01',
        '2024-02-01 ',
        '2024-02-01T00:00',
        '0044-03-15 (BC)',
        '20240201',
      ],
    ],
    ['maaned', ['2024-01', '2199-12'], ['2024-13', '2024-1', '2024-00', '1824-01', '2024-01-01']],
    ['skoleaar', ['2024-2025', '1999-2000'], ['2024-2026', '2024/2025', '2024-25', '2025-2024']],
    ['ja', ['true', 'false'], ['TRUE', 'ja', '1', 't']],
    ['skole', ['000000'], ['12345', '1234567', '12345a', '123456\u2028']],
    [
      'bem',
      ['Ærø', '  x ', 'NULL', '"a\tb"', '"a\nb"', 'x'.repeat(20)],
      ['x'.repeat(21), 'a\u0000b', 'a\u0001b', 'a\u007fb', 'a\u0085b'],
    ],
    ['navn', ['""', 'x'], ['x'.repeat(31)]],
    ['kommunekode', ['615'], ['751', '', '0615', '615 ']],
  ]; // prettier-ignore
  const rowsOf = (column: 1 | 2) => cases.flatMap((entry) => entry[column].map((value) => ({ name: entry[0], value })));
  const fileOf = (rows: { name: string; value: string }[]) =>
    file(rows.map(({ name, value }) => ({ paragraf: '', [name]: value })));
  t.same(await findings(fileOf(rowsOf(1))), [], 'every good form is accepted');
  const bad = rowsOf(2);
  const found = (await findings(fileOf(bad))).map((finding) => finding.split(' '));
  for (const [index, { name, value }] of bad.entries()) {
    const rules = found.filter(([, , row]) => row === String(index + 1));
    t.same(
      rules.map(([, column]) => column),
      [name],
      `${name} refuses ${encodeURIComponent(value)}`,
    );
  }
});

t.test('each rule names rows, columns and nothing else', async (t) => {
  t.same(await findings(file([{}, { tal: 'x' }, { kommunekode: '751' }, { paragraf: '§' }, { dag: '' }])), [
    'municipality kommunekode 3',
    'required dag 5',
    'type tal 2',
    'code paragraf 4',
  ]); // prettier-ignore
  t.same(
    await findings(
      file([{ paragraf: 'gammel' }, { dag: '2023-12-31', paragraf: 'ny' }, { dag: '2023-12-31', paragraf: 'gammel' }]),
    ),
    ['code-validity paragraf 1', 'code-validity paragraf 2'],
  );
  t.same(await findings(file([{ navn: 'a' }, { navn: 'b' }, { navn: 'a' }, { navn: 'a' }])), [
    'duplicate-key - 3',
    'duplicate-key - 4',
  ]);
  t.same(await findings(file([{ dag: '2023-07-31', paragraf: '' }, { dag: '2025-07-31' }, { dag: '2025-08-01' }])), [
    'outside-span - 1',
    'outside-span - 3',
  ]);
  t.same(await findings(file([{ kroner: '1.234.567' }, { tal: '1.000' }, {}])), [
    'thousands-separator tal 2',
    'thousands-separator kroner 1',
  ]);
  const { findings: secret } = await read(file([{ tal: 'SECRET', bem: 'SECRET'.repeat(9), paragraf: 'SECRET' }]));
  t.notMatch(JSON.stringify(secret), /SECRET/, 'no finding holds a value');
});

t.test('a file has as many rows as were announced', async (t) => {
  t.same(await findings(file([{}, { bem: '"a\nb"' }]), { announcedRows: 2 }), []);
  t.same(await findings(file([]), { announcedRows: 0 }), []);
  const { findings: found, staged } = await read(file([{}, {}]), { announcedRows: 3 });
  t.match(found.examples, [{ rule: 'row-count', severity: 'stop', row: null, reference: 'rows=2, announced=3' }]);
  t.equal(staged, null);
  t.same(await findings(`${file([{}])}\n1,2`, { announcedRows: 3 }), ['parse - 2'], 'parse faults stand alone');
});

t.test('decimal marks: declared, or detected from the whole file', async (t) => {
  const comma = (value: string) => file([{ kroner: value, grad: '' }], ';');
  t.same(await findings(comma('1,5'), { delimiter: ';' }), []);
  t.same(await findings(comma('1.5'), { delimiter: ';' }), []);
  t.same(await findings(comma('1.5'), { delimiter: ';', decimalMark: 'comma' }), ['thousands-separator kroner 1']);
  t.same(await findings(comma('1,5'), { delimiter: ';', decimalMark: 'point' }), ['thousands-separator kroner 1']);
  t.same(await findings(file([{ kroner: '1,5' }, { kroner: '1.5' }, { kroner: '7' }], ';'), { delimiter: ';' }), [
    'thousands-separator kroner 1',
  ]);
  t.same(await findings(comma('1.234,50'), { delimiter: ';' }), ['thousands-separator kroner 1']);
  t.same(
    await findings(file([{ kroner: '"1,5"' }])),
    ['thousands-separator kroner 1'],
    'with commas between fields it must be declared',
  );
  t.same(await findings(file([{ kroner: '"1,5"', grad: '' }]), { decimalMark: 'comma' }), []);
});

t.test('parse faults are reported alone, by record', async (t) => {
  t.same(await findings(`${file([{ tal: 'x' }, {}])}\n1,2\n${line()},9\n`), ['parse - 3', 'parse - 4']);
  t.same(await findings(`${NAMES.join(',')}\n${line({ bem: '"open' })}\n`), ['parse - 1']);
  t.same(await findings(Buffer.from(file([{}, { bem: 'Ærø' }]), 'latin1')), ['encoding - 2'], 'not UTF-8');
  t.same(await findings(Buffer.from(file([{}, { bem: 'Ærø' }]), 'latin1'), { encoding: 'iso-8859-1' }), []);
  t.match(
    await read(`${NAMES.join(',')}\n`),
    { rows: 0, staged: { periods: [] }, findings: { counts: [] } },
    'a header alone is no rows',
  );
});

t.test('bytes outside the encoding: the finding names the records and says what to do', async (t) => {
  // Windows-1252 writes – as 0x96, where ISO-8859-1 has a control character.
  const windows = file([{}, { bem: '"x""\ny"' }, { bem: 'Æ' }, { bem: 'a \u0096 b' }, {}, { bem: '\u0080\u0096' }]);
  t.same(await findings(Buffer.from(windows, 'latin1'), { encoding: 'iso-8859-1' }), ['encoding - 4', 'encoding - 6']);
  const broken = Buffer.from(`${file([{ bem: 'å' }, {}])}\n1,2\n`, 'latin1');
  t.same(await findings(broken), ['encoding - 1', 'parse - 3'], 'not UTF-8');
  const [first] = (await read(broken)).findings.examples;
  t.match(first?.message, { da: /Gem hele filen som UTF-8.*iso-8859-1/, en: /Save the whole file as UTF-8/ });
  const many = Array.from({ length: 20_000 }, (_, row) => ({ bem: row % 10 === 4 ? '"\n\u0080"' : '"a""b\n"' }));
  const long = await read(Buffer.from(file(many), 'latin1'), { encoding: 'iso-8859-1' });
  t.match(long.findings.counts, [{ rule: 'encoding', count: 2000 }]);
  t.same(
    long.findings.examples.map(({ row }) => row),
    Array.from({ length: 1000 }, (_, index) => index * 10 + 5),
  );
});

t.test('a delta: operations, and deletions need only the key', async (t) => {
  const only = (cells: Record<string, string>) => NAMES.map((name) => cells[name] ?? '').join(',');
  const key = { kommunekode: '615', dag: '2024-08-02' };
  const good = [
    `${NAMES.join(',')},_op`,
    `${line()},U`,
    `${only({ ...key, navn: 'b' })},D`,
    `${only({ ...key, navn: 'c', tal: 'ikke et tal', paragraf: 'gammel' })},D`,
  ];
  t.same(await findings(good.join('\n'), { kind: 'delta' }), []);
  const bad = [
    `${only({ kommunekode: '615', navn: 'd' })},D`,
    `${line({ navn: 'e' })},`,
    `${line({ navn: 'f' })},d`,
    `${line({ navn: 'g', tal: 'x' })},U`,
  ];
  t.same(await findings([...good, ...bad].join('\n'), { kind: 'delta' }), [
    'op _op 5',
    'op _op 6',
    'required dag 4',
    'type tal 7',
  ]);
});

t.test('property: what is accepted prints back to the same value, in any dialect', async (t) => {
  const value = {
    dag: fc
      .date({ min: new Date('2023-08-01'), max: new Date('2025-07-31'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10)),
    tal: fc.integer({ min: -5, max: 1000 }).map(String),
    kroner: fc
      .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 9999999999999n }), fc.integer({ min: 0, max: 99 }))
      .map(([minus, whole, cents]) => `${minus ? '-' : ''}${whole}.${String(cents).padStart(2, '0')}`),
    bem: fc.string({
      unit: fc.constantFrom('æ', 'Å', '"', ',', ';', '\n', ' ', 'x', "'", '.', '\t'),
      minLength: 1,
      maxLength: 20,
    }),
  }; // prettier-ignore
  const rows = fc.array(fc.record(value), { minLength: 1, maxLength: 30 });
  const dialect = fc.record({
    delimiter: fc.constantFrom(',' as const, ';' as const),
    decimalMark: fc.constantFrom('point' as const, 'comma' as const),
    encoding: fc.constantFrom('utf-8' as const, 'iso-8859-1' as const),
    newline: fc.constantFrom('\n', '\r\n'),
    bom: fc.boolean(),
    order: fc.shuffledSubarray(NAMES, { minLength: NAMES.length }),
    quoteAll: fc.boolean(),
    threads: fc.constantFrom(1, 2),
  });
  await fc.assert(
    fc.asyncProperty(
      rows,
      dialect,
      async (records, { delimiter, decimalMark, encoding, newline, bom, order, quoteAll, threads }) => {
        const cell = (cellText: string) =>
          quoteAll || /[",;\n\t ']/.test(cellText) ? `"${cellText.replaceAll('"', '""')}"` : cellText;
        const body = records.map((record, index) => {
          const full: Record<string, string> = { ...ROW, ...record, navn: `n${index}`, paragraf: '', grad: '' };
          if (decimalMark === 'comma') full.kroner = record.kroner.replace('.', ',');
          return order.map((name) => cell(full[name] ?? '')).join(delimiter);
        });
        const content = Buffer.from(
          [order.join(delimiter), ...body, ''].join(newline),
          encoding === 'utf-8' ? 'utf8' : 'latin1',
        );
        const mark = bom && encoding === 'utf-8' ? Buffer.from([0xef, 0xbb, 0xbf]) : Buffer.alloc(0);
        let seen: object[] = [];
        const reading = await read(
          Buffer.concat([mark, content]),
          { delimiter, decimalMark, encoding, columns: order, threads },
          async (duck, relation) => {
            seen = await duck.all(
              `select cast(dag as varchar) as dag, cast(tal as varchar) as tal, cast(kroner as varchar) as kroner, bem, _row from ${relation} order by _row`,
            );
          },
        );
        t.same(reading.findings.counts, []);
        const zero = (kroner: string) => (/^-0+\.00$/.test(kroner) ? kroner.slice(1) : kroner);
        t.same(
          seen,
          records.map((record, index) => ({ ...record, kroner: zero(record.kroner), _row: index + 1 })),
        );
      },
    ),
    { numRuns: 40 },
  );
});

t.test('many rows: record numbers hold with several threads, all are counted, 1 000 are shown', async (t) => {
  const rows = Array.from({ length: 60_000 }, (_, index) => ({
    tal: index % 7 === 3 ? 'x' : '1',
    bem: 'y'.repeat(index % 20),
  }));
  const { findings: found, rows: count } = await read(file(rows), { threads: 2 });
  t.equal(count, 60_000);
  const expected = rows.flatMap(({ tal }, index) => (tal === 'x' ? [index + 1] : []));
  t.same(found.counts, [{ rule: 'type', table: TABLE.name, severity: 'stop', count: expected.length }]);
  t.same(
    found.examples.map(({ row }) => row),
    expected.slice(0, 1000),
  );
});

t.test('wide tables: more columns than one word of bits holds', async (t) => {
  const names = Array.from({ length: 70 }, (_, index) => `k${index}`);
  const table = defineTable({
    ...TABLE,
    columns: [
      column('dag', { type: 'date' }, false),
      ...names.map((name) => column(name, { type: 'integer', minimum: 0, maximum: 9 })),
    ],
    key: ['dag'],
    period: { kind: 'year', from: 'dag' },
  });
  const columns = ['kommunekode', 'dag', ...names];
  const values = names.map((_, index) => (index === 66 ? '10' : '1'));
  t.same(
    await findings([columns.join(','), ['615', '2024-01-01', ...values].join(',')].join('\n'), { table, columns }),
    ['type k66 1'],
  );
});

t.test('codes: a list of any length', async (t) => {
  const list = codeList(
    'lang',
    text,
    Array.from({ length: 500 }, (_, index) => [`c'${index}`, '', ''] as const),
  );
  const table = defineTable({
    ...TABLE,
    columns: [column('dag', { type: 'date' }, false), column('k', { type: 'code', list })],
    key: ['dag'],
  });
  const columns = ['kommunekode', 'dag', 'k'];
  t.same(await findings(`${columns}\n615,2024-01-01,c'499\n615,2024-01-02,c'500\n`, { table, columns }), ['code k 2']);
});
