// Makes, replaces and revokes the service's signing keys. In the worker and by command; the api only reads them.
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type pg from 'pg';
import { earlierTime } from '../../platform/postgres/earlier-time.ts';
import { withSystem } from '../../platform/postgres/tenancy.ts';
import { seal } from '../../platform/sealed.ts';
import { writeOperatorAudit } from '../audit/index.ts';
import { nextKeyAt, spentKeysAt } from './rules.ts';
import {
  deleteExpiredAssertions,
  deleteSigningKeys,
  insertSigningKey,
  listSigningKeys,
  lockSigningKeys,
  markRevoked,
} from './store.ts';

export interface SigningKeyDeps {
  readonly pool: pg.Pool;
  readonly secrets: { readonly rootSecret: Uint8Array };
  readonly clock: () => Date;
}

/** What the secret of a signing key is sealed for. */
export const SEALED_FOR = 'signing-key';

const UPKEEP = { clientId: 'worker', requestId: 'token-upkeep' };

/** Makes the next key when it is time, forgets spent keys and expired assertions. Any number of workers may do so at once. @returns the keys made */
export async function keepKeysFresh(deps: SigningKeyDeps): Promise<number> {
  return withSystem(deps.pool, 'signing keys', async (tx) => {
    const now = await lockSigningKeys(tx);
    await deleteExpiredAssertions(tx, await earlierTime(tx, deps.clock));
    const keys = await listSigningKeys(tx);
    const spent = spentKeysAt(keys, now).map(({ keyId }) => keyId);
    if (spent.length > 0) await deleteSigningKeys(tx, spent);
    const usedFrom = nextKeyAt(keys, now);
    if (usedFrom === undefined) return 0;
    const { keyId, publicJwk, sealed } = await makeKey(deps);
    await insertSigningKey(tx, { keyId, publicJwk, sealed, usedFrom });
    await writeOperatorAudit(tx, UPKEEP, 'createSigningKey', { key: keyId, usedFrom: usedFrom.toISOString() });
    return 1;
  });
}

async function makeKey({ secrets }: SigningKeyDeps) {
  const pair = await generateKeyPair('EdDSA', { extractable: true });
  const bare = await exportJWK(pair.publicKey);
  const keyId = await calculateJwkThumbprint(bare);
  const secret = Buffer.from(JSON.stringify(await exportJWK(pair.privateKey)));
  return {
    keyId,
    publicJwk: { ...bare, kid: keyId, alg: 'EdDSA', use: 'sig' },
    sealed: seal(secrets.rootSecret, SEALED_FOR, keyId, secret),
  };
}

/**
 * Takes a key out of use at once, with every token it has signed; another one signs from now on. For a key that somebody else may have.
 * @returns whether there was such a key
 */
export async function revokeSigningKey(deps: SigningKeyDeps, keyId: string, by: string): Promise<boolean> {
  const revoked = await withSystem(deps.pool, 'revoking a signing key', async (tx) => {
    await lockSigningKeys(tx);
    const found = await markRevoked(tx, keyId);
    if (found) await writeOperatorAudit(tx, { clientId: by, requestId: 'command' }, 'revokeSigningKey', { key: keyId });
    return found;
  });
  await keepKeysFresh(deps);
  return revoked;
}
