// The quality rules of `skole`: every rule with a fault that it finds and a neighbour that it leaves alone. The generator is tested in skole-synthetic.test.ts.
import t from 'tap';
import type { ExampleRows, Rule, Table } from '../../src/domains/definition.ts';
import { loadCatalogue } from '../../src/domains/index.ts';
import { INSTITUTIONSTYPE } from '../../src/domains/skole/code-lists.ts';
import {
  absence,
  daysOf,
  grade,
  grades,
  INSTITUTIONS,
  NABOSKOLE,
  PRIVATSKOLE,
  pupil,
  pupils,
  SKOLE,
  SPECIALSKOLE,
  schoolClass,
  schoolDays,
} from '../../src/domains/skole/examples.ts';
import { rules } from '../../src/domains/skole/rules.ts';
import { type Duck, withDuckDb } from '../../src/platform/duckdb/duckdb.ts';
import { columnSqlType } from '../../src/slices/index.ts';
import { findingsOf } from './run-rule.ts';

type Row = ExampleRows[string][number];

const catalogue = await loadCatalogue();
const tables = catalogue.domain('skole')?.tables ?? [];

function withTables(test: Pick<typeof t, 'testdir'>, fn: (duck: Duck) => Promise<void>): Promise<void> {
  return withDuckDb({ tempRoot: test.testdir(), allowedDirectories: [], memoryLimitMb: 256, threads: 1 }, fn);
}

function periodOf(table: Table, row: Row): string {
  const from = table.period.kind === 'none' ? '' : (row[table.period.from] ?? '');
  if (table.period.kind === 'none') return 'all';
  return table.period.kind === 'month' ? from.slice(0, 7) : from;
}

/** Makes a table of the given rows; an absent nullable column is null. */
async function fill(duck: Duck, table: Table, rows: readonly Row[]): Promise<void> {
  const key = `primary key (${table.key.join(', ')})`;
  const columns = table.columns.map(({ name, type }) => `${name} ${columnSqlType(type)}`);
  await duck.run(`create or replace table ${table.name} (${columns.join(', ')}, ${key})`);
  const cell = (value: string | null | undefined) => (value == null ? 'null' : `'${value.replaceAll("'", "''")}'`);
  const lines = rows.map((row) => `(${table.columns.map(({ name }) => cell(row[name])).join(', ')})`);
  if (lines.length > 0) await duck.run(`insert into ${table.name} values ${lines.join(', ')}`);
}

/** @returns `reference ×count` of every finding of the rule in the bucket, or in the slice that a row or slice rule looks at. */
async function findings(duck: Duck, rule: Rule, bucket: string, given: ExampleRows, due?: string): Promise<string[]> {
  const show = (table: Table, periods: readonly string[]) =>
    fill(
      duck,
      table,
      (given[table.name] ?? []).filter((row) => periods.includes(periodOf(table, row))),
    );
  const found = await findingsOf(duck, tables, rule, bucket, show, due);
  return found.map(({ reference, count }) => `${reference ?? ''} ×${count ?? 1}`);
}

const YEAR = '2024-2025';
const NEXT = '2025-2026';
const ABSENT = ['2024-09', '2024-10', '2024-11'].flatMap((month) => [
  absence(1, `${month}-02`),
  absence(51, `${month}-03`),
]);
const AUTUMN = ['2024-09', '2024-10', '2024-11'].flatMap((month) => daysOf(month, 20));
const both = (sound: ExampleRows, more: ExampleRows): ExampleRows =>
  Object.fromEntries(
    [...new Set([...Object.keys(sound), ...Object.keys(more)])].map((name) => [
      name,
      [...(sound[name] ?? []), ...(more[name] ?? [])],
    ]),
  );

