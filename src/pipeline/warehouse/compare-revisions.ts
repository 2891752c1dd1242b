// What changed between two revisions, net: a row that came and went is no change, so counts are never added up over revisions.
// The api reads stored counts of pairs of slices; pairs that nobody has compared are worked out by a job of the worker, which has DuckDB.
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { Domain } from '../../domains/definition.ts';
import type { Catalogue } from '../../domains/index.ts';
import type { DuckDbPool } from '../../platform/duckdb/pool.ts';
import { NOT_FOUND, Problem } from '../../platform/http/problem.ts';
import { type Tenant, type TenantTx, withTenant } from '../../platform/postgres/tenancy.ts';
import type { JobSender } from '../../platform/queue/queue.ts';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import { diffSlices, readSlicePairs, type SliceDiff, type SlicePair, schemaHashOf } from '../../slices/index.ts';
import { COMPARE_REVISIONS } from '../queues.ts';
import { CHANGES_NOT_READY, INVALID_SINCE, SCHEMA_CHANGED } from './errors.ts';
import { findPairCounts, findRevision, type PairKey } from './store.ts';
import { insertDiffs, lockRevisions } from './store-publish.ts';

/** Rows added, changed and deleted in one period of a table. */
export interface PeriodChange {
  readonly table: string;
  readonly period: string;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

export interface ReadChangesDeps {
  readonly pool: pg.Pool;
  readonly jobs: JobSender;
}

/** A pair of two slices; where one side is missing the other's row count says it all. */
type FullPair = SlicePair & {
  readonly from: NonNullable<SlicePair['from']>;
  readonly to: NonNullable<SlicePair['to']>;
};

/** How long a request waits for a comparison, and how often it looks. */
const PATIENCE_MS = 3000;
const LOOK_AGAIN_MS = 100;
const RETRY_AFTER = { 'retry-after': '2' };

function isFull(pair: SlicePair): pair is FullPair {
  return pair.from !== null && pair.to !== null;
}

function keyOf({ table, period, from, to }: FullPair): PairKey {
  return { table, period, from: from.sha256, to: to.sha256, schemaHash: to.schemaHash };
}

/**
 * @returns the changes from `since` (0: before anything was there) to `until`, by table and period; identity pairs are never among them.
 * @throws Problem `not-found`, `invalid-since`, `schema-changed`, or `changes-not-ready` when the comparison takes longer than a request should.
 */
export async function readChanges(
  deps: ReadChangesDeps,
  tenant: Tenant,
  domain: Domain,
  until: number,
  since: number,
): Promise<PeriodChange[]> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let first = true; ; first = false) {
    const changes = await withTenant(deps.pool, tenant, async (tx) => {
      const found = await lookUpChanges(tx, domain, until, since);
      if (found === undefined && first) {
        const { municipality } = tenant;
        const payload = { municipality, domain: domain.id, since, until };
        await deps.jobs.send(tx, COMPARE_REVISIONS, `${municipality}:${domain.id}`, payload);
      }
      return found;
    });
    if (changes !== undefined) return changes;
    if (Date.now() >= deadline) throw new Problem(CHANGES_NOT_READY, undefined, {}, RETRY_AFTER);
    await delay(LOOK_AGAIN_MS);
  }
}

/** @returns `undefined` while some pair has not been compared. */
async function lookUpChanges(
  tx: TenantTx,
  domain: Domain,
  until: number,
  since: number,
): Promise<PeriodChange[] | undefined> {
  if ((await findRevision(tx, domain.id, until)) === undefined) throw new Problem(NOT_FOUND);
  if (since > until) throw new Problem(INVALID_SINCE);
  const pairs = await readSlicePairs(tx, domain.id, since, until);
  const full = pairs.filter(isFull);
  if (full.some(({ from, to }) => from.schemaHash !== to.schemaHash)) throw new Problem(SCHEMA_CHANGED);
  const counts = new Map((await findPairCounts(tx, full.map(keyOf))).map((row) => [`${row.table}/${row.period}`, row]));
  const missing = full.filter(({ table, period }) => !counts.has(`${table}/${period}`));
  // Both sides under an older declaration, never compared while it held: no longer comparable.
  if (missing.some((pair) => !isDeclared(domain, pair))) throw new Problem(SCHEMA_CHANGED);
  if (missing.length > 0) return undefined;
  return pairs.map(({ table, period, from, to }) => {
    const known = counts.get(`${table}/${period}`);
    if (from !== null && to !== null && known !== undefined) {
      return { table, period, inserted: known.inserted, updated: known.updated, deleted: known.deleted };
    }
    return { table, period, inserted: to?.rows ?? 0, updated: 0, deleted: from?.rows ?? 0 };
  });
}

function isDeclared(domain: Domain, pair: FullPair): boolean {
  const table = domain.tables.find(({ name }) => name === pair.table);
  return (
    table !== undefined && schemaHashOf(table) === pair.to.schemaHash && schemaHashOf(table) === pair.from.schemaHash
  );
}

export interface CompareDeps {
  readonly pool: pg.Pool;
  readonly storage: ObjectStorage;
  readonly catalogue: Catalogue;
  readonly duckdb: DuckDbPool;
}

/** The job: compares every pair of slices between the two revisions that has not been compared, and keeps the differences. */
export async function compareRevisions(
  deps: CompareDeps,
  tenant: Tenant,
  request: { readonly domain: string; readonly since: number; readonly until: number },
  signal: AbortSignal,
): Promise<void> {
  const domain = deps.catalogue.domain(request.domain);
  if (domain === undefined) return;
  const missing = await withTenant(deps.pool, tenant, async (tx) => {
    const pairs = (await readSlicePairs(tx, domain.id, request.since, request.until)).filter(isFull);
    const known = await findPairCounts(tx, pairs.map(keyOf));
    return pairs.filter(
      (pair) =>
        isDeclared(domain, pair) && !known.some(({ table, period }) => table === pair.table && period === pair.period),
    );
  });
  if (missing.length === 0) return;
  const diffs: SliceDiff[] = [];
  await deps.duckdb.run(async (duck) => {
    for (const { table: name, from, to, revision } of missing) {
      const table = domain.tables.find((candidate) => candidate.name === name);
      if (table !== undefined) diffs.push(await diffSlices(duck, deps.storage, table, from, to, revision));
    }
  }, signal);
  await withTenant(deps.pool, tenant, async (tx) => {
    // Under the lock the sweep cannot take a file that a killed job had left and this one found in place.
    await lockRevisions(tx, domain.id);
    for (const { segmentKey, segmentBytes } of diffs) {
      if ((await deps.storage.stat(segmentKey))?.bytes !== segmentBytes)
        throw new Error('a difference went away before it was kept');
    }
    await insertDiffs(tx, diffs);
    signal.throwIfAborted();
  });
}
