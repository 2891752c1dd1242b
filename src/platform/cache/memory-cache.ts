// First level: the answers of this process, as Buffers, least recently used out first, bounded by bytes.
import { LRUCache } from 'lru-cache';
import type { AnswerCache, CachedAnswer, CacheKey } from './cache.ts';
import { createSingleFlight } from './single-flight.ts';

/** What an entry costs beside its body: key, ETag, media type and the list's own links. */
const ENTRY_OVERHEAD = 512;

/** @param maxBytes upper bound of all entries; an answer above an eighth of it is not kept, so that one cannot push out many. */
export function createMemoryCache(maxBytes: number): AnswerCache {
  const answers = new LRUCache<CacheKey, CachedAnswer>({
    maxSize: maxBytes,
    maxEntrySize: Math.floor(maxBytes / 8),
    sizeCalculation: (answer, key) => answer.body.length + key.length + ENTRY_OVERHEAD,
  });
  const once = createSingleFlight<CachedAnswer>();
  return {
    get(key, make) {
      const known = answers.get(key);
      if (known !== undefined) return Promise.resolve(known);
      return once(key, async () => {
        const answer = await make();
        answers.set(key, answer);
        return answer;
      });
    },
  };
}
