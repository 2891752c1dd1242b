// Requests a release: its row, the job that publishes it and the audit row, in one transaction.
import type pg from 'pg';
import { writeOperatorAudit } from '../../../access/index.ts';
import type { Catalogue } from '../../../domains/index.ts';
import { INVALID_REQUEST } from '../../../platform/http/errors.ts';
import { Problem } from '../../../platform/http/problem.ts';
import { withPublished } from '../../../platform/postgres/tenancy.ts';
import type { JobSender } from '../../../platform/queue/queue.ts';
import { IDEMPOTENCY_KEY_REUSED } from '../../intake/index.ts';
import { PUBLISH_RELEASE } from '../../queues.ts';
import { findByKey, insertRelease, lockRequests, type Release } from './store.ts';

export interface RequestReleaseDeps {
  readonly pool: pg.Pool;
  readonly jobs: JobSender;
  readonly catalogue: Catalogue;
}

export interface ReleaseRequest {
  readonly domain: string;
  readonly note?: string;
}

/**
 * The same key from the same client gives the same release, in the state that it has by now.
 * @throws Problem `invalid-request`, `idempotency-key-reused`
 */
export async function requestRelease(
  deps: RequestReleaseDeps,
  caller: { readonly clientId: string; readonly requestId: string },
  { domain, note }: ReleaseRequest,
  key: string | undefined,
): Promise<Release> {
  if ((deps.catalogue.domain(domain)?.keyFigures ?? []).length === 0) {
    const known = deps.catalogue.domains.filter(({ keyFigures }) => keyFigures.length > 0);
    const faults = [{ place: 'body/domain', expected: `one of ${known.map(({ id }) => id).join(', ')}` }];
    throw new Problem(INVALID_REQUEST, undefined, { faults });
  }
  const client = caller.clientId;
  return withPublished(deps.pool, async (tx) => {
    await lockRequests(tx);
    const before = key === undefined ? undefined : await findByKey(tx, client, key);
    if (before !== undefined) {
      if (before.domain !== domain || before.note !== (note ?? null)) throw new Problem(IDEMPOTENCY_KEY_REUSED);
      return before;
    }
    const release = await insertRelease(tx, { domain, note: note ?? null, client, key: key ?? null });
    await writeOperatorAudit(tx, caller, 'createRelease', { release: release.releaseId, domain });
    await deps.jobs.send(tx, PUBLISH_RELEASE, domain, { releaseId: release.releaseId });
    return release;
  });
}
