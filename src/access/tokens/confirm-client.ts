// Asks the register whether a client that holds one of the service's own tokens may still do what the token says.
import type pg from 'pg';
import { withTenant } from '../../platform/postgres/tenancy.ts';
import { findClient, ownerOf } from '../clients/index.ts';
import type { Principal } from '../principal.ts';

/** @returns the caller with no more than its client may by now; undefined when the client is gone or disabled */
export async function confirmClient(pool: pg.Pool, principal: Principal): Promise<Principal | undefined> {
  const owner = ownerOf(principal.clientId);
  if (owner === undefined) return undefined;
  const asking = { municipality: owner, domains: null, clientId: 'authentication', requestId: 'authentication' };
  const client = await withTenant(pool, asking, (tx) => findClient(tx, principal.clientId), { readOnly: true });
  if (client?.status !== 'active') return undefined;
  const scopes = new Set([...principal.scopes].filter((scope) => client.scopes.includes(scope)));
  const { domains } = client;
  const both =
    domains === null ? principal.domains : (principal.domains ?? domains).filter((each) => domains.includes(each));
  return { ...principal, scopes, domains: both };
}
