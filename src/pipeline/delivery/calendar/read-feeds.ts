// Reads a municipality's calendar feeds, and what one of them shows.
import type pg from 'pg';
import type { Catalogue } from '../../../domains/index.ts';
import { decodeCursor, encodeCursor, PAGE_OF_LIST } from '../../../platform/http/paging.ts';
import { NOT_FOUND, Problem } from '../../../platform/http/problem.ts';
import { type Tenant, withTenant } from '../../../platform/postgres/tenancy.ts';
import { addDays, dayOf } from '../../../platform/time/local-time.ts';
import type { FeedDeps } from './create-feed.ts';
import { presentFeed } from './present-feed.ts';
import { listEntries, SNAPSHOT } from './read-calendar.ts';
import { DAYS_AHEAD, DAYS_BACK } from './rules.ts';
import { FEED_TEXTS } from './rules-feeds.ts';
import { type Feed, findPresentedFeed, listFeeds } from './store-feeds.ts';

/** @returns a page of feeds by id, and the cursor of the next page. @throws Problem `invalid-cursor` */
export async function readFeeds(
  pool: pg.Pool,
  tenant: Tenant,
  cursor: string | undefined,
): Promise<{ readonly items: Feed[]; readonly cursor: string | null }> {
  const after = cursor === undefined ? '' : (decodeCursor(cursor, 1)[0] ?? '');
  const rows = await withTenant(pool, tenant, (tx) => listFeeds(tx, after, PAGE_OF_LIST.items + 1), { readOnly: true });
  const items = rows.slice(0, PAGE_OF_LIST.items);
  const last = items.at(-1);
  return { items, cursor: rows.length > PAGE_OF_LIST.items && last ? encodeCursor([last.calendarFeedId]) : null };
}

/** A feed whose address is asked for, and was verified. */
export interface AskedFeed {
  readonly tenant: Tenant;
  readonly secret: string;
  /** When the address ends. */
  readonly endsAt: Date;
}

/** @param origin scheme and host under which users reach the service. @returns the feed as iCalendar: a month back and a quarter ahead */
export async function readFeed(
  { pool, secrets, catalogue }: FeedDeps & { readonly catalogue: Catalogue },
  { tenant, secret, endsAt }: AskedFeed,
  now: Date,
  origin: string,
): Promise<string> {
  const id = FEED_TEXTS.parse(secret, secrets.rootSecret)?.id ?? '';
  const today = dayOf(now);
  const span = { from: addDays(today, -DAYS_BACK), to: addDays(today, DAYS_AHEAD) };
  return withTenant(
    pool,
    tenant,
    async (tx) => {
      const feed = await findPresentedFeed(tx, id);
      if (feed === undefined) throw new Problem(NOT_FOUND);
      const entries = await listEntries(tx, span, undefined, now);
      return presentFeed(catalogue, tenant.municipality, { feed, endsAt, entries }, now, origin);
    },
    SNAPSHOT,
  );
}
