// Announces the ends of access keys in their municipality's log, once 30 days ahead and once 7: nobody reads a key's settings before a nightly refresh fails.
import type pg from 'pg';
import { earlierTime } from '../../platform/postgres/earlier-time.ts';
import { type SystemTx, type Tenant, type TenantTx, withSystem, withTenant } from '../../platform/postgres/tenancy.ts';
import { municipalityCodeOf } from '../../platform/tenant.ts';
import { writeAudit } from '../audit/index.ts';
import { dueNotice } from './rules.ts';
import { listEndingKeys, markNoticed } from './store.ts';

/** The end of an access key that is near. */
export interface KeyEnd {
  readonly accessKey: string;
  readonly client: string;
  readonly days: number;
  readonly expiresAt: string;
}

/** Tells of it elsewhere, in the same transaction. Access stands below whatever it is told to. */
export type TellEnd = (tx: TenantTx, end: KeyEnd) => Promise<void>;

/** Any number of workers may do so at once. @returns how many were announced */
export async function announceEnds(pool: pg.Pool, clock: () => Date, tell: TellEnd): Promise<number> {
  const { now, ending } = await withSystem(pool, 'access keys that end', async (tx: SystemTx) => ({
    now: await earlierTime(tx, clock),
    ending: await listEndingKeys(tx),
  }));
  let announced = 0;
  for (const { municipality, accessKeyId, clientId, expiresAt, noticed } of ending) {
    const days = dueNotice(expiresAt, now, noticed);
    if (days === undefined) continue;
    const worker = { domains: null, clientId: 'worker', requestId: 'access-key-notice' };
    const tenant: Tenant = { ...worker, municipality: municipalityCodeOf(municipality) };
    await withTenant(pool, tenant, async (tx) => {
      if (!(await markNoticed(tx, accessKeyId, days))) return;
      const told = { accessKey: accessKeyId, client: clientId, days, expiresAt: expiresAt.toISOString() };
      await writeAudit(tx, 'announceAccessKeyEnd', told);
      await tell(tx, told);
      announced += 1;
    });
  }
  return announced;
}
