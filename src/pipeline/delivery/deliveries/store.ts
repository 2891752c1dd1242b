// PostgreSQL of deliveries. The scheduler works across municipalities; everything else runs in the transaction of one.
import type { SystemTx, TenantTx } from '../../../platform/postgres/tenancy.ts';
import type { Day } from '../../../platform/time/local-time.ts';
import type { DueDelivery } from './rules.ts';

/** The last two follow from the package. */
export const DELIVERY_STATES = [
  'scheduled',
  'building',
  'ready',
  'fetched',
  'acknowledged',
  'revoked',
  'expired',
] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];
/** Why a delivery was not ready at its promised hour. */
export type LateReason = 'no-source-data' | 'source-delivery-rejected' | 'service';

export interface Delivery {
  readonly id: string;
  readonly subscriptionId: string;
  /** The delivery that this one makes good. */
  readonly replaces: string | null;
  readonly domain: string;
  readonly dueOn: Day;
  readonly promisedAt: Date;
  readonly nextPromisedAt: Date | null;
  readonly agreedKind: 'total' | 'delta';
  readonly tables: readonly string[];
  readonly formats: readonly string[];
  readonly state: DeliveryState;
  readonly packageId: string | null;
  readonly revision: number | null;
  readonly epochStart: Date | null;
  readonly unchanged: 'no-new-source-data' | 'source-delivery-rejected' | null;
  readonly lateReason: LateReason | null;
  readonly readyAt: Date | null;
  readonly fetchedAt: Date | null;
  readonly acknowledgedAt: Date | null;
  /** Compact JWS, once ready. */
  readonly manifest: string | null;
  /** Of its package. */
  readonly keptUntil: Date | null;
  readonly revokedAt: Date | null;
  readonly revocationReason: string | null;
}

const ofPackage = (column: string) =>
  `(select p.${column} from package p where p.municipality_code = d.municipality_code and p.package_id = d.package_id)`;

/** The state of `delivery d` as it is shown: what cannot be fetched any more is not among what is ready. */
export const STATE = `case when ${ofPackage('revoked_at')} is not null and d.ready_at is not null then 'revoked'
  when d.state in ('ready', 'fetched') and ${ofPackage('state')} = 'expired' then 'expired' else d.state end`;

const DELIVERY = `d.delivery_id as id, d.subscription_id as "subscriptionId", d.replaces, d.domain, d.due_on::text as "dueOn", d.promised_at as "promisedAt",
  d.next_promised_at as "nextPromisedAt", d.agreed_kind as "agreedKind", d.tables, d.formats, ${STATE} as state, d.package_id as "packageId",
  d.revision, d.epoch_start as "epochStart", d.unchanged, d.late_reason as "lateReason", d.ready_at as "readyAt",
  d.fetched_at as "fetchedAt", d.acknowledged_at as "acknowledgedAt", d.manifest,
  ${ofPackage('kept_until')} as "keptUntil", ${ofPackage('revoked_at')} as "revokedAt", ${ofPackage('revocation_reason')} as "revocationReason"`;

/** @returns the day after the last one that a delivery exists for, by subscription; those without any are not in it. */
export async function readScheduledUntil(tx: SystemTx | TenantTx): Promise<ReadonlyMap<string, Day>> {
  const rows = await tx.query<{ id: string; next: Day }>(
    'select subscription_id as id, (max(due_on) + 1)::text as next from delivery group by subscription_id',
  );
  return new Map(rows.map(({ id, next }) => [id, next]));
}

/** Adds a delivery in state `scheduled`. @returns false when another worker has added it */
export async function insertDelivery(
  tx: SystemTx,
  subscription: { readonly municipality: string; readonly subscriptionId: string; readonly domain: string },
  id: string,
  { day, promisedAt, nextPromisedAt, terms }: DueDelivery,
  now: Date,
): Promise<boolean> {
  const rows = await tx.query(
    `insert into delivery (municipality_code, delivery_id, subscription_id, domain, due_on, promised_at, next_promised_at,
       agreed_kind, tables, formats, state, asked_at, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'scheduled', $11, $11) on conflict do nothing returning delivery_id`,
    [
      ...[subscription.municipality, id, subscription.subscriptionId, subscription.domain, day, promisedAt],
      ...[nextPromisedAt, terms.kind, terms.tables, terms.formats, now],
    ],
  );
  return rows.length === 1;
}

