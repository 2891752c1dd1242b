// Packages outlive the declaration they were made under: every file of theirs can still be had, under their own schema.

import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { createTransferLog } from '../../src/access/index.ts';
import { makeCatalogue } from '../../src/domains/catalogue.ts';
import { type Column, type Domain, defineTable } from '../../src/domains/definition.ts';
import { loadCatalogue } from '../../src/domains/index.ts';
import { createPackage, type PackageRequest } from '../../src/pipeline/packages/create-package.ts';
import { describeTable, fieldSqlType } from '../../src/pipeline/packages/describe-table.ts';
import { checkPackages, packageJobs } from '../../src/pipeline/packages/index.ts';
import { openFile } from '../../src/pipeline/packages/open-file.ts';
import { warehouseJobs } from '../../src/pipeline/warehouse/index.ts';
import { createDigester } from '../../src/platform/digest/digester.ts';
import { withDuckDb } from '../../src/platform/duckdb/duckdb.ts';
import type { Problem } from '../../src/platform/http/problem.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import type { JobHandler, JobSender } from '../../src/platform/queue/queue.ts';
import { columnSqlType, copyParts } from '../../src/slices/index.ts';
import { TEST_CONTEXT } from '../harness/database.ts';
import { MEASURES, measureChanges, measures, openScene, PLACES, TOY } from './warehouse-scene.ts';

const scene = await openScene(t);
const pool = createPool({
  url: scene.database.apiUrl,
  max: 3,
  statementTimeout: 10_000,
  applicationName: 'test',
  context: TEST_CONTEXT,
});
t.teardown(() => pool.end());
const digester = createDigester();
t.teardown(() => digester.close());
const context = { jobId: 'job', attempt: 1, lastAttempt: false, signal: new AbortController().signal };

/** The api and the worker of a version of the service that declares `domain`. A job runs as soon as it is sent. */
function serviceOf(domain: Domain) {
  const deps = { ...scene.deps, digester, catalogue: makeCatalogue([domain]) };
  const handlers = [...warehouseJobs(deps), ...packageJobs(deps)] as unknown as JobHandler<object>[];
  const run = (queue: string, payload: object) =>
    handlers.find((handler) => handler.queue.name === queue)?.run(payload, context);
  const running: unknown[] = [];
  const jobs: JobSender = {
    async send(_tx, queue, _key, payload) {
      running.push(run(queue.name, payload));
    },
  };
  const transfers = createTransferLog(pool, () => {});
  const api = { pool, jobs, transfers, catalogue: deps.catalogue };
  const order = async (request: PackageRequest) => {
    const later: object[] = [];
    const send: JobSender['send'] = async (_tx, _queue, _key, payload) => void later.push(payload);
    const { body } = await createPackage({ ...api, jobs: { send } }, scene.tenant, request, undefined);
    for (const payload of later) await run('build-package', payload);
    return (body as { id: string }).id;
  };
  const fetchFile = async (packageId: string, name: string) => {
    const request = { packageId, name, scopes: [], operation: 'getPackageFile', method: 'GET', isRange: false };
    const answerWith = () => ({ kind: 'bytes', range: undefined }) as const;
    const { file, transfer } = await openFile(api, scene.tenant, { ...request, answerWith });
    transfer.ended({ bytes: file.bytes, complete: true });
    await transfers.close();
    await Promise.all(running.splice(0));
    const path = join(scene.folder, randomUUID());
    await copyParts(scene.storage, file.parts, path);
    return readFile(path);
  };
  return { run, order, fetchFile };
}

async function readParquet(bytes: Buffer) {
  const path = join(scene.folder, 'read.parquet');
  await writeFile(path, bytes);
  const options = { ...scene.deps.duckdb.options, allowedDirectories: [scene.folder] };
  return withDuckDb(options, async (duck) => ({
    types: (
      await duck.all<{ column_name: string; column_type: string }>('describe select * from read_parquet($1)', [path])
    ).map(({ column_name, column_type }) => `${column_name} ${column_type}`),
    rows: (await duck.all<object>('select * from read_parquet($1)', [path])).map((row) =>
      Object.values(row)
        .map((cell) => cell ?? '')
        .join(','),
    ),
  }));
}

const extra: Column = { ...(PLACES.columns.at(-1) as Column), name: 'bemaerkning', nullable: true };
const { key, ...table } = MEASURES;
/** The same domain years later: a column less, a column more, and a table given up. */
const CHANGED: Domain = {
  ...TOY,
  rules: [],
  tables: [
    defineTable({
      ...table,
      columns: [...MEASURES.columns.slice(1).filter(({ name }) => name !== 'art'), extra],
      key: key.slice(1),
    }),
    ...TOY.tables.filter(({ name }) => name === 'toy_person'),
  ],
};

