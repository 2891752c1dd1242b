// Makes one table of a package a single Parquet file, on its first demand, and keeps it. Safe to kill and to repeat.
// The columns are those of the package's own manifest: the table may be declared otherwise by now.
import { join } from 'node:path';
import type { Duck } from '../../platform/duckdb/duckdb.ts';
import { type Tenant, type TenantTx, withTenant } from '../../platform/postgres/tenancy.ts';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import { copyParts, readRevision } from '../../slices/index.ts';
import { lockRevisions } from '../warehouse/index.ts';
import type { BuildDeps } from './build-package.ts';
import type { FieldDescriptor } from './describe-table.ts';
import { CSV_SUFFIX, MEDIA_TYPES, PARQUET_SUFFIX, storageKey } from './rules.ts';
import { findPackage } from './store.ts';
import { convertDelta, countRows, mergeParquet } from './store-duckdb.ts';
import { findFile, insertFiles, type PackageFile } from './store-files.ts';

interface Plan {
  readonly domain: string;
  readonly fields: readonly FieldDescriptor[];
  /** The CSV of a delta; null for a total, which is merged from Parquet. */
  readonly delta: PackageFile | null;
  readonly parquetKeys: readonly string[];
  readonly rows: number | null;
}

/** The job. */
export async function buildParquet(
  deps: BuildDeps,
  tenant: Tenant,
  packageId: string,
  tableName: string,
  signal: AbortSignal,
): Promise<void> {
  const { pool, storage } = deps;
  const plan = await withTenant(pool, tenant, (tx) => readPlan(tx, packageId, tableName), { readOnly: true });
  if (plan === undefined) return;
  const name = `${tableName}${PARQUET_SUFFIX}`;
  const key = storageKey(tenant.municipality, packageId, name);
  const stored = await deps.duckdb.run(async (duck) => {
    const target = join(duck.folder, 'whole.parquet');
    await writeParquet(duck, storage, plan, target);
    const kept = await storage.putFile(key, target);
    // A file of that name may have been there before: its bytes may differ between DuckDB versions, rows and columns may not.
    if ((await countRows(duck, plan.fields, await storage.localPath(key))) !== plan.rows) {
      throw new Error(`stored file ${key} does not hold the rows of its name`);
    }
    return kept;
  }, signal);
  const file: PackageFile = {
    name,
    mediaType: MEDIA_TYPES.parquet,
    scope: '',
    rows: plan.rows,
    bytes: stored.bytes,
    sha256: stored.sha256,
    parts: [{ key, start: 0, end: stored.bytes - 1, crc32: stored.crc32 }],
  };
  await withTenant(pool, tenant, async (tx) => {
    // Under the lock the sweep cannot take the file before its row is there.
    await lockRevisions(tx, plan.domain);
    if ((await storage.stat(key))?.bytes !== stored.bytes) throw new Error('a file went away before it was kept');
    await insertFiles(tx, packageId, [file]);
    signal.throwIfAborted();
  });
}

/** @returns undefined when the file is there, or never can be. */
async function readPlan(tx: TenantTx, packageId: string, tableName: string): Promise<Plan | undefined> {
  const ready = await findPackage(tx, packageId);
  if (ready?.state !== 'ready') return undefined;
  if ((await findFile(tx, packageId, `${tableName}${PARQUET_SUFFIX}`, [])) !== undefined) return undefined;
  const csv = await findFile(tx, packageId, `${tableName}${CSV_SUFFIX}`, []);
  const fields = ready.manifest?.resources.find(({ name }) => name === tableName)?.schema.fields;
  if (csv === undefined || fields === undefined) return undefined;
  const { domain, kind, revision } = ready;
  if (kind === 'delta') return { domain, fields, delta: csv, parquetKeys: [], rows: csv.rows };
  const slices = (await readRevision(tx, domain, revision)).filter((slice) => slice.table === tableName);
  return { domain, fields, delta: null, parquetKeys: slices.map(({ parquetKey }) => parquetKey), rows: csv.rows };
}

async function writeParquet(duck: Duck, storage: ObjectStorage, plan: Plan, target: string): Promise<void> {
  if (plan.delta === null) {
    const paths = await Promise.all(plan.parquetKeys.map((key) => storage.localPath(key)));
    await mergeParquet(duck, plan.fields, paths, target);
    return;
  }
  const path = join(duck.folder, 'delta.csv.gz');
  await copyParts(storage, plan.delta.parts, path);
  await convertDelta(duck, plan.fields, path, target);
}
