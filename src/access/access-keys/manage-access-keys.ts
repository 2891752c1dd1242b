// Making and revoking access keys. Each is one transaction with its audit row; a revocation is announced at its commit.
import type pg from 'pg';
import { NOT_FOUND, Problem } from '../../platform/http/problem.ts';
import { readTime } from '../../platform/http/wire-forms.ts';
import { type Tenant, withTenant } from '../../platform/postgres/tenancy.ts';
import { writeAudit } from '../audit/index.ts';
import { type Client, findClient } from '../clients/index.ts';
import type { Scope } from '../scopes.ts';
import { digestOf } from '../secret-texts.ts';
import { announceChange } from '../store-changes.ts';
import { ACCESS_KEY_EXPIRY, BEYOND_CLIENT, TOO_MANY_ACCESS_KEYS } from './errors.ts';
import { ACCESS_KEY_TEXTS, isAllowedExpiry, MOST_KEYS } from './rules.ts';
import { type AccessKey, countWorkingKeys, findAccessKey, insertAccessKey, revokeKey } from './store.ts';

/** What access keys need. */
export interface AccessKeyDeps {
  readonly pool: pg.Pool;
  readonly secrets: { readonly rootSecret: Uint8Array };
}

export interface NewAccessKey {
  readonly clientId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly domains?: readonly string[] | null;
  readonly expiresAt: string;
}

/**
 * Makes an access key of one of the municipality's clients. @returns the key as it is kept, and its text, which nobody sees again
 * @throws Problem `not-found` for the client, `access-key-expiry`, `beyond-client`, `too-many-access-keys`
 */
export async function createAccessKey(
  deps: AccessKeyDeps,
  tenant: Tenant,
  wanted: NewAccessKey,
): Promise<{ readonly key: AccessKey; readonly text: string }> {
  const { clientId, name, scopes, domains = null } = wanted;
  const expiresAt = readTime(wanted.expiresAt, 'body/expiresAt');
  if (!isAllowedExpiry(expiresAt, new Date())) throw new Problem(ACCESS_KEY_EXPIRY);
  const { id: accessKeyId, text } = ACCESS_KEY_TEXTS.make(tenant.municipality, deps.secrets.rootSecret);
  return withTenant(deps.pool, tenant, async (tx) => {
    const client = await findClient(tx, clientId);
    if (client === undefined) throw new Problem(NOT_FOUND);
    if (!isWithin(client, { scopes, domains })) throw new Problem(BEYOND_CLIENT);
    if ((await countWorkingKeys(tx, clientId)) >= MOST_KEYS) throw new Problem(TOO_MANY_ACCESS_KEYS);
    await insertAccessKey(tx, { accessKeyId, clientId, name, scopes, domains, expiresAt, sha256: digestOf(text) });
    await writeAudit(tx, 'createAccessKey', { accessKey: accessKeyId, client: clientId, scopes: scopes.join(' ') });
    return { key: (await findAccessKey(tx, accessKeyId)) as AccessKey, text };
  });
}

function isWithin(client: Client, { scopes, domains }: Pick<AccessKey, 'scopes' | 'domains'>): boolean {
  const ofClient = client.domains;
  return (
    scopes.every((scope) => client.scopes.includes(scope)) &&
    (ofClient === null || (domains ?? []).every((domain) => ofClient.includes(domain)))
  );
}

/** Ends an access key, within a second everywhere. Doing so again changes nothing. @throws Problem `not-found` */
export function revokeAccessKey(deps: AccessKeyDeps, tenant: Tenant, accessKeyId: string): Promise<AccessKey> {
  return withTenant(deps.pool, tenant, async (tx) => {
    const key = await findAccessKey(tx, accessKeyId);
    if (key === undefined) throw new Problem(NOT_FOUND);
    await revokeKey(tx, accessKeyId);
    await writeAudit(tx, 'revokeAccessKey', { accessKey: accessKeyId, client: key.clientId });
    await announceChange(tx, key.clientId);
    return (await findAccessKey(tx, accessKeyId)) as AccessKey;
  });
}
