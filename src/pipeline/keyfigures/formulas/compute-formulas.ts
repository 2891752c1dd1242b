// Brings the formulas of one municipality and domain up to its newest revision. Safe to kill and to repeat: the values and the progress are one
// transaction, and no connection is held while DuckDB works.
import type pg from 'pg';
import type { Catalogue } from '../../../domains/index.ts';
import { type DuckDbOptions, withDuckDb } from '../../../platform/duckdb/duckdb.ts';
import { type Tenant, withTenant } from '../../../platform/postgres/tenancy.ts';
import type { ObjectStorage } from '../../../platform/storage/storage.ts';
import { type HeldSlice, latestRevision, readRevision, readSlicePairs, schemaHashOf } from '../../../slices/index.ts';
import { type Computation, changedValues, formulasHashOf, planComputations, slicesRead } from './rules.ts';
import {
  type BucketResult,
  insertValues,
  moveProgress,
  type Progress,
  readProgress,
  readStoredValues,
} from './store.ts';
import { runFormulas } from './store-duckdb.ts';

export interface ComputeDeps {
  readonly pool: pg.Pool;
  readonly storage: ObjectStorage;
  readonly catalogue: Catalogue;
  /** DuckDB for one job. */
  readonly duckdb: Pick<DuckDbOptions, 'tempRoot' | 'memoryLimitMb' | 'threads'>;
}

/** What is to be done: the computations, and what they rest on. */
interface Plan {
  readonly from: Progress | undefined;
  readonly to: Progress;
  readonly computations: readonly Computation[];
  readonly held: readonly HeldSlice[];
  readonly stored: readonly BucketResult[];
}

/** Attempts before a municipality that is delivered to all the time is left to the next job. */
const ATTEMPTS = 5;

/** @returns how many values changed; 0 as well when nothing was to be computed. An aborted `signal` publishes nothing. */
export async function computeFormulas(
  deps: ComputeDeps,
  tenant: Tenant,
  domain: string,
  signal?: AbortSignal,
): Promise<number> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const plan = await readPlan(deps, tenant, domain);
    if (plan === undefined) return 0;
    const computed = plan.computations.length === 0 ? [] : await compute(deps, plan, signal);
    signal?.throwIfAborted();
    const changed = changedValues(plan.stored, computed);
    const moved = await withTenant(deps.pool, tenant, async (tx) => {
      if (!(await moveProgress(tx, domain, plan.from, plan.to))) return false;
      await insertValues(tx, domain, plan.to.revision, changed);
      return true;
    });
    if (moved) return changed.length;
  }
  throw new Error('somebody else computed the same formulas each time');
}

/** @returns undefined when the values are those of the newest revision and of the formulas as declared now, or must wait for a reslice. */
async function readPlan(deps: ComputeDeps, tenant: Tenant, domain: string): Promise<Plan | undefined> {
  const formulas = deps.catalogue.formulas(domain);
  const formulasHash = formulasHashOf(formulas);
  return withTenant(deps.pool, tenant, async (tx) => {
    const revision = await latestRevision(tx, domain);
    const from = await readProgress(tx, domain);
    if (revision === 0 || (from?.revision === revision && from.formulasHash === formulasHash)) return undefined;
    const held = await readRevision(tx, domain, revision);
    // A slice of another schema is about to be written anew; that revision calls for a computation of its own.
    if (held.some((slice) => isOutdated(deps.catalogue, slice))) return undefined;
    const since = from?.formulasHash === formulasHash ? from.revision : 0;
    const changed = await readSlicePairs(tx, domain, since, revision);
    const computations = planComputations(formulas, changed, held);
    const stored = await readStoredValues(tx, computations);
    return { from, to: { revision, formulasHash }, computations, held, stored };
  });
}

/** Slices of a table that is declared no more are read by no formula. */
function isOutdated(catalogue: Catalogue, { table, schemaHash }: HeldSlice): boolean {
  const declared = catalogue.table(table)?.table;
  return declared !== undefined && schemaHashOf(declared) !== schemaHash;
}

async function compute(deps: ComputeDeps, plan: Plan, signal: AbortSignal | undefined): Promise<BucketResult[]> {
  const paths = new Map<string, string>();
  for (const { table, period, parquetKey } of plan.held) {
    paths.set(`${table}/${period}`, await deps.storage.localPath(parquetKey));
  }
  const options = { ...deps.duckdb, allowedDirectories: [deps.storage.localRoot], ...(signal && { signal }) };
  return withDuckDb(options, async (duck) => {
    const results: BucketResult[] = [];
    for (const computation of plan.computations) {
      const { source, bucket } = computation;
      const read = slicesRead(source, bucket).filter(({ table, period }) => paths.has(`${table}/${period}`));
      if (source.needs?.some((name) => !read.some(({ table }) => table === name))) continue;
      const shown = Object.keys(source.reads).map((name) => {
        const table = deps.catalogue.table(name)?.table;
        if (table === undefined) throw new Error(`${name} is read but not declared`);
        const periods = read.filter((slice) => slice.table === name).map(({ period }) => period);
        return { table, paths: periods.map((period) => paths.get(`${name}/${period}`) ?? '') };
      });
      results.push(...(await runFormulas(duck, computation, shown)).map((result) => ({ ...result, bucket })));
    }
    return results;
  });
}
