// Registering clients, changing them and their keys. Each change is one transaction with its audit row, and is announced at its commit.
import type pg from 'pg';
import { NOT_FOUND, Problem } from '../../platform/http/problem.ts';
import { type Tenant, withTenant } from '../../platform/postgres/tenancy.ts';
import { type MunicipalityCode, municipalityCodeOf } from '../../platform/tenant.ts';
import type { Administrator } from '../administrator.ts';
import { writeAudit } from '../audit/index.ts';
import type { Scope } from '../scopes.ts';
import { announceChange } from '../store-changes.ts';
import { checkKeys } from './check-keys.ts';
import { SCOPES_NOT_ALLOWED, UNKNOWN_DOMAIN, UNKNOWN_MUNICIPALITY } from './errors.ts';
import { type ClientKind, newClientId, ownerFor, refusedScopes } from './rules.ts';
import { type Client, type ClientChange, findClient, insertClient, replaceKeys, updateClient } from './store.ts';

/** What the register needs; ids of domains and municipalities as the catalogue knows them. */
export interface ClientDeps {
  readonly pool: pg.Pool;
  readonly domainIds: readonly string[];
  readonly municipalityCodes: ReadonlySet<string>;
}

export interface NewClient {
  readonly kind: ClientKind;
  readonly municipality?: string;
  readonly name: string;
  readonly contact: string;
  readonly scopes: readonly Scope[];
  readonly domains?: readonly string[] | null;
}

/** Registers a client, with its public keys if they are known yet. @throws Problem `scopes-not-allowed`, `unknown-client-domain`, `unknown-client-municipality`, `key-not-accepted` */
export async function createClient(
  deps: ClientDeps,
  by: Administrator,
  wanted: NewClient,
  keys: readonly Readonly<Record<string, unknown>>[] = [],
): Promise<Client> {
  const { kind, name, contact, scopes, domains = null } = wanted;
  const owner = ownerFor(kind, municipalityOf(deps, by, wanted.municipality));
  if (owner === undefined || (by.municipality !== null && owner !== by.municipality))
    throw new Problem(UNKNOWN_MUNICIPALITY);
  checkRights(deps, kind, { scopes, domains });
  const checked = await checkKeys(keys);
  const clientId = newClientId(owner);
  return withTenant(deps.pool, { ...by, municipality: owner }, async (tx) => {
    await insertClient(tx, { clientId, kind, name, contact, scopes, domains });
    await replaceKeys(tx, clientId, checked);
    await writeAudit(tx, 'createClient', { client: clientId, kind, scopes: scopes.join(' ') });
    return (await findClient(tx, clientId)) as Client;
  });
}

/** The municipality named, or the administrator's own. @throws Problem `unknown-client-municipality` */
function municipalityOf(
  { municipalityCodes }: ClientDeps,
  by: Administrator,
  named: string | undefined,
): MunicipalityCode | undefined {
  if (named === undefined) return by.municipality ?? undefined;
  if (!municipalityCodes.has(named)) throw new Problem(UNKNOWN_MUNICIPALITY);
  return municipalityCodeOf(named);
}

function checkRights(
  { domainIds }: ClientDeps,
  kind: ClientKind,
  { scopes, domains }: Pick<ClientChange, 'scopes' | 'domains'>,
): void {
  const refused = refusedScopes(kind, scopes ?? []);
  if (refused.length > 0) throw new Problem(SCOPES_NOT_ALLOWED, undefined, { refused });
  if (domains?.some((domain) => !domainIds.includes(domain))) throw new Problem(UNKNOWN_DOMAIN);
}

/** Changes what `change` names; a disabled client is refused from then on. @throws Problem `not-found`, `scopes-not-allowed`, `unknown-client-domain` */
export function changeClient(
  deps: ClientDeps,
  tenant: Tenant,
  clientId: string,
  change: ClientChange,
): Promise<Client> {
  return changing(deps, tenant, clientId, 'changeClient', async (tx, { kind }) => {
    checkRights(deps, kind, change);
    await updateClient(tx, clientId, change);
    return {
      ...(change.status && { status: change.status }),
      ...(change.scopes && { scopes: change.scopes.join(' ') }),
    };
  });
}

/** Puts a set of public keys in the place of the client's. @throws Problem `not-found`, `key-not-accepted` */
export async function replaceClientKeys(
  deps: ClientDeps,
  tenant: Tenant,
  clientId: string,
  keys: readonly Readonly<Record<string, unknown>>[],
): Promise<Client> {
  const checked = await checkKeys(keys);
  return changing(deps, tenant, clientId, 'replaceClientKeys', async (tx) => {
    await replaceKeys(tx, clientId, checked);
    return { keys: checked.map(({ keyId }) => keyId).join(' ') };
  });
}

type Changing = Parameters<typeof withTenant<Client>>[2];

function changing(
  deps: ClientDeps,
  tenant: Tenant,
  clientId: string,
  operation: string,
  change: (tx: Parameters<Changing>[0], client: Client) => Promise<Record<string, string>>,
): Promise<Client> {
  return withTenant(deps.pool, tenant, async (tx) => {
    const client = await findClient(tx, clientId);
    if (client === undefined) throw new Problem(NOT_FOUND);
    const told = await change(tx, client);
    await writeAudit(tx, operation, { client: clientId, ...told });
    await announceChange(tx, clientId);
    return (await findClient(tx, clientId)) as Client;
  });
}
