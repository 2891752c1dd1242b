// Deletes files of slices and differences that no row names and that are older than a day: what killed jobs and rejected deliveries left.
// Under the lock of (municipality, domain), so a file is never taken between being found in place by a job and getting its row.
import type pg from 'pg';
import type { Catalogue } from '../../domains/index.ts';
import { withTenant } from '../../platform/postgres/tenancy.ts';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import { municipalityCodeOf } from '../../platform/tenant.ts';
import { identityTableOf } from '../../slices/index.ts';
import { ORPHAN_AGE_MS } from './check-storage.ts';
import { lockRevisions } from './store-publish.ts';
import { findNamedKeys } from './store-storage.ts';

export interface SweepDeps {
  readonly pool: pg.Pool;
  readonly storage: ObjectStorage;
  readonly catalogue: Catalogue;
}

const SWEPT_PREFIXES = ['slices/', 'identity/', 'diffs/'];
const KEY = /^[a-z]+\/table=([^/]+)\/municipality=([0-9]{3})\//;
/** Keys of one municipality and domain that are looked up and deleted in one transaction. */
const BATCH = 500;

/** Sweeps with the worker's pool. Temporary files older than a day go too: their writers are long dead. @returns how many files were deleted */
export async function sweepStorage(deps: SweepDeps): Promise<number> {
  const before = Date.now() - ORPHAN_AGE_MS;
  let deleted = 0;
  for await (const { key, modifiedAt } of deps.storage.list('tmp/')) {
    if (modifiedAt.getTime() >= before) continue;
    await deps.storage.delete(key);
    deleted += 1;
  }
  const groups = new Map<string, { municipality: string; domain: string; keys: string[] }>();
  for (const prefix of SWEPT_PREFIXES) {
    for await (const { key, modifiedAt } of deps.storage.list(prefix)) {
      const [, table, municipality] = KEY.exec(key) ?? [];
      if (table === undefined || municipality === undefined || modifiedAt.getTime() >= before) continue;
      const domain = domainOf(deps.catalogue, table);
      const group = groups.get(`${municipality} ${domain}`) ?? { municipality, domain, keys: [] };
      groups.set(`${municipality} ${domain}`, group);
      group.keys.push(key);
      if (group.keys.length === BATCH) deleted += await sweepGroup(deps, { ...group, keys: group.keys.splice(0) });
    }
  }
  for (const group of groups.values()) deleted += await sweepGroup(deps, group);
  return deleted;
}

/** Nobody writes files of a table that is no longer declared; its name then stands for the domain. */
function domainOf(catalogue: Catalogue, table: string): string {
  const identity = catalogue.domains.find((domain) => identityTableOf(domain).name === table);
  return identity?.id ?? catalogue.table(table)?.domain.id ?? table;
}

async function sweepGroup(
  deps: SweepDeps,
  {
    municipality,
    domain,
    keys,
  }: { readonly municipality: string; readonly domain: string; readonly keys: readonly string[] },
): Promise<number> {
  const tenant = {
    municipality: municipalityCodeOf(municipality),
    domains: null,
    clientId: 'worker',
    requestId: 'sweep',
  };
  return withTenant(deps.pool, tenant, async (tx) => {
    await lockRevisions(tx, domain);
    const named = await findNamedKeys(tx, keys);
    const orphans = keys.filter((key) => !named.has(key));
    for (const key of orphans) await deps.storage.delete(key);
    return orphans.length;
  });
}
