// Takes the acknowledgement of a delivery: the receiver names the digest of every file it has, and gets a signed receipt when they are those that were
// delivered. Otherwise nothing changes.
import type pg from 'pg';
import { writeAudit } from '../../../access/index.ts';
import { NOT_FOUND, Problem } from '../../../platform/http/problem.ts';
import { type Tenant, withTenant } from '../../../platform/postgres/tenancy.ts';
import { ACKNOWLEDGED_ALREADY, DELIVERY_NOT_READY, DIGESTS_DIFFER } from './errors.ts';
import { type StatementKey, signStatement } from './sign-statement.ts';
import { findDelivery, markAcknowledged } from './store.ts';
import { type Acknowledgement, findAcknowledgement, insertAcknowledgement, listDeliveryFiles } from './store-files.ts';

export interface AcknowledgeDeps {
  readonly pool: pg.Pool;
  readonly statementKey: StatementKey;
  readonly issuer: string;
  readonly clock: () => Date;
}

/** A file as the receiver has it; `sha256` in hex. */
export interface ReceivedFile {
  readonly name: string;
  readonly sha256: string;
}

/**
 * @returns the receipt; to the client that acknowledged it, the same one again.
 * @throws Problem `not-found`, `delivery-not-ready`, `digests-differ`, `acknowledged-already`
 */
export async function acknowledgeDelivery(
  deps: AcknowledgeDeps,
  tenant: Tenant,
  id: string,
  received: readonly ReceivedFile[],
): Promise<Acknowledgement> {
  return withTenant(deps.pool, tenant, async (tx) => {
    const delivery = await findDelivery(tx, id, { lock: true });
    if (delivery === undefined) throw new Problem(NOT_FOUND);
    if (delivery.readyAt === null) throw new Problem(DELIVERY_NOT_READY);
    const files = await listDeliveryFiles(tx, id);
    const wrong = differingFiles(files, received);
    if (wrong.length > 0) throw new Problem(DIGESTS_DIFFER, undefined, { files: wrong });
    const known = await findAcknowledgement(tx, id);
    if (known !== undefined) {
      if (known.clientId !== tenant.clientId) throw new Problem(ACKNOWLEDGED_ALREADY);
      return known;
    }
    const now = deps.clock();
    const { municipality, clientId, mandate } = tenant;
    const receipt = await signStatement(deps.statementKey, 'receipt', {
      ...{ issuer: deps.issuer, delivery: id, subscription: delivery.subscriptionId, municipality },
      ...{ domain: delivery.domain, dueOn: delivery.dueOn, package: delivery.packageId, revision: delivery.revision },
      files: files.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 })),
      ...{ acknowledgedBy: clientId, mandate: mandate?.id ?? null, acknowledgedAt: now.toISOString() },
    });
    await insertAcknowledgement(tx, id, receipt, now);
    await markAcknowledged(tx, id, now);
    await writeAudit(tx, 'acknowledgeDelivery', { delivery: id, domain: delivery.domain });
    return { clientId, acknowledgedAt: now, receipt };
  });
}

/** @returns the names of files that are missing, are not of the delivery, or have another digest. */
function differingFiles(delivered: readonly ReceivedFile[], received: readonly ReceivedFile[]): string[] {
  const has = new Map(received.map(({ name, sha256 }) => [name, sha256.toLowerCase()]));
  const names = new Set(delivered.map(({ name }) => name));
  const differing = delivered.filter(({ name, sha256 }) => has.get(name) !== sha256).map(({ name }) => name);
  return [...differing, ...[...has.keys()].filter((name) => !names.has(name))].sort();
}
