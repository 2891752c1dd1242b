// Reads subscriptions for the municipality whose they are. Their state follows from their history, so it is filtered here and not in the database.
import type pg from 'pg';
import { writeAudit } from '../../../access/index.ts';
import { INVALID_CURSOR } from '../../../platform/http/errors.ts';
import { decodeCursor, encodeCursor, PAGE_OF_LIST } from '../../../platform/http/paging.ts';
import { NOT_FOUND, Problem } from '../../../platform/http/problem.ts';
import { type Tenant, withTenant } from '../../../platform/postgres/tenancy.ts';
import { presentSubscription, presentWholeSubscription } from './present-subscription.ts';
import { type SubscriptionState, stateOn } from './rules.ts';
import { findSubscription, type ListedSubscription, listSubscriptions, readToday } from './store.ts';

interface SubscriptionQuery {
  readonly domain?: string | undefined;
  readonly state?: SubscriptionState | undefined;
  readonly limit?: string | undefined;
  readonly cursor?: string | undefined;
}

const BATCH = 500;
const MICROSECONDS = /^[0-9]{1,16}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function decodePlace(cursor: string | undefined): [string, string] | undefined {
  if (cursor === undefined) return undefined;
  const [time = '', id = ''] = decodeCursor(cursor, 2);
  if (!MICROSECONDS.test(time) || !UUID.test(id)) throw new Problem(INVALID_CURSOR);
  return [time, id];
}

/** @returns a page, newest first, and the cursor of the next page. @throws Problem `invalid-cursor` */
export function readSubscriptions(
  pool: pg.Pool,
  tenant: Tenant,
  { domain, state, limit, cursor }: SubscriptionQuery,
): Promise<{ readonly items: ReturnType<typeof presentSubscription>[]; readonly cursor: string | null }> {
  const size = Number(limit ?? PAGE_OF_LIST.items);
  let after = decodePlace(cursor);
  return withTenant(pool, tenant, async (tx) => {
    const today = await readToday(tx);
    const found: ListedSubscription[] = [];
    for (let isMore = true; isMore && found.length <= size; ) {
      const batch = await listSubscriptions(tx, domain, after, BATCH);
      found.push(...batch.filter((one) => state === undefined || stateOn(one, today) === state));
      const last = batch.at(-1);
      if (last !== undefined) after = [last.position, last.subscriptionId];
      isMore = batch.length === BATCH;
    }
    await writeAudit(tx, 'listSubscriptions', { ...(domain === undefined ? {} : { domain }) });
    const page = found.slice(0, size);
    const last = page.at(-1);
    return {
      items: page.map((one) => presentSubscription(one, today)),
      cursor: found.length > size && last ? encodeCursor([last.position, last.subscriptionId]) : null,
    };
  });
}

/** @throws Problem `not-found` */
export function readSubscription(pool: pg.Pool, tenant: Tenant, id: string) {
  return withTenant(pool, tenant, async (tx) => {
    const subscription = await findSubscription(tx, id);
    if (subscription === undefined) throw new Problem(NOT_FOUND);
    await writeAudit(tx, 'getSubscription', { subscription: id, domain: subscription.domain });
    return presentWholeSubscription(subscription, await readToday(tx));
  });
}
