// Pseudonyms and dates of CPR numbers, one at a time, against what DuckDB makes of whole files: a person who is looked for must be found.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { table } from '../../src/domains/skole/tables/sko-elev.ts';
import { isPossibleCpr, pseudonymKeyOf, pseudonymOf } from '../../src/pipeline/quality/index.ts';
import { personsName, stagePersons } from '../../src/pipeline/quality/store-persons.ts';
import { stageName } from '../../src/pipeline/quality/store-source.ts';
import { createDuckDbPool } from '../../src/platform/duckdb/pool.ts';

const key = pseudonymKeyOf(Buffer.from('a root secret for a test'), '615');
const two = (number: number) => String(number).padStart(2, '0');
const cpr = fc
  .tuple(fc.nat({ max: 99 }), fc.nat({ max: 14 }), fc.nat({ max: 99 }), fc.nat({ max: 9 }), fc.nat({ max: 999 }))
  .map(([dd, mm, yy, seventh, rest]) => `${two(dd)}${two(mm)}${two(yy)}${seventh}${String(rest).padStart(3, '0')}`);
/** The last days of February, in every century. */
const leap = fc
  .tuple(fc.constantFrom('28', '29', '30', '88', '89', '90'), fc.nat({ max: 99 }), fc.nat({ max: 9 }))
  .map(([dd, yy, seventh]) => `${dd}02${two(yy)}${seventh}000`);

t.test('one at a time as in a file', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'flis-pseudonym-'));
  const pool = createDuckDbPool({ tempRoot: folder, allowedDirectories: [], memoryLimitMb: 200, threads: 1 });
  t.teardown(async () => {
    await pool.close();
    await rm(folder, { recursive: true, force: true });
  });
  const numbers = fc.sample(fc.oneof(cpr, leap), 20_000);
  const persons = await pool.run(async (duck) => {
    await duck.run(`create table ${stageName(table)} as select unnest(string_split($1, ' ')) as borger_id`, [
      numbers.join(' '),
    ]);
    await stagePersons(duck, table, 'true', false, key);
    return duck.all<{ cpr: string; borger_id: string; impossible: boolean }>(
      `select cpr, borger_id, impossible from ${personsName(table)}`,
    );
  });
  t.equal(persons.length, new Set(numbers).size);
  const possible = persons.filter(({ impossible }) => !impossible).length;
  t.ok(possible > 3000 && possible < persons.length - 3000, `${possible} of ${persons.length} hold a date`);
  t.strictSame(
    persons.filter((person) => isPossibleCpr(person.cpr) === person.impossible).map((person) => person.cpr),
    [],
  );
  t.ok(persons.every((person) => pseudonymOf(key, person.cpr) === person.borger_id));
});