/** Two classes of 20 at two schools, one special class at the special school, exams and absence; no rule finds anything in it. */
const SOUND: ExampleRows = {
  sko_institution: INSTITUTIONS,
  sko_klasse: [
    schoolClass('1A'),
    schoolClass('9A', { klassetrin: '9' }),
    schoolClass('1A', { institution: NABOSKOLE }),
    schoolClass('S1', { institution: SPECIALSKOLE, klassetype: '50', klassetrin: 'blandet' }),
  ],
  sko_elev: [
    ...pupils(1, 20),
    ...pupils(51, 20, { institution: NABOSKOLE }),
    ...pupils(81, 5, { grade: 9, klasse: '9A' }),
    pupil(91, { institution: SPECIALSKOLE, klasse: 'S1' }),
  ].map((row) => ({ ...row, betalingskommune: '999', kommunal_tilhoersforhold: '999' })),
  sko_skoledag: schoolDays(AUTUMN),
  sko_karakter: [...grades(81, [2, 4, 7, 10, 12, 0, -3, null]), grade(82, 'dansk', 'laesning', 7)],
  sko_fravaer_dag: ABSENT,
};

/** The sound rows of a year with `count` pupils, for rules that compare with earlier years. */
const yearOf = (year: string, count: number, about: Parameters<typeof pupil>[1] = {}): ExampleRows => ({
  sko_elev: pupils(1, count, { year, ...about }),
  sko_klasse: [schoolClass('1A', { year }), schoolClass('X', { year, klassetype: '50', klassetrin: 'blandet' })],
  sko_skoledag: [{ kommunekode: '999', skoleaar: year, dato: `${year.slice(0, 4)}-09-05`, institution_nr: '' }],
  sko_karakter: pupils(1, count, { year }).map((row) => ({
    ...grade(Number(row.elev_ident), 'dansk', 'laesning', 7),
    skoleaar: year,
  })),
});
const HISTORY = both(both(yearOf('2022-2023', 90), yearOf('2023-2024', 110)), { sko_institution: INSTITUTIONS });

/** A rule with rows that break it, in whose bucket, and what it says; `sparing`: rows just on the right side. */
interface Case {
  readonly bucket?: string;
  readonly given: ExampleRows;
  readonly finds: readonly string[];
  readonly sparing?: ExampleRows;
}

const withColumns = (row: Row, columns: Row): Row => ({ ...row, ...columns });
const added = (more: ExampleRows): ExampleRows => both(SOUND, more);
const klasseOf = (institution: string, id: string) => `institution_nr=${institution}, klasse_id=${id}`;
const klasse = (id: string, about: Parameters<typeof schoolClass>[1] = {}) => ({
  sko_klasse: [schoolClass(id, about)],
});
const september = (from: number, to: number, ident: number) =>
  daysOf('2024-09', 20)
    .slice(from, to)
    .map((date) => absence(ident, date));
const open = (count: number) =>
  pupils(200, 50).map((row, index) => withColumns(row, { elevtype: index < count ? '9' : '1' }));
const inGroup = (first: number, count: number, id: string) =>
  both({ sko_elev: pupils(first, count, { klasse: id, grade: 3 }) }, klasse(id, { klassetrin: '3' }));
const special = (count: number, special: number) =>
  both(yearOf(YEAR, count), { sko_elev: pupils(500, special, { klasse: 'X' }) });
const monthly = (december: number): ExampleRows => ({
  sko_skoledag: schoolDays([...AUTUMN, ...daysOf('2024-12', 20)]),
  sko_fravaer_dag: [
    ...['2024-09', '2024-10', '2024-11'].flatMap((month) =>
      pupils(1, 100).map((_, index) => absence(index + 1, `${month}-02`)),
    ),
    ...pupils(1, december).map((_, index) => absence(index + 1, '2024-12-02')),
  ],
});
const yearly = (count: number) => both(HISTORY, yearOf(YEAR, count));
const classes = (count: number) =>
  both(
    both(yearly(100), {
      sko_klasse: Array.from({ length: 8 }, (_, index) => schoolClass(`E${index}`, { year: '2023-2024' })),
    }),
    {
      sko_klasse: Array.from({ length: count }, (_, index) => schoolClass(`E${index}`)),
    },
  );

