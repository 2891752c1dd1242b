// Making a calendar feed: an address with a secret, for a calendar program that can send no token. One transaction with its audit row.
import type pg from 'pg';
import { digestOf, type Principal, requireDomain, SCOPE_MISSING, writeAudit } from '../../../access/index.ts';
import { Problem } from '../../../platform/http/problem.ts';
import { type Tenant, withTenant } from '../../../platform/postgres/tenancy.ts';
import { FEED_NEEDS_CLIENT, TOO_MANY_FEEDS } from './errors.ts';
import { FEED_TEXTS, MOST_FEEDS, SHOWN_BY } from './rules-feeds.ts';
import { countLiveFeeds, type Feed, insertFeed } from './store-feeds.ts';

/** What feeds need. */
export interface FeedDeps {
  readonly pool: pg.Pool;
  readonly secrets: { readonly rootSecret: Uint8Array };
}

export interface NewFeed {
  readonly name: string;
  readonly domains?: readonly string[] | null;
}

/**
 * Makes a feed that shows no more than the caller may see: its domains, and nothing at all without the scope that lets see deliveries.
 * @returns the feed as it is kept, and the secret of its address, which nobody sees again
 * @throws Problem `feed-needs-client`, `scope-missing`, `domain-missing`, `too-many-calendar-feeds`
 */
export function createFeed(
  { pool, secrets }: FeedDeps,
  principal: Principal,
  tenant: Tenant,
  wanted: NewFeed,
): Promise<{ readonly feed: Feed; readonly text: string }> {
  if (!principal.isRegistered) throw new Problem(FEED_NEEDS_CLIENT);
  if (!principal.scopes.has(SHOWN_BY)) throw new Problem(SCOPE_MISSING, undefined, { scope: SHOWN_BY });
  const domains = wanted.domains ?? tenant.domains;
  for (const domain of domains ?? []) requireDomain(principal, domain);
  const { id: calendarFeedId, text } = FEED_TEXTS.make(tenant.municipality, secrets.rootSecret);
  return withTenant(pool, tenant, async (tx) => {
    if ((await countLiveFeeds(tx)) >= MOST_FEEDS) throw new Problem(TOO_MANY_FEEDS);
    const feed = await insertFeed(tx, { calendarFeedId, name: wanted.name, domains, sha256: digestOf(text) });
    await writeAudit(tx, 'createCalendarFeed', { calendarFeed: calendarFeedId, domains: domains?.join(' ') ?? null });
    return { feed, text };
  });
}
