// A database, a storage and slices for tests of key figures: revisions are published here row by row, without intake and warehouse.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExampleRows, Table } from '../../src/domains/definition.ts';
import { type Catalogue, loadCatalogue } from '../../src/domains/index.ts';
import { computeJob } from '../../src/pipeline/keyfigures/formulas/job.ts';
import { publishJob } from '../../src/pipeline/keyfigures/releases/job.ts';
import { requestRelease } from '../../src/pipeline/keyfigures/releases/request-release.ts';
import { type Duck, quoteIdentifier } from '../../src/platform/duckdb/duckdb.ts';
import { createDuckDbPool } from '../../src/platform/duckdb/pool.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { type TenantTx, withTenant } from '../../src/platform/postgres/tenancy.ts';
import type { JobContext, JobSender } from '../../src/platform/queue/queue.ts';
import { createLocalDirectory } from '../../src/platform/storage/local-directory.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { columnSqlType, latestRevision, type Slice, writeSlices } from '../../src/slices/index.ts';
import { createTestDatabase, TEST_CONTEXT, type TestScope } from '../harness/database.ts';

type Rows = ExampleRows[string];

/** `table/period` → its rows from now on; null: the period is gone. */
export type Changes = Readonly<Record<string, Rows | null>>;

export async function createScene(t: TestScope, domainFolders: readonly string[] = []) {
  const database = await createTestDatabase(t);
  const folder = await mkdtemp(join(tmpdir(), 'flis-keyfigures-'));
  const pool = (url: string) => {
    const made = createPool({ url, max: 5, statementTimeout: 60_000, applicationName: 'test', context: TEST_CONTEXT });
    t.teardown(() => made.end());
    return made;
  };
  const worker = pool(database.workerUrl);
  const api = pool(database.apiUrl);
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const catalogue = await loadCatalogue(domainFolders);
  const storage = createLocalDirectory(join(folder, 'storage'));
  const duckdb = createDuckDbPool({
    tempRoot: join(folder, 'temporary'),
    allowedDirectories: [storage.localRoot],
    memoryLimitMb: 256,
    threads: 1,
  });
  t.teardown(() => duckdb.close());
  const deps = { pool: worker, storage, catalogue, duckdb };
  return {
    database,
    deps,
    api,
    worker,
    /** Publishes a revision. @returns its number. */
    deliver: (municipality: string, domain: string, changes: Changes) =>
      duckdb.run(async (duck) => {
        const slices = await writeChanges(duck, deps, municipality, domain, changes);
        return withTenant(worker, tenantOf(municipality), (tx) => publish(tx, domain, slices));
      }),
    compute: (municipality: string, domain: string, context: Partial<JobContext> = {}) =>
      computeJob(deps).run({ municipality, domain }, { ...contextOf(), ...context }),
    /** Requests and publishes a release. @returns its id. */
    async release(domain: string) {
      const { releaseId } = await requestRelease(
        { pool: api, catalogue, jobs: noJobs },
        tenantOf('999'),
        { domain },
        undefined,
      );
      await publishJob(deps).run({ releaseId }, contextOf());
      return releaseId;
    },
    /** Reads as the owner of one municipality's rows. */
    rows: <Row extends object>(municipality: string, sql: string, values: unknown[] = []) =>
      withTenant(worker, tenantOf(municipality), (tx) => tx.query<Row>(sql, values)),
  };
}

export type Scene = Awaited<ReturnType<typeof createScene>>;

/** Where the test itself runs the jobs. */
export const noJobs: JobSender = { async send() {} };

export function tenantOf(municipality: string) {
  return { municipality: municipalityCodeOf(municipality), domains: null, clientId: 'test', requestId: 'test' };
}

function contextOf(): JobContext {
  return { jobId: 'test', attempt: 1, lastAttempt: true, signal: new AbortController().signal };
}

type Written = { readonly table: string; readonly period: string; readonly slice: Slice | null };

async function writeChanges(
  duck: Duck,
  { catalogue, storage }: { catalogue: Catalogue; storage: ReturnType<typeof createLocalDirectory> },
  code: string,
  domain: string,
  changes: Changes,
): Promise<Written[]> {
  const municipality = municipalityCodeOf(code);
  const written: Written[] = [];
  for (const [name, rows] of Object.entries(changes)) {
    const [tableName = '', period = ''] = name.split('/');
    const table = catalogue.table(tableName)?.table;
    if (table === undefined) throw new Error(`${tableName} is no table`);
    if (rows === null) written.push({ table: tableName, period, slice: null });
    else {
      const relation = await stage(duck, table, rows, code);
      const [slice] = await writeSlices(duck, storage, [
        { municipality, domain, table, period, rows: `from ${quoteIdentifier(relation)}` },
      ]);
      written.push({ table: tableName, period, slice: slice ?? null });
    }
  }
  return written;
}

async function stage(duck: Duck, table: Table, rows: Rows, municipality: string): Promise<string> {
  const columns = table.columns.map(({ name, type }) => `${quoteIdentifier(name)} ${columnSqlType(type)}`);
  await duck.run(`create or replace table staged (${columns.join(', ')})`);
  for (const row of rows) {
    const cells = table.columns.map(({ name }) => (name === 'kommunekode' ? municipality : (row[name] ?? null)));
    await duck.run(`insert into staged values (${cells.map((_, index) => `$${index + 1}`).join(', ')})`, cells);
  }
  return 'staged';
}

const SLICE_COLUMNS = `municipality_code, table_name, period, sha256, schema_hash, domain, rows, csv_bytes, csv_crc32,
  segment_key, segment_bytes, segment_sha256, parquet_key, parquet_bytes, parquet_sha256`;

async function publish(tx: TenantTx, domain: string, changes: readonly Written[]): Promise<number> {
  const { municipality } = tx.tenant;
  const revision = (await latestRevision(tx, domain)) + 1;
  await tx.query(
    `insert into revision (municipality_code, domain, revision, kind, slices_changed) values ($1, $2, $3, 'total', $4)`,
    [municipality, domain, revision, changes.length],
  );
  for (const { table, period, slice } of changes) {
    if (slice !== null) {
      const { sha256, schemaHash, rows, csvBytes, csvCrc32, segmentKey, segmentBytes, segmentSha256 } = slice;
      const { parquetKey, parquetBytes, parquetSha256 } = slice;
      const facts = [rows, csvBytes, csvCrc32, segmentKey, segmentBytes, segmentSha256];
      await tx.query(
        `insert into slice (${SLICE_COLUMNS}) values (${Array.from({ length: 15 }, (_, n) => `$${n + 1}`).join(', ')})
         on conflict do nothing`,
        [municipality, table, period, sha256, schemaHash, domain, ...facts, parquetKey, parquetBytes, parquetSha256],
      );
    }
    await tx.query(
      `insert into slice_change (municipality_code, domain, table_name, period, revision, slice_sha256, schema_hash)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [municipality, domain, table, period, revision, slice?.sha256 ?? null, slice?.schemaHash ?? null],
    );
  }
  return revision;
}