const CASES: Readonly<Record<string, Case>> = {
  'DQ06-institution': { given: added({ sko_elev: pupils(301, 3, { institution: '999777' }) }), finds: ['999777 ×3'] },
  'DQ06-klasse': {
    given: added({ sko_elev: [pupil(301, { klasse: '7Q' }), pupil(302, { institution: PRIVATSKOLE })] }),
    finds: [`${klasseOf(SKOLE, '7Q')} ×1`, `${klasseOf(PRIVATSKOLE, '1A')} ×1`],
  },
  'DQ06-klasse-institution': { given: added(klasse('1A', { institution: '999777' })), finds: ['999777 ×1'] },
  'DQ06-kommune': {
    given: added({
      sko_elev: [
        withColumns(pupil(301), { betalingskommune: '998', bopaelskommune: '411' }),
        pupil(302, { home: '998' }),
      ],
    }),
    finds: ['998 ×1', '998 ×1'],
  },
  'DQ06-christiansoe': { given: added({ sko_elev: [pupil(301, { home: '411' })] }), finds: ['411 ×1'] },
  'DQ06-karakter': { given: added({ sko_karakter: grades(777, [7, 7]) }), finds: [`${YEAR} ×2`] },
  'DQ06-fravaer': {
    bucket: '2024-09',
    given: added({
      sko_elev: [pupil(301, { to: '2024-09-10' })],
      sko_fravaer_dag: [absence(301, '2024-09-11'), absence(301, '2024-09-10'), absence(777, '2024-09-10')],
    }),
    finds: ['2024-09 ×2'],
  },
  'DQ07-elev': { given: yearly(121), finds: [`${YEAR} ×1`], sparing: yearly(120) },
  'DQ07-50-elev': { given: yearly(0), finds: [`${YEAR} ×1`], sparing: yearly(50) },
  'DQ07-klasse': { given: classes(2), finds: [`${YEAR} ×1`], sparing: classes(3) },
  'DQ07-50-klasse': { given: classes(9), finds: [`${YEAR} ×1`], sparing: classes(7) },
  'DQ07-karakter': {
    given: yearly(75),
    finds: [`${YEAR} ×1`],
    sparing: both(yearOf('2023-2024', 100), { sko_elev: pupils(1, 100) }),
  },
  'DQ07-50-karakter': { given: yearly(49), finds: [`${YEAR} ×1`], sparing: yearly(50) },
  'DQ07-fravaer': { bucket: '2024-12', given: monthly(79), finds: ['2024-12 ×1'], sparing: monthly(80) },
  'DQ07-50-fravaer': { bucket: '2024-12', given: monthly(49), finds: ['2024-12 ×1'], sparing: monthly(50) },
  DQ24: {
    given: both(
      both(yearOf('2023-2024', 75), { sko_elev: pupils(500, 25, { year: '2023-2024', klasse: 'X' }) }),
      both(special(68, 32), { sko_institution: INSTITUTIONS }),
    ),
    finds: [`${YEAR} ×1`],
    sparing: both(
      both(yearOf('2023-2024', 75), { sko_elev: pupils(500, 25, { year: '2023-2024', klasse: 'X' }) }),
      both(special(69, 31), { sko_institution: INSTITUTIONS }),
    ),
  },
  DQ10: { given: added(klasse('4C', { klassetype: null })), finds: [`${YEAR}/${SKOLE}/4C ×1`] },
  DQ11: { given: added(klasse('1A', { institution: SPECIALSKOLE })), finds: [`${SPECIALSKOLE} ×1`] },
  'DQ11-folkeskole': {
    given: {
      sko_institution: INSTITUTIONS,
      sko_klasse: [schoolClass('X', { klassetype: '50' }), schoolClass('Y', { klassetype: '50' })],
    },
    finds: [`${SKOLE} ×2`],
    sparing: {
      sko_institution: INSTITUTIONS,
      sko_klasse: [schoolClass('X', { klassetype: '50' }), schoolClass('Y', { klassetype: null })],
    },
  },
  DQ12: {
    given: added(both(inGroup(300, 4, '3A'), inGroup(400, 36, '3B'))),
    finds: [`${klasseOf(SKOLE, '3A')} ×1`, `${klasseOf(SKOLE, '3B')} ×1`],
    sparing: added(both(inGroup(300, 5, '3A'), inGroup(400, 35, '3B'))),
  },
  'DQ12-aargang': {
    given: added(inGroup(300, 31, '3A')),
    finds: [`${klasseOf(SKOLE, '3A')} ×1`],
    sparing: added(both(inGroup(300, 31, '3A'), inGroup(400, 5, '3B'))),
  },
  DQ13: {
    given: added({ sko_karakter: [grade(82, 'dansk', 'mundtlig', 5)] }),
    finds: [`${YEAR}/82/dansk/mundtlig/FP9/proeve ×1`],
  },
  'DQ13-aarsag': {
    given: added({ sko_karakter: [withColumns(grade(82, 'dansk', 'mundtlig', null), { karakteraarsag: null })] }),
    finds: [`${YEAR}/82/dansk/mundtlig/FP9/proeve ×1`],
  },
  'DQ13-dublet': {
    given: added({ sko_karakter: [grade(82, 'naturfag', 'praktisk', 7), grade(82, 'fysik-kemi', 'praktisk', 4)] }),
    finds: [`${YEAR} ×1`],
  },
  'DQ13-orden': { given: added({ sko_karakter: [grade(82, 'dansk', 'orden', 7)] }), finds: [`${YEAR} ×1`] },
  DQ14: { given: { sko_elev: open(2) }, finds: [`${YEAR} ×2`], sparing: { sko_elev: open(1) } },
  'DQ14-10': { given: { sko_elev: open(6) }, finds: [`${YEAR} ×6`], sparing: { sko_elev: open(5) } },
  DQ15: { given: added({ sko_elev: pupils(301, 2) }), finds: [`${YEAR} ×2`] },
  DQ16: {
    given: added({ sko_elev: [withColumns(pupil(301), { kommunal_tilhoersforhold: '615' })] }),
    finds: ['999 ×1'],
    sparing: added({
      sko_elev: [withColumns(pupil(301), { kommunal_tilhoersforhold: '615', bopaelskommune_fra_cpr: 'true' })],
    }),
  },
  DQ17: {
    given: added({ sko_elev: [pupil(301, { from: '2024-10-02', to: '2024-10-01' })] }),
    finds: [`${YEAR}/301/${SKOLE}/1A/2024-10-02 ×1`],
    sparing: added({ sko_elev: [pupil(301, { from: '2024-10-01', to: '2024-10-01' })] }),
  },
  'DQ17-skoleaar': {
    given: added({ sko_elev: [pupil(301, { from: '2025-08-01' })] }),
    finds: [`${YEAR}/301/${SKOLE}/1A/2025-08-01 ×1`],
    sparing: added({ sko_elev: [pupil(301, { from: '2025-07-31' })] }),
  },
  'DQ17-overlap': {
    given: {
      sko_elev: [
        pupil(1, { from: '2024-09-01' }),
        pupil(1, { klasse: '1B', to: '2024-09-01' }),
        pupil(1, { klasse: '1C', from: '2024-12-01', to: '2024-12-02' }),
      ],
    },
    finds: [`${SKOLE} ×2`],
    sparing: { sko_elev: [pupil(1, { to: '2024-08-31' }), pupil(1, { klasse: '1B', from: '2024-09-01' }), pupil(2)] },
  },
  DQ18: {
    given: { sko_elev: [pupil(1, { born: 2003 }), pupil(2, { born: 2021 })] },
    finds: [`${YEAR}/1/${SKOLE}/1A/2024-08-01 ×1`, `${YEAR}/2/${SKOLE}/1A/2024-08-01 ×1`],
    sparing: { sko_elev: [pupil(1, { born: 2004 }), pupil(2, { born: 2020 })] },
  },
  'DQ03-andel': {
    bucket: '2024-09',
    given: { sko_fravaer_dag: [absence(1, '2024-09-02', '1.01'), absence(2, '2024-09-02', '0.00')] },
    finds: ['1/2024-09-02 ×1', '2/2024-09-02 ×1'],
  },
  DQ23: {
    bucket: '2024-11',
    given: { ...SOUND, sko_fravaer_dag: ABSENT.filter((row) => row.elev_ident === '1') },
    finds: [`${NABOSKOLE} ×1`],
    sparing: {
      ...SOUND,
      sko_fravaer_dag: [...ABSENT.filter((row) => row.elev_ident === '1'), absence(51, '2024-10-03', '0.25')],
    },
  },
  'DQ23-hoejt': {
    bucket: '2024-09',
    given: {
      ...SOUND,
      sko_fravaer_dag: Array.from({ length: 5 }, (_, index) => september(0, index === 4 ? 17 : 16, 51 + index)).flat(),
    },
    finds: [`${NABOSKOLE} ×1`],
    sparing: {
      ...SOUND,
      sko_fravaer_dag: Array.from({ length: 5 }, (_, index) => september(0, 16, 51 + index)).flat(),
    },
  },
  DQ25: {
    given: { ...SOUND, sko_fravaer_dag: [absence(1, '2024-09-02')] },
    finds: [`${YEAR} ×1`],
    sparing: { ...SOUND, sko_fravaer_dag: [absence(1, '2024-09-02'), absence(1, '2024-10-02')] },
  },
};

