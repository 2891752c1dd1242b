// Brings the formulas of one municipality and domain up to its newest revision. Safe to kill and to repeat: the values and the progress are one
// transaction, and no connection is held while DuckDB works.
import type pg from 'pg';
import type { Catalogue } from '../../../domains/index.ts';
import type { DuckDbPool } from '../../../platform/duckdb/pool.ts';
import { type Tenant, withTenant } from '../../../platform/postgres/tenancy.ts';
import type { ObjectStorage } from '../../../platform/storage/storage.ts';
import { type HeldSlice, latestRevision, readRevision, readSlicePairs, schemaHashOf } from '../../../slices/index.ts';
import { type Computation, changedValues, formulasHashOf, joinRuns, planComputations } from './rules.ts';
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
  readonly duckdb: DuckDbPool;
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
  const held = new Map(plan.held.map((slice) => [`${slice.table}/${slice.period}`, slice]));
  return deps.duckdb.run(async (duck) => {
    const results: BucketResult[] = [];
    for (const run of joinRuns(plan.computations, held)) {
      const shown = await Promise.all(
        Object.keys(run.source.reads).map(async (name) => {
          const table = deps.catalogue.table(name)?.table;
          if (table === undefined) throw new Error(`${name} is read but not declared`);
          const slices = run.slices.filter((slice) => slice.table === name);
          return {
            table,
            paths: await Promise.all(slices.map(({ parquetKey }) => deps.storage.localPath(parquetKey))),
          };
        }),
      );
      results.push(...(await runFormulas(duck, run, shown)));
    }
    return results;
  }, signal);
}
