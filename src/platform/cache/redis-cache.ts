// Second level: answers that several processes share in Redis. Redis is never needed: stopped, hanging, flushed or full of garbage,
// it costs at most one time-out and never changes an answer.
import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import type { AnswerCache, CachedAnswer, CacheKey } from './cache.ts';
import { packEntry, unpackEntry } from './cache-entry.ts';
import { createSingleFlight } from './single-flight.ts';

export interface RedisCache extends AnswerCache {
  /** Ends the connection; later calls only make answers. */
  close(): void;
}

/** Waiting longer than this for Redis costs more than it saves. */
const READ_TIMEOUT_MS = 40;
/** Redis is left alone for so long after a fault; then it is asked in the background whether it is well. */
const REST_MS = 2_000;
const KEEP_SECONDS = 24 * 3600;
/** Larger answers are rare, and slow to send twice. */
const MAX_BODY_BYTES = 1024 * 1024;

/** Connects in the background; never throws and never waits for the connection. */
export function createRedisCache(url: string): RedisCache {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
    commandTimeout: 1_000,
    retryStrategy: (attempt) => Math.min(attempt * 200, REST_MS),
  });
  // Every fault shows as a failed command; the events add nothing.
  redis.on('error', () => {});
  const once = createSingleFlight<CachedAnswer>();
  let resting: NodeJS.Timeout | undefined;
  let closed = false;

  /** Opens the circuit. Only the background asks again, so a hang of any length costs its readers one time-out. */
  function rest(): void {
    if (closed || resting !== undefined) return;
    resting = setTimeout(async () => {
      const well = await within(redis.ping(), READ_TIMEOUT_MS).then(
        () => true,
        () => false,
      );
      resting = undefined;
      if (!well) rest();
    }, REST_MS).unref();
  }

  /** Not while connecting either: reconnecting goes on in the background, and costs its readers nothing. */
  function isUsable(): boolean {
    return !closed && resting === undefined && redis.status === 'ready';
  }

  async function read(key: CacheKey): Promise<CachedAnswer | undefined> {
    try {
      const bytes = await within(redis.getBuffer(nameOf(key)), READ_TIMEOUT_MS);
      return bytes === null ? undefined : unpackEntry(key, bytes);
    } catch {
      rest();
      return undefined;
    }
  }

  function write(key: CacheKey, answer: CachedAnswer): void {
    if (!isUsable() || answer.body.length > MAX_BODY_BYTES) return;
    redis.set(nameOf(key), packEntry(key, answer), 'EX', KEEP_SECONDS).catch(rest);
  }

  return {
    get: (key, make) =>
      once(key, async () => {
        const known = isUsable() ? await read(key) : undefined;
        if (known !== undefined) return known;
        const answer = await make();
        write(key, answer);
        return answer;
      }),
    close() {
      closed = true;
      clearTimeout(resting);
      redis.disconnect();
    },
  };
}

/** Names are digests: bounded in length, and they tell whoever lists them nothing. */
function nameOf(key: CacheKey): string {
  return `flis:answer:${createHash('sha256').update(key).digest('base64url')}`;
}

async function within<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('late')), milliseconds);
  });
  // The command may still fail after the time-out; then nobody listens any more.
  work.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
