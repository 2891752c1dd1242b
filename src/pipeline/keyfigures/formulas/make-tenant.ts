// The worker in the place of a municipality's own client, for jobs that work on one municipality's rows.
import type { Tenant } from '../../../platform/postgres/tenancy.ts';
import { municipalityCodeOf } from '../../../platform/tenant.ts';

/** @param jobId stands where a request id does. @throws TypeError when `municipality` is not a code. */
export function workerTenant(municipality: string, jobId: string): Tenant {
  return { municipality: municipalityCodeOf(municipality), domains: null, clientId: 'worker', requestId: jobId };
}
