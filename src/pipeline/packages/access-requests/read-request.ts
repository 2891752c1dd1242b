// Reads an access request and, once there is one, its answer, for the municipality that asked; that reading is on record.
import type pg from 'pg';
import { writeAudit } from '../../../access/index.ts';
import { NOT_FOUND, Problem } from '../../../platform/http/problem.ts';
import { type Tenant, withTenant } from '../../../platform/postgres/tenancy.ts';
import { unseal } from '../../../platform/sealed.ts';
import type { Answer } from './present-request.ts';
import { ANSWER, sealedName } from './rules-sealing.ts';
import { type AccessRequest, findRequest } from './store.ts';

export interface ReadRequestDeps {
  readonly pool: pg.Pool;
  readonly secrets: { readonly rootSecret: Uint8Array };
}

/** @returns the request and its answer (null until there is one). @throws Problem `not-found`, also when it has expired */
export async function readRequest(
  { pool, secrets }: ReadRequestDeps,
  tenant: Tenant,
  id: string,
): Promise<{ readonly request: AccessRequest; readonly answer: Answer | null }> {
  const request = await withTenant(pool, tenant, async (tx) => {
    const found = await findRequest(tx, id);
    if (found === undefined) throw new Problem(NOT_FOUND);
    await writeAudit(tx, 'getAccessRequest', { accessRequest: found.id, answered: found.answer !== null });
    return found;
  });
  if (request.answer === null) return { request, answer: null };
  const name = sealedName(tenant.municipality, request.id);
  const text = unseal(secrets.rootSecret, ANSWER, name, request.answer).toString();
  return { request, answer: JSON.parse(text) as Answer };
}
