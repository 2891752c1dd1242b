// PostgreSQL of the monthly review: the audit log of one municipality, added up by day. Nothing is written here.
import type { TenantTx } from '../../platform/postgres/tenancy.ts';
import type { DayLine } from './rules.ts';

/** A month of Denmark. */
export interface MonthBounds {
  /** The first instant that the review looks at: its days are compared with those before. */
  readonly since: Date;
  readonly from: Date;
  readonly to: Date;
  /** Ends of downloads count up to then. */
  readonly endsBefore: Date;
  readonly hasBegun: boolean;
  /** Whether nothing can be added to it any more. */
  readonly isFinal: boolean;
}

/**
 * The bounds of `month` (`YYYY-MM`). A row bears the time at which its transaction began and is seen when it has ended, which is bounded by hours; and
 * a download ends after it began. Both are over long before two days after the month.
 */
export async function findMonth(tx: TenantTx, month: string, lookBackDays: number): Promise<MonthBounds> {
  const [bounds] = await tx.query<MonthBounds>(
    `select (first - $2::integer)::timestamp at time zone zone as since, first::timestamp at time zone zone as "from", till as "to",
            till + interval '1 day' as "endsBefore", now() >= first::timestamp at time zone zone as "hasBegun",
            now() >= till + interval '2 days' as "isFinal"
       from (select first, zone, (first + interval '1 month') at time zone zone as till
               from (values (to_date($1, 'YYYY-MM'), 'Europe/Copenhagen')) as given(first, zone)) as month`,
    [month, lookBackDays],
  );
  return bounds as MonthBounds;
}

const numberIn = (object: string, name: string) =>
  `case when jsonb_typeof(${object} -> '${name}') = 'number' then (${object} ->> '${name}')::numeric else 0 end`;

/**
 * The log from `since` to `to`, a line per day, client, mandate, purpose, operation, domain and CPR numbers or not. A download counts on the day it
 * began; bytes are those sent, and all of the file where the log holds no end.
 */
export function sumDays(tx: TenantTx, { since, to, endsBefore }: MonthBounds): Promise<DayLine[]> {
  // The time of an end is compared in a form that no index serves: without fresh statistics PostgreSQL would look for each end among all of the time.
  return tx.query<DayLine>(
    `select (s.at at time zone 'Europe/Copenhagen')::date::text as day, s.client_id as client, s.mandate_id as mandate, s.purpose, s.operation,
            s.object ->> 'domain' as domain, coalesce(s.object ->> 'cpr' = 'true', false) as cpr,
            count(*) filter (where s.outcome <> 'refused') as entries,
            count(*) filter (where e.outcome = 'complete') as complete,
            count(*) filter (where e.outcome = 'broken-off') as "brokenOff",
            count(*) filter (where s.outcome = 'started' and e.completes is null) as "withoutEnd",
            count(*) filter (where s.outcome = 'nothing-sent') as "nothingSent",
            coalesce(sum(${numberIn('s.object', 'refusals')}) filter (where s.outcome = 'refused'), 0)::bigint as refused,
            sum(${numberIn('s.object', 'rows')})::bigint as rows,
            sum(case when s.outcome <> 'started' then 0
                     when e.completes is null then ${numberIn('s.object', 'bytes')}
                     else ${numberIn('e.object', 'bytes')} end)::bigint as bytes,
            min(s.at) as first, max(s.at) as last
       from audit_entry s
       left join audit_entry e on e.municipality_code = s.municipality_code and e.completes = s.entry and e.at + interval '0' < $4
      where s.completes is null and s.municipality_code = $1 and s.at >= $2 and s.at < $3
      group by 1, 2, 3, 4, 5, 6, 7`,
    [tx.tenant.municipality, since, to, endsBefore],
  );
}
