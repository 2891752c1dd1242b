// Every source gives the same numbers whether its buckets are computed one by one or all at once, over a municipality's synthetic data.
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import t from 'tap';
import type { Table } from '../../src/domains/definition.ts';
import { loadCatalogue, type Municipality } from '../../src/domains/index.ts';
import type { SyntheticDomain, SyntheticFile } from '../../src/domains/synthetic.ts';
import {
  type Computation,
  groupBySource,
  planComputations,
  type SliceName,
  slicesRead,
} from '../../src/pipeline/keyfigures/formulas/rules.ts';
import { runFormulas } from '../../src/pipeline/keyfigures/formulas/store-duckdb.ts';
import { periodSql } from '../../src/pipeline/quality/index.ts';
import { type Duck, quoteIdentifier, quoteText, withDuckDb } from '../../src/platform/duckdb/duckdb.ts';
import { columnSqlType } from '../../src/slices/index.ts';

const SEED = 1;
const catalogue = await loadCatalogue();

t.test('buckets one by one and all at once', async (t) => {
  const options = { tempRoot: tmpdir(), allowedDirectories: [], memoryLimitMb: 512, threads: 1 };
  await withDuckDb(options, async (duck) => {
    const slices = await cutSlices(duck);
    const held = [...slices.keys()].map(nameOf);
    let joined = 0;
    for (const { id } of catalogue.domains) {
      for (const { source, formulas } of groupBySource(catalogue.formulas(id)).values()) {
        const plan = planComputations(formulas, held, held);
        const compute = (computations: readonly Computation[]) => {
          const names = computations
            .flatMap(({ bucket }) => slicesRead(source, bucket))
            .map(({ table, period }) => `${table}/${period}`);
          const shown = Object.keys(source.reads).map((name) => ({
            table: catalogue.table(name)?.table as Table,
            paths: [...new Set(names)]
              .filter((each) => nameOf(each).table === name)
              .flatMap((each) => slices.get(each) ?? []),
          }));
          return runFormulas(duck, { source, formulas, buckets: computations.map(({ bucket }) => bucket) }, shown);
        };
        const apart = [];
        for (const computation of plan) apart.push(...(await compute([computation])));
        const together = await compute(plan);
        if (plan.length > 1) joined += 1;
        const texts = (results: readonly object[]) => results.map((result) => JSON.stringify(result)).sort();
        t.same(texts(together), texts(apart), `${source.id}: ${plan.length} buckets, ${apart.length} values`);
        t.ok(apart.length > 0, `${source.id} has values`);
      }
    }
    t.ok(joined > 10, `${joined} sources have several buckets`);
  });
});

function nameOf(text: string): SliceName {
  const [table = '', period = ''] = text.split('/');
  return { table, period };
}

/** The synthetic deliveries of the smallest municipality that delivers every table, as Parquet files by `table/period`. */
async function cutSlices(duck: Duck): Promise<Map<string, string>> {
  const generators = await Promise.all(
    catalogue.domains.map(
      async ({ id }) => (await import(`../../src/domains/${id}/synthetic.ts`)).synthetic as SyntheticDomain,
    ),
  );
  const tables = catalogue.domains.flatMap((domain) => domain.tables);
  const filesOf = (municipality: Municipality): SyntheticFile[] =>
    generators.flatMap((generator) => [...generator.deliveries(municipality, SEED)].flatMap(({ files }) => files));
  const bySize = catalogue.municipalities
    .filter(({ synthetic }) => !synthetic)
    .sort((a, b) => a.population - b.population);
  const chosen = bySize.find(
    (municipality) => new Set(filesOf(municipality).map(({ table }) => table)).size === tables.length,
  );
  if (chosen === undefined) throw new Error('no municipality delivers every table');
  const slices = new Map<string, string>();
  for (const file of filesOf(chosen)) {
    const table = tables.find(({ name }) => name === file.table) as Table;
    for (const [period, path] of await cutFile(duck, table, file)) slices.set(`${table.name}/${period}`, path);
  }
  return slices;
}

/** Persons keep their number as pseudonym here; what is derived from it need only be the same in both computations. */
async function cutFile(duck: Duck, table: Table, file: SyntheticFile): Promise<[string, string][]> {
  const csv = `${duck.folder}/${table.name}.csv`;
  await writeFile(csv, `${[file.header, ...file.rows()].map((row) => row.join(',')).join('\n')}\n`);
  const columns = table.columns.map((column) => {
    const cell =
      column.derived === 'birth-year'
        ? '2000 + substr(cpr, 5, 2)::integer'
        : column.derived === 'sex'
          ? `'M'`
          : quoteIdentifier(column.type.type === 'person' ? 'cpr' : column.name);
    const typed = `try_cast(${cell} as ${columnSqlType(column.type)})`;
    const filled = column.type.type === 'text' && !column.nullable ? `coalesce(${typed}, '')` : typed;
    return `${filled} as ${quoteIdentifier(column.name)}`;
  });
  await duck.run(
    `create or replace temp table rows as select ${columns.join(', ')} from read_csv(${quoteText(csv)}, header = true, all_varchar = true)`,
  );
  const periods = await duck.all<{ period: string }>(`select distinct ${periodSql(table)} as period from rows`);
  const cut: [string, string][] = [];
  for (const { period } of periods) {
    const path = `${duck.folder}/${table.name}-${period}.parquet`;
    await duck.run(
      `copy (select * from rows where ${periodSql(table)} = ${quoteText(period)}) to ${quoteText(path)} (format parquet)`,
    );
    cut.push([period, path]);
  }
  return cut;
}
