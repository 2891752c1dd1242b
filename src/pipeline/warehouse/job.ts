// The warehouse's jobs: loading, re-slicing and comparing. One at a time per municipality and domain, though nothing here relies on it.

import { type Tenant, withTenant } from '../../platform/postgres/tenancy.ts';
import type { AnyJobHandler, JobHandler } from '../../platform/queue/queue.ts';
import { municipalityCodeOf } from '../../platform/tenant.ts';
import { COMPARE_REVISIONS, REVISE } from '../queues.ts';
import { compareRevisions } from './compare-revisions.ts';
import { failureCodeOf } from './errors.ts';
import { type LoadDeps, loadDelivery, type Turnstile } from './load-delivery.ts';
import { resliceDomain } from './reslice-domain.ts';
import { endDelivery } from './store-delivery.ts';

/** What the jobs of the warehouse need. */
export type WarehouseJobDeps = LoadDeps;

/** A job works for one municipality, under the worker's own name. */
function tenantOfJob(municipality: string, jobId: string): Tenant {
  return { municipality: municipalityCodeOf(municipality), domains: null, clientId: 'worker', requestId: jobId };
}

/** Lets one task at a time pass: a large load has twice the memory and both cores, so two of them would not fit beside one another. */
function createTurnstile(): Turnstile {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const turn = last.then(task);
    last = turn.catch(() => {});
    return turn;
  };
}

/** @returns the handlers of the stage's queues. */
export function warehouseJobs(deps: WarehouseJobDeps): AnyJobHandler[] {
  const oneLargeLoad = createTurnstile();
  const revise: JobHandler<NonNullable<typeof REVISE.payload>> = {
    queue: REVISE,
    async run(payload, { jobId, signal }) {
      const tenant = tenantOfJob(payload.municipality, jobId);
      if (payload.task === 'load') await loadDelivery(deps, tenant, payload.sourceDeliveryId, oneLargeLoad, signal);
      else await resliceDomain(deps, tenant, payload.domain, signal);
    },
    async failed(payload, error) {
      if (payload.task !== 'load') return;
      const tenant = tenantOfJob(payload.municipality, 'failed');
      const end = { state: 'failed', failure: failureCodeOf(error) } as const;
      await withTenant(deps.pool, tenant, (tx) => endDelivery(tx, payload.sourceDeliveryId, end));
    },
  };
  const compare: JobHandler<NonNullable<typeof COMPARE_REVISIONS.payload>> = {
    queue: COMPARE_REVISIONS,
    run: (payload, { jobId, signal }) =>
      compareRevisions(deps, tenantOfJob(payload.municipality, jobId), payload, signal),
    // A comparison is asked for again by whoever needs it.
    failed: async () => {},
  };
  return [revise, compare];
}
