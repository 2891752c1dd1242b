// The job of deliveries: preparing one. What fails in the end is settled anew when the scheduler asks again.
import { withTenant } from '../../../platform/postgres/tenancy.ts';
import type { AnyJobHandler, JobHandler } from '../../../platform/queue/queue.ts';
import { municipalityCodeOf } from '../../../platform/tenant.ts';
import { failPackage } from '../../packages/index.ts';
import { PREPARE_DELIVERY } from '../../queues.ts';
import { type PrepareDeps, prepareDelivery } from './prepare-delivery.ts';
import { findDelivery, markUnbuilt } from './store.ts';

function tenantOfJob(municipality: string, jobId: string) {
  return { municipality: municipalityCodeOf(municipality), domains: null, clientId: 'worker', requestId: jobId };
}

/** @returns the handler of the queue. */
export function deliveryJob(deps: PrepareDeps): AnyJobHandler {
  const prepare: JobHandler<NonNullable<typeof PREPARE_DELIVERY.payload>> = {
    queue: PREPARE_DELIVERY,
    run: ({ municipality, deliveryId }, { jobId, signal }) =>
      prepareDelivery(deps, tenantOfJob(municipality, jobId), deliveryId, signal),
    async failed({ municipality, deliveryId }, error) {
      await withTenant(deps.pool, tenantOfJob(municipality, 'failed'), async (tx) => {
        const found = await findDelivery(tx, deliveryId, { lock: true });
        if (found?.packageId != null) await failPackage(tx, found.packageId, error);
        await markUnbuilt(tx, deliveryId);
      });
    },
  };
  return prepare;
}
