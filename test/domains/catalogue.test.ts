// The catalogue: what is discovered, what the declaration check refuses, and the facts about municipalities and groups.
import { join } from 'node:path';
import t from 'tap';
import { checkDeclarations } from '../../src/domains/check-declarations.ts';
import { SAMPLE } from '../../src/domains/declaration-report.ts';
import type { Domain, Formula, KeyFigure, Rule, Table } from '../../src/domains/definition.ts';
import { DeclarationError, loadCatalogue } from '../../src/domains/index.ts';
import { type Duck, withDuckDb } from '../../src/platform/duckdb/duckdb.ts';
import { columnSqlType } from '../../src/slices/index.ts';
import { queryOf } from './run-rule.ts';

const catalogue = await loadCatalogue();
const borger = catalogue.domain('borger') as Domain;
const definition = JSON.stringify(join(import.meta.dirname, '../../src/domains/definition.ts'));

t.test('the domains beside the loader are discovered with their tables, rules and key figures', async (t) => {
  t.match(
    catalogue.domains.map(({ id }) => id),
    ['borger', 'oekonomi', 'skole'],
  );
  t.strictSame(
    borger.tables.map(({ name }) => name),
    ['bor_befolkning', 'bor_bevaegelse'],
  );
  t.strictSame(
    borger.keyFigures.map(({ id }) => id),
    ['BO01', 'BO02', 'BO03', 'BO04', 'BO05', 'BO06'],
  );
  t.equal(catalogue.table('bor_befolkning')?.domain.id, 'borger');
  t.equal(catalogue.keyFigure('BO06')?.numerator.id, 'bor.befolkning');
  t.equal(catalogue.table('no_such_table'), undefined);
  t.equal(catalogue.keyFigure('XX99'), undefined);
  t.equal(catalogue.domain('no-such-domain'), undefined);
  t.equal(catalogue.municipality('000'), undefined);
  t.equal(catalogue.group('8-by'), undefined);
});

t.test(
  'the formulas of a domain are those of every figure, each once, also where another domain uses them',
  async (t) => {
    const ids = catalogue.formulas('borger').map(({ id }) => id);
    t.equal(new Set(ids).size, ids.length);
    t.ok(ids.includes('bor.befolkning.primo'), 'used by other domains only');
    t.ok(catalogue.formulas('borger').every(({ domain }) => domain === 'borger'));
    t.strictSame(catalogue.formulas('no-such-domain'), []);
  },
);

t.test('a folder outside adds a domain, in TypeScript or JavaScript, and synthetic data is not loaded', async (t) => {
  const head = (id: string) =>
    `export const domain = { id: '${id}', title: { da: 'Legetøj', en: 'Toys' }, description: { da: 'x', en: 'x' }, sources: ['a'], frequencies: ['daily'] };`;
  const table = `
    import { defineTable } from ${definition};
    const text = { da: 'x', en: 'x' };
    export const table = defineTable({ name: 'leg_toej', title: text, description: text, key: ['nr'], period: { kind: 'none' }, sources: ['a'],
      columns: [{ name: 'nr', title: text, description: text, type: { type: 'integer', minimum: 0, maximum: 9 }, nullable: false, sensitivity: 'ordinary' }] });`;
  const folder = t.testdir({
    legetoej: {
      'domain.ts': head('legetoej'),
      tables: { 'leg-toej.ts': table, 'leg-toej.d.ts': 'not a script', 'notes.md': '' },
      'synthetic.ts': `throw new Error('must not be loaded');`,
    },
    spil: { 'domain.js': head('spil') },
    'no-domain': { 'other.ts': '' },
  });
  const wider = await loadCatalogue([folder]);
  t.equal(wider.table('leg_toej')?.domain.id, 'legetoej');
  t.match(wider.domain('spil'), { tables: [], rules: [], keyFigures: [] });
  t.equal(wider.domains.length, catalogue.domains.length + 2);
  t.equal(
    (await loadCatalogue([join(folder, 'spil')])).domains.length,
    catalogue.domains.length + 1,
    'one domain by itself',
  );
});

t.test('all faults of a bad domain are told at once', async (t) => {
  const folder = t.testdir({
    navn: {
      'domain.ts': `export const domain = { id: 'andet', title: { da: ' ', en: 'x' }, description: { da: 'x', en: '' }, sources: [] };`,
      tables: { 'a.ts': 'export const tabel = {};' },
      'rules.ts': 'export const rules = null;',
    },
  });
  await t.rejects(loadCatalogue([folder]), {
    name: 'DeclarationError',
    faults: [
      /navn: the domain calls itself 'andet'/,
      /a\.ts: does not export 'table'/,
      /rules\.ts: does not export 'rules'/,
      'andet: title has no Danish text',
      'andet: description has no English text',
      'andet: names no source system',
      'andet: the frequencies of delivery must be some of daily, weekly, monthly',
    ],
  });
  const error = await loadCatalogue([folder]).catch((caught: unknown) => caught);
  t.ok(error instanceof DeclarationError && error.message.includes('7 fault(s)'));
});

