// Brings an earlier revision's slices back as a new revision: undoes an accepted bad delivery without losing it. Runs in the api, no file is read.
import type pg from 'pg';
import { writeAudit } from '../../access/index.ts';
import type { Domain } from '../../domains/definition.ts';
import { NOT_FOUND, Problem } from '../../platform/http/problem.ts';
import { type Tenant, type TenantTx, withTenant } from '../../platform/postgres/tenancy.ts';
import type { JobSender } from '../../platform/queue/queue.ts';
import { latestRevision, readRevision, readSlicePairs, schemaHashOf } from '../../slices/index.ts';
import { type RememberedAnswer, rememberAnswer } from '../intake/index.ts';
import { SCHEMA_CHANGED } from './errors.ts';
import { presentRevision } from './present-revision.ts';
import { announceRevision } from './publish-delivery.ts';
import { findRevision, type Revision } from './store.ts';
import {
  insertRevision,
  insertRuleResults,
  insertSliceChanges,
  lockRevisions,
  type RuleCount,
  readRuleCounts,
} from './store-publish.ts';

export interface RestoreDeps {
  readonly pool: pg.Pool;
  readonly jobs: JobSender;
}

/** @returns the answer: 201 with the new revision. @throws Problem `not-found`, `schema-changed` */
export async function restoreRevision(
  deps: RestoreDeps,
  tenant: Tenant,
  domain: Domain,
  restored: number,
  idempotencyKey: string | undefined,
): Promise<RememberedAnswer> {
  const operation = 'restoreRevision';
  return withTenant(deps.pool, tenant, (tx) => {
    const request = { operation, key: idempotencyKey, requestBody: { domain: domain.id, revision: restored } };
    return rememberAnswer(tx, request, async () => {
      const revision = await publishRestored(tx, deps.jobs, domain, restored);
      await writeAudit(tx, operation, { domain: domain.id, revision: revision.revision, restored });
      const location = `/v1/revisions/${revision.revision}?domain=${domain.id}`;
      return { status: 201, location, body: presentRevision(revision) };
    });
  });
}

/** Identity pairs are left as they are: they only grow, and whoever reads an old revision needs them all. */
async function publishRestored(tx: TenantTx, jobs: JobSender, domain: Domain, restored: number): Promise<Revision> {
  await lockRevisions(tx, domain.id);
  if ((await findRevision(tx, domain.id, restored)) === undefined) throw new Problem(NOT_FOUND);
  const since = await latestRevision(tx, domain.id);
  const target = await readRevision(tx, domain.id, restored);
  const declared = new Map(domain.tables.map((table) => [table.name, schemaHashOf(table)]));
  if (target.some(({ table, schemaHash }) => declared.get(table) !== schemaHash)) throw new Problem(SCHEMA_CHANGED);
  const pairs = await readSlicePairs(tx, domain.id, since, restored);
  const changes = pairs.map(({ table, period, to }) => ({
    table,
    period,
    sha256: to?.sha256 ?? null,
    schemaHash: to?.schemaHash ?? null,
  }));
  const revision = {
    domain: domain.id,
    revision: since + 1,
    kind: 'restore' as const,
    sourceDelivery: null,
    restoredRevision: restored,
    slicesChanged: changes.length,
  };
  const createdAt = await insertRevision(tx, revision);
  await insertSliceChanges(tx, domain.id, revision.revision, changes);
  await insertRuleResults(tx, domain.id, revision.revision, await restoredRules(tx, domain.id, since, restored));
  const replaces = pairs.some(({ from, to }) => from !== null && to !== null);
  await announceRevision(jobs, tx, { domain: domain.id, since, until: revision.revision, replaces });
  return { ...revision, createdAt };
}

/** The rules say again what they said then; what they have said only since is 0. */
async function restoredRules(tx: TenantTx, domain: string, since: number, restored: number): Promise<RuleCount[]> {
  const then = await readRuleCounts(tx, domain, restored);
  const place = ({ rule, table, period }: RuleCount) => `${rule} ${table} ${period}`;
  const known = new Set(then.map(place));
  const now = await readRuleCounts(tx, domain, since);
  return [...then, ...now.filter((outcome) => !known.has(place(outcome))).map((outcome) => ({ ...outcome, count: 0 }))];
}
