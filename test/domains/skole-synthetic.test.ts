// The synthetic data of `skole`: deterministic, with the declared columns and unique keys, and pupils who are one child in both years.
import t from 'tap';
import type { Table } from '../../src/domains/definition.ts';
import { loadCatalogue } from '../../src/domains/index.ts';
import { synthetic } from '../../src/domains/skole/synthetic.ts';
import type { SyntheticFile } from '../../src/domains/synthetic.ts';

const catalogue = await loadCatalogue();
const tables = catalogue.domain('skole')?.tables ?? [];

/** The rows of a file as text, so that they can be compared and counted. */
function linesOf(file: SyntheticFile): string[] {
  return Array.from(file.rows(), (row) => row.join(';'));
}

function generate(code: string, seed: number): { files: SyntheticFile[]; spans: string[] } {
  const municipality = catalogue.municipality(code);
  const deliveries = municipality === undefined ? [] : [...synthetic.deliveries(municipality, seed)];
  return {
    files: deliveries.flatMap((delivery) => delivery.files),
    spans: deliveries.map(({ periodFrom, periodTo }) => `${periodFrom} ${periodTo}`),
  };
}

t.test('synthetic data', async (t) => {
  const { files, spans } = generate('740', 7);
  t.strictSame(spans, ['2024-08 2026-07', '2025-08 2025-10'], 'two deliveries');
  t.strictSame(files.map(({ table }) => table).sort(), tables.map(({ name }) => name).sort(), 'every table once');
  t.strictSame(generate('671', 7).files, [], 'a municipality that is left out delivers nothing');
  t.strictSame(generate('101', 7).spans, ['2024-08 2026-07'], 'not everyone delivers absence');
  for (const file of files) {
    const table = tables.find(({ name }) => name === file.table) as Table;
    const expected = table.columns
      .filter(({ derived }) => derived === undefined)
      .map(({ name, type }) => (type.type === 'person' ? 'cpr' : name));
    t.strictSame([...file.header].sort(), expected.sort(), `${file.table}: header`);
    const lines = linesOf(file);
    t.strictSame(linesOf(file), lines, `${file.table}: rows can be read again`);
    const again = generate('740', 7).files.find((other) => other.table === file.table) as SyntheticFile;
    t.ok(linesOf(again).join('\n') === lines.join('\n'), `${file.table}: the same seed gives the same rows`);
    const key = table.key.map((name) => file.header.indexOf(name));
    const keys = new Set(Array.from(file.rows(), (row) => key.map((index) => row[index]).join(';')));
    t.equal(keys.size, lines.length, `${file.table}: keys are unique`);
  }
  const pupilRows = (seed: number) =>
    files.length > 0 && linesOf(generate('999', seed).files[2] as SyntheticFile).join('\n');
  t.not(pupilRows(1), pupilRows(2), 'another seed gives other rows');
});

t.test('synthetic pupils are one child in both years', (t) => {
  const file = generate('615', 1).files.find(({ table }) => table === 'sko_elev') as SyntheticFile;
  const at = (name: string) => file.header.indexOf(name);
  const seen = new Map<string, { cpr: string; grade: number }>();
  const cprs = new Set<string>();
  let both = 0;
  let faults = 0;
  for (const row of file.rows()) {
    const [ident, cpr, grade] = [
      row[at('elev_ident')] ?? '',
      row[at('cpr')] ?? '',
      Number(row[at('personligt_klassetrin')]),
    ];
    const day = Number(cpr.slice(0, 2)) - 60;
    if (!/^\d{10}$/.test(cpr) || day < 1 || day > 31) faults += 1;
    const before = seen.get(ident);
    if (before === undefined) cprs.add(cpr);
    else {
      both += 1;
      if (before.cpr !== cpr || before.grade + 1 !== grade) faults += 1;
    }
    seen.set(ident, { cpr, grade });
  }
  t.equal(faults, 0);
  t.equal(cprs.size, seen.size, 'one CPR number per child');
  t.ok(both > 7000 && seen.size < 13_000, 'of about 10 000 pupils most are there in both years');
  t.end();
});
