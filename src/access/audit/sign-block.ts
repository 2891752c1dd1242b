// The key that signs blocks: Ed25519, derived from the root secret, so that there is nothing to keep besides it. Whoever verifies needs the public half only.
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { type DerivedKey, deriveSigningKey } from '../../platform/derived-key.ts';

/** A key pair and the id under which blocks name it. */
export interface BlockKey extends DerivedKey {
  readonly id: string;
}

/** The public half as JSON Web Key, as `audit key` prints it. */
export interface PublicBlockKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly kid: string;
  readonly x: string;
}

/** Raised to change the key; blocks name theirs, so those of earlier versions stay verifiable. */
const VERSION = 1;

/** @returns the key pair of a version; the newest signs. */
export function deriveBlockKey(rootSecret: Uint8Array, version = VERSION): BlockKey {
  return { id: `audit-${version}`, ...deriveSigningKey(rootSecret, `audit-blocks:${version}`) };
}

/** @returns the public keys of all versions, the newest last. */
export function publicBlockKeys(rootSecret: Uint8Array): PublicBlockKey[] {
  return Array.from({ length: VERSION }, (_, index) => {
    const { id, publicKey } = deriveBlockKey(rootSecret, index + 1);
    return { kty: 'OKP', crv: 'Ed25519', kid: id, x: publicKey.export({ format: 'jwk' }).x ?? '' };
  });
}

/** @returns public keys by their ids. @throws when one is no such key */
export function readPublicKeys(keys: readonly PublicBlockKey[]): ReadonlyMap<string, KeyObject> {
  return new Map(keys.map((key) => [key.kid, createPublicKey({ key: { ...key }, format: 'jwk' })]));
}

/** @returns the signature of `text`, base64url. */
export function signText(key: BlockKey, text: string): string {
  return sign(null, Buffer.from(text), key.privateKey).toString('base64url');
}

/** Whether `signature` is exactly what the holder of the key wrote for `text`. */
export function isSigned(publicKey: KeyObject, text: string, signature: string): boolean {
  const bytes = Buffer.from(signature, 'base64url');
  return bytes.toString('base64url') === signature && verify(null, Buffer.from(text), publicKey, bytes);
}
