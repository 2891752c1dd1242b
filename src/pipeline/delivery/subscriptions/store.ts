// PostgreSQL of subscriptions: a row for each and a row for everything that happened to it. Rows are only ever added; the time is the database's.
import type { SystemTx, TenantTx, Tx } from '../../../platform/postgres/tenancy.ts';
import type { Day } from '../../../platform/time/local-time.ts';
import type { Agreement, Subscription, SubscriptionEvent, Terms } from './rules.ts';

/** What an event says; number, time and author are the store's to add. */
export type NewEvent = Pick<SubscriptionEvent, 'kind' | 'day' | 'terms'>;

/** That a subscription ends in so many days. */
export interface Notice {
  readonly municipality: string;
  readonly subscriptionId: string;
  readonly domain: string;
  readonly lastDay: Day;
  readonly days: number;
}

type Row = Omit<Subscription, 'history'> & {
  readonly history: readonly (Omit<SubscriptionEvent, 'at'> & { readonly at: string })[];
  /** Microseconds since 1970 of `createdAt`, which bears no more than milliseconds. */
  readonly position: string;
};

const MICROSECONDS = '(extract(epoch from s.created_at) * 1000000)::bigint';
const SUBSCRIPTION = `select s.subscription_id as "subscriptionId", s.municipality_code as municipality, s.domain, s.starts_on as "startsOn",
    s.commitment_months as "commitmentMonths", s.renewal_months as "renewalMonths", s.notice_months as "noticeMonths",
    s.created_at as "createdAt", ${MICROSECONDS}::text as position,
    (select json_agg(json_build_object('number', e.number, 'kind', e.kind, 'day', e.day, 'terms', e.terms, 'at', e.at,
                                       'clientId', e.client_id, 'mandateId', e.mandate_id) order by e.number)
       from subscription_event e where e.municipality_code = s.municipality_code and e.subscription_id = s.subscription_id) as history
  from subscription s`;
const EVENT_OF_KIND = `(select e.day from subscription_event e
    where e.municipality_code = s.municipality_code and e.subscription_id = s.subscription_id and e.kind =`;
const WAS_ACTIVATED = `exists ${EVENT_OF_KIND} 'activated')`;

/** A subscription and where it stands in a listing. */
export type ListedSubscription = Subscription & { readonly position: string };

function fromRow({ history, ...row }: Row): ListedSubscription {
  return { ...row, history: history.map((event) => ({ ...event, at: new Date(event.at) }) as SubscriptionEvent) };
}

/** The civil day that it is in Denmark. */
export async function readToday(tx: Tx): Promise<Day> {
  const [row] = await tx.query<{ today: Day }>(`select (now() at time zone 'Europe/Copenhagen')::date as today`);
  return row?.today as Day;
}

/** Until the transaction ends, nobody else agrees on anything about this domain of the municipality: what is checked stays as it is found. */
export async function lockAgreements(tx: TenantTx, domain: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 6))', [`${tx.tenant.municipality} ${domain}`]);
}

