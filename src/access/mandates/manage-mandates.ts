// Proposing, approving and ending mandates. Each change is one transaction with its row in the municipality's log, and is announced at its commit.
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { NOT_FOUND, Problem } from '../../platform/http/problem.ts';
import { type LoneClient, type Tenant, withClient, withTenant } from '../../platform/postgres/tenancy.ts';
import { OPERATOR_CODE } from '../../platform/tenant.ts';
import { writeAudit } from '../audit/index.ts';
import { findClient } from '../clients/index.ts';
import type { Scope } from '../scopes.ts';
import { announceChange } from '../store-changes.ts';
import { MANDATE_END_DATE, MANDATE_NOT_PROPOSED, MANDATE_OVER, MANDATE_RIGHTS, TOO_MANY_PROPOSALS } from './errors.ts';
import { MOST_PROPOSALS } from './rules.ts';
import {
  countProposals,
  findMandate,
  insertProposal,
  type Mandate,
  markApproved,
  markEnded,
  writeVendorAudit,
} from './store.ts';

/** What mandates need; ids of domains and municipalities as the catalogue knows them. */
export interface MandateDeps {
  readonly pool: pg.Pool;
  readonly domainIds: readonly string[];
  readonly municipalityCodes: ReadonlySet<string>;
}

export interface NewMandate {
  readonly municipality: string;
  readonly domains: readonly string[];
  readonly scopes: readonly Scope[];
  readonly purpose: string;
  /** The last day, `YYYY-MM-DD`. */
  readonly endsOn: string;
}

/** A side of a mandate: a municipality's own client, or a vendor. */
export type Party =
  | { readonly side: 'municipality'; readonly tenant: Tenant }
  | { readonly side: 'vendor'; readonly client: LoneClient };

/** A vendor proposes. @throws Problem `not-found`, `mandate-rights`, `mandate-end-date`, `too-many-proposals` */
export async function proposeMandate(deps: MandateDeps, client: LoneClient, wanted: NewMandate): Promise<Mandate> {
  const { municipality, domains, scopes } = wanted;
  const register: Tenant = { ...client, municipality: OPERATOR_CODE, domains: null };
  const vendor = await withTenant(deps.pool, register, (tx) => findClient(tx, client.clientId), { readOnly: true });
  if (vendor === undefined) throw new Problem(NOT_FOUND);
  const refused = scopes.filter((scope) => scope === 'mandates:propose' || !vendor.scopes.includes(scope));
  const isKnown = (domain: string) => deps.domainIds.includes(domain) && (vendor.domains?.includes(domain) ?? true);
  if (refused.length > 0 || !domains.every(isKnown) || !deps.municipalityCodes.has(municipality)) {
    throw new Problem(MANDATE_RIGHTS, undefined, { refused });
  }
  const mandateId = randomUUID();
  return withClient(deps.pool, client, async (tx) => {
    if ((await countProposals(tx, municipality)) >= MOST_PROPOSALS) throw new Problem(TOO_MANY_PROPOSALS);
    const proposal = { ...wanted, mandateId, vendor: vendor.name, contact: vendor.contact };
    if (!(await insertProposal(tx, proposal))) throw new Problem(MANDATE_END_DATE);
    const told = { domains: domains.join(' '), scopes: scopes.join(' '), purpose: wanted.purpose };
    await writeVendorAudit(tx, municipality, 'proposeMandate', { mandate: mandateId, ...told, endsOn: wanted.endsOn });
    return (await findMandate(tx, mandateId)) as Mandate;
  });
}

/** A municipality approves, with a client of its own. @throws Problem `not-found`, `mandate-not-proposed` */
export function approveMandate(pool: pg.Pool, tenant: Tenant, mandateId: string): Promise<Mandate> {
  return withTenant(pool, tenant, async (tx) => {
    const approved = await markApproved(tx, mandateId);
    if (approved === undefined) {
      throw new Problem((await findMandate(tx, mandateId)) === undefined ? NOT_FOUND : MANDATE_NOT_PROPOSED);
    }
    const { clientId, scopes, domains, purpose } = approved;
    const told = { vendor: clientId, domains: domains.join(' '), scopes: scopes.join(' '), purpose };
    await writeAudit(tx, 'approveMandate', { mandate: mandateId, ...told });
    await announceChange(tx, clientId);
    return approved;
  });
}

/** Either side ends a mandate, withdraws a proposal, or declines one. @throws Problem `not-found`, `mandate-over` */
export function endMandate(pool: pg.Pool, party: Party, mandateId: string): Promise<Mandate> {
  const orOver = (found: Mandate | undefined) => new Problem(found === undefined ? NOT_FOUND : MANDATE_OVER);
  if (party.side === 'municipality') {
    return withTenant(pool, party.tenant, async (tx) => {
      const ended = await markEnded(tx, mandateId, party.tenant.clientId);
      if (ended === undefined) throw orOver(await findMandate(tx, mandateId));
      await writeAudit(tx, 'endMandate', { mandate: mandateId, vendor: ended.clientId });
      await announceChange(tx, ended.clientId);
      return ended;
    });
  }
  return withClient(pool, party.client, async (tx) => {
    const ended = await markEnded(tx, mandateId, party.client.clientId);
    if (ended === undefined) throw orOver(await findMandate(tx, mandateId));
    await writeVendorAudit(tx, ended.municipality, 'endMandate', { mandate: mandateId, vendor: ended.clientId });
    await announceChange(tx, ended.clientId);
    return ended;
  });
}
