// Takes a package back for the operator: its bytes leave no more, whoever subscribes is told, and gets a good one in its place. In ONE transaction.
import type pg from 'pg';
import { writeAudit } from '../../../access/index.ts';
import { appendEvent } from '../../../events/index.ts';
import { type Tenant, withTenant } from '../../../platform/postgres/tenancy.ts';
import type { JobSender } from '../../../platform/queue/queue.ts';
import { revokePackage } from '../../packages/index.ts';
import { PREPARE_DELIVERY } from '../../queues.ts';
import { LEAD_MS } from './rules.ts';
import { countDeliveriesOf, insertReplacements } from './store-replacements.ts';

export interface RevokeDeps {
  readonly pool: pg.Pool;
  readonly jobs: JobSender;
  readonly clock: () => Date;
}

/** What a revocation came to. */
export interface Revoked {
  readonly deliveries: number;
  readonly replacements: number;
}

/**
 * @param reason is shown to everyone who asks for the package
 * @returns undefined when the municipality has no such package that is ready; nothing has changed then
 */
export function revokeDelivered(
  { pool, jobs, clock }: RevokeDeps,
  tenant: Tenant,
  packageId: string,
  reason: string,
): Promise<Revoked | undefined> {
  const now = clock();
  return withTenant(pool, tenant, async (tx) => {
    const revoked = await revokePackage(tx, packageId, reason, now);
    if (revoked === undefined) return undefined;
    const { domain } = revoked;
    const deliveries = await countDeliveriesOf(tx, packageId);
    const replacing = await insertReplacements(tx, packageId, new Date(now.getTime() + LEAD_MS), now);
    for (const deliveryId of replacing) {
      const payload = { municipality: tenant.municipality, domain, deliveryId };
      await jobs.send(tx, PREPARE_DELIVERY, deliveryId, payload);
    }
    const counts = { deliveries, replacements: replacing.length };
    await writeAudit(tx, 'revokePackage', { package: packageId, domain, ...counts });
    await appendEvent(tx, { type: 'package.revoked', domain, data: { package: packageId, ...counts } });
    return counts;
  });
}
