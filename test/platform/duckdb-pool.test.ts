// The pool of DuckDB instances: what one job leaves in the database, the connection or the folder, the next one cannot see.
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t from 'tap';
import { type Duck, quoteText } from '../../src/platform/duckdb/duckdb.ts';
import { createDuckDbPool } from '../../src/platform/duckdb/pool.ts';

const tempRoot = t.testdir();
const options = { tempRoot, allowedDirectories: [], memoryLimitMb: 128, threads: 1 };

/** Names the instance that a job runs in. */
const instanceOf = (duck: Duck) => dirname(duck.folder);

const objects = (duck: Duck) =>
  duck.all(
    `select table_name as name from duckdb_tables() union all select view_name from duckdb_views() where not internal
     union all select function_name from duckdb_functions() where not internal
     union all select type_name from duckdb_types() where not internal
     union all select name from duckdb_prepared_statements() union all select name from duckdb_variables()
     union all select database_name from duckdb_databases() where not internal and database_name not in ('memory', 'job')`,
  );

t.test('a job finds nothing of the one before in the same instance', async (t) => {
  const pool = createDuckDbPool(options);
  const first = await pool.run(async (duck) => {
    await duck.run(`create table people as select '0101011234' as cpr; create temp table passing as select 1 as a;
      create view seen as select * from people; create temp view glimpsed as select 1 as a; create macro twice(x) as 2 * x;
      create type colour as enum ('red'); set variable bucket = '615'; prepare again as select * from people`);
    await duck.run(`copy (select * from people) to ${quoteText(join(duck.folder, 'people.csv'))}`);
    t.equal((await objects(duck)).length, 8, 'all of it is there while the job runs');
    return { instance: instanceOf(duck), folder: duck.folder };
  });
  await pool.run(async (duck) => {
    t.equal(instanceOf(duck), first.instance, 'the instance is the same');
    t.not(duck.folder, first.folder);
    t.same(await readdir(duck.folder), []);
    t.same((await readdir(first.instance)).length, 2, 'its spill folder and the folder of this job');
    t.same(await objects(duck), []);
    t.same(await duck.all(`select getvariable('bucket') as bucket`), [{ bucket: null }]);
    await t.rejects(duck.run("set memory_limit = '1GB'"), /Invalid Input Error/, 'still locked');
    await t.rejects(duck.all('select * from read_csv($1)', [join(first.folder, 'people.csv')]));
  });
  await pool.close();
  t.same(await readdir(tempRoot), []);
});

t.test('jobs at the same time have instances of their own', async (t) => {
  const pool = createDuckDbPool(options);
  const instances = new Set<string>();
  const jobs = Array.from({ length: 6 }, (_, number) =>
    pool.run(async (duck) => {
      instances.add(instanceOf(duck));
      await duck.run(`create table own as select ${number} as number`);
      t.same(await duck.all('select number from own'), [{ number }]);
    }),
  );
  await Promise.all(jobs);
  t.equal(instances.size, 6);
  t.equal((await readdir(tempRoot)).length, 4, 'as many stay open as a worker needs');
  await pool.close();
  t.same(await readdir(tempRoot), []);
});

t.test('an instance is not used again after a failure or an abort, or when a file was left', async (t) => {
  const pool = createDuckDbPool(options);
  const used: string[] = [];
  const note = (duck: Duck) => used.push(instanceOf(duck));
  await t.rejects(
    pool.run(async (duck) => {
      note(duck);
      throw new Error('the job failed');
    }),
    /the job failed/,
  );
  const controller = new AbortController();
  await t.rejects(
    pool.run(async (duck) => {
      note(duck);
      controller.abort(new Error('stopping'));
      await duck.run('select 1');
    }, controller.signal),
    /stopping/,
  );
  await t.rejects(
    pool.run(async () => t.fail('never begun'), controller.signal),
    /stopping/,
  );
  await pool.run(async (duck) => {
    note(duck);
    await duck.run(`copy (select 1) to ${quoteText(join(instanceOf(duck), 'astray.csv'))}`);
  });
  await pool.run(async (duck) => void note(duck));
  t.equal(new Set(used).size, 4);
  await pool.close();
  t.same(await readdir(tempRoot), []);
});

t.test('what a job spilled is gone when it ends', async (t) => {
  const pool = createDuckDbPool({ ...options, memoryLimitMb: 64 });
  await pool.run(async (duck) => {
    await duck.run(`create table wide as select i, repeat(i::varchar, 40) as text from range(400000) r(i)`);
    t.ok((await readdir(join(instanceOf(duck), 'spill'))).length > 0, 'more than the memory limit was kept');
  });
  await pool.run(async (duck) => t.same(await readdir(join(instanceOf(duck), 'spill')), []));
  await pool.close();
});

t.test('a job that ends after the pool was closed leaves nothing open', async (t) => {
  const pool = createDuckDbPool(options);
  await pool.run(async () => pool.close());
  t.same(await readdir(tempRoot), []);
});
