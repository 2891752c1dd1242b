// How limits are named and told: keys of buckets, the RateLimit header fields (draft-ietf-httpapi-ratelimit-headers), Retry-After. Pure.
import { createHash } from 'node:crypto';
import type { BucketKey } from '../../platform/rate/leases.ts';
import { type Limit, waitFor } from '../../platform/rate/token-bucket.ts';
import type { MunicipalityCode } from '../../platform/tenant.ts';

/** Who spends: a client, for a municipality; null: the operator, who works for none. */
export interface Spender {
  readonly clientId: string;
  readonly municipality: MunicipalityCode | null;
}

/** The limits, by the names that callers see. `address` is for those who are nobody yet. */
export type PolicyName = 'client' | 'client-municipality' | 'address';

/** RFC 9110 sets no bound; clients that wait longer than two minutes mostly give up. */
const LONGEST_RETRY_SECONDS = 120;

/** The key of all that a client does. */
export function clientKey({ clientId }: Pick<Spender, 'clientId'>): BucketKey {
  return keyOf(clientId);
}

/** The key of what a client does for one municipality; it holds both, so no municipality spends another's tokens. */
export function pairKey(clientId: string, municipality: MunicipalityCode): BucketKey {
  return keyOf(clientId, municipality);
}

/** A digest: bounded in length, and it tells whoever lists keys nothing. JSON keeps the parts apart whatever they hold. */
function keyOf(...parts: readonly string[]): BucketKey {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
  return `flis:limit:${digest}` as BucketKey;
}

/** Seconds that a bucket takes to fill up. */
export function windowOf({ rate, burst }: Limit): number {
  return Math.ceil(burst / rate);
}

/** @returns seconds until a limit of which `left` tokens are left is whole again */
export function resetSeconds(limit: Limit, left: number): number {
  return Math.ceil(waitFor(limit, left, limit.burst) / 1000);
}

/** An item of `RateLimit-Policy`: so many requests at once (`q`), and as many again over so many seconds (`w`). */
export function policyItem(name: PolicyName, limit: Limit): string {
  return `"${name}";q=${limit.burst};w=${windowOf(limit)}`;
}

/** An item of `RateLimit`: requests left (`r`), and seconds until all are back (`t`). */
export function standingItem(name: PolicyName, limit: Limit, left: number): string {
  return `"${name}";r=${left};t=${resetSeconds(limit, left)}`;
}

/** @returns the value of `Retry-After` for a wait of so many milliseconds: 1 to 120 */
export function retryAfterOf(milliseconds: number): string {
  return String(Math.min(LONGEST_RETRY_SECONDS, Math.max(1, Math.ceil(milliseconds / 1000))));
}
