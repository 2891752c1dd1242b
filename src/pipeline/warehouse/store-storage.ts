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

/** The municipalities that have any such file. */
export async function listOwners(tx: SystemTx): Promise<string[]> {
  const rows = await tx.query<{ code: string }>(
    'select municipality_code as code from slice union select municipality_code from source_file order by 1',
  );
  return rows.map(({ code }) => code);
}

/** Every object that a slice, a difference or a received file of the municipality names, by key. */
export function listNamedObjects(tx: SystemTx, municipality: string): Promise<NamedObject[]> {
  return tx.query<NamedObject>(
    `select key, $1 as municipality, bytes, sha256, encrypted from (
       select segment_key as key, segment_bytes as bytes, segment_sha256 as sha256, 'none' as encrypted from slice where municipality_code = $1
       union select parquet_key, parquet_bytes, parquet_sha256, 'none' from slice where municipality_code = $1
       union select segment_key, segment_bytes, segment_sha256, 'none' from slice_diff where municipality_code = $1
       union select storage_key, bytes, sha256, encrypted from source_file where municipality_code = $1
     ) named order by key collate "C"`,
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
