// Second level: answers that several processes share in Redis. Redis is never needed: stopped, hanging, flushed or full of garbage,
// it costs at most one time-out and never changes an answer.
import { createHash } from 'node:crypto';
import { createRedisLink } from '../redis/redis-link.ts';
import type { AnswerCache, CachedAnswer, CacheKey } from './cache.ts';
import { packEntry, unpackEntry } from './cache-entry.ts';
import { createSingleFlight } from './single-flight.ts';

export interface RedisCache extends AnswerCache {
  /** Ends the connection; later calls only make answers. */
  close(): void;
}

/** Nobody waits for a write, and an answer can be large. */
const WRITE_TIMEOUT_MS = 1_000;
const KEEP_SECONDS = 24 * 3600;
/** Larger answers are rare, and slow to send twice. */
const MAX_BODY_BYTES = 1024 * 1024;

/** Connects in the background; never throws and never waits for the connection. */
export function createRedisCache(url: string): RedisCache {
  const link = createRedisLink(url);
  const once = createSingleFlight<CachedAnswer>();

  async function read(key: CacheKey): Promise<CachedAnswer | undefined> {
    const bytes = link.isUsable() ? await link.ask((redis) => redis.getBuffer(nameOf(key))) : undefined;
    return bytes ? unpackEntry(key, bytes) : undefined;
  }

  function write(key: CacheKey, answer: CachedAnswer): void {
    if (!link.isUsable() || answer.body.length > MAX_BODY_BYTES) return;
    void link.ask((redis) => redis.set(nameOf(key), packEntry(key, answer), 'EX', KEEP_SECONDS), WRITE_TIMEOUT_MS);
  }

  return {
    get: (key, make) =>
      once(key, async () => {
        const known = await read(key);
        if (known !== undefined) return known;
        const answer = await make();
        write(key, answer);
        return answer;
      }),
    close: link.close,
  };
}

/** Names are digests: bounded in length, and they tell whoever lists them nothing. */
function nameOf(key: CacheKey): string {
  return `flis:answer:${createHash('sha256').update(key).digest('base64url')}`;
}
