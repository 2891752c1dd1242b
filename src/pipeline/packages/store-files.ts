// PostgreSQL of the files of packages, and of the stored differences that deltas are made of.
import type { Scope } from '../../access/index.ts';
import type { TenantTx } from '../../platform/postgres/tenancy.ts';
import type { Part, SliceDiff, SlicePair } from '../../slices/index.ts';

/** A file of a ready package. `scope` is `''`, or what the caller needs besides for the file to exist at all. */
export interface PackageFile {
  readonly name: string;
  readonly mediaType: string;
  readonly scope: '' | Scope;
  readonly rows: number | null;
  readonly bytes: number;
  /** sha256, hex. */
  readonly sha256: string;
  readonly parts: readonly Part[];
}

/** Adds files; one that is there stays as it is. */
export async function insertFiles(tx: TenantTx, packageId: string, files: readonly PackageFile[]): Promise<void> {
  await tx.query(
    `insert into package_file (municipality_code, package_id, name, media_type, scope, rows, bytes, sha256, parts)
     select $1, $2, name, "mediaType", scope, rows, bytes, sha256, parts
     from jsonb_to_recordset($3) as f(name text, "mediaType" text, scope text, rows bigint, bytes bigint, sha256 text, parts jsonb)
     on conflict do nothing`,
    [tx.tenant.municipality, packageId, JSON.stringify(files)],
  );
}

/** @returns the file, if it exists for a caller with `scopes`. */
export async function findFile(
  tx: TenantTx,
  packageId: string,
  name: string,
  scopes: readonly string[],
): Promise<PackageFile | undefined> {
  const [file] = await tx.query<PackageFile>(
    `select name, media_type as "mediaType", scope, rows, bytes, sha256, parts from package_file
      where package_id = $1 and name = $2 and (scope = '' or scope = any($3))`,
    [packageId, name, scopes],
  );
  return file;
}

/** @returns the files of the package that exist for everybody who may have it, by name. */
export function listFiles(tx: TenantTx, packageId: string): Promise<Omit<PackageFile, 'parts' | 'scope'>[]> {
  return tx.query(
    `select name, media_type as "mediaType", rows, bytes, sha256 from package_file
      where package_id = $1 and scope = '' order by name collate "C"`,
    [packageId],
  );
}

/** @returns the stored differences of those pairs that have one under their revision. */
export async function findDiffs(tx: TenantTx, pairs: readonly SlicePair[]): Promise<SliceDiff[]> {
  const keys = pairs.map(({ table, period, from, to, revision }) => ({
    table,
    period,
    from: from?.sha256 ?? '',
    to: to?.sha256 ?? '',
    schemaHash: (to ?? from)?.schemaHash,
    revision,
  }));
  const rows = await tx.query<Omit<SliceDiff, 'municipality'>>(
    `select d.table_name as "table", d.period, d.from_sha256 as "fromSha256", d.to_sha256 as "toSha256",
       d.schema_hash as "schemaHash", d.revision, d.inserted, d.updated, d.deleted, d.csv_bytes as "csvBytes",
       d.csv_crc32 as "csvCrc32", d.csv_sha256 as "csvSha256", d.segment_key as "segmentKey",
       d.segment_bytes as "segmentBytes", d.segment_sha256 as "segmentSha256", d.segment_crc32 as "segmentCrc32"
     from jsonb_to_recordset($1) as p("table" text, period text, "from" text, "to" text, "schemaHash" text, revision integer)
     join slice_diff d on d.table_name = p."table" and d.period = p.period and d.from_sha256 = p."from"
       and d.to_sha256 = p."to" and d.schema_hash = p."schemaHash" and d.revision = p.revision`,
    [JSON.stringify(keys)],
  );
  return rows.map((row) => ({ ...row, municipality: tx.tenant.municipality }));
}
