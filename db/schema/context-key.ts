// The key under which the application signs what PostgreSQL is told of a transaction, and `migrate` stores so that PostgreSQL can verify it.
// Derives only; it knows neither a connection nor what is signed.
import { createHash, createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** The role that owns the key and the function which verifies with it, and nobody can log in as. */
export const CONTEXT_ROLE = 'flis_context';

/** A key of the tenant context. The secret it is derived from never reaches the database. */
export interface ContextKey {
  /** Eight hex digits that name the key in what it signs. */
  readonly keyId: string;
  /** Prepared once: an HMAC with it takes 3 µs, one with plain bytes 22. */
  readonly key: KeyObject;
}

/** @returns the key of `secret`; the same secret always gives the same key. */
export function contextKeyOf(secret: Uint8Array): ContextKey {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', 'tenant-context', 32));
  return { keyId: createHash('sha256').update(bytes).digest('hex').slice(0, 8), key: createSecretKey(bytes) };
}

/** The two blocks of HMAC-SHA-256 (RFC 2104) that depend on the key alone: PostgreSQL has sha256, and no HMAC without an extension. */
export function padsOf({ key }: ContextKey): { readonly inner: Buffer; readonly outer: Buffer } {
  const block = Buffer.alloc(64);
  key.export().copy(block);
  return { inner: Buffer.from(block.map((byte) => byte ^ 0x36)), outer: Buffer.from(block.map((byte) => byte ^ 0x5c)) };
}

/** @returns the HMAC-SHA-256 of `message` in hex. */
export function signWith({ key }: ContextKey, message: string): string {
  return createHmac('sha256', key).update(message).digest('hex');
}