const population = borger.tables[0] as Table;
const events = borger.tables[1] as Table;
const rule = borger.rules.find(({ scope }) => scope === 'row') as Rule;
const domainRule = borger.rules.find(({ scope }) => scope === 'domain') as Rule & { scope: 'domain' };
const share = catalogue.keyFigure('BO05') as KeyFigure;
const [example] = share.examples as [KeyFigure['examples'][number]];

function withColumn(table: Table, name: string, change: object): Table {
  return {
    ...table,
    columns: table.columns.map((column) => (column.name === name ? { ...column, ...change } : column)),
  };
}
const inTable = (table: Table): Partial<Domain> => ({ tables: [table, events] });
const inRule = (changed: object): Partial<Domain> => ({ rules: [{ ...rule, ...changed } as Rule] });
const inView = (name: string, query: string): Rule => ({ ...domainRule, view: { name, query } });
const inFigure = (changed: object): Partial<Domain> => ({ keyFigures: [{ ...share, ...changed }] });
const inExample = (changed: object): Partial<Domain> => inFigure({ examples: [{ ...example, ...changed }] });
const codes = (list: readonly object[]) => ({
  type: { type: 'code', list: { id: 'ny', title: { da: 'x', en: 'x' }, codes: list } },
});
const code = { code: '1', title: { da: 'x', en: 'x' } };

