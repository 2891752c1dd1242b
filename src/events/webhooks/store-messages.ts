// PostgreSQL of messages: queueing them, taking them up, and what became of them. Any number of workers take up messages at once.
import type { SystemTx, TenantTx } from '../../platform/postgres/tenancy.ts';
import type { Attempt, Webhook } from './store.ts';

/** Queues a message that is no event, in place of one of its kind that still waits. */
export async function insertProbe(
  tx: TenantTx,
  probe: {
    readonly webhookId: string;
    readonly messageId: string;
    readonly kind: 'test' | 'challenge';
    readonly challenge: string | null;
  },
): Promise<void> {
  const { webhookId, messageId, kind, challenge } = probe;
  await tx.query(
    `delete from webhook_message where municipality_code = $1 and webhook_id = $2 and kind = $3 and state = 'waiting'`,
    [tx.tenant.municipality, webhookId, kind],
  );
  await tx.query(
    'insert into webhook_message (municipality_code, webhook_id, message_id, kind, challenge) values ($1, $2, $3, $4, $5)',
    [tx.tenant.municipality, webhookId, messageId, kind, challenge],
  );
}

/** Queues events again, under their own ids: the one of `eventId`, or all since a time. What waits already stays as it is. @returns how many events there are */
export async function requeueEvents(
  tx: TenantTx,
  { webhookId, types, domains }: Webhook,
  which: { readonly eventId: string | null; readonly since: Date | null },
): Promise<number> {
  const rows = await tx.query<{ count: number }>(
    `with chosen as (
       select event_id from event where municipality_code = $1 and ($3::uuid is null or event_id = $3) and ($4::timestamptz is null or at >= $4)
         and ($5::text[] is null or type = any ($5)) and ($6::text[] is null or domain = any ($6))),
     queued as (
       insert into webhook_message (municipality_code, webhook_id, message_id, kind) select $1, $2, event_id, 'event' from chosen
       on conflict (municipality_code, webhook_id, message_id)
       do update set state = 'waiting', since = now(), next_at = now(), attempts = 0 where webhook_message.state <> 'waiting')
     select count(*)::int as count from chosen`,
    [tx.tenant.municipality, webhookId, which.eventId, which.since, types, domains],
  );
  return rows[0]?.count ?? 0;
}

/** A message that was taken up, with all that is needed to send it. `attempts` counts this one, and tells it from a later one of the same message. */
export interface TakenMessage {
  readonly municipality: string;
  readonly webhookId: string;
  readonly url: string;
  readonly messageId: string;
  readonly kind: 'event' | 'test' | 'challenge';
  readonly challenge: string | null;
  readonly attempts: number;
  readonly since: Date;
  /** Milliseconds since the message was first due. */
  readonly elapsed: number;
  /** Those that are live, newest first. */
  readonly sealed: readonly Buffer[];
  /** Null for what is no event, and for an event that is kept no longer. */
  readonly sequence: number | null;
  readonly type: string | null;
  readonly domain: string | null;
  readonly at: Date | null;
  readonly data: object | null;
}

export interface Take {
  /** Webhooks that this worker is busy with. */
  readonly busy: readonly string[];
  /** Those whose newest attempt failed, or the others. */
  readonly failing: boolean;
  readonly webhooks: number;
  readonly ofEach: number;
  /** Seconds after which a message that nothing was heard of is anybody's again. */
  readonly lease: number;
}

/**
 * Takes up due messages: of each webhook the oldest, of the webhooks those first that were tried longest ago. A row that another worker is about to take is
 * passed over. What a client registered that was disabled since waits.
 */
