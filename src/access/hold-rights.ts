// For what takes long and ends in a write: whether the caller may still do it is asked again inside the transaction of that write.
import type { TenantTx } from '../platform/postgres/tenancy.ts';
import { holdClient } from './clients/index.ts';
import { refusal, TOKEN_INVALID } from './errors.ts';
import { holdMandate } from './mandates/index.ts';
import type { Watched } from './watch-callers.ts';

/**
 * Call it before the transaction's own work. What ended the caller's rights before is found; what would end them now waits until the transaction has ended.
 * The rows themselves are read: an end that is committed need not have been heard of yet, because PostgreSQL tells of it after it has let go of the row.
 * (Only disabling a vendor's client is heard of alone: its row is not the municipality's, and the transaction sees none.)
 * @throws Problem `token-invalid` when the rights have ended
 */
export async function holdRights(tx: TenantTx, watched: Watched): Promise<void> {
  const { clientId, mandate } = tx.tenant;
  if (mandate !== undefined && !(await holdMandate(tx, mandate.id))) throw refusal(TOKEN_INVALID);
  if (!(await holdClient(tx, clientId))) throw refusal(TOKEN_INVALID);
  await watched.certify();
}
