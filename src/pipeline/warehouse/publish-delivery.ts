// Ends a source delivery: accepted with a revision, rejected with its findings, or failed. Each end is one transaction, and only one ever commits.
import type pg from 'pg';
import { writeAudit } from '../../access/index.ts';
import { appendEvent } from '../../events/index.ts';
import { type Tenant, type TenantTx, withTenant } from '../../platform/postgres/tenancy.ts';
import type { JobSender } from '../../platform/queue/queue.ts';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import { type HeldSlice, isIdentityTable, latestRevision, type Slice } from '../../slices/index.ts';
import type { Findings, RuleOutcome } from '../quality/index.ts';
import { COMPARE_REVISIONS, COMPUTE_KEY_FIGURES } from '../queues.ts';
import {
  endDelivery,
  insertFindings,
  type LoadedDelivery,
  setFileRows,
  setLastSequence,
  setTableSource,
} from './store-delivery.ts';
import { insertRevision, insertRuleResults, insertSliceChanges, insertSlices, lockRevisions } from './store-publish.ts';

export interface PublishDeps {
  readonly pool: pg.Pool;
  readonly storage: ObjectStorage;
  readonly jobs: JobSender;
}

/** Everything that a delivery came to, worked out from revision `base`. */
export interface LoadResult {
  readonly delivery: LoadedDelivery;
  readonly base: number;
  readonly held: readonly HeldSlice[];
  /** The slices that were written or found unchanged, for every touched (table, period). */
  readonly slices: readonly Slice[];
  readonly outcomes: readonly RuleOutcome[];
  readonly findings: Findings;
  readonly rows: ReadonlyMap<string, number>;
}

/** @returns the slices of `slices` that differ from what is held. */
export function changedSlices(held: readonly Slice[], slices: readonly Slice[]): Slice[] {
  const before = new Map(held.map((slice) => [`${slice.table}/${slice.period}`, slice]));
  return slices.filter((slice) => {
    const old = before.get(`${slice.table}/${slice.period}`);
    return old?.sha256 !== slice.sha256 || old.schemaHash !== slice.schemaHash;
  });
}

/** Published; or the revision has moved on meanwhile and all must be worked out anew; or somebody else has ended the delivery. */
export type Publication = 'published' | 'moved' | 'ended';

/** Makes the revision visible. The signal is looked at last: a job that was taken away never publishes. */
export async function publishDelivery(
  deps: PublishDeps,
  tenant: Tenant,
  result: LoadResult,
  signal: AbortSignal,
): Promise<Publication> {
  const { delivery, base } = result;
  const { domain } = delivery;
  return withTenant(deps.pool, tenant, async (tx) => {
    await lockRevisions(tx, domain);
    if ((await latestRevision(tx, domain)) !== base) return 'moved';
    const revision = base + 1;
    if (!(await endDelivery(tx, delivery.id, { state: 'accepted', revision }))) return 'ended';
    const changed = changedSlices(result.held, result.slices);
    await checkFiles(deps.storage, changed);
    await insertRevision(tx, {
      domain,
      revision,
      kind: delivery.kind,
      sourceDelivery: delivery.id,
      restoredRevision: null,
      slicesChanged: changed.filter(({ table }) => !isIdentityTable(table)).length,
    });
    await insertSlices(tx, changed);
    await insertSliceChanges(tx, domain, revision, changed);
    await insertRuleResults(tx, domain, revision, result.outcomes);
    await insertFindings(tx, delivery.id, result.findings);
    await setFileRows(tx, delivery.id, result.rows);
    await setLastSequence(tx, domain, delivery.sourceSystem, delivery.sequence ?? 0);
    await setTableSource(tx, [...result.rows.keys()], delivery.sourceSystem);
    await writeAudit(tx, 'loadSourceDelivery', { sourceDelivery: delivery.id, domain, revision });
    await announceRevision(deps.jobs, tx, {
      domain,
      since: base,
      until: revision,
      replaces: replaces(result, changed),
    });
    signal.throwIfAborted();
    return 'published';
  });
}

/** Checks that the files are there. An orphan of a killed job may have been reused and, being old, swept meanwhile; under the lock it can no longer go away. */
export async function checkFiles(storage: ObjectStorage, slices: readonly Slice[]): Promise<void> {
  for (const slice of slices) {
    const segment = await storage.stat(slice.segmentKey);
    const parquet = await storage.stat(slice.parquetKey);
    if (segment?.bytes !== slice.segmentBytes || parquet?.bytes !== slice.parquetBytes) {
      throw new Error(`a file of slice ${slice.table}/${slice.period} went away before it was published`);
    }
  }
}

function replaces({ held }: LoadResult, changed: readonly Slice[]): boolean {
  return changed.some(({ table, period }) => held.some((slice) => slice.table === table && slice.period === period));
}

/** Enqueues what follows from a new revision: its key figures and, where slices took the place of others, what changed. */
export async function announceRevision(
  jobs: JobSender,
  tx: TenantTx,
  revision: { readonly domain: string; readonly since: number; readonly until: number; readonly replaces: boolean },
): Promise<void> {
  const { municipality } = tx.tenant;
  const { domain, since, until } = revision;
  const key = `${municipality}:${domain}`;
  await jobs.send(tx, COMPUTE_KEY_FIGURES, key, { municipality, domain });
  if (revision.replaces) await jobs.send(tx, COMPARE_REVISIONS, key, { municipality, domain, since, until });
}

/** Keeps the findings; nothing else of the delivery becomes visible. */
export async function rejectDelivery(
  pool: pg.Pool,
  tenant: Tenant,
  delivery: LoadedDelivery,
  findings: Findings,
  rows: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<void> {
  await withTenant(pool, tenant, async (tx) => {
    if (!(await endDelivery(tx, delivery.id, { state: 'rejected' }))) return;
    await insertFindings(tx, delivery.id, findings);
    await setFileRows(tx, delivery.id, rows);
    await writeAudit(tx, 'rejectSourceDelivery', { sourceDelivery: delivery.id, domain: delivery.domain });
    await appendEvent(tx, {
      type: 'source-delivery.rejected',
      domain: delivery.domain,
      data: { sourceDelivery: delivery.id, rules: findings.counts.length },
    });
    signal.throwIfAborted();
  });
}
