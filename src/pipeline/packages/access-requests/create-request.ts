// Takes a citizen's access request. The CPR number becomes the pseudonym here and goes no further: it is not kept, not logged, and not remembered under an
// Idempotency-Key, whose digest of a body could be tried out for every CPR number there is. Asking twice searches twice and changes nothing.
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { writeAudit } from '../../../access/index.ts';
import { Problem } from '../../../platform/http/problem.ts';
import { type Tenant, withTenant } from '../../../platform/postgres/tenancy.ts';
import type { JobSender } from '../../../platform/queue/queue.ts';
import { seal } from '../../../platform/sealed.ts';
import { isPossibleCpr, pseudonymKeyOf, pseudonymOf } from '../../quality/index.ts';
import { ANSWER_ACCESS_REQUEST } from '../../queues.ts';
import { INVALID_CPR } from './errors.ts';
import { KEEP_DAYS, PERSON, sealedName } from './rules-sealing.ts';
import { type AccessRequest, insertRequest } from './store.ts';

export interface CreateRequestDeps {
  readonly pool: pg.Pool;
  readonly jobs: JobSender;
  readonly secrets: { readonly rootSecret: Uint8Array };
}

/** @param cpr ten digits, with a hyphen or without. @returns the request, being searched for. @throws Problem `invalid-cpr` */
export async function createRequest(deps: CreateRequestDeps, tenant: Tenant, cpr: string): Promise<AccessRequest> {
  const digits = cpr.replace('-', '');
  // A number that no slice can hold would be answered "nothing here", which is not true of the person it was meant for.
  if (!isPossibleCpr(digits)) throw new Problem(INVALID_CPR);
  const { municipality } = tenant;
  const { rootSecret } = deps.secrets;
  const pseudonym = pseudonymOf(pseudonymKeyOf(rootSecret, municipality), digits);
  const id = randomUUID();
  const sealed = seal(rootSecret, PERSON, sealedName(municipality, id), Buffer.from(pseudonym));
  return withTenant(deps.pool, tenant, async (tx) => {
    const request = await insertRequest(tx, id, sealed, KEEP_DAYS);
    await writeAudit(tx, 'createAccessRequest', { accessRequest: id });
    await deps.jobs.send(tx, ANSWER_ACCESS_REQUEST, id, { municipality, accessRequestId: id });
    return request;
  });
}
