// Makes one table of a package a single Parquet file, on its first demand, and keeps it. Safe to kill and to repeat.

import { join } from 'node:path';
import type { Table } from '../../domains/definition.ts';
import { type Duck, withDuckDb } from '../../platform/duckdb/duckdb.ts';
import { type Tenant, type TenantTx, withTenant } from '../../platform/postgres/tenancy.ts';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import { copyParts, readRevision, schemaHashOf } from '../../slices/index.ts';
import { lockRevisions } from '../warehouse/index.ts';
import type { BuildDeps } from './build-package.ts';
import { SchemaChanged } from './errors.ts';
import { CSV_SUFFIX, MEDIA_TYPES, PARQUET_SUFFIX, storageKey } from './rules.ts';
import { findPackage } from './store.ts';
import { convertDelta, mergeParquet } from './store-duckdb.ts';
import { findFile, insertFiles, type PackageFile } from './store-files.ts';

interface Plan {
  readonly domain: string;
  readonly table: Table;
  /** The CSV of a delta; null for a total, which is merged from Parquet. */
  readonly delta: PackageFile | null;
  readonly parquetKeys: readonly string[];
  readonly rows: number | null;
}

/** The job. @throws SchemaChanged when the table is declared otherwise by now */
export async function buildParquet(
  deps: BuildDeps,
  tenant: Tenant,
  packageId: string,
  tableName: string,
  signal: AbortSignal,
): Promise<void> {
  const { pool, storage } = deps;
  const plan = await withTenant(pool, tenant, (tx) => readPlan(tx, deps, packageId, tableName), { readOnly: true });
  if (plan === undefined) return;
  const options = { ...deps.duckdb, allowedDirectories: [storage.localRoot], signal };
  const name = `${tableName}${PARQUET_SUFFIX}`;
  const key = storageKey(tenant.municipality, packageId, name);
  const stored = await withDuckDb(options, async (duck) => {
    const target = join(duck.folder, 'whole.parquet');
    await writeParquet(duck, storage, plan, target);
    return storage.putFile(key, target);
  });
  const file: PackageFile = {
    name,
    mediaType: MEDIA_TYPES.parquet,
    scope: '',
    rows: plan.rows,
    bytes: stored.bytes,
    sha256: stored.sha256,
    parts: [{ key, start: 0, end: stored.bytes - 1 }],
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
async function readPlan(
  tx: TenantTx,
  { catalogue }: BuildDeps,
  packageId: string,
  tableName: string,
): Promise<Plan | undefined> {
  const ready = await findPackage(tx, packageId);
  if (ready?.state !== 'ready') return undefined;
  if ((await findFile(tx, packageId, `${tableName}${PARQUET_SUFFIX}`, [])) !== undefined) return undefined;
  const csv = await findFile(tx, packageId, `${tableName}${CSV_SUFFIX}`, []);
  const table = catalogue.table(tableName)?.table;
  if (csv === undefined || table === undefined) return undefined;
  const { domain, kind, revision } = ready;
  if (kind === 'delta') return { domain, table, delta: csv, parquetKeys: [], rows: csv.rows };
  const slices = (await readRevision(tx, domain, revision)).filter((slice) => slice.table === tableName);
  if (slices.some(({ schemaHash }) => schemaHash !== schemaHashOf(table))) throw new SchemaChanged();
  return { domain, table, delta: null, parquetKeys: slices.map(({ parquetKey }) => parquetKey), rows: csv.rows };
}

async function writeParquet(duck: Duck, storage: ObjectStorage, plan: Plan, target: string): Promise<void> {
  if (plan.delta === null) {
    const paths = await Promise.all(plan.parquetKeys.map((key) => storage.localPath(key)));
    await mergeParquet(duck, plan.table, paths, target);
    return;
  }
  const path = join(duck.folder, 'delta.csv.gz');
  await copyParts(storage, plan.delta.parts, path);
  await convertDelta(duck, plan.table, path, target);
}