/** What was asked for so long ago, and is not ready: whoever was to prepare it is gone, or there was nothing to deliver yet. */
export async function takeOverdue(
  tx: SystemTx,
  askedBefore: Date,
  now: Date,
): Promise<{ municipality: string; domain: string; id: string }[]> {
  return tx.query(
    `update delivery d set asked_at = $2
      where d.state in ('scheduled', 'building') and d.asked_at < $1
        and exists (select from revision r where r.municipality_code = d.municipality_code and r.domain = d.domain)
      returning d.municipality_code as municipality, d.domain, d.delivery_id as id`,
    [askedBefore, now],
  );
}

/** Deliveries whose promised hour has passed without anybody having said so. */
export async function listUnnotedLate(tx: SystemTx, now: Date): Promise<{ municipality: string; id: string }[]> {
  return tx.query(
    `select municipality_code as municipality, delivery_id as id from delivery
      where state in ('scheduled', 'building') and promised_at <= $1 and late_reason is null
      order by promised_at, delivery_id limit 1000`,
    [now],
  );
}

/** Notes why a delivery is late. @returns it; undefined when it is ready by now, or was noted */
export async function noteLate(tx: TenantTx, id: string, now: Date): Promise<Delivery | undefined> {
  const [row] = await tx.query<Delivery>(
    `update delivery d set late_reason = case
         when exists (select from revision r where r.domain = d.domain) then 'service'
         when (${NEWEST_SOURCE_STATE}) in ('rejected', 'failed') then 'source-delivery-rejected'
         else 'no-source-data' end
      where d.delivery_id = $1 and d.state in ('scheduled', 'building') and d.promised_at <= $2 and d.late_reason is null
      returning ${DELIVERY}`,
    [id, now],
  );
  return row;
}

const NEWEST_SOURCE_STATE = `select s.state from source_delivery s where s.domain = d.domain and s.finished_at is not null
  order by s.finished_at desc limit 1`;

export async function findDelivery(
  tx: TenantTx,
  id: string,
  options: { lock?: boolean } = {},
): Promise<Delivery | undefined> {
  const [row] = await tx.query<Delivery>(
    `select ${DELIVERY} from delivery d where d.delivery_id = $1${options.lock ? ' for update' : ''}`,
    [id],
  );
  return row;
}

/**
 * The delivery of the subscription that was ready last before this one was due: the next rests on it. It rests on nothing when a package was revoked
 * since the last total: receivers have that one in what they hold, or miss it.
 */
export async function findBefore(
  tx: TenantTx,
  { subscriptionId, dueOn }: Delivery,
): Promise<(Pick<Delivery, 'id'> & { revision: number; epochStart: Date; readyAt: Date }) | undefined> {
  const [row] = await tx.query<{ id: string; revision: number; epochStart: Date; readyAt: Date }>(
    `with held as (
       select d.*, p.kind, p.revoked_at from delivery d
         join package p on p.municipality_code = d.municipality_code and p.package_id = d.package_id
        where d.subscription_id = $1 and d.due_on <= $2::date and d.ready_at is not null)
     select before.* from (
       select delivery_id as id, revision, epoch_start as "epochStart", ready_at as "readyAt" from held
        where due_on < $2::date order by due_on desc, ready_at desc limit 1) before
      where not exists (select from held where revoked_at is not null
        and ready_at >= (select max(ready_at) from held where kind = 'total'))`,
    [subscriptionId, dueOn],
  );
  return row;
}

/** Whether a source delivery of the domain was rejected since `since`, and none accepted. */
export async function wasRejectedSince(tx: TenantTx, domain: string, since: Date): Promise<boolean> {
  const [row] = await tx.query<{ rejected: boolean }>(
    `select exists (select from source_delivery where domain = $1 and state in ('rejected', 'failed') and finished_at > $2) as rejected`,
    [domain, since],
  );
  return row?.rejected ?? false;
}

/** What a delivery is made of, from now on. */
export interface Basis {
  readonly packageId: string;
  readonly revision: number;
  readonly epochStart: Date;
  readonly unchanged: Delivery['unchanged'];
}

