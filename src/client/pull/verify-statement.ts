// Verifies what the service signs: manifests and receipts, compact JWS (RFC 7515) under Ed25519. A key is remembered when it is first used; another one under
// the same id is refused for ever.
import { createPublicKey, verify } from 'node:crypto';
import { VerificationFault } from '../faults.ts';
import { type Service, send } from '../http.ts';

/** Public keys by id: the member `x` of their JSON Web Keys. */
export type Keys = Record<string, string>;

const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** @returns the keys that the service publishes. @throws VerificationFault when a known one is another now */
export async function readKeys(service: Service, known: Keys): Promise<Keys> {
  const { body } = await send(service, { method: 'GET', path: '/.well-known/delivery-keys.json' });
  const published: Keys = {};
  for (const { kty, crv, kid, x } of body?.keys ?? []) {
    if (kty !== 'OKP' || crv !== 'Ed25519' || typeof kid !== 'string' || typeof x !== 'string') continue;
    if (Object.hasOwn(known, kid) && known[kid] !== x)
      throw new VerificationFault(
        `the key ${kid} is not the one that it was: ask the operator before anything is fetched`,
      );
    published[kid] = x;
  }
  return { ...published, ...known };
}

/** A statement that is the service's own. */
export interface Verified {
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the statement's; callers check the fields they rely on
  readonly statement: any;
  readonly keyId: string;
}

/**
 * @param kind `manifest` or `receipt`: neither is taken for the other
 * @throws VerificationFault unless a key of `keys` has signed it
 */
export function verifyStatement(jws: unknown, kind: 'manifest' | 'receipt', keys: Keys): Verified {
  const fault = (text: string) => new VerificationFault(`the ${kind} is not to be trusted: ${text}`);
  const segments = typeof jws === 'string' ? jws.split('.') : [];
  const [header = '', payload = '', signature = ''] = segments;
  if (segments.length !== 3 || !segments.every(isCanonical)) throw fault('it is no signed statement');
  const { alg, kid, typ } = parse(header) ?? {};
  if (alg !== 'EdDSA' || typ !== `flis-${kind}+jws`) throw fault('it is signed as something else');
  const x = typeof kid === 'string' && Object.hasOwn(keys, kid) ? keys[kid] : undefined;
  if (x === undefined) throw fault(`the service publishes no key ${kid}`);
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  if (!verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url')))
    throw fault('its signature is wrong');
  return { statement: parse(payload) ?? {}, keyId: kid };
}

/** Base64url can be written in several ways, of which one is right. */
function isCanonical(segment: string): boolean {
  return BASE64URL.test(segment) && Buffer.from(segment, 'base64url').toString('base64url') === segment;
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the statement holds
function parse(segment: string): any {
  try {
    const value = JSON.parse(Buffer.from(segment, 'base64url').toString());
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
