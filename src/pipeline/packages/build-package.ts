// Builds a package: what it holds is read in one snapshot, files are assembled outside of any transaction, and ONE transaction makes it ready.
// Safe to kill and to repeat: until that transaction nothing is visible, and a package that is ready is left alone.
import type pg from 'pg';
import type { Domain } from '../../domains/definition.ts';
import type { Catalogue } from '../../domains/index.ts';
import type { Digester } from '../../platform/digest/digester.ts';
import type { DuckDbPool } from '../../platform/duckdb/pool.ts';
import { type Tenant, type TenantTx, withTenant } from '../../platform/postgres/tenancy.ts';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import { machineClock } from '../../platform/time/steady-clock.ts';
import {
  diffSlices,
  isIdentityTable,
  readRevision,
  readSlicePairs,
  type Slice,
  type SliceDiff,
  type SlicePair,
  segmentOf,
} from '../../slices/index.ts';
import { insertDiffs, lockRevisions } from '../warehouse/index.ts';
import { assembleFiles, type TableSegments } from './assemble-files.ts';
import type { PackageFacts } from './describe-package.ts';
import { SchemaChanged } from './errors.ts';
import { isDeclared } from './rules.ts';
import { type DataPackage, findPackage, findRevisionTime, markReady } from './store.ts';
import { findDiffs, insertFiles } from './store-files.ts';

export interface BuildDeps {
  readonly pool: pg.Pool;
  readonly storage: ObjectStorage;
  readonly catalogue: Catalogue;
  readonly duckdb: DuckDbPool;
  readonly digester: Digester;
}

/** What is to be built: facts, the slices of a total or the pairs of a delta, and what is known of their differences. */
interface Plan {
  readonly domain: Domain;
  readonly facts: PackageFacts;
  readonly slices: readonly Slice[];
  readonly pairs: readonly SlicePair[];
  readonly diffs: readonly SliceDiff[];
  readonly identity: readonly Slice[];
}

/** The job. An aborted `signal` publishes nothing. @throws SchemaChanged when the tables are declared otherwise by now */
export async function buildPackage(
  deps: BuildDeps,
  tenant: Tenant,
  packageId: string,
  signal: AbortSignal,
): Promise<void> {
  const plan = await withTenant(deps.pool, tenant, (tx) => readPlan(tx, deps.catalogue, packageId), {
    readOnly: true,
    repeatableRead: true,
  });
  if (plan === undefined) return;
  const newDiffs = await computeDiffs(deps, plan, signal);
  const content = contentOf(plan, [...plan.diffs, ...newDiffs]);
  const { manifest, files } = await assembleFiles(deps, plan.domain, plan.facts, content, plan.identity);
  await withTenant(deps.pool, tenant, async (tx) => {
    await keepDiffs(tx, deps.storage, plan.domain.id, newDiffs);
    if (await markReady(tx, packageId, manifest, machineClock.likely())) await insertFiles(tx, packageId, files);
    signal.throwIfAborted();
  });
}

/** @returns undefined when there is nothing to build (any more). */
async function readPlan(tx: TenantTx, catalogue: Catalogue, packageId: string): Promise<Plan | undefined> {
  const ordered = await findPackage(tx, packageId);
  if (ordered === undefined || ordered.state !== 'building') return undefined;
  const domain = catalogue.domain(ordered.domain);
  if (domain === undefined) throw new SchemaChanged();
  const held = await readRevision(tx, domain.id, ordered.revision, { identity: true });
  const slices = held.filter(({ table }) => !isIdentityTable(table));
  const identity = held.filter(({ table }) => isIdentityTable(table));
  const pairs = ordered.since === null ? [] : await readSlicePairs(tx, domain.id, ordered.since, ordered.revision);
  if (!isDeclared(domain, [...slices, ...pairs.map(({ from }) => from)])) throw new SchemaChanged();
  const facts = await readFacts(tx, ordered);
  return { domain, facts, slices, pairs, diffs: await findDiffs(tx, pairs), identity };
}

async function readFacts(tx: TenantTx, ordered: DataPackage): Promise<PackageFacts> {
  const { id, domain, kind, revision, since, createdAt } = ordered;
  const revisedAt = await findRevisionTime(tx, domain, revision);
  if (revisedAt === undefined) throw new Error('a package without its revision');
  return {
    id,
    municipality: tx.tenant.municipality,
    domain,
    kind,
    revision,
    since,
    createdAt: createdAt.toISOString(),
    revisedAt: revisedAt.toISOString(),
  };
}

const keyOf = ({ table, period }: { readonly table: string; readonly period: string }) => `${table}/${period}`;

/** The differences that nobody has computed before; each pair is computed once for all packages. */
async function computeDiffs(
  deps: BuildDeps,
  { domain, pairs, diffs }: Plan,
  signal: AbortSignal,
): Promise<SliceDiff[]> {
  const known = new Set(diffs.map(keyOf));
  const missing = pairs.filter((pair) => !known.has(keyOf(pair)));
  if (missing.length === 0) return [];
  return deps.duckdb.run(async (duck) => {
    const computed: SliceDiff[] = [];
    for (const { table: name, from, to, revision } of missing) {
      const table = domain.tables.find((candidate) => candidate.name === name);
      if (table === undefined) throw new SchemaChanged();
      computed.push(await diffSlices(duck, deps.storage, table, from, to, revision));
    }
    return computed;
  }, signal);
}

function contentOf({ domain, facts, slices }: Plan, diffs: readonly SliceDiff[]): TableSegments[] {
  return domain.tables.map((table) => {
    if (facts.kind === 'total') {
      const own = slices.filter((slice) => slice.table === table.name);
      return { table, rows: own.reduce((sum, { rows }) => sum + rows, 0), segments: own.map(segmentOf) };
    }
    const own = diffs.filter((diff) => diff.table === table.name).sort((a, b) => (a.period < b.period ? -1 : 1));
    const rows = own.reduce((sum, { inserted, updated, deleted }) => sum + inserted + updated + deleted, 0);
    return { table, rows, segments: own.map(segmentOf) };
  });
}

/** Under the lock the sweep cannot take a file that a killed job had left and this one found in place. */
async function keepDiffs(
  tx: TenantTx,
  storage: ObjectStorage,
  domain: string,
  diffs: readonly SliceDiff[],
): Promise<void> {
  if (diffs.length === 0) return;
  await lockRevisions(tx, domain);
  for (const { segmentKey, segmentBytes } of diffs) {
    if ((await storage.stat(segmentKey))?.bytes !== segmentBytes)
      throw new Error('a difference went away before it was kept');
  }
  await insertDiffs(tx, diffs);
}
