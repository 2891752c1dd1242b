// The rules of every domain over random rows of several periods: in each bucket a rule finds the same whether its query runs for one bucket or
// for many, which a query that forgets to group or join by `bucket` does not.
import tap from 'tap';
import type { Column, Domain, Table } from '../../src/domains/definition.ts';
import { loadCatalogue } from '../../src/domains/index.ts';
import { type Chance, makeChance } from '../../src/domains/synthetic.ts';
import { checkState } from '../../src/pipeline/quality/index.ts';
import { periodSql } from '../../src/pipeline/quality/store-checks.ts';
import { type Duck, quoteList, quoteText, withDuckDb } from '../../src/platform/duckdb/duckdb.ts';
import { addMonths } from '../../src/platform/time/period.ts';
import { columnSqlType } from '../../src/slices/index.ts';

const RUNS = 2;
const ROWS = 200;
const FEW: Readonly<Record<string, readonly string[]>> = {
  kommunekode: ['615'],
  skoleaar: ['2023-2024', '2024-2025', '2025-2026'],
  klasse_id: ['1A', '2B'],
  betalingskommune: ['615', '411', '000'],
  fra_kommune: ['615', '411', '751'],
};

/** A value that meets others of its kind: few of each, so that rows join, double and deviate. */
function randomCell({ name, type, nullable }: Column, chance: Chance): string {
  if (nullable && chance.integer(4) === 0) return 'null';
  const one = (values: readonly string[]) => quoteText(values[chance.integer(values.length)] ?? '');
  if (FEW[name] !== undefined) return one(FEW[name]);
  const month = () => addMonths('2024-05', chance.integer(20));
  switch (type.type) {
    case 'integer': {
      if (['regnskabsaar', 'aar'].includes(name)) return String(2023 + chance.integer(3));
      return String(type.minimum + chance.integer(Math.min(20, type.maximum - type.minimum + 1)));
    }
    case 'code':
      return one(type.list.codes.slice(0, 5).map(({ code }) => code));
    case 'date':
      return quoteText(`${month()}-${String(1 + chance.integer(28)).padStart(2, '0')}`);
    case 'month':
      return quoteText(month());
    case 'boolean':
      return String(chance.integer(2) === 0);
    case 'money':
    case 'decimal':
      return String(chance.integer(300) / 100);
    default:
      return one(['', 'a', 'b']);
  }
}

/** Fills `data_<table>`; of a doubled key one row stays. @returns the periods that occur */
async function fill(duck: Duck, table: Table, chance: Chance): Promise<string[]> {
  const columns = table.columns.map(({ name, type }) => `${name} ${columnSqlType(type)}`);
  await duck.run(`create or replace table data_${table.name} (${columns.join(', ')}, primary key (${table.key}))`);
  const rows = Array.from({ length: ROWS }, () => `(${table.columns.map((column) => randomCell(column, chance))})`);
  await duck.run(`insert or ignore into data_${table.name} values ${rows.join(', ')}`);
  const periods = await duck.all<{ period: string }>(
    `select distinct ${periodSql(table)} as period from data_${table.name} order by period`,
  );
  return periods.map(({ period }) => period);
}

async function compare(t: Pick<typeof tap, 'same'>, duck: Duck, domain: Domain, seed: number): Promise<number> {
  const held = new Map<string, string[]>();
  for (const table of domain.tables) {
    held.set(table.name, await fill(duck, table, makeChance(seed, domain.id, table.name)));
  }
  const check = (rulesAtOnce: number) =>
    checkState(duck, {
      domain,
      changed: [...held].flatMap(([table, periods]) => periods.map((period) => ({ table, period, rows: 1 }))),
      handedIn: '2025-12',
      periodsOf: (name) => held.get(name) ?? [],
      rowsOf: (table, periods) =>
        `select *, ${periodSql(table)} as _period, null::bigint as _row from data_${table.name} where list_contains(${quoteList(periods)}, ${periodSql(table)})`,
      rulesAtOnce,
    });
  const alone = await check(1);
  t.same(await check(16), alone, `${domain.id}, seed ${seed}`);
  return alone.findings.examples.length;
}

tap.test('property: rules find the same bucket by bucket and for many buckets together', async (t) => {
  const { domains } = await loadCatalogue();
  const options = { tempRoot: t.testdir(), allowedDirectories: [], memoryLimitMb: 256, threads: 1 };
  for (const domain of domains) {
    await withDuckDb(options, async (duck) => {
      let found = 0;
      for (let seed = 0; seed < RUNS; seed += 1) found += await compare(t, duck, domain, seed);
      t.ok(found > 100, `${found} findings in ${domain.id}`);
    });
  }
});
