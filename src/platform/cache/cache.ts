// Answers kept as bytes. A cache only saves work: whatever happens to it, the answer is the one that `make` gives.
import type { MunicipalityCode } from '../tenant.ts';

declare const cacheKey: unique symbol;

/** A key that holds all that the answer depends on; only `releaseKey` and `revisionKey` make one, so no answer outlives what it rests on. */
export type CacheKey = string & { readonly [cacheKey]: true };

/** An answer ready to be sent. `etag` is strong, quotes included. */
export interface CachedAnswer {
  readonly body: Buffer;
  readonly etag: string;
  readonly mediaType: string;
}

export interface AnswerCache {
  /**
   * The answer under `key`; made by `make` when it is not there. Concurrent calls for one key share one `make`,
   * a failing one included, which is not kept.
   */
  get(key: CacheKey, make: () => Promise<CachedAnswer>): Promise<CachedAnswer>;
}

/** The key of an answer that rests on a release, and is the same for everyone who may read it. */
export function releaseKey(releaseId: string, ...parts: readonly string[]): CacheKey {
  return keyOf('release', releaseId, ...parts);
}

/** The key of an answer that rests on one municipality's revision of a domain. */
export function revisionKey(
  municipality: MunicipalityCode,
  domain: string,
  revision: number,
  ...parts: readonly string[]
): CacheKey {
  return keyOf('revision', municipality, domain, String(revision), ...parts);
}

/** JSON keeps parts apart whatever they hold: `['a', 'b:c']` and `['a:b', 'c']` are different keys. */
function keyOf(...parts: readonly string[]): CacheKey {
  return JSON.stringify(parts) as CacheKey;
}
