// PostgreSQL's side of object storage: which objects the rows name, with what size and digest. It compares nothing and deletes nothing.
import type { SystemTx, TenantTx } from '../../platform/postgres/tenancy.ts';
import type { MunicipalityCode } from '../../platform/tenant.ts';

/** An object that a row names. `encrypted` objects hold more bytes than the row says; `sha256` is of the plain bytes then. */
export interface NamedObject {
  readonly key: string;
  readonly municipality: MunicipalityCode;
  readonly bytes: number;
  readonly sha256: string;
  readonly encrypted: 'none' | 'aes-256-gcm';
}

/** The municipalities that have any file. */
export async function listOwners(tx: SystemTx): Promise<string[]> {
  const rows = await tx.query<{ code: string }>(
    `select municipality_code as code from slice union select municipality_code from source_file
     union select municipality_code from package_file order by 1`,
  );
  return rows.map(({ code }) => code);
}

/** Every object that a row of the municipality names, by key; a file of a package only where it is no segment of a slice or difference. */
export function listNamedObjects(tx: SystemTx, municipality: string): Promise<NamedObject[]> {
  return tx.query<NamedObject>(
    `select key, $1 as municipality, bytes, sha256, encrypted from (
       select segment_key as key, segment_bytes as bytes, segment_sha256 as sha256, 'none' as encrypted from slice where municipality_code = $1
       union select parquet_key, parquet_bytes, parquet_sha256, 'none' from slice where municipality_code = $1
       union select segment_key, segment_bytes, segment_sha256, 'none' from slice_diff where municipality_code = $1
       union select storage_key, bytes, sha256, encrypted from source_file where municipality_code = $1
       union select part ->> 'key', f.bytes, f.sha256, 'none' from package_file f, jsonb_array_elements(f.parts) part
        where f.municipality_code = $1 and starts_with(part ->> 'key', 'packages/')
     ) named order by key collate "C"`,
    [municipality],
  );
}

/** Ranges of slices' and differences' segments that packages are made of: how far into each object they reach. */
export function listPackageReaches(tx: SystemTx, municipality: string): Promise<{ key: string; end: number }[]> {
  return tx.query(
    `select part ->> 'key' as key, max((part ->> 'end')::bigint) as "end" from package_file f, jsonb_array_elements(f.parts) part
      where f.municipality_code = $1 and part ? 'key' group by 1`,
    [municipality],
  );
}

/** @returns those of `keys` that a slice or a difference of this municipality names. */
export async function findNamedKeys(tx: TenantTx, keys: readonly string[]): Promise<Set<string>> {
  const rows = await tx.query<{ key: string }>(
    `select segment_key as key from slice where segment_key = any($1)
     union select parquet_key from slice where parquet_key = any($1)
     union select segment_key from slice_diff where segment_key = any($1)`,
    [keys],
  );
  return new Set(rows.map(({ key }) => key));
}
