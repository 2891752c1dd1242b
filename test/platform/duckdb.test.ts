// DuckDB for jobs: the sandbox holds, values come out exact, nothing stays on disk, and a stop interrupts.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import t from 'tap';
import {
  type Duck,
  DuckDbError,
  quoteIdentifier,
  quoteList,
  quoteText,
  sweepTempFolders,
  withDuckDb,
} from '../../src/platform/duckdb/duckdb.ts';

const root = await mkdtemp(join(tmpdir(), 'flis-duckdb-'));
t.teardown(() => rm(root, { recursive: true, force: true }));
const tempRoot = join(root, 'temp');
const data = join(root, 'data');
await mkdir(data);
await writeFile(join(data, 'inside.csv'), 'a\n1\n');
await writeFile(join(root, 'outside.csv'), 'a\n1\n');

function inDuck<T>(fn: (duck: Duck) => Promise<T>, signal?: AbortSignal): Promise<T> {
  return withDuckDb({ tempRoot, allowedDirectories: [data], memoryLimitMb: 128, threads: 1 }, fn, signal);
}

t.test('the sandbox', async (t) => {
  await inDuck(async (duck) => {
    const read = (path: string) => duck.all('select * from read_csv($1)', [path]);
    t.same(await read(join(data, 'inside.csv')), [{ a: 1 }]);
    await duck.run(`copy (select 1 as a) to ${quoteText(join(duck.folder, 'own.parquet'))} (format parquet)`);
    t.same(await duck.all('select * from read_parquet($1)', [join(duck.folder, 'own.parquet')]), [{ a: 1 }]);

    const refused: Record<string, () => Promise<unknown>> = {
      'a file outside': () => read(join(root, 'outside.csv')),
      'a path that climbs out': () => read(join(data, 'x', '..', '..', 'outside.csv').replace('data/..', 'data/../')),
      'an unresolved climb': () => read(`${data}/../outside.csv`),
      'the password file': () => read('/etc/passwd'),
      'a folder of similar name': () => read(`${data}-other/inside.csv`),
      'a glob outside': () => duck.all(`select * from glob(${quoteText(`${root}/*`)})`),
      'text of a file outside': () => duck.all('select * from read_text($1)', ['/etc/hostname']),
      'writing outside': () => duck.run(`copy (select 1) to ${quoteText(join(root, 'written.csv'))}`),
      'attaching outside': () => duck.run(`attach ${quoteText(join(root, 'other.db'))}`),
      'an extension': () => duck.run('install httpfs'),
      'loading an extension': () => duck.run("load '/tmp/x.duckdb_extension'"),
      'the network': () => read('https://example.org/a.csv'),
      'turning access on': () => duck.run('set enable_external_access = true'),
      'more folders': () => duck.run(`set allowed_directories = ['/']`),
      unlocking: () => duck.run('set lock_configuration = false'),
      'more memory': () => duck.run(`set memory_limit = '64GB'`),
      'another spill folder': () => duck.run(`set temp_directory = '/tmp'`),
    };
    for (const [name, attempt] of Object.entries(refused)) await t.rejects(attempt(), DuckDbError, name);
  });
  t.same((await readdir(root)).sort(), ['data', 'outside.csv', 'temp'], 'nothing was written outside');
});

t.test('values come out exact', async (t) => {
  await inDuck(async (duck) => {
    const [row] = await duck.all(
      `select 7::bigint as small, 9007199254740993::bigint as large, sum(1::bigint) as sum, 0.10::decimal(15,2) as money,
         -12345678901234567890.12::decimal(38,2) as wide, date '2024-02-29' as date, true as boolean, null as nothing, 'æ' as text,
         $1::varchar as parameter, $2::bigint as number`,
      ["it's", 42],
    );
    t.same(row, {
      small: 7,
      large: '9007199254740993',
      sum: 1,
      money: '0.10',
      wide: '-12345678901234567890.12',
      date: '2024-02-29',
      boolean: true,
      nothing: null,
      text: 'æ',
      parameter: "it's",
      number: 42,
    });
  });
});

t.test('quoting', async (t) => {
  const nasty = `a'b"c\\d; drop table x --\n`;
  await inDuck(async (duck) => {
    t.same(await duck.all(`select ${quoteText(nasty)} as ${quoteIdentifier(nasty)}`), [{ [nasty]: nasty }]);
    t.same(await duck.all(`select unnest(${quoteList([nasty, 'x'])}) as v`), [{ v: nasty }, { v: 'x' }]);
  });
  t.throws(() => quoteText('a\0b'), TypeError);
});

t.test('an error never prints a value of the data', async (t) => {
  await inDuck(async (duck) => {
    await duck.run(`create table t as select '0101011234' as cpr`);
    const error = await duck.run('select cast(cpr as date) from t').catch((fault: DuckDbError) => fault);
    t.type(error, DuckDbError);
    t.match(error, { kind: 'Conversion Error', message: /^DuckDB refused a statement: Conversion Error$/ });
    t.equal((error as Error).cause, undefined);
    t.notMatch(`${(error as Error).stack}`, /0101011234/);
    await t.rejects(duck.run('select nothing from t'), { kind: 'Binder Error', message: /nothing/ });
  });
});

t.test('memory spills to the job folder, and the folder goes when the job ends or fails', async (t) => {
  await inDuck(async (duck) => {
    await duck.run(`create table wide as select i, repeat(i::varchar, 40) as text from range(900000) r(i)`);
    t.ok((await readdir(join(duck.folder, '..', 'spill'))).length > 0, 'more than the memory limit was kept');
    t.same(await readdir(tempRoot), [basename(dirname(duck.folder))]);
  });
  t.same(await readdir(tempRoot), []);
  await t.rejects(
    inDuck(async () => {
      throw new Error('the job failed');
    }),
    /the job failed/,
  );
  t.same(await readdir(tempRoot), []);
});

t.test('an abort interrupts the running statement', async (t) => {
  const controller = new AbortController();
  const started = performance.now();
  await t.rejects(
    inDuck(async (duck) => {
      setTimeout(() => controller.abort(new Error('stopping')), 50);
      await duck.all('select count(*) from range(100000000) a, range(100000) b where a.range % 7 = b.range % 3');
    }, controller.signal),
    /stopping/,
  );
  t.ok(performance.now() - started < 10_000);
  t.same(await readdir(tempRoot), []);
});

t.test('folders of dead workers are swept; those of living ones and foreign files stay', async (t) => {
  const dead = 2 ** 22 + 1;
  for (const name of [
    `duckdb-${dead}-aaaaaaaa-x`,
    `duckdb-${process.pid}-earlier-x`,
    `duckdb-1-bbbbbbbb-x`,
    'something',
  ]) {
    await mkdir(join(tempRoot, name, 'spill'), { recursive: true });
  }
  await inDuck(async (duck) => {
    t.equal(await sweepTempFolders(tempRoot), 2);
    const kept = [basename(dirname(duck.folder)), 'duckdb-1-bbbbbbbb-x', 'something'];
    t.same((await readdir(tempRoot)).sort(), kept.sort());
  });
});
