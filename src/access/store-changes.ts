// Tells every api process, when the transaction commits, that a caller's rights have changed: what it remembers of that caller is then forgotten.
import type { TenantTx } from '../platform/postgres/tenancy.ts';

/** The channel of NOTIFY; a message is the id of a client. */
export const ACCESS_CHANGED = 'flis_access_changed';

/** Announces at commit that `clientId` may do more or less than before. */
export async function announceChange(tx: TenantTx, clientId: string): Promise<void> {
  await tx.query('select pg_notify($1, $2)', [ACCESS_CHANGED, clientId]);
}