t.test(
  'a package made under an earlier declaration still gives every file, also a Parquet file nobody asked for',
  async (t) => {
    const { order, fetchFile: fetchBefore } = serviceOf(TOY);
    await scene.deliver({
      to: '2025-02',
      files: {
        toy_maal: measures(['2025-01,A,a,1,2.50', '2025-01,B,b,2,', '2025-02,A,a,3,-0.05']),
        toy_sted: 'kommunekode,sted,navn\n615,A,"Ø, og ""mere"""\n615,B,B',
      },
    });
    await scene.deliver({
      kind: 'delta',
      sequence: 1,
      files: { toy_maal: measureChanges(['U,2025-01,A,b,7,9.99', 'D,2025-01,B,,,']) },
    });
    const total = await order({ domain: 'toy', kind: 'total' });
    const delta = await order({ domain: 'toy', kind: 'delta', since: 1 });
    const early = await fetchBefore(total, 'toy_sted.parquet');

    const { run, fetchFile, order: orderAgain } = serviceOf(CHANGED);
    await run('revise', { municipality: '615', domain: 'toy', task: 'reslice' });
    const measured = ['maaned VARCHAR', 'sted VARCHAR', 'art VARCHAR', 'antal BIGINT', 'beloeb DECIMAL(15,2)'];
    const own = ['kommunekode VARCHAR', ...measured];
    t.same(await readParquet(await fetchFile(total, 'toy_maal.parquet')), {
      types: own,
      rows: ['615,2025-01,A,b,7,9.99', '615,2025-02,A,a,3,-0.05'],
    });
    t.same(await readParquet(await fetchFile(delta, 'toy_maal.parquet')), {
      types: ['_op VARCHAR', '_revision BIGINT', ...own],
      rows: ['U,2,615,2025-01,A,b,7,9.99', 'D,2,615,2025-01,B,b,2,'],
    });
    const persons = 'kommunekode VARCHAR,borger_id VARCHAR,dato DATE,foedselsaar BIGINT,koen VARCHAR'.split(',');
    t.same(await readParquet(await fetchFile(total, 'toy_person.parquet')), { types: persons, rows: [] }, 'no slice');

    await t.test('a table that is no longer declared is still part of it', async (t) => {
      t.ok((await fetchFile(total, 'toy_sted.parquet')).equals(early), 'the Parquet file that was there');
      t.match(await readParquet(await fetchFile(delta, 'toy_sted.parquet')), { rows: [] }, 'one that was not');
      const csv = gunzipSync(await fetchFile(total, 'toy_sted.csv.gz')).toString();
      t.equal(csv, 'kommunekode,sted,navn\n615,A,"Ø, og ""mere"""\n615,B,B\n');
    });

    await t.test('new packages have the new schema, and names that a package lacks are unknown', async (t) => {
      const next = await orderAgain({ domain: 'toy', kind: 'total' });
      t.match(await readParquet(await fetchFile(next, 'toy_maal.parquet')), {
        types: [...own.filter((column) => !column.startsWith('art ')), 'bemaerkning VARCHAR'],
        rows: ['615,2025-01,A,7,9.99,', '615,2025-02,A,3,-0.05,'],
      });
      for (const name of ['toy_sted.parquet', 'toy_sted.csv.gz', 'identitet.csv.gz', 'toy_maal.csv']) {
        const code = await fetchFile(next, name).catch(({ type }: Problem) => type.code);
        t.equal(code, 'not-found', name);
      }
    });

    await t.test('a domain that is no longer declared keeps its packages', async (t) => {
      const { fetchFile: fetchLast } = serviceOf({ ...CHANGED, id: 'other' });
      t.match(await readParquet(await fetchLast(delta, 'toy_person.parquet')), { rows: [] });
    });
    t.match(await checkPackages(scene.deps), { faults: [], orphans: [], young: 0 });
  },
);

t.test('a schema in a manifest tells the type of every column that is declared anywhere', async (t) => {
  for (const { tables } of (await loadCatalogue()).domains) {
    for (const declared of tables) {
      t.same(
        describeTable(declared, false).fields.map(fieldSqlType),
        declared.columns.map(({ type }) => columnSqlType(type)),
        declared.name,
      );
    }
  }
});
