// PostgreSQL of releases: rows that everyone may read, written by the one job that publishes them and never changed after.
import type { PublishedTx, SystemTx, Tx } from '../../../platform/postgres/tenancy.ts';
import { cellKey, type ReleasedCell } from './rules.ts';
import type { JudgedPin } from './store-values.ts';

export interface Release {
  /** `borger-3`. */
  readonly releaseId: string;
  readonly domain: string;
  readonly number: number;
  readonly state: 'requested' | 'published' | 'failed';
  readonly requestedAt: Date;
  readonly publishedAt: Date | null;
  readonly note: string | null;
}

const COLUMNS = `release_id as "releaseId", domain, number, state, requested_at as "requestedAt", published_at as "publishedAt", note`;

/** Makes requests for releases wait for each other until the transaction ends: they are rare, and numbers have no gaps or doubles. */
export async function lockRequests(tx: PublishedTx): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('request release', 0))`);
}

/** @returns the release that `client` requested with this key. */
export async function findByKey(tx: PublishedTx, client: string, key: string): Promise<Release | undefined> {
  const sql = `select ${COLUMNS} from release where requested_by = $1 and idempotency_key = $2`;
  return (await tx.query<Release>(sql, [client, key]))[0];
}

/** Inserts a requested release with the next number of its domain. */
export async function insertRelease(
  tx: PublishedTx,
  request: {
    readonly domain: string;
    readonly note: string | null;
    readonly client: string;
    readonly key: string | null;
  },
): Promise<Release> {
  const [release] = await tx.query<Release>(
    `insert into release (release_id, domain, number, state, requested_by, idempotency_key, note)
     select $1 || '-' || next.number, $1, next.number, 'requested', $2, $3, $4
     from (select coalesce(max(number), 0) + 1 as number from release where domain = $1) next
     returning ${COLUMNS}`,
    [request.domain, request.client, request.key, request.note],
  );
  return release as Release;
}

export async function findRelease(tx: Tx, releaseId: string): Promise<Release | undefined> {
  const sql = `select ${COLUMNS} from release where release_id = $1`;
  return (await tx.query<Release>(sql, [releaseId]))[0];
}

/** Up to `count` releases that were requested before the release `after`, newest first. */
export async function readReleases(
  tx: PublishedTx,
  { domain, after, count }: { readonly domain: string | null; readonly after: string | null; readonly count: number },
): Promise<Release[]> {
  return tx.query(
    `select ${COLUMNS} from release
     where ($1::text is null or domain = $1) and ($2::text is null or (requested_at, release_id) <
       (select last.requested_at, last.release_id from release last where last.release_id = $2))
     order by requested_at desc, release_id desc limit $3`,
    [domain, after, count],
  );
}

/** @returns the pins of a release by municipality and domain. */
export async function readReleasePins(tx: PublishedTx, releaseId: string): Promise<JudgedPin[]> {
  return tx.query(
    `select municipality_code as municipality, domain, revision, open_errors as "openErrors" from release_pin
     where release_id = $1 order by municipality_code, domain`,
    [releaseId],
  );
}

/** Takes a requested release for publication until the transaction ends. @returns undefined when it is requested no more. */
export async function takeRequested(tx: SystemTx, releaseId: string): Promise<Release | undefined> {
  const sql = `select ${COLUMNS} from release where release_id = $1 and state = 'requested' for update`;
  return (await tx.query<Release>(sql, [releaseId]))[0];
}

/** @returns per municipality the cells that the newest published release of `domain` suppressed. */
export async function readSuppressed(tx: SystemTx, domain: string): Promise<Map<string, Set<string>>> {
  const rows = await tx.query<{ municipality: string; keyFigure: string; period: string; breakdown: string }>(
    `select municipality_code as municipality, key_figure as "keyFigure", period, breakdown from released_value
     where status = 'suppressed' and release_id =
       (select release_id from release where domain = $1 and state = 'published' order by number desc limit 1)`,
    [domain],
  );
  const groups = Map.groupBy(rows, ({ municipality }) => municipality);
  return new Map(
    [...groups].map(([code, cells]) => [code, new Set(cells.map((cell) => cellKey(cell.keyFigure, cell)))]),
  );
}

/** Inserts the pins of a release. */
export async function insertPins(tx: SystemTx, releaseId: string, pins: readonly JudgedPin[]): Promise<void> {
  await tx.query(
    `insert into release_pin (release_id, municipality_code, domain, revision, open_errors)
     select $1, * from unnest($2::text[], $3::text[], $4::int[], $5::bool[])`,
    [
      releaseId,
      pins.map(({ municipality }) => municipality),
      pins.map(({ domain }) => domain),
      pins.map(({ revision }) => revision),
      pins.map(({ openErrors }) => openErrors),
    ],
  );
}

/** Inserts the cells of one municipality in one statement (one array per column). */
export async function insertCells(
  tx: SystemTx,
  releaseId: string,
  municipality: string,
  cells: readonly ReleasedCell[],
): Promise<void> {
  await tx.query(
    `insert into released_value
       (release_id, municipality_code, key_figure, period, breakdown, numerator, denominator, value, status, reason)
     select $1, $2, * from unnest($3::text[], $4::text[], $5::text[], $6::numeric[], $7::numeric[], $8::numeric[], $9::text[], $10::text[])`,
    [
      releaseId,
      municipality,
      cells.map(({ keyFigure }) => keyFigure),
      cells.map(({ period }) => period),
      cells.map(({ breakdown }) => breakdown),
      cells.map(({ numerator }) => numerator),
      cells.map(({ denominator }) => denominator),
      cells.map(({ value }) => value),
      cells.map(({ status }) => status),
      cells.map(({ reason }) => reason),
    ],
  );
}

/**
 * Makes a release visible with the caller's commit, which must come at once. The time is that of the statement, as the transaction may have begun much
 * earlier; until the commit, whoever asks for the newest release at a time waits (`readPublished`).
 */
export async function markPublished(tx: SystemTx, releaseId: string): Promise<void> {
  await tx.query(
    `select pg_advisory_xact_lock(hashtextextended('publish release ' || domain, 0))::text from release where release_id = $1`,
    [releaseId],
  );
  await tx.query(`update release set state = 'published', published_at = clock_timestamp() where release_id = $1`, [
    releaseId,
  ]);
}

/** Records that a requested release could not be published. */
export async function markFailed(tx: SystemTx, releaseId: string): Promise<void> {
  await tx.query(`update release set state = 'failed' where release_id = $1 and state = 'requested'`, [releaseId]);
}

/** Up to `count` cells of a release after the key (figure, period, breakdown, municipality), in the order of the primary key. */
export async function readReleaseCells(
  tx: PublishedTx,
  releaseId: string,
  after: readonly string[],
  count: number,
): Promise<(ReleasedCell & { readonly municipality: string })[]> {
  return tx.query(
    `select key_figure as "keyFigure", period, breakdown, municipality_code as municipality,
       numerator::text as numerator, denominator::text as denominator, value::text as value, status, reason
     from released_value
     where release_id = $1 and (key_figure, period, breakdown, municipality_code) > ($2, $3, $4, $5)
     order by key_figure, period, breakdown, municipality_code limit $6`,
    [releaseId, ...after, count],
  );
}
