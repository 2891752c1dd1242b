// A near cache in front of a far one.
import type { AnswerCache } from './cache.ts';

/** @returns a cache that asks `near`, then `far`, then makes the answer. */
export function layerCaches(near: AnswerCache, far: AnswerCache): AnswerCache {
  return { get: (key, make) => near.get(key, () => far.get(key, make)) };
}
