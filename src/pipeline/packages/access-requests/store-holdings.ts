// PostgreSQL's side of the search: which slices a municipality held since a time, and what its packages are made of. It reads rows; the files are
// searched elsewhere.
import type { TenantTx } from '../../../platform/postgres/tenancy.ts';
import type { HeldPart, PackagePart } from './rules.ts';

/** A slice whose file can be searched. */
export interface SearchedSlice {
  readonly domain: string;
  readonly table: string;
  readonly schemaHash: string;
  readonly segmentKey: string;
  readonly parquetKey: string;
}

/** @returns what was part of the municipality's data at some time since then, with its slices; slices without rows are left out. */
export function listHeld(tx: TenantTx, since: Date): Promise<(HeldPart & SearchedSlice)[]> {
  return tx.query(
    `select h.domain, h.table_name as "table", h.period, h.revision, h."from", h.until, s.schema_hash as "schemaHash",
            s.segment_key as "segmentKey", s.parquet_key as "parquetKey"
       from (select c.domain, c.table_name, c.period, c.revision, c.slice_sha256, c.schema_hash, r.created_at as "from",
                    lead(r.created_at) over (partition by c.domain, c.table_name, c.period order by c.revision) as until
               from slice_change c
               join revision r on r.municipality_code = c.municipality_code and r.domain = c.domain and r.revision = c.revision) h
       join slice s on s.table_name = h.table_name and s.period = h.period and s.sha256 = h.slice_sha256 and s.schema_hash = h.schema_hash
      where (h.until is null or h.until > $1) and s.rows > 0`,
    [since],
  );
}

/** @returns the slices with rows whose content is that of these segments. */
export function listSlicesOf(tx: TenantTx, segmentKeys: readonly string[]): Promise<SearchedSlice[]> {
  return tx.query<SearchedSlice>(
    `select domain, table_name as "table", schema_hash as "schemaHash", segment_key as "segmentKey", parquet_key as "parquetKey"
       from slice where segment_key = any ($1) and rows > 0`,
    [segmentKeys],
  );
}

/** @returns every package that was ever ready, and whether it was made since then. */
export function listReady(tx: TenantTx, since: Date): Promise<{ readonly id: string; readonly isRecent: boolean }[]> {
  return tx.query(`select package_id as id, created_at >= $1 as "isRecent" from package where ready_at is not null`, [
    since,
  ]);
}

/**
 * @returns the CSV files of these packages with the segments that they are made of. Archives and Parquet files are made of the same rows. Of deltas also
 * the columns, as the package itself describes them.
 */
export function listParts(tx: TenantTx, packageIds: readonly string[]): Promise<PackagePart[]> {
  return tx.query<PackagePart>(
    `select p.package_id as "packageId", p.domain, p.kind, p.revision, p.since, p.created_at as "createdAt", f.name,
            (select coalesce(jsonb_agg(distinct jsonb_build_object('key', part ->> 'key', 'bytes', (part ->> 'end')::bigint + 1)), '[]')
               from jsonb_array_elements(f.parts) part where part ? 'key') as segments,
            case when p.kind = 'delta' then
              (select array_agg(field ->> 'name' order by place)
                 from jsonb_array_elements(p.manifest -> 'resources') resource,
                      jsonb_array_elements(resource -> 'schema' -> 'fields') with ordinality as fields(field, place)
                where f.name = (resource ->> 'name') || '.csv.gz') end as columns
       from package p
       join package_file f on f.municipality_code = p.municipality_code and f.package_id = p.package_id
      where p.package_id = any ($1::uuid[]) and right(f.name, 7) = '.csv.gz'
      order by p.package_id, f.name`,
    [packageIds],
  );
}