/** Adds a subscription with its first event. */
export async function insertSubscription(
  tx: TenantTx,
  id: string,
  agreement: Agreement,
  terms: Terms,
): Promise<Subscription> {
  const { domain, startsOn, commitmentMonths, renewalMonths, noticeMonths } = agreement;
  await tx.query(
    `insert into subscription (municipality_code, subscription_id, domain, starts_on, commitment_months, renewal_months, notice_months)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [tx.tenant.municipality, id, domain, startsOn, commitmentMonths, renewalMonths, noticeMonths],
  );
  return insertEvent(tx, id, { kind: 'proposed', day: startsOn, terms });
}

/** Adds what happens to a subscription now. @returns it with the event */
export async function insertEvent(tx: TenantTx, id: string, { kind, day, terms }: NewEvent): Promise<Subscription> {
  const { municipality, clientId, mandate } = tx.tenant;
  await tx.query(
    `insert into subscription_event (municipality_code, subscription_id, number, domain, kind, day, terms, client_id, mandate_id)
     select s.municipality_code, s.subscription_id, coalesce(max(e.number), 0) + 1, s.domain, $3, $4, $5, $6, $7
       from subscription s left join subscription_event e on e.municipality_code = s.municipality_code and e.subscription_id = s.subscription_id
      where s.municipality_code = $1 and s.subscription_id = $2 group by s.municipality_code, s.subscription_id`,
    [municipality, id, kind, day, terms === null ? null : JSON.stringify(terms), clientId, mandate?.id ?? null],
  );
  return (await findSubscription(tx, id)) as Subscription;
}

export async function findSubscription(tx: TenantTx, id: string): Promise<Subscription | undefined> {
  const rows = await tx.query<Row>(`${SUBSCRIPTION} where s.municipality_code = $1 and s.subscription_id = $2`, [
    tx.tenant.municipality,
    id,
  ]);
  return rows.map(fromRow)[0];
}

/** Of the municipality, newest first, after the one created at `after` (microseconds since 1970, and its id). */
export async function listSubscriptions(
  tx: TenantTx,
  domain: string | undefined,
  after: readonly [microseconds: string, id: string] | undefined,
  limit: number,
): Promise<ListedSubscription[]> {
  const rows = await tx.query<Row>(
    `${SUBSCRIPTION}
      where s.municipality_code = $1 and ($2::text is null or s.domain = $2)
        and ($3::bigint is null or (${MICROSECONDS}, s.subscription_id) < ($3::bigint, $4::uuid))
      order by s.created_at desc, s.subscription_id desc limit $5`,
    [tx.tenant.municipality, domain, after?.[0], after?.[1], limit],
  );
  return rows.map(fromRow);
}

/** Of the municipality, those of a domain (undefined: of every one) that may have a day from `from` on, in the order of their making. */
export async function listFrom(tx: TenantTx, domain: string | undefined, from: Day): Promise<Subscription[]> {
  const rows = await tx.query<Row>(
    `${SUBSCRIPTION}
      where s.municipality_code = $1 and ($2::text is null or s.domain = $2)
        and coalesce(${EVENT_OF_KIND} 'terminated') >= $3::date, true)
      order by s.created_at, s.subscription_id`,
    [tx.tenant.municipality, domain, from],
  );
  return rows.map(fromRow);
}

/** @returns the day on which the municipality's first subscription that it agreed to starts; null while there is none. */
export async function findFirstStart(tx: TenantTx): Promise<Day | null> {
  const [row] = await tx.query<{ first: Day | null }>(
    `select min(s.starts_on) as first from subscription s where s.municipality_code = $1 and ${WAS_ACTIVATED}`,
    [tx.tenant.municipality],
  );
  return row?.first ?? null;
}

/** Of all municipalities, those that are agreed to and have a day from `from` to `to`, both included; ask `termsOn` for the terms of a day. */
export async function listActive(tx: SystemTx, from: Day, to: Day): Promise<Subscription[]> {
  const rows = await tx.query<Row>(
    `${SUBSCRIPTION}
      where s.starts_on <= $2::date and ${WAS_ACTIVATED}
        and coalesce(${EVENT_OF_KIND} 'terminated') >= $1::date, true)
        and (s.renewal_months is not null or s.starts_on + make_interval(months => s.commitment_months) > $1::date)
      order by s.municipality_code, s.domain, s.created_at, s.subscription_id`,
    [from, to],
  );
  return rows.map(fromRow);
}

/** Of these, the notices that nobody has written down. */
export async function listUnnoticed(tx: SystemTx, notices: readonly Notice[]): Promise<Notice[]> {
  return tx.query<Notice>(
    `select n.* from jsonb_to_recordset($1) as n(municipality text, "subscriptionId" uuid, domain text, "lastDay" text, days integer)
      where not exists (select from subscription_notice s where s.municipality_code = n.municipality
        and s.subscription_id = n."subscriptionId" and s.last_day = n."lastDay"::date and s.days = n.days)`,
    [JSON.stringify(notices)],
  );
}

/** Writes it down. @returns false when somebody else has */
export async function insertNotice(tx: TenantTx, notice: Notice, now: Date): Promise<boolean> {
  const { municipality, subscriptionId, domain, lastDay, days } = notice;
  const rows = await tx.query(
    `insert into subscription_notice (municipality_code, subscription_id, domain, last_day, days, noticed_at)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning days`,
    [municipality, subscriptionId, domain, lastDay, days, now],
  );
  return rows.length === 1;
}
