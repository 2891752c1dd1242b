// For what takes long and ends in a write: whether the caller may still do it is asked again inside the transaction of that write.
import type { TenantTx } from '../platform/postgres/tenancy.ts';
import { holdClient } from './clients/index.ts';
import { holdMandate } from './mandates/index.ts';
import type { Watched } from './watch-callers.ts';

/**
 * Call it before the transaction's own work. What ended the caller's rights before is found; what would end them now waits until the transaction has ended.
 * (Only disabling a vendor's client does not wait: its row is not the municipality's. It is found when it was announced a moment before.)
 * @throws Problem `token-invalid` when the rights have ended
 */
export async function holdRights(tx: TenantTx, watched: Watched): Promise<void> {
  const { clientId, mandate } = tx.tenant;
  if (mandate !== undefined) await holdMandate(tx, mandate.id);
  await holdClient(tx, clientId);
  // After the locks: an end that came before them has been announced by now.
  await watched.certify();
}
