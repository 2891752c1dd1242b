// PostgreSQL of events: adding them with the next number of their municipality and a message for each webhook that is to hear of it, reading them in order, and forgetting old ones.
import type { PublishedTx, SystemTx, TenantTx } from '../platform/postgres/tenancy.ts';

/** An event without its number. `domain` is empty for those of none. */
export interface StoredEvent {
  readonly eventId: string;
  readonly type: string;
  readonly domain: string;
  readonly data: object;
}

/** An event as its municipality reads it. */
export interface NumberedEvent extends StoredEvent {
  readonly sequence: number;
  readonly at: Date;
}

/**
 * The row of the counter is locked from here to the end of the transaction, so numbers are given in the order of commits and none is lost: who reads
 * number n sees all below it, ever. An upsert of one row is the cheapest lock that does: an advisory lock would be a statement more, and a sequence
 * gives numbers that commit out of order. What is to be sent to webhooks is queued in the same statement. The time is that of the number, not of the transaction's start, so that it rises with it.
 * @param likely this process's time: that of an event where PostgreSQL's clock is more than a minute behind it, lest the event be taken for an old one
 */
export async function insertEvent(
  tx: TenantTx,
  { eventId, type, domain, data }: StoredEvent,
  likely: Date,
): Promise<void> {
  await tx.query(
    `with counter as (
       insert into event_counter (municipality_code, last) values ($1, 1)
       on conflict (municipality_code) do update set last = event_counter.last + 1 returning last),
     queued as (
       insert into webhook_message (municipality_code, webhook_id, message_id, kind) select $1, webhook_id, $2, 'event' from webhook
       where municipality_code = $1 and status = 'active' and (types is null or $3 = any (types)) and (domains is null or $4 = any (domains)))
     insert into event (municipality_code, sequence, event_id, type, domain, at, data)
     select $1, last, $2, $3, $4, case when $6 > clock_timestamp() + interval '1 minute' then $6 else clock_timestamp() end, $5 from counter`,
    [tx.tenant.municipality, eventId, type, domain, JSON.stringify(data), likely],
  );
}

export async function insertNationwideEvent(
  tx: PublishedTx | SystemTx,
  { eventId, type, domain, data }: StoredEvent,
): Promise<void> {
  await tx.query('insert into nationwide_event (event_id, type, domain, data) values ($1, $2, $3, $4)', [
    eventId,
    type,
    domain,
    JSON.stringify(data),
  ]);
}

/** Nationwide events that some municipality may lack, in the order in which they were written. */
export function listWaiting(tx: SystemTx): Promise<StoredEvent[]> {
  return tx.query<StoredEvent>(
    `select event_id as "eventId", type, domain, data from nationwide_event where distributed_at is null
     order by written_at, event_id limit 100`,
  );
}

/** @returns those of `municipalities` that have no such event yet */
export async function listLacking(
  tx: SystemTx,
  eventId: string,
  municipalities: readonly string[],
): Promise<readonly string[]> {
  const rows = await tx.query<{ code: string }>(
    `select code from unnest($2::text[]) as code
     where not exists (select from event where municipality_code = code and event_id = $1) order by code`,
    [eventId, municipalities],
  );
  return rows.map(({ code }) => code);
}

export async function markDistributed(tx: SystemTx, eventId: string): Promise<void> {
  await tx.query('update nationwide_event set distributed_at = now() where event_id = $1 and distributed_at is null', [
    eventId,
  ]);
}

/** How far a municipality's numbers go: `last` is the newest, and all up to `goneUntil` are forgotten. */
export interface Reach {
  readonly last: number;
  readonly goneUntil: number;
}

export async function readReach(tx: TenantTx): Promise<Reach> {
  const [reach] = await tx.query<Reach>(
    'select last, gone_until as "goneUntil" from event_counter where municipality_code = $1',
    [tx.tenant.municipality],
  );
  return reach ?? { last: 0, goneUntil: 0 };
}

/** Events with numbers above `after`, in their order; of `types`, or (null) of all. The transaction sees those of its domains only. */
export function listEvents(
  tx: TenantTx,
  after: number,
  types: readonly string[] | null,
  limit: number,
): Promise<NumberedEvent[]> {
  return tx.query<NumberedEvent>(
    `select sequence, event_id as "eventId", type, domain, at, data from event
     where municipality_code = $1 and sequence > $2 and ($3::text[] is null or type = any ($3))
     order by sequence limit $4`,
    [tx.tenant.municipality, after, types, limit],
  );
}

/**
 * Forgets events of before `before`, each municipality's up to a number, and notes that number. An event has its place: one that seems old or to come
 * between others was written while a clock was wrong, and goes when those before it and after it go.
 * @returns how many
 */
export async function deleteOldEvents(tx: SystemTx, before: Date, now: Date): Promise<number> {
  const rows = await tx.query<{ gone: number }>(
    `with old as (
       select c.municipality_code, (select max(e.sequence) from event e
         where e.municipality_code = c.municipality_code and e.at < $1 and e.sequence < all (select min(recent.sequence) from event recent
           where recent.municipality_code = c.municipality_code and recent.at between $1 and $2 having count(*) > 0)) as until
       from event_counter c order by c.municipality_code),
     noted as (
       update event_counter c set gone_until = old.until from old
       where c.municipality_code = old.municipality_code and old.until > c.gone_until returning c.municipality_code),
     gone as (
       delete from event e using old where e.municipality_code = old.municipality_code and e.sequence <= old.until returning 1)
     select count(*) as gone from gone`,
    [before, now],
  );
  await tx.query('delete from nationwide_event where distributed_at < $1', [before]);
  return rows[0]?.gone ?? 0;
}