export function takeMessages(tx: SystemTx, { busy, failing, webhooks, ofEach, lease }: Take): Promise<TakenMessage[]> {
  return tx.query<TakenMessage>(
    `with due as (
       select w.municipality_code, w.webhook_id, w.url from webhook w
       where w.status <> 'disabled' and w.webhook_id <> all ($1::uuid[]) and (w.failing_since is not null) = $2
         and exists (select from webhook_message m where m.municipality_code = w.municipality_code and m.webhook_id = w.webhook_id
           and m.state = 'waiting' and m.next_at <= now())
         and not exists (select from client c where c.municipality_code = w.municipality_code and c.client_id = w.created_by
           and c.status = 'disabled')
       order by w.tried_at nulls first limit $3 for update of w skip locked),
     tried as (
       update webhook w set tried_at = now() from due where w.municipality_code = due.municipality_code and w.webhook_id = due.webhook_id),
     taken as (
       select due.url, m.* from due cross join lateral (
         select municipality_code, webhook_id, message_id from webhook_message m
         where m.municipality_code = due.municipality_code and m.webhook_id = due.webhook_id and m.state = 'waiting' and m.next_at <= now()
         order by m.next_at limit $4 for update skip locked) m)
     update webhook_message m set next_at = now() + make_interval(secs => $5), attempts = m.attempts + 1
       from taken left join event e on e.municipality_code = taken.municipality_code and e.event_id = taken.message_id
      where m.municipality_code = taken.municipality_code and m.webhook_id = taken.webhook_id and m.message_id = taken.message_id
     returning m.municipality_code as municipality, m.webhook_id as "webhookId", taken.url, m.message_id as "messageId", m.kind, m.challenge,
       m.attempts, m.since, (extract(epoch from now() - m.since) * 1000)::float8 as elapsed, e.sequence, e.type, e.domain, e.at, e.data,
       (select coalesce(array_agg(s.sealed order by s.expires_at desc nulls first), '{}') from webhook_secret s
         where s.municipality_code = m.municipality_code and s.webhook_id = m.webhook_id and (s.expires_at is null or s.expires_at > now())) as sealed`,
    [busy, failing, webhooks, ofEach, lease],
  );
}

export async function insertAttempt(
  tx: TenantTx,
  webhookId: string,
  { messageId, type, at, durationMs, outcome, status }: Omit<Attempt, 'attempt'>,
): Promise<void> {
  await tx.query(
    `insert into webhook_attempt (municipality_code, webhook_id, message_id, type, at, duration_ms, outcome, status)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [tx.tenant.municipality, webhookId, messageId, type, at, durationMs, outcome, status],
  );
}

/** Ends a message, whoever has taken it up meanwhile. */
export async function endMessage(
  tx: TenantTx,
  webhookId: string,
  messageId: string,
  state: 'delivered' | 'given-up',
): Promise<void> {
  await tx.query(
    'update webhook_message set state = $4 where municipality_code = $1 and webhook_id = $2 and message_id = $3',
    [tx.tenant.municipality, webhookId, messageId, state],
  );
}

/** Puts a message off, unless it was taken up again since (this worker stood still, say), or replayed. */
export async function putOff(
  tx: TenantTx,
  { webhookId, messageId, attempts }: TakenMessage,
  milliseconds: number,
): Promise<void> {
  await tx.query(
    `update webhook_message set next_at = now() + make_interval(secs => $5)
     where municipality_code = $1 and webhook_id = $2 and message_id = $3 and attempts = $4 and state = 'waiting'`,
    [tx.tenant.municipality, webhookId, messageId, attempts, milliseconds / 1000],
  );
}

/**
 * Makes due what waits for longer than anything is put off: it was queued, or put off, while PostgreSQL's clock ran ahead.
 * @param longest milliseconds
 */
export async function mendWaits(tx: SystemTx, longest: number): Promise<void> {
  await tx.query(
    `update webhook_message set next_at = now(), since = least(since, now())
     where state = 'waiting' and next_at > now() + make_interval(secs => $1)`,
    [longest / 1000],
  );
}

/** Gives up all that waits for a webhook. */
export async function giveUp(tx: TenantTx, webhookId: string): Promise<void> {
  await tx.query(
    `update webhook_message set state = 'given-up' where municipality_code = $1 and webhook_id = $2 and state = 'waiting'`,
    [tx.tenant.municipality, webhookId],
  );
}

/** Forgets attempts and ended messages of before `before`, what is left of webhooks that were deleted, and secrets that at `now` sign no more. */
export async function deleteOldAttempts(tx: SystemTx, before: Date, now: Date): Promise<void> {
  await tx.query('delete from webhook_attempt where at < $1', [before]);
  await tx.query(`delete from webhook_message where state <> 'waiting' and next_at < $1`, [before]);
  await tx.query(
    `delete from webhook_message m where not exists (select from webhook w
       where w.municipality_code = m.municipality_code and w.webhook_id = m.webhook_id)`,
  );
  await tx.query('delete from webhook_secret where expires_at < $1', [now]);
}
