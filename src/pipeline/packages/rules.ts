// Pure rules of packages: which names their files can have, where those that are stored stand, and when slices stand under the schemas that are declared now.
import type { Domain } from '../../domains/definition.ts';
import { type Slice, schemaHashOf } from '../../slices/index.ts';

export const ARCHIVE = 'archive.zip';
export const IDENTITY = 'identitet.csv.gz';
export const CSV_SUFFIX = '.csv.gz';
export const PARQUET_SUFFIX = '.parquet';
/** What `identitet.csv.gz` needs besides; without it the file does not exist. */
export const IDENTITY_SCOPE = 'cpr:read';

export const MEDIA_TYPES = {
  gzip: 'application/gzip',
  zip: 'application/zip',
  parquet: 'application/vnd.apache.parquet',
} as const;

/** The key of a file of a package that is an object of its own. */
export function storageKey(municipality: string, packageId: string, name: string): string {
  return `packages/municipality=${municipality}/${packageId}/${name}`;
}

/** @returns whether every slice is of a declared table and under its declared schema: a package has one schema per table. */
export function isDeclared(domain: Domain, slices: readonly (Slice | null)[]): boolean {
  const hashes = new Map(domain.tables.map((table) => [table.name, schemaHashOf(table)]));
  return slices.every((slice) => slice === null || hashes.get(slice.table) === slice.schemaHash);
}

/** @returns that of `tables` whose Parquet file is meant by `name`. */
export function tableOfParquet(tables: readonly string[], name: string): string | undefined {
  return tables.find((table) => `${table}${PARQUET_SUFFIX}` === name);
}

/** @returns whether a package of these tables can have a file of this name for a caller with these scopes, ready or not. */
export function mayExist(tables: readonly string[], name: string, scopes: readonly string[]): boolean {
  if (name === ARCHIVE) return true;
  if (name === IDENTITY) return scopes.includes(IDENTITY_SCOPE);
  return tables.some((table) => name === `${table}${CSV_SUFFIX}`) || tableOfParquet(tables, name) !== undefined;
}
