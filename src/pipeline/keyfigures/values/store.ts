// PostgreSQL of released values as readers ask for them. Published tables only.
import type { PublishedTx } from '../../../platform/postgres/tenancy.ts';
import type { ReleasedCell } from '../releases/rules.ts';

/** A published release of a domain. */
export interface PublishedRelease {
  readonly releaseId: string;
  readonly publishedAt: Date;
}

/** All releases of a domain that were published before a time. */
export interface PublishedReleases {
  /** Oldest first. */
  readonly releases: readonly PublishedRelease[];
  readonly readAt: Date;
}

/** Waits for a publication that has its time already but is not committed yet: what is published later has a later time than `readAt`. */
export async function readPublished(tx: PublishedTx, domain: string): Promise<PublishedReleases> {
  const [lock] = await tx.query<{ at: Date }>(
    `select pg_advisory_xact_lock_shared(hashtextextended('publish release ' || $1, 0))::text, clock_timestamp() as at`,
    [domain],
  );
  const releases = await tx.query<PublishedRelease>(
    `select release_id as "releaseId", published_at as "publishedAt" from release
     where domain = $1 and state = 'published' order by published_at, number`,
    [domain],
  );
  return { releases, readAt: lock?.at ?? new Date(0) };
}

/** Which cells of one key figure in one release. */
export interface CellQuery {
  readonly releaseId: string;
  readonly keyFigure: string;
  /** Null: all. */
  readonly municipalities: readonly string[] | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly breakdown: BreakdownFilter;
}

/** `exact`: this breakdown (`''`: the totals). `column`: every code of a column. */
export type BreakdownFilter = { readonly exact: string } | { readonly column: string };

export type MunicipalityCell = Omit<ReleasedCell, 'keyFigure'> & { readonly municipality: string };

/** Up to `count` cells after the position, in the order of the primary key. */
export async function readCells(
  tx: PublishedTx,
  query: CellQuery,
  after: readonly string[] | null,
  count: number,
): Promise<MunicipalityCell[]> {
  const exact = 'exact' in query.breakdown ? query.breakdown.exact : null;
  const prefix = 'column' in query.breakdown ? `${query.breakdown.column}=` : null;
  return tx.query(
    `select municipality_code as municipality, period, breakdown, numerator::text as numerator,
       denominator::text as denominator, value::text as value, status, reason
     from released_value
     where release_id = $1 and key_figure = $2
       and ($3::text is null or period >= $3) and ($4::text is null or period <= $4)
       and (breakdown = $5 or starts_with(breakdown, $6)) and ($7::text[] is null or municipality_code = any($7))
       and ($8::text is null or (period, breakdown, municipality_code) > ($8, $9, $10))
     order by period, breakdown, municipality_code limit $11`,
    [
      query.releaseId,
      query.keyFigure,
      query.from,
      query.to,
      exact,
      prefix,
      query.municipalities,
      after?.[0] ?? null,
      after?.[1] ?? null,
      after?.[2] ?? null,
      count,
    ],
  );
}
