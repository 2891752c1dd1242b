// PostgreSQL of calendar feeds. A transaction sees the feeds of one municipality; the address of a feed is nowhere, only its digest.
import type { TenantTx } from '../../../platform/postgres/tenancy.ts';

export interface Feed {
  readonly calendarFeedId: string;
  readonly name: string;
  /** Null: every domain. */
  readonly domains: readonly string[] | null;
  readonly clientId: string;
  /** The mandate that it was made under; null: by the municipality's own client. */
  readonly mandateId: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
}

/** A feed as it is needed when its address is asked for. `isUseNoted`: not longer ago than a minute. */
export type PresentedFeed = Feed & { readonly sha256: Buffer; readonly isLive: boolean; readonly isUseNoted: boolean };

const COLUMNS = `feed_id as "calendarFeedId", name, domains, client_id as "clientId", mandate_id as "mandateId", created_at as "createdAt",
  expires_at as "expiresAt", revoked_at as "revokedAt", last_used_at as "lastUsedAt"`;
const IS_LIVE = '(revoked_at is null and expires_at > now())';
/** Who is restricted to domains has part in those feeds alone that show nothing else; who works under a mandate, in those that were made under it. */
const HAS_PART = '($2::text[] is null or domains <@ $2) and ($3::uuid is null or mandate_id = $3)';
const partOf = ({ tenant }: TenantTx) => [tenant.municipality, tenant.domains, tenant.mandate?.id ?? null];

/** Until the transaction ends nobody else makes a feed of the municipality. @returns how many of its feeds work */
export async function countLiveFeeds(tx: TenantTx): Promise<number> {
  const { municipality } = tx.tenant;
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 7))', [municipality]);
  const [found] = await tx.query<{ count: number }>(
    `select count(*)::int as count from calendar_feed where municipality_code = $1 and ${IS_LIVE}`,
    [municipality],
  );
  return found?.count ?? 0;
}

/** Adds a feed of the caller's that works for two years. */
export async function insertFeed(
  tx: TenantTx,
  feed: Pick<Feed, 'calendarFeedId' | 'name' | 'domains'> & { readonly sha256: Buffer },
): Promise<Feed> {
  const { municipality, clientId, mandate } = tx.tenant;
  const [row] = await tx.query<Feed>(
    `insert into calendar_feed (municipality_code, feed_id, name, sha256, domains, client_id, mandate_id, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, now() + interval '2 years') returning ${COLUMNS}`,
    [municipality, feed.calendarFeedId, feed.name, feed.sha256, feed.domains, clientId, mandate?.id ?? null],
  );
  return row as Feed;
}

/** Feeds that the caller has part in by id, after `after`. */
export function listFeeds(tx: TenantTx, after: string, limit: number): Promise<Feed[]> {
  return tx.query<Feed>(
    `select ${COLUMNS} from calendar_feed where municipality_code = $1 and ${HAS_PART} and feed_id > $4 order by feed_id limit $5`,
    [...partOf(tx), after, limit],
  );
}

/** Ends a feed that the caller has part in; one that was revoked keeps its time. @returns undefined when there is none */
export async function endFeed(tx: TenantTx, calendarFeedId: string): Promise<Feed | undefined> {
  const [row] = await tx.query<Feed>(
    `update calendar_feed set revoked_at = coalesce(revoked_at, now())
     where municipality_code = $1 and ${HAS_PART} and feed_id = $4 returning ${COLUMNS}`,
    [...partOf(tx), calendarFeedId],
  );
  return row;
}

/** What is needed of a feed whose address is asked for. */
export async function findPresentedFeed(tx: TenantTx, calendarFeedId: string): Promise<PresentedFeed | undefined> {
  const [row] = await tx.query<PresentedFeed>(
    `select ${COLUMNS}, sha256, ${IS_LIVE} as "isLive", coalesce(last_used_at > now() - interval '1 minute', false) as "isUseNoted"
     from calendar_feed where municipality_code = $1 and feed_id = $2`,
    [tx.tenant.municipality, calendarFeedId],
  );
  return row;
}

/** Notes that a feed was used now. */
export async function noteFeedUse(tx: TenantTx, calendarFeedId: string): Promise<void> {
  await tx.query('update calendar_feed set last_used_at = now() where municipality_code = $1 and feed_id = $2', [
    tx.tenant.municipality,
    calendarFeedId,
  ]);
}