/** Settles what a delivery is made of. Only under the lock of `findDelivery`. */
export async function markBuilding(tx: TenantTx, id: string, basis: Basis): Promise<void> {
  await tx.query(
    `update delivery set state = 'building', package_id = $2, revision = $3, epoch_start = $4, unchanged = $5
      where delivery_id = $1 and state in ('scheduled', 'building')`,
    [id, basis.packageId, basis.revision, basis.epochStart, basis.unchanged],
  );
}

/** Makes it ready. @returns false when it is not being built from this package (any more): somebody else has done it */
export async function markReady(
  tx: TenantTx,
  id: string,
  packageId: string,
  manifest: string,
  now: Date,
): Promise<boolean> {
  const rows = await tx.query(
    `update delivery set state = 'ready', manifest = $3, ready_at = $4,
       late_reason = coalesce(late_reason, case when promised_at < $4 then 'service' end)
      where delivery_id = $1 and state = 'building' and package_id = $2 returning delivery_id`,
    [id, packageId, manifest, now],
  );
  return rows.length === 1;
}

/** What it was to be made of could not be built: the next try settles it anew. */
export async function markUnbuilt(tx: TenantTx, id: string): Promise<void> {
  await tx.query(
    `update delivery set state = 'scheduled', package_id = null, revision = null, epoch_start = null, unchanged = null
      where delivery_id = $1 and state = 'building'`,
    [id],
  );
}

/** Moves it on to `acknowledged`. */
export async function markAcknowledged(tx: TenantTx, id: string, now: Date): Promise<void> {
  await tx.query(`update delivery set state = 'acknowledged', acknowledged_at = $2 where delivery_id = $1`, [id, now]);
}

/** Filters of a listing; days are due days, both included. */
export interface DeliveryFilter {
  readonly domain: string | undefined;
  readonly subscriptionId: string | undefined;
  readonly state: DeliveryState | undefined;
  readonly from: Day | undefined;
  readonly to: Day | undefined;
}

/** @returns up to `limit` deliveries, the latest due day first, after the cursor (due day, id). */
export function listDeliveries(
  tx: TenantTx,
  { domain, subscriptionId, state, from, to }: DeliveryFilter,
  after: readonly [string, string] | undefined,
  limit: number,
): Promise<Delivery[]> {
  return tx.query<Delivery>(
    `select ${DELIVERY} from delivery d
      where ($1::text is null or d.domain = $1) and ($2::uuid is null or d.subscription_id = $2) and ($3::text is null or ${STATE} = $3)
        and ($4::date is null or d.due_on >= $4) and ($5::date is null or d.due_on <= $5)
        and ($6::date is null or (d.due_on, d.delivery_id) < ($6, $7::uuid))
      order by d.due_on desc, d.delivery_id desc limit $8`,
    [domain, subscriptionId, state, from, to, after?.[0], after?.[1], limit],
  );
}

/** How punctual the deliveries of a domain were in a month. */
export interface Punctuality {
  readonly domain: string;
  /** `YYYY-MM`. */
  readonly month: string;
  readonly due: number;
  readonly onTime: number;
  readonly late: number;
  readonly lateByReason: Readonly<Record<string, number>>;
}

/** @returns by domain and month of the due days from `from` to `to`, of deliveries whose promised hour has passed or that are ready. */
export function readPunctuality(tx: TenantTx, from: Day, to: Day, now: Date): Promise<Punctuality[]> {
  return tx.query<Punctuality>(
    `with judged as (
       select domain, to_char(due_on, 'YYYY-MM') as month, ready_at is not null and ready_at <= promised_at as on_time,
              coalesce(late_reason, 'service') as reason
         from delivery where due_on between $1 and $2 and (promised_at <= $3 or ready_at is not null))
     select domain, month, count(*)::integer as due, count(*) filter (where on_time)::integer as "onTime",
            count(*) filter (where not on_time)::integer as late,
            jsonb_build_object(
              'no-source-data', count(*) filter (where not on_time and reason = 'no-source-data'),
              'source-delivery-rejected', count(*) filter (where not on_time and reason = 'source-delivery-rejected'),
              'service', count(*) filter (where not on_time and reason = 'service')) as "lateByReason"
       from judged group by domain, month order by domain, month`,
    [from, to, now],
  );
}
