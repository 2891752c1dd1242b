// Checks the public keys that a client registers, so that a key that cannot work, or that is weak, is refused while somebody is looking.
import { calculateJwkThumbprint, exportJWK, importJWK, type JWK } from 'jose';
import { Problem } from '../../platform/http/problem.ts';
import { KEY_NOT_ACCEPTED } from './errors.ts';

/** A public key as it is kept: only the members that say what it is. */
export interface RegisteredKey {
  readonly keyId: string;
  readonly jwk: JWK;
}

/** Signature algorithms by curve. RSA is not taken: its weak keys look like good ones. */
const ALGORITHMS: Readonly<Record<string, string>> = { 'EC P-256': 'ES256', 'OKP Ed25519': 'EdDSA' };
const KEY_ID = /^[\x21-\x7e]{1,128}$/;

/** @returns the keys, each under its `kid` or its thumbprint (RFC 7638). @throws Problem `key-not-accepted` with the place of the first one at fault */
export async function checkKeys(keys: readonly Readonly<Record<string, unknown>>[]): Promise<RegisteredKey[]> {
  const checked: RegisteredKey[] = [];
  for (const [index, key] of keys.entries()) {
    const accepted = await checkKey(key);
    if (accepted === undefined || checked.some(({ keyId }) => keyId === accepted.keyId)) {
      throw new Problem(KEY_NOT_ACCEPTED, undefined, { index });
    }
    checked.push(accepted);
  }
  return checked;
}

async function checkKey(key: Readonly<Record<string, unknown>>): Promise<RegisteredKey | undefined> {
  const { kty, crv, x, y, kid } = key as JWK;
  const alg = ALGORITHMS[`${kty} ${crv}`];
  const isNamed = kid === undefined || (typeof kid === 'string' && KEY_ID.test(kid));
  if (alg === undefined || 'd' in key || !isNamed || (key.alg !== undefined && key.alg !== alg)) return undefined;
  const bare = { kty, crv, x, ...(y === undefined ? {} : { y }) } as JWK;
  try {
    // Importing checks that the point is on the curve; exporting again, that it was written in the one canonical way.
    const canonical = await exportJWK(await importJWK(bare, alg, { extractable: true }));
    if (canonical.x !== x || canonical.y !== y) return undefined;
    const keyId = kid ?? (await calculateJwkThumbprint(bare));
    return { keyId, jwk: { ...bare, kid: keyId, alg, use: 'sig' } };
  } catch {
    return undefined;
  }
}
