// Tells every api process, when the transaction commits, that a caller's rights have changed: what it remembers of that caller is then forgotten.
import type { ClientTx, TenantTx } from '../platform/postgres/tenancy.ts';

/** The channel of NOTIFY; a message is the id of a client, or `SIGNING_KEYS`. */
export const ACCESS_CHANGED = 'flis_access_changed';

/** Says that the service's own signing keys are others than before. No client has this id. */
export const SIGNING_KEYS = 'signing-keys';

/** Announces at commit that `clientId` may do more or less than before. */
export async function announceChange(tx: TenantTx | ClientTx, clientId: string): Promise<void> {
  await tx.query('select pg_notify($1, $2)', [ACCESS_CHANGED, clientId]);
}
