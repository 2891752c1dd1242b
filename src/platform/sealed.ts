// Secrets at rest: encrypted with a key that only configuration holds, and bound to what they are for. Not for files: it holds everything in memory.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Version, nonce, tag, ciphertext. The version names the way of deriving the key, so that another can stand beside it. */
const VERSION = 1;
const NONCE = 12;
const TAG = 16;

function keyFor(rootSecret: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', rootSecret, '', `sealed-1 ${purpose}`, 32));
}

/** Encrypts `plain` (AES-256-GCM). It opens only for the same purpose and name, so a row cannot be put in another's place. */
export function seal(rootSecret: Uint8Array, purpose: string, name: string, plain: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', keyFor(rootSecret, purpose), nonce).setAAD(Buffer.from(name));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.from([VERSION]), nonce, cipher.getAuthTag(), body]);
}

/** @returns what was sealed. @throws Error for another secret, purpose or name, and for anything changed since */
export function unseal(rootSecret: Uint8Array, purpose: string, name: string, sealed: Uint8Array): Buffer {
  const bytes = Buffer.from(sealed);
  if (bytes[0] !== VERSION) throw new Error('sealed in a way that is not known here');
  const nonce = bytes.subarray(1, 1 + NONCE);
  const decipher = createDecipheriv('aes-256-gcm', keyFor(rootSecret, purpose), nonce, { authTagLength: TAG });
  decipher.setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(1 + NONCE, 1 + NONCE + TAG));
  return Buffer.concat([decipher.update(bytes.subarray(1 + NONCE + TAG)), decipher.final()]);
}
