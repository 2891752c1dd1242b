// Reads which slices hold at a revision. A raw file is opened only through a row read here, in a municipality's own transaction.
import type { DomainId } from '../domains/definition.ts';
import type { TenantTx } from '../platform/postgres/tenancy.ts';
import type { MunicipalityCode } from '../platform/tenant.ts';
import type { HeldSlice, Slice, SlicePair } from './slice.ts';

const SLICE_COLUMNS = `s.domain, s.table_name, s.period, s.sha256, s.schema_hash, s.rows, s.csv_bytes, s.csv_crc32,
  s.segment_key, s.segment_bytes, s.segment_sha256, s.segment_crc32, s.parquet_key, s.parquet_bytes, s.parquet_sha256`;

/** The newest change of each (table, period) up to `$2`: an index-only walk down the primary key, one row per slice of history. */
const HELD = `select distinct on (c.table_name, c.period) c.table_name, c.period, c.revision, c.slice_sha256, c.schema_hash
  from slice_change c
  where c.domain = $1 and c.revision <= $2
  order by c.table_name, c.period, c.revision desc`;

interface SliceRow {
  readonly domain: string;
  readonly table_name: string;
  readonly period: string;
  readonly sha256: string;
  readonly schema_hash: string;
  readonly rows: number;
  readonly csv_bytes: number;
  readonly csv_crc32: number;
  readonly segment_key: string;
  readonly segment_bytes: number;
  readonly segment_sha256: string;
  readonly segment_crc32: number | null;
  readonly parquet_key: string;
  readonly parquet_bytes: number;
  readonly parquet_sha256: string;
}

function sliceOf(row: SliceRow, municipality: MunicipalityCode): Slice {
  return {
    municipality,
    domain: row.domain,
    table: row.table_name,
    period: row.period,
    sha256: row.sha256,
    schemaHash: row.schema_hash,
    rows: row.rows,
    csvBytes: row.csv_bytes,
    csvCrc32: row.csv_crc32,
    segmentKey: row.segment_key,
    segmentBytes: row.segment_bytes,
    segmentSha256: row.segment_sha256,
    segmentCrc32: row.segment_crc32,
    parquetKey: row.parquet_key,
    parquetBytes: row.parquet_bytes,
    parquetSha256: row.parquet_sha256,
  };
}

/** @returns the newest revision of the municipality's `domain`; 0 when there is none. */
export async function latestRevision(tx: TenantTx, domain: DomainId): Promise<number> {
  const rows = await tx.query<{ revision: number }>(
    'select revision from revision where domain = $1 order by revision desc limit 1',
    [domain],
  );
  return rows[0]?.revision ?? 0;
}

/** @returns the newest revision of `domain` made at or before `asOf`; 0 when there was none yet. */
export async function revisionAt(tx: TenantTx, domain: DomainId, asOf: Date): Promise<number> {
  const rows = await tx.query<{ revision: number }>(
    'select revision from revision where domain = $1 and created_at <= $2 order by revision desc limit 1',
    [domain, asOf],
  );
  return rows[0]?.revision ?? 0;
}

/**
 * @returns the slices that hold at `revision` of `domain`, by table and period in binary order. Identity pairs are among them only when asked for.
 * Revision 0 is the empty list.
 */
export async function readRevision(
  tx: TenantTx,
  domain: DomainId,
  revision: number,
  options: { readonly identity?: boolean } = {},
): Promise<HeldSlice[]> {
  const rows = await tx.query<SliceRow & { revision: number }>(
    `select held.revision, ${SLICE_COLUMNS}
     from (${HELD}) held
     join slice s on s.table_name = held.table_name and s.period = held.period
       and s.sha256 = held.slice_sha256 and s.schema_hash = held.schema_hash
     where $3 or not starts_with(held.table_name, 'identitet_')
     order by held.table_name collate "C", held.period collate "C"`,
    [domain, revision, options.identity === true],
  );
  return rows.map((row) => ({ ...sliceOf(row, tx.tenant.municipality), revision: row.revision }));
}

/**
 * @returns the (table, period)s whose slice differs between the revisions `since` and `until`, by table and period; never identity pairs.
 * A changed `schemaHash` alone counts as a difference.
 */
export async function readSlicePairs(
  tx: TenantTx,
  domain: DomainId,
  since: number,
  until: number,
): Promise<SlicePair[]> {
  const [before, after, gone] = [
    await readRevision(tx, domain, since),
    await readRevision(tx, domain, until),
    await readGone(tx, domain, until),
  ];
  const pairs = new Map<string, SlicePair>();
  for (const from of before) {
    const { table, period } = from;
    pairs.set(`${table}/${period}`, {
      table,
      period,
      from,
      to: null,
      revision: gone.get(`${table}/${period}`) ?? until,
    });
  }
  for (const to of after) {
    const { table, period, revision } = to;
    pairs.set(`${table}/${period}`, {
      table,
      period,
      from: pairs.get(`${table}/${period}`)?.from ?? null,
      to,
      revision,
    });
  }
  return [...pairs.values()]
    .filter(({ from, to }) => from?.sha256 !== to?.sha256 || from?.schemaHash !== to?.schemaHash)
    .sort((a, b) => compareText(a.table, b.table) || compareText(a.period, b.period));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The revision at which each period that is gone at `until` went away. */
async function readGone(tx: TenantTx, domain: DomainId, until: number): Promise<Map<string, number>> {
  const rows = await tx.query<{ table_name: string; period: string; revision: number }>(
    `select held.table_name, held.period, held.revision from (${HELD}) held where held.slice_sha256 is null`,
    [domain, until],
  );
  return new Map(rows.map((row) => [`${row.table_name}/${row.period}`, row.revision]));
}
