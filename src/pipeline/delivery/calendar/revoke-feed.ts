// Ending a calendar feed: from the commit on its address does not exist. One transaction with its audit row.
import type pg from 'pg';
import { writeAudit } from '../../../access/index.ts';
import { NOT_FOUND, Problem } from '../../../platform/http/problem.ts';
import { type Tenant, withTenant } from '../../../platform/postgres/tenancy.ts';
import { endFeed, type Feed } from './store-feeds.ts';

/** Doing so again changes nothing. @throws Problem `not-found` */
export function revokeFeed(pool: pg.Pool, tenant: Tenant, calendarFeedId: string): Promise<Feed> {
  return withTenant(pool, tenant, async (tx) => {
    const feed = await endFeed(tx, calendarFeedId);
    if (feed === undefined) throw new Problem(NOT_FOUND);
    await writeAudit(tx, 'revokeCalendarFeed', { calendarFeed: calendarFeedId });
    return feed;
  });
}
