// Tells municipalities that subscriptions end, once 30 days ahead and once 7: a delivery that stops without a word is found out by an empty report.
import type pg from 'pg';
import { appendEvent } from '../../../events/index.ts';
import { type Tenant, withSystem, withTenant } from '../../../platform/postgres/tenancy.ts';
import { municipalityCodeOf } from '../../../platform/tenant.ts';
import { dayOf } from '../../../platform/time/local-time.ts';
import { noticeOn } from './rules.ts';
import { insertNotice, listActive, listUnnoticed } from './store.ts';

/** Any number of workers may do so at once. @returns how many ends were told of */
export async function announceEnds(pool: pg.Pool, now: Date): Promise<number> {
  const today = dayOf(now);
  const due = await withSystem(pool, 'subscriptions that end', async (tx) => {
    const notices = (await listActive(tx, today, today)).flatMap((subscription) => {
      const { municipality, subscriptionId, domain } = subscription;
      const notice = noticeOn(subscription, today);
      return notice === undefined ? [] : [{ municipality, subscriptionId, domain, ...notice }];
    });
    return listUnnoticed(tx, notices);
  });
  let told = 0;
  for (const notice of due) {
    const { municipality, subscriptionId: subscription, domain, lastDay, days } = notice;
    const worker = { domains: null, clientId: 'worker', requestId: 'subscription-notice' };
    const tenant: Tenant = { ...worker, municipality: municipalityCodeOf(municipality) };
    await withTenant(pool, tenant, async (tx) => {
      if (!(await insertNotice(tx, notice, now))) return;
      await appendEvent(tx, { type: 'subscription.expiring', domain, data: { subscription, days, lastDay } });
      told += 1;
    });
  }
  return told;
}
