// Every worked example of every declared key figure gives exactly the numerator, denominator and value that it says.
import t from 'tap';
import { loadCatalogue } from '../../src/domains/index.ts';
import { withDuckDb } from '../../src/platform/duckdb/duckdb.ts';
import { canonical } from '../../src/platform/exact.ts';
import { runExample } from './run-example.ts';

const catalogue = await loadCatalogue();
const figures = catalogue.domains.flatMap((domain) => domain.keyFigures);
const table = (name: string) => catalogue.table(name)?.table;
const short = (decimal: string | null) => (decimal === null ? null : canonical(decimal));

await withDuckDb({ tempRoot: t.testdir(), allowedDirectories: [], memoryLimitMb: 256, threads: 1 }, async (duck) => {
  for (const figure of figures) {
    await t.test(figure.id, async (t) => {
      t.ok(figure.examples.length > 0, 'has worked examples');
      for (const example of figure.examples) {
        const { numerator, denominator, value, missing } = await runExample(duck, table, figure, example);
        t.same(
          { numerator, denominator, value, missing },
          {
            numerator: short(example.numerator),
            denominator: short(example.denominator),
            value: example.value,
            missing: example.missing ?? null,
          },
          example.title.en,
        );
      }
    });
  }
});
t.ok(figures.length > 0, 'there are key figures');
