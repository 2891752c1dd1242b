// Hands a source delivery over for validation and loading: the change of state and the job are one transaction.
import type pg from 'pg';
import { writeAudit } from '../../access/index.ts';
import { NOT_FOUND, Problem } from '../../platform/http/problem.ts';
import { type Tenant, type TenantTx, withTenant } from '../../platform/postgres/tenancy.ts';
import type { JobSender } from '../../platform/queue/queue.ts';
import { REVISE } from '../queues.ts';
import { DELIVERY_NOT_OPEN, DELIVERY_WITHOUT_FILES, DELTA_SEQUENCE_GAP } from './errors.ts';
import { presentDelivery } from './present-delivery.ts';
import { refuseOtherSource } from './refuse-other-source.ts';
import { type RememberedAnswer, rememberAnswer } from './remember-answer.ts';
import { expectedSequence } from './rules.ts';
import { findDelivery, listFiles, lockSubmissions, markSubmitted, readSequence, type SourceDelivery } from './store.ts';

/** @returns the delivery, locked, when it can be submitted. @throws Problem that says why it cannot. */
async function checkSubmission(tx: TenantTx, id: string): Promise<SourceDelivery> {
  const seen = await findDelivery(tx, id);
  if (seen === undefined) throw new Problem(NOT_FOUND);
  await lockSubmissions(tx, seen.domain);
  const delivery = (await findDelivery(tx, id, { lock: true })) ?? seen;
  if (delivery.state !== 'open') throw new Problem(DELIVERY_NOT_OPEN, undefined, { state: delivery.state });
  const files = await listFiles(tx, id);
  if (files.length === 0) throw new Problem(DELIVERY_WITHOUT_FILES);
  await refuseOtherSource(
    tx,
    delivery,
    files.map(({ table }) => table),
  );
  if (delivery.kind === 'delta') {
    const { accepted, waiting } = await readSequence(tx, delivery.domain, delivery.sourceSystem);
    const expected = expectedSequence(accepted, waiting);
    if (delivery.sequence !== expected) throw new Problem(DELTA_SEQUENCE_GAP, undefined, { expected });
  }
  return delivery;
}

/** @returns the answer: 202 with the delivery in state `submitted`. */
export async function submitDelivery(
  deps: { readonly pool: pg.Pool; readonly jobs: JobSender },
  tenant: Tenant,
  id: string,
  idempotencyKey: string | undefined,
): Promise<RememberedAnswer> {
  const operation = 'submitSourceDelivery';
  return withTenant(deps.pool, tenant, (tx) =>
    rememberAnswer(tx, { operation, key: idempotencyKey, requestBody: { id } }, async () => {
      const { domain } = await checkSubmission(tx, id);
      const delivery = await markSubmitted(tx, id);
      const { municipality } = tenant;
      await deps.jobs.send(tx, REVISE, `${municipality}:${domain}`, {
        municipality,
        domain,
        task: 'load',
        sourceDeliveryId: id,
      });
      await writeAudit(tx, operation, { sourceDelivery: id, domain });
      return { status: 202, location: `/v1/source-deliveries/${id}`, body: presentDelivery(delivery) };
    }),
  );
}
