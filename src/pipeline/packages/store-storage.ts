// PostgreSQL's side of the files of packages: which objects rows name, and what each package says of its files. It compares nothing and deletes nothing.
import type { SystemTx, TenantTx } from '../../platform/postgres/tenancy.ts';
import type { StoredManifest } from './describe-package.ts';
import type { PackageState } from './store.ts';
import type { PackageFile } from './store-files.ts';

/** A package with all its files, whatever scope they need. */
export interface CheckedPackage {
  readonly state: PackageState;
  readonly manifest: StoredManifest | null;
  readonly files: readonly Pick<PackageFile, 'name' | 'bytes' | 'sha256' | 'parts'>[];
}

/** Every package of every municipality. */
export function listAllPackages(tx: SystemTx): Promise<{ municipality: string; id: string }[]> {
  return tx.query('select municipality_code as municipality, package_id as id from package order by 1, 2');
}

export async function readCheckedPackage(
  tx: SystemTx,
  municipality: string,
  id: string,
): Promise<CheckedPackage | undefined> {
  const [row] = await tx.query<CheckedPackage>(
    `select state, manifest, coalesce((
       select jsonb_agg(jsonb_build_object('name', f.name, 'bytes', f.bytes, 'sha256', f.sha256, 'parts', f.parts) order by f.name)
         from package_file f where f.municipality_code = $1 and f.package_id = $2), '[]') as files
     from package where municipality_code = $1 and package_id = $2`,
    [municipality, id],
  );
  return row;
}

/** @returns the objects, other than its own, that the package is made of although no slice and no difference of the municipality names them. */
export async function listUnnamedParts(tx: SystemTx, municipality: string, id: string): Promise<string[]> {
  const rows = await tx.query<{ key: string }>(
    `select distinct part ->> 'key' as key from package_file f, jsonb_array_elements(f.parts) part
      where f.municipality_code = $1 and f.package_id = $2 and part ? 'key' and not starts_with(part ->> 'key', 'packages/')
     except select segment_key from slice where municipality_code = $1
     except select segment_key from slice_diff where municipality_code = $1
     order by key`,
    [municipality, id],
  );
  return rows.map(({ key }) => key);
}

/** @returns the domain of each of these packages that exists. */
export async function findDomains(tx: TenantTx, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await tx.query<{ id: string; domain: string }>(
    'select package_id as id, domain from package where package_id = any($1)',
    [ids],
  );
  return new Map(rows.map(({ id, domain }) => [id, domain]));
}

/** @returns those of `keys` that a file of one of these packages is made of, while its bytes are kept. */
export async function findNamedParts(
  tx: TenantTx,
  ids: readonly string[],
  keys: readonly string[],
): Promise<Set<string>> {
  const rows = await tx.query<{ key: string }>(
    `select distinct part ->> 'key' as key from package_file f join package p using (municipality_code, package_id), jsonb_array_elements(f.parts) part
      where f.package_id = any($1) and p.state <> 'expired' and part ->> 'key' = any($2)`,
    [ids, keys],
  );
  return new Set(rows.map(({ key }) => key));
}
