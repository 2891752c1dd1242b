// Gives a failed source delivery another run, once the operator has mended what failed.
import type pg from 'pg';
import { writeAudit } from '../../access/index.ts';
import { type Tenant, withTenant } from '../../platform/postgres/tenancy.ts';
import type { JobSender } from '../../platform/queue/queue.ts';
import { REVISE } from '../queues.ts';
import { reopenFailed } from './store-delivery.ts';

/** Enqueues the delivery again. @returns false when it is not in state `failed`. */
export function retryDelivery(
  deps: { readonly pool: pg.Pool; readonly jobs: JobSender },
  tenant: Tenant,
  id: string,
): Promise<boolean> {
  return withTenant(deps.pool, tenant, async (tx) => {
    const domain = await reopenFailed(tx, id);
    if (domain === undefined) return false;
    const { municipality } = tenant;
    const payload = { municipality, domain, task: 'load', sourceDeliveryId: id } as const;
    await deps.jobs.send(tx, REVISE, `${municipality}:${domain}`, payload);
    await writeAudit(tx, 'retrySourceDelivery', { sourceDelivery: id, domain });
    return true;
  });
}