t.test('rules', async (t) => {
  t.same(Object.keys(CASES).sort(), rules.map(({ id }) => id).sort(), 'every rule has a case');
  await withTables(t, async (duck) => {
    for (const rule of rules) {
      const { bucket = YEAR, given, finds, sparing } = CASES[rule.id] ?? { given: {}, finds: [] };
      t.strictSame((await findings(duck, rule, bucket, given)).sort(), [...finds].sort(), `${rule.id} finds`);
      t.strictSame(await findings(duck, rule, bucket, SOUND), [], `${rule.id} finds nothing in sound rows`);
      if (sparing) t.strictSame(await findings(duck, rule, bucket, sparing), [], `${rule.id} spares`);
    }
  });
});

t.test('every kind of institution that the register has is known', (t) => {
  const numbers =
    '1010 1011 1012 1013 1014 1015 1016 1017 1018 1022 1023 1025 1026 1051 1071 1081 2021 3001 3002'.split(' ');
  t.strictSame(
    INSTITUTIONSTYPE.codes.map(({ code }) => code),
    numbers,
  );
  t.end();
});

t.test('rules on history', async (t) => {
  await withTables(t, async (duck) => {
    const [deviation, silence] = ['DQ07-elev', 'DQ23'].map((id) => rules.find((rule) => rule.id === id)) as [
      Rule,
      Rule,
    ];
    t.strictSame(await findings(duck, deviation, NEXT, yearly(121), '2025-07'), [], 'the year after has not begun');
    const silent = CASES.DQ23?.given ?? {};
    t.strictSame(await findings(duck, silence, '2024-10', silent), [], 'two months are too short to judge');

    const [pupils, months, coverage] = ['DQ07-50-elev', 'DQ07-50-fravaer', 'DQ25'].map((id) =>
      rules.find((rule) => rule.id === id),
    ) as [Rule, Rule, Rule];
    t.strictSame(await findings(duck, pupils, YEAR, HISTORY, '2024-07'), [], 'pupils of a year that has not begun');
    t.strictSame(await findings(duck, pupils, YEAR, HISTORY, '2024-08'), [`${YEAR} ×1`], 'a year delivered empty');
    t.strictSame(await findings(duck, months, '2024-12', monthly(0)), ['2024-12 ×1'], 'a month delivered empty');
    t.strictSame(await findings(duck, months, '2024-12', monthly(0), '2024-11'), [], 'a month that is not due');
    const none = { ...SOUND, sko_fravaer_dag: [] };
    t.strictSame(await findings(duck, coverage, YEAR, none), [`${YEAR} ×1`], 'absence delivered empty');
    t.strictSame(await findings(duck, coverage, YEAR, none, '2024-08'), [], 'no school day is due');
    const first = { ...SOUND, sko_fravaer_dag: [absence(1, '2024-09-02')] };
    t.strictSame(await findings(duck, coverage, YEAR, first, '2024-08'), [], 'the rest of the calendar is to come');
  });
});

t.test('high absence is judged by the pupil-days of the month in its own school year', async (t) => {
  const rule = rules.find(({ id }) => id === 'DQ23-hoejt') as Rule;
  // Of July to September two school years are read. The older calendar holds dates of the newer one, on which its pupils seem to be there still.
  const astray = both(CASES['DQ23-hoejt']?.given ?? {}, {
    sko_elev: pupils(51, 20, { institution: NABOSKOLE, year: '2023-2024' }),
    sko_skoledag: schoolDays(daysOf('2024-09', 20)).map((row) => withColumns(row, { skoleaar: '2023-2024' })),
  });
  await withTables(t, async (duck) => {
    t.strictSame(await findings(duck, rule, '2024-09', astray), [`${NABOSKOLE} ×1`]);
    t.strictSame(await findings(duck, rule, '2024-10', astray), [], 'and told of in its own bucket only');
  });
});
