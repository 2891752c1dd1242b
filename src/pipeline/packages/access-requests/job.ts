// The job of access requests: searching for a citizen. Its payload names the municipality and the request, never the person.
import { withTenant } from '../../../platform/postgres/tenancy.ts';
import type { JobHandler } from '../../../platform/queue/queue.ts';
import { municipalityCodeOf } from '../../../platform/tenant.ts';
import { ANSWER_ACCESS_REQUEST } from '../../queues.ts';
import { type CompleteDeps, completeRequest } from './complete-request.ts';
import { markFailed } from './store.ts';

const tenantOf = (municipality: string, requestId: string) => ({
  ...{ municipality: municipalityCodeOf(municipality), domains: null },
  ...{ clientId: 'worker', requestId },
});

/** @returns the handler of the queue of access requests. */
export function accessRequestJob(deps: CompleteDeps): JobHandler<NonNullable<typeof ANSWER_ACCESS_REQUEST.payload>> {
  return {
    queue: ANSWER_ACCESS_REQUEST,
    run: ({ municipality, accessRequestId }, { jobId, signal }) =>
      completeRequest(deps, tenantOf(municipality, jobId), accessRequestId, signal),
    async failed({ municipality, accessRequestId }) {
      await withTenant(deps.pool, tenantOf(municipality, 'failed'), (tx) => markFailed(tx, accessRequestId));
    },
  };
}
