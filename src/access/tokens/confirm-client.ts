// Asks the register whether a client that holds one of the service's own tokens may still do what the token says.
import type pg from 'pg';
import { withTenant } from '../../platform/postgres/tenancy.ts';
import { findClient, ownerOf } from '../clients/index.ts';
import { commonRights, findMandate, type Rights } from '../mandates/index.ts';
import type { Principal } from '../principal.ts';

const ASKING = { domains: null, clientId: 'authentication', requestId: 'authentication' } as const;

/** @returns the caller with no more than its client may by now, and its mandate; undefined when the client is gone or disabled, or the mandate over */
export async function confirmClient(pool: pg.Pool, principal: Principal): Promise<Principal | undefined> {
  const { clientId, municipality } = principal;
  const owner = ownerOf(clientId);
  if (owner === undefined) return undefined;
  const asking = { ...ASKING, municipality: owner };
  const client = await withTenant(pool, asking, (tx) => findClient(tx, clientId), { readOnly: true });
  if (client?.status !== 'active') return undefined;
  const own = restrict(principal, client);
  // A vendor works for a municipality under a mandate or not at all; whoever else has one in its token is none of ours.
  const isVendor = client.kind === 'vendor' && municipality !== null;
  if (!isVendor) return principal.mandate === null ? own : undefined;
  return confirmMandate(pool, own);
}

async function confirmMandate(pool: pg.Pool, principal: Principal): Promise<Principal | undefined> {
  const { clientId, municipality, mandate: claimed } = principal;
  if (municipality === null || claimed === null) return undefined;
  const asking = { ...ASKING, municipality };
  const mandate = await withTenant(pool, asking, (tx) => findMandate(tx, claimed.id), { readOnly: true });
  if (mandate?.status !== 'active' || mandate.clientId !== clientId) return undefined;
  const { purpose, endsAt } = mandate;
  const ends = Math.min(principal.expiresAt.getTime(), endsAt.getTime());
  return {
    ...restrict(principal, mandate),
    mandate: { id: claimed.id, purpose, endsAt },
    expiresAt: new Date(ends),
  };
}

function restrict(principal: Principal, rights: Rights): Principal {
  const { scopes, domains } = commonRights({ scopes: [...principal.scopes], domains: principal.domains }, rights);
  return { ...principal, scopes: new Set(scopes), domains };
}
