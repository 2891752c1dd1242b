// PostgreSQL: which municipalities' formulas are behind their data or the declarations.
import type { SystemTx } from '../../../platform/postgres/tenancy.ts';

/** @returns the (municipality, domain)s whose newest revision, or whose formulas, are not computed yet. */
export async function readBehind(
  tx: SystemTx,
  hashes: ReadonlyMap<string, string>,
): Promise<{ municipality: string; domain: string }[]> {
  return tx.query(
    `select newest.municipality_code as municipality, newest.domain
     from unnest($1::text[], $2::text[]) as current(domain, hash)
     join (select municipality_code, domain, max(revision) as revision from revision
           where domain = any($1) group by municipality_code, domain) newest on newest.domain = current.domain
     left join computed_revision c on c.municipality_code = newest.municipality_code and c.domain = newest.domain
     where c.revision is distinct from newest.revision or c.formulas_hash is distinct from current.hash
     order by 1, 2`,
    [[...hashes.keys()], [...hashes.values()]],
  );
}
