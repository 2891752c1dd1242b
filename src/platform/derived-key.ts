// Signing keys that follow from the root secret, so that there is nothing to keep besides it. Whoever verifies needs the public half only.
import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto';

/** An Ed25519 key pair. */
export interface DerivedKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** RFC 8410: what comes before the 32 bytes of the private key. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** @param purpose what the key is for, with a version: other purposes have other keys */
export function deriveSigningKey(rootSecret: Uint8Array, purpose: string): DerivedKey {
  const seed = Buffer.from(hkdfSync('sha256', rootSecret, '', purpose, 32));
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}
