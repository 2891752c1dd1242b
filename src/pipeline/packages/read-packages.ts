// Reads packages for the municipality that owns them: the list, newest first, and one with what its manifest needs. A manifest tells of raw data (rows,
// bytes and digest of every table), so reading one is on record; asking whether a package is ready is not.
import type pg from 'pg';
import { writeAudit } from '../../access/index.ts';
import { INVALID_CURSOR } from '../../platform/http/errors.ts';
import { decodeCursor, encodeCursor, PAGE_OF_LIST } from '../../platform/http/paging.ts';
import { NOT_FOUND, Problem } from '../../platform/http/problem.ts';
import { type Tenant, withTenant } from '../../platform/postgres/tenancy.ts';
import type { StoredManifest } from './describe-package.ts';
import { IDENTITY } from './rules.ts';
import { type DataPackage, findPackage, listPackages, type PackageKind, type PackageState } from './store.ts';
import { findFile, type PackageFile } from './store-files.ts';

const MICROSECONDS = /^[0-9]{1,16}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface PackageQuery {
  readonly domain?: string | undefined;
  readonly kind?: PackageKind | undefined;
  readonly state?: PackageState | undefined;
  readonly limit?: string | undefined;
  readonly cursor?: string | undefined;
}

function decodePlace(cursor: string | undefined): [string, string] | undefined {
  if (cursor === undefined) return undefined;
  const [time = '', id = ''] = decodeCursor(cursor, 2);
  if (!MICROSECONDS.test(time) || !UUID.test(id)) throw new Problem(INVALID_CURSOR);
  return [time, id];
}

/** @returns a page of packages, newest first, and the cursor of the next page. @throws Problem `invalid-cursor` */
export async function readPackages(
  pool: pg.Pool,
  tenant: Tenant,
  query: PackageQuery,
): Promise<{ readonly items: DataPackage[]; readonly cursor: string | null }> {
  const limit = Number(query.limit ?? PAGE_OF_LIST.items);
  const after = decodePlace(query.cursor);
  const filter = { domain: query.domain, kind: query.kind, state: query.state };
  const rows = await withTenant(pool, tenant, (tx) => listPackages(tx, filter, after, limit + 1), { readOnly: true });
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, cursor: more ? encodeCursor([last.cursor, last.id]) : null };
}

/** @returns a package, its manifest once ready, and the file of identity pairs if it exists for these scopes. @throws Problem `not-found` */
export function readPackage(
  pool: pg.Pool,
  tenant: Tenant,
  id: string,
  scopes: readonly string[],
): Promise<{
  readonly ordered: DataPackage;
  readonly manifest: StoredManifest | null;
  readonly identity: PackageFile | undefined;
}> {
  return withTenant(
    pool,
    tenant,
    async (tx) => {
      const found = await findPackage(tx, id);
      if (found === undefined) throw new Problem(NOT_FOUND);
      const { manifest, ...ordered } = found;
      const { domain, kind, revision } = ordered;
      if (manifest !== null) await writeAudit(tx, 'getPackage', { package: id, domain, kind, revision });
      return { ordered, manifest, identity: await findFile(tx, id, IDENTITY, scopes) };
    },
    { repeatableRead: true },
  );
}