const PLANTED: readonly [fault: RegExp, domain: Partial<Domain>][] = [
  [/the key column 'findes_ikke' does not exist/, inTable({ ...population, key: [...population.key, 'findes_ikke'] })],
  [/the key column 'koen' is nullable/, inTable(withColumn(population, 'koen', { nullable: true }))],
  [/names a key column twice/, inTable({ ...population, key: [...population.key, 'koen'] })],
  [/has no natural key/, inTable({ ...population, key: ['kommunekode'], period: { kind: 'none' } })],
  [
    /period does not follow from the key \('antal'\)/,
    inTable({ ...population, period: { kind: 'year', from: 'antal' } }),
  ],
  [/a month cannot follow from 'koen'/, inTable({ ...population, period: { kind: 'month', from: 'koen' } })],
  [/must be made with defineTable/, inTable({ ...population, key: population.key.slice(1) })],
  [/must be made with defineTable/, inTable({ ...population, columns: population.columns.slice(1) })],
  [/the table 'bor_bevaegelse' is declared twice/, { tables: [events, events] }],
  [
    /the column is declared twice/,
    inTable({ ...population, columns: [...population.columns, ...population.columns.slice(-1)] }),
  ],
  [/names that begin with identitet_ are taken/, inTable({ ...population, name: 'identitet_x' })],
  [/the name must be lower-case/, inTable({ ...population, name: 'Bor-Befolkning' })],
  [
    /antal: the name must be lower-case|Antal: the name must/,
    inTable(withColumn(population, 'antal', { name: 'Antal' })),
  ],
  [/cpr: the name is taken/, inTable(withColumn(population, 'antal', { name: 'cpr' }))],
  [/no source system delivers it/, inTable({ ...population, sources: [] })],
  [/the frequencies of delivery must be/, { frequencies: ['hourly' as 'daily'] }],
  [/'xyz' is not one of the domain's/, inTable({ ...population, sources: ['xyz'] })],
  [
    /the minimum is above/,
    inTable(withColumn(population, 'antal', { type: { type: 'integer', minimum: 2, maximum: 1 } })),
  ],
  [
    /precision must be/,
    inTable(withColumn(population, 'antal', { type: { type: 'decimal', precision: 3, scale: 4 } })),
  ],
  [
    /not anchored/,
    inTable(withColumn(population, 'antal', { type: { type: 'text', maxLength: 3, pattern: '[0-9]' } })),
  ],
  [/at least one character/, inTable(withColumn(population, 'antal', { type: { type: 'text', maxLength: 0 } }))],
  [/but the table has no person column/, inTable(withColumn(population, 'antal', { derived: 'birth-year' }))],
  [
    /derived birth-year must be of type integer/,
    { tables: [population, withColumn(events, 'koen', { derived: 'birth-year' })] },
  ],
  [/more than one person column/, { tables: [population, withColumn(events, 'alder', { type: { type: 'person' } })] }],
  [/no table has both it and a person column/, inTable(withColumn(population, 'antal', { identifiesPerson: true }))],
  [
    /identifies persons, so it must not be nullable/,
    { tables: [population, withColumn(events, 'fra_kommune', { identifiesPerson: true, nullable: true })] },
  ],
  [
    /more than one column that identifies persons/,
    {
      tables: [
        population,
        withColumn(withColumn(events, 'alder', { identifiesPerson: true }), 'dato', { identifiesPerson: true }),
      ],
    },
  ],
  [/code list ny: has no codes/, inTable(withColumn(population, 'antal', codes([])))],
  [
    /code list ny \/ 1: ends before/,
    inTable(withColumn(population, 'antal', codes([{ ...code, gyldigFra: '2025-01-01', gyldigTil: '2024-01-01' }]))),
  ],
  [
    /code list ny \/ 1: is valid twice/,
    inTable(withColumn(population, 'antal', codes([code, { ...code, gyldigFra: '2025-01-01' }]))),
  ],
  [
    /code list koen is declared with two meanings|code list koen: is declared with two meanings/,
    inTable(
      withColumn(population, 'koen', { type: { type: 'code', list: { ...codes([code]).type.list, id: 'koen' } } }),
    ),
  ],
  [/antal: title has no English text/, inTable(withColumn(population, 'antal', { title: { da: 'Antal', en: '' } }))],
  [/is about the unknown table 'findes_ikke'/, inRule({ table: 'findes_ikke' })],
  [/is about the unknown column 'bor_befolkning.findes_ikke'/, inRule({ column: 'findes_ikke' })],
  [/belongs to a structure check/, inRule({ id: 'duplicate-key' })],
  [/id must be letters/, inRule({ id: 'DQ 1' })],
  [/has no SQL/, inRule({ violation: ' ' })],
  [/message has no Danish text/, inRule({ message: { da: '', en: 'x' } })],
  [/the rule 'borger\/.*' is declared twice/, { rules: [rule, rule] }],
  [/reads the unknown table 'oko_regnskab'/, { rules: [{ ...domainRule, reads: { oko_regnskab: () => [] } }] }],
  [/reads no table/, { rules: [{ ...domainRule, reads: {} }] }],
  [/reads no period of 'bor_befolkning'/, { rules: [{ ...domainRule, reads: { bor_befolkning: () => [] } }] }],
  [
    /reads 'bor_befolkning' for '2025-01', but its period kind is year/,
    { rules: [{ ...domainRule, reads: { bor_befolkning: () => ['2025-01'] } }] },
  ],
  [
    /view borger\/summer: is declared with two meanings/,
    { rules: [inView('summer', 'select 1'), { ...inView('summer', 'select 2'), id: 'DQ99' }] },
  ],
  [/view 'bor_bevaegelse' has the name of a table/, { rules: [inView('bor_bevaegelse', 'select 1')] }],
  [/view 'buckets' has the name of a table/, { rules: [inView('buckets', 'select 1')] }],
  [/view 'Summer' must be named with lower-case/, { rules: [inView('Summer', 'select 1')] }],
  [/view 'summer' has no SQL/, { rules: [inView('summer', ' ')] }],
  [
    /reads no earlier period of 'bor_bevaegelse'/,
    { rules: [{ ...domainRule, needsEarlier: true, reads: { bor_bevaegelse: (year: string) => [year] } }] },
  ],
  [/the key figure 'BO05' is declared twice/, { keyFigures: [share, share] }],
  [/names the domain 'skole'/, inFigure({ domain: 'skole' })],
  [/minimum cell must be 5/, inFigure({ persons: true })],
  [/minimum cell must be 5/, inFigure({ minimumCell: 5 })],
  [/counts persons but is not about any/, inFigure({ personCount: share.denominator })],
  [/a share needs a denominator/, inFigure({ denominator: null })],
  [/the factor must be above 0/, inFigure({ factor: 0 })],
  [/decimals must be/, inFigure({ decimals: 1.5 })],
  [/capital letters/, inFigure({ id: 'bo05' })],
  [/has no worked example/, inFigure({ examples: [] })],
  [/unit has no English text/, inFigure({ unit: { da: 'x', en: '' } })],
  [/is not computed by 'koen'/, inFigure({ breakdowns: [{ column: 'koen', title: { da: 'x', en: 'x' } }] })],
  [
    /formula bor.befolkning: is declared with two meanings/,
    inFigure({ numerator: { ...share.denominator, version: 2 } }),
  ],
  [
    /source bor.befolkning.maaned: is declared with two meanings/,
    inFigure({
      numerator: {
        ...share.numerator,
        source: { ...share.numerator.source, reads: { bor_befolkning: (year: string) => [year, '2015'] } },
      },
    }),
  ],
  [/the version must be 1 or more/, inFigure({ numerator: { ...share.numerator, version: 0 } })],
  [/has no measure/, inFigure({ numerator: { ...share.numerator, measure: '' } })],
  [/'2025' is no month/, inExample({ period: '2025' })],
  [/must have a value or else/, inExample({ value: null })],
  [/must have a value or else/, inExample({ missing: 'no-data' })],
  [/but the key figure has none/, inExample({ breakdown: 'K' })],
  [/gives rows of the unknown table 'x'/, inExample({ given: { x: [] } })],
  [
    /gives the unknown column 'bor_befolkning.x'/,
    inExample({ given: { bor_befolkning: [{ ...example.given.bor_befolkning?.[0], x: '1' }] } }),
  ],
  [
    /leaves 'bor_befolkning.antal' empty/,
    inExample({ given: { bor_befolkning: [{ ...example.given.bor_befolkning?.[0], antal: null }] } }),
  ],
  [/needs a whole and a part/, { relations: [{ kind: 'sum', wholes: [share.numerator], parts: [] }] }],
  [
    /no key figure of the domain has the formula 'bor.befolkning'/,
    { relations: [{ kind: 'mean', mean: share.numerator, of: share.denominator as Formula }] },
  ],
];

t.test('the declaration check catches each planted fault, and only then speaks', async (t) => {
  t.strictSame(checkDeclarations(catalogue.domains), []);
  for (const [fault, change] of PLANTED) {
    const faults = checkDeclarations([{ ...borger, rules: [], relations: [], keyFigures: [], ...change }]);
    t.ok(
      faults.some((text) => fault.test(text)),
      `${fault}`,
      { faults },
    );
  }
});

t.test('98 municipalities of five regions and one synthetic', async (t) => {
  const real = catalogue.municipalities.filter(({ synthetic }) => synthetic !== true);
  t.equal(real.length, 98);
  t.equal(new Set(catalogue.municipalities.map(({ code }) => code)).size, 99);
  t.equal(
    real.reduce((sum, { population }) => sum + population, 0),
    6_025_511,
  );
  t.equal(new Set(real.map(({ landsdel }) => landsdel)).size, 11);
  t.match(catalogue.municipality('615'), { name: 'Horsens', region: '1082', landsdel: 'Østjylland' });
  t.match(catalogue.municipality('101'), { name: 'København', population: 671_714 });
  t.match(catalogue.municipality('999'), { synthetic: true });
  t.equal(catalogue.municipality('411'), undefined, 'Christiansø is no municipality');
});

t.test('groups hold real municipalities, in order of code', async (t) => {
  const sizes = Object.fromEntries(catalogue.groups.map(({ id, municipalities }) => [id, municipalities.length]));
  t.strictSame(sizes, {
    '7-by': 7,
    '6-by': 6,
    'region-1081': 11,
    'region-1082': 19,
    'region-1083': 22,
    'region-1084': 29,
    'region-1085': 17,
    landet: 98,
  });
  t.strictSame(
    catalogue.group('7-by')?.municipalities.map((code) => catalogue.municipality(code)?.name),
    ['Horsens', 'Herning', 'Holstebro', 'Randers', 'Silkeborg', 'Skive', 'Viborg'],
  );
  t.strictSame(
    catalogue.group('6-by')?.municipalities.map((code) => catalogue.municipality(code)?.name),
    ['København', 'Odense', 'Esbjerg', 'Randers', 'Aarhus', 'Aalborg'],
  );
  for (const { id, municipalities } of catalogue.groups) {
    t.strictSame(municipalities, municipalities.toSorted(), id);
    t.ok(municipalities.every((one) => catalogue.municipality(one)?.synthetic === undefined));
  }
});

async function createTables(duck: Duck): Promise<void> {
  for (const { columns, name } of catalogue.domains.flatMap(({ tables }) => tables)) {
    await duck.run(
      `create table ${name} (${columns.map((one) => `${one.name} ${columnSqlType(one.type)}`).join(', ')})`,
    );
  }
}

t.test('the SQL of every rule of every domain binds and yields the columns of a finding', async (t) => {
  const options = { tempRoot: t.testdir(), allowedDirectories: [], memoryLimitMb: 256, threads: 1 };
  await withDuckDb(options, async (duck) => {
    await createTables(duck);
    await duck.run(`set variable due = '2024-12'`);
    for (const { rules, tables } of catalogue.domains) {
      for (const one of rules) {
        const sql =
          one.scope === 'row'
            ? `select * from ${one.table} where (${one.violation})`
            : queryOf(one, tables, one.scope === 'domain' ? SAMPLE[one.bucket] : '2025');
        t.strictSame(await duck.all(sql), [], one.id);
        if (one.scope === 'row') continue;
        const columns = await duck.all<{ column_name: string; column_type: string }>(`describe ${sql}`);
        const names = columns.map(({ column_name }) => column_name).filter((name) => name !== 'count');
        t.strictSame(names.sort(), ['bucket', 'detail_da', 'detail_en', 'reference'], one.id);
      }
    }
  });
});
