// Deletes files of packages that no row names and that are older than a day: what killed jobs left.
// Under the lock of (municipality, domain), so a file is never taken between being found in place by a job and getting its row.
import type pg from 'pg';
import { withTenant } from '../../platform/postgres/tenancy.ts';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import { municipalityCodeOf } from '../../platform/tenant.ts';
import { lockRevisions, ORPHAN_AGE_MS } from '../warehouse/index.ts';
import { findDomains, findNamedParts } from './store-storage.ts';

export interface SweepPackagesDeps {
  readonly pool: pg.Pool;
  readonly storage: ObjectStorage;
}

const KEY = /^packages\/municipality=([0-9]{3})\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\//;
/** Keys of one municipality that are looked up and deleted in one transaction. */
const BATCH = 500;

/** Sweeps with the worker's pool. @returns how many files were deleted */
export async function sweepPackages(deps: SweepPackagesDeps): Promise<number> {
  const before = Date.now() - ORPHAN_AGE_MS;
  const groups = new Map<string, { key: string; id: string }[]>();
  let deleted = 0;
  for await (const { key, modifiedAt } of deps.storage.list('packages/')) {
    const [, municipality, id] = KEY.exec(key) ?? [];
    if (municipality === undefined || id === undefined || modifiedAt.getTime() >= before) continue;
    const group = groups.get(municipality) ?? [];
    groups.set(municipality, group);
    group.push({ key, id });
    if (group.length === BATCH) deleted += await sweepGroup(deps, municipality, group.splice(0));
  }
  for (const [municipality, group] of groups) deleted += await sweepGroup(deps, municipality, group);
  return deleted;
}

async function sweepGroup(
  { pool, storage }: SweepPackagesDeps,
  municipality: string,
  group: readonly { readonly key: string; readonly id: string }[],
): Promise<number> {
  const tenant = {
    municipality: municipalityCodeOf(municipality),
    domains: null,
    clientId: 'worker',
    requestId: 'sweep',
  };
  const ids = [...new Set(group.map(({ id }) => id))];
  const keys = group.map(({ key }) => key);
  return withTenant(pool, tenant, async (tx) => {
    // Nobody writes files of a package that has no row. In one order, so that two sweeps never wait for each other.
    const domains = new Set((await findDomains(tx, ids)).values());
    for (const domain of [...domains].sort()) await lockRevisions(tx, domain);
    const named = await findNamedParts(tx, ids, keys);
    const orphans = keys.filter((key) => !named.has(key));
    for (const key of orphans) await storage.delete(key);
    return orphans.length;
  });
}
