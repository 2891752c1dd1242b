// The jobs of packages: building one, making a table's Parquet file, and searching them for a citizen.
import { type Tenant, withTenant } from '../../platform/postgres/tenancy.ts';
import type { JobHandler } from '../../platform/queue/queue.ts';
import { municipalityCodeOf } from '../../platform/tenant.ts';
import { BUILD_PACKAGE, BUILD_PARQUET } from '../queues.ts';
import type { CompleteDeps } from './access-requests/complete-request.ts';
import { accessRequestJob } from './access-requests/job.ts';
import { type BuildDeps, buildPackage } from './build-package.ts';
import { buildParquet } from './build-parquet.ts';
import { failPackage } from './store.ts';

/** What the jobs of packages need. */
export type PackageJobDeps = BuildDeps & CompleteDeps;

/** A job works for one municipality, under the worker's own name. */
function tenantOfJob(municipality: string, jobId: string): Tenant {
  return { municipality: municipalityCodeOf(municipality), domains: null, clientId: 'worker', requestId: jobId };
}

/** @returns the handlers of the stage's queues. */
export function packageJobs(deps: PackageJobDeps): JobHandler<never>[] {
  const build: JobHandler<NonNullable<typeof BUILD_PACKAGE.payload>> = {
    queue: BUILD_PACKAGE,
    run: ({ municipality, packageId }, { jobId, signal }) =>
      buildPackage(deps, tenantOfJob(municipality, jobId), packageId, signal),
    async failed({ municipality, packageId }, error) {
      const tenant = tenantOfJob(municipality, 'failed');
      await withTenant(deps.pool, tenant, (tx) => failPackage(tx, packageId, error));
    },
  };
  const parquet: JobHandler<NonNullable<typeof BUILD_PARQUET.payload>> = {
    queue: BUILD_PARQUET,
    run: ({ municipality, packageId, table }, { jobId, signal }) =>
      buildParquet(deps, tenantOfJob(municipality, jobId), packageId, table, signal),
    // The next demand orders it again.
    failed: async () => {},
  };
  return [build, parquet, accessRequestJob(deps)] as unknown as JobHandler<never>[];
}
