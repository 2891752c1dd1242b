// Where a process gets tokens of a limit that it shares with others. Whoever implements it may be gone at any time; nobody may rely on it.
import type { Limit } from './token-bucket.ts';

declare const bucketKey: unique symbol;

/** Names a bucket among all that there are; whoever makes one sees to it that no two limits share a key. */
export type BucketKey = string & { readonly [bucketKey]: true };

export interface LeaseRequest {
  /** Tokens wanted, 1 or more. */
  readonly wanted: number;
  /** Tokens handed back unspent, or (negative) spent meanwhile without a lease. */
  readonly adjust: number;
  /** What is to be in a bucket that is not known, or makes no sense: what the asking process believes is left. */
  readonly start: number;
}

export interface Lease {
  /** Whole tokens, 0 to those wanted; they are the asking process's own now. */
  readonly granted: number;
  /** What is left in the bucket. */
  readonly left: number;
}

export interface Leases {
  /** Whether there is anybody to ask. */
  isUsable(): boolean;
  /** @returns undefined when there was no answer; `isUsable` is false then */
  lease(key: BucketKey, limit: Limit, request: LeaseRequest): Promise<Lease | undefined>;
}

/** For a process that shares with nobody. */
export const NO_LEASES: Leases = { isUsable: () => false, lease: async () => undefined };
