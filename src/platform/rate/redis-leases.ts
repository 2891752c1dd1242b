// Leases of tokens from Redis: one small script, atomic and by Redis' own clock. Whatever else stands under a key is no bucket.
import type { RedisLink } from '../redis/redis-link.ts';
import type { Lease, Leases } from './leases.ts';

/**
 * A bucket is a hash of its tokens and the time (ms) that they were counted at. It is forgotten when it has had the time to fill up, and then some.
 * What is not known, is of another type, or cannot be (too many tokens, a time to come or long past) starts with what the asking process believes
 * is left, so that a flush opens no limit; what is handed back is part of that belief already. NaN fails every comparison, and so is refused too.
 */
const SCRIPT = `
local burst, rate, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local keep = math.ceil(burst / rate * 1000) + 60000
local kept = redis.pcall('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at
if not kept.err then tokens, at = tonumber(kept[1]), tonumber(kept[2]) end
if tokens and at and tokens >= 0 and tokens <= burst and at <= now and at >= now - keep then
  tokens = math.min(burst, tokens + (now - at) * rate / 1000)
  tokens = math.max(0, math.min(burst, tokens + tonumber(ARGV[4])))
else
  redis.call('DEL', KEYS[1])
  tokens = tonumber(ARGV[5])
end
local granted = math.min(wanted, math.floor(tokens))
tokens = tokens - granted
redis.call('HSET', KEYS[1], 'tokens', tokens, 'at', now)
redis.call('PEXPIRE', KEYS[1], keep)
return { granted, math.floor(tokens * 1000) }
`;

/** @param link a connection of its own: behind an answer of a megabyte a lease would come too late */
export function createRedisLeases(link: RedisLink): Leases {
  return {
    isUsable: link.isUsable,
    async lease(key, { rate, burst }, { wanted, adjust, start }) {
      const answer = await link.ask((redis) => redis.eval(SCRIPT, 1, key, burst, rate, wanted, adjust, start));
      if (answer === undefined) return undefined;
      const lease = readLease(answer, wanted, burst);
      if (lease === undefined) link.rest();
      return lease;
    },
  };
}

/** Nothing that Redis says opens a limit: an answer that cannot be is none. */
function readLease(answer: unknown, wanted: number, burst: number): Lease | undefined {
  if (!Array.isArray(answer) || !answer.every(Number.isSafeInteger)) return undefined;
  const [granted, left] = [answer[0] as number, (answer[1] as number) / 1000];
  return granted >= 0 && granted <= wanted && left >= 0 && left <= burst ? { granted, left } : undefined;
}
