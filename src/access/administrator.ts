// For whom the register is administered: a municipality for itself alone, the operator for whom it names.
import type { FastifyRequest } from 'fastify';
import { NOT_FOUND, Problem } from '../platform/http/problem.ts';
import type { Tenant } from '../platform/postgres/tenancy.ts';
import { type MunicipalityCode, municipalityCodeOf, OPERATOR_CODE } from '../platform/tenant.ts';
import { MUNICIPALITY_REQUIRED } from './errors.ts';
import { principalOf } from './principal.ts';

/** Who administers: for its own municipality, or (null) for whichever it names. */
export interface Administrator extends Omit<Tenant, 'municipality'> {
  readonly municipality: MunicipalityCode | null;
}

/** @returns the caller of a route of the register. */
export function administratorOf(request: FastifyRequest): Administrator {
  const { clientId, municipality, scopes } = principalOf(request);
  // A vendor, too, may come without a municipality, and administers nothing.
  if (municipality === null && !scopes.has('operator')) throw new Problem(MUNICIPALITY_REQUIRED);
  // What a token may read of the data says nothing about the register.
  return { clientId, municipality, domains: null, requestId: request.id };
}

/**
 * @returns the tenant whose part of the register is worked on: the caller's own municipality, else `owner`, else what belongs to none.
 * @throws Problem `not-found` when a municipality asks for what is another's, as for what does not exist
 */
export function tenantFor(request: FastifyRequest, owner: string | undefined): Tenant {
  const administrator = administratorOf(request);
  if (administrator.municipality === null) {
    return { ...administrator, municipality: owner === undefined ? OPERATOR_CODE : municipalityCodeOf(owner) };
  }
  if (owner !== undefined && owner !== administrator.municipality) throw new Problem(NOT_FOUND);
  return { ...administrator, municipality: administrator.municipality };
}
