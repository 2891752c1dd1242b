// Who is asking: the verified caller of a request, and the tenant that its work runs for.
import type { FastifyRequest } from 'fastify';
import { Problem } from '../platform/http/problem.ts';
import type { Tenant } from '../platform/postgres/tenancy.ts';
import type { MunicipalityCode } from '../platform/tenant.ts';
import { DOMAIN_MISSING, MUNICIPALITY_REQUIRED, TOKEN_MISSING } from './errors.ts';
import type { Scope } from './scopes.ts';

/** A caller whose credential was verified. */
export interface Principal {
  readonly clientId: string;
  /** `address`: a secret in the address, which opens the one route that it was found at. */
  readonly credential: 'token' | 'access-key' | 'address';
  /** Whether its rights come from the register of clients, and so can end before the credential does. */
  readonly isRegistered: boolean;
  /** Null only for a token with scope `operator`, and for a vendor’s that can do nothing but propose mandates. */
  readonly municipality: MunicipalityCode | null;
  /** The mandate that a vendor works under; null for everybody else. */
  readonly mandate: { readonly id: string; readonly purpose: string; readonly endsAt: Date } | null;
  /** The domains that the token is for; null: all that the municipality has. */
  readonly domains: readonly string[] | null;
  readonly scopes: ReadonlySet<Scope>;
  readonly expiresAt: Date;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the hook of `withScope` or `withSecretAddress`; null on public routes. */
    principal: Principal | null;
  }
}

/** @returns the verified caller. @throws Problem `token-missing` on a public route. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Problem(TOKEN_MISSING);
  return request.principal;
}

/** @returns for whom the work of this request runs. @throws Problem `municipality-required` when the caller has no municipality. */
export function tenantOf(request: FastifyRequest): Tenant {
  const { clientId, municipality, domains, mandate } = principalOf(request);
  if (municipality === null) throw new Problem(MUNICIPALITY_REQUIRED);
  const { id, purpose } = mandate ?? {};
  return {
    ...{ municipality, domains, clientId, requestId: request.id },
    ...(id === undefined || purpose === undefined ? {} : { mandate: { id, purpose } }),
  };
}

/** Whether the caller's credential is for `domain`. */
export function isForDomain({ domains }: Pick<Principal, 'domains'>, domain: string): boolean {
  return domains === null || domains.includes(domain);
}

/** @throws Problem `domain-missing` when the caller's credential is not for `domain`. */
export function requireDomain(principal: Principal, domain: string): void {
  if (!isForDomain(principal, domain)) throw new Problem(DOMAIN_MISSING, undefined, { domain });
}
