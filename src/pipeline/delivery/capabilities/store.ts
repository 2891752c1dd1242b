// PostgreSQL of the changes of capabilities: read by everybody, added by the operator, never changed.
import type { PublishedTx, Tx } from '../../../platform/postgres/tenancy.ts';
import type { CapabilityChange } from './rules.ts';

/** All of them: there are few, and each says what holds from its day on. */
export function listChanges(tx: Tx): Promise<CapabilityChange[]> {
  return tx.query<CapabilityChange>(
    `select change, domain, valid_from as "validFrom", frequencies from capability_change order by change`,
  );
}

/** @returns whether the day is one to come; if not, nothing was added */
export async function insertChange(
  tx: PublishedTx,
  { domain, validFrom, frequencies, reason }: Omit<CapabilityChange, 'change'> & { readonly reason: string },
  addedBy: string,
): Promise<boolean> {
  const rows = await tx.query(
    `insert into capability_change (domain, valid_from, frequencies, reason, added_by)
     select $1, $2::date, $3, $4, $5 where $2::date > (now() at time zone 'Europe/Copenhagen')::date returning change`,
    [domain, validFrom, frequencies, reason, addedBy],
  );
  return rows.length === 1;
}
