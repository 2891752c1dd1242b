// A connection to a Redis that is never needed: stopped, hanging or faulty, it costs whoever asks at most one time-out, and then nothing
// until it is well again. Knows no key.
import { Redis } from 'ioredis';

export interface RedisLink {
  /** Whether asking is worth it: connected, and well as far as is known. */
  isUsable(): boolean;
  /**
   * Runs a command. @returns its answer, or undefined when there was none in time; `isUsable` is false then, for two seconds at least.
   * @param timeout milliseconds
   */
  ask<T>(command: (redis: Redis) => Promise<T>, timeout?: number): Promise<T | undefined>;
  /** To be called when an answer made no sense: Redis is left alone as after a fault. */
  rest(): void;
  /** Ends the connection; later nothing is asked. */
  close(): void;
}

/** Waiting longer than this for Redis costs more than it saves. */
const ASK_TIMEOUT_MS = 40;
/** Redis is left alone for so long after a fault; then it is asked in the background whether it is well. */
const REST_MS = 2_000;

/** Connects in the background; never throws and never waits for the connection. */
export function createRedisLink(url: string): RedisLink {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
    commandTimeout: 1_000,
    retryStrategy: (attempt) => Math.min(attempt * 200, REST_MS),
  });
  // Every fault shows as a failed command; the events add nothing.
  redis.on('error', () => {});
  let resting: NodeJS.Timeout | undefined;
  let closed = false;

  /** Opens the circuit. Only the background asks again, so a hang of any length costs its readers one time-out. */
  function rest(): void {
    if (closed || resting !== undefined) return;
    resting = setTimeout(async () => {
      const well = await within(redis.ping(), ASK_TIMEOUT_MS).then(
        () => true,
        () => false,
      );
      resting = undefined;
      if (!well) rest();
    }, REST_MS).unref();
  }

  return {
    // Not while connecting either: reconnecting goes on in the background, and costs its readers nothing.
    isUsable: () => !closed && resting === undefined && redis.status === 'ready',
    async ask(command, timeout = ASK_TIMEOUT_MS) {
      try {
        return await within(command(redis), timeout);
      } catch {
        rest();
        return undefined;
      }
    },
    rest,
    close() {
      closed = true;
      clearTimeout(resting);
      redis.disconnect();
    },
  };
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
