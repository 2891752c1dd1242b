// Bounds what failed authentications of one remote address cost: beyond the limit they are refused before anything is verified or looked up.
// In this process alone, and by the address of the connection, or the one that a trusted proxy names.
import { isIP, isIPv6 } from 'node:net';
import { LRUCache } from 'lru-cache';
import { type Limit, TokenBucket, waitFor } from '../../platform/rate/token-bucket.ts';

/** Who fails from more addresses than this at once has the first ones forgotten. Some 200 bytes each. */
const REMEMBERED = 10_000;

export interface FailureLimit {
  /** @returns milliseconds until this address may try again; 0: now */
  waitFor(address: string): number;
  /** Counts a failure. */
  note(address: string): void;
}

export function limitFailures(limit: Limit, clock: () => number): FailureLimit {
  const buckets = new LRUCache<string, TokenBucket>({ max: REMEMBERED });
  return {
    waitFor(address) {
      const bucket = buckets.get(networkOf(address));
      return bucket === undefined ? 0 : waitFor(limit, bucket.tokensAt(clock()), 1);
    },
    note(address) {
      const network = networkOf(address);
      const bucket = buckets.get(network) ?? new TokenBucket(limit, clock());
      buckets.set(network, bucket);
      bucket.charge(clock());
    },
  };
}

/** @returns what an address is counted as: what is none, as a proxy may pass it on, as one and the same; of IPv6 the first 64 bits, of which a host has all the rest to choose from */
export function networkOf(address: string): string {
  if (isIP(address) === 0) return 'none';
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const groups = [...first, ...Array.from({ length: gap }, () => '0'), ...last];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
