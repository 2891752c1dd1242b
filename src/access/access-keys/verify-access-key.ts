// Finds out who presents an access key. A text that this service did not make costs no query.
import { withTenant } from '../../platform/postgres/tenancy.ts';
import type { Principal } from '../principal.ts';
import { isTextOf, type SecretText } from '../secret-texts.ts';
import type { AccessKeyDeps } from './manage-access-keys.ts';
import { ACCESS_KEY_TEXTS } from './rules.ts';
import { findPresentedKey, noteUse } from './store.ts';

/** Under this name the registers are asked before it is known who asks. */
const ASKING = { domains: null, clientId: 'authentication', requestId: 'authentication' } as const;

/** @returns the caller, with no more than the client may by now; undefined for what is no key, and for one that has ended. */
export async function verifyAccessKey(deps: AccessKeyDeps, text: string): Promise<Principal | undefined> {
  const presented = ACCESS_KEY_TEXTS.parse(text, deps.secrets.rootSecret);
  return presented && readCaller(deps, presented);
}

function readCaller(
  { pool }: AccessKeyDeps,
  { municipality, id: accessKeyId, text }: SecretText,
): Promise<Principal | undefined> {
  return withTenant(pool, { ...ASKING, municipality }, async (tx) => {
    const key = await findPresentedKey(tx, accessKeyId);
    if (key === undefined || !isTextOf(text, key.sha256) || !key.isLive) return undefined;
    await noteUse(tx, accessKeyId);
    return {
      clientId: key.clientId,
      municipality,
      credential: 'access-key',
      isRegistered: true,
      scopes: new Set(key.scopes.filter((scope) => key.clientScopes.includes(scope))),
      domains: both(key.domains, key.clientDomains),
      mandate: null,
      expiresAt: key.expiresAt,
    };
  });
}

/** The domains that both allow; null allows all. */
function both(one: readonly string[] | null, other: readonly string[] | null): readonly string[] | null {
  if (one === null) return other;
  return other === null ? one : one.filter((domain) => other.includes(domain));
}
