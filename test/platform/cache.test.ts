// Caches: the same contract for each, and Redis in every state that it can be in; none of them may change an answer.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type AnswerCache, type CachedAnswer, releaseKey, revisionKey } from '../../src/platform/cache/cache.ts';
import { packEntry, unpackEntry } from '../../src/platform/cache/cache-entry.ts';
import { layerCaches } from '../../src/platform/cache/layered-cache.ts';
import { createMemoryCache } from '../../src/platform/cache/memory-cache.ts';
import { createRedisCache, type RedisCache } from '../../src/platform/cache/redis-cache.ts';
import { freePort } from '../../src/platform/free-port.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { type RedisServer, startRedis } from '../harness/redis.ts';
import { skipWithout } from '../harness/skip-without.ts';

const answer = (text: string): CachedAnswer => ({ body: Buffer.from(text), etag: `"${text}"`, mediaType: 'text/csv' });
const skip = skipWithout('redis-server');
let counter = 0;
const newKey = () => releaseKey('skole-1', `test-${process.pid}-${counter++}`);

/** A connected cache: before that, it would only make answers. */
async function connect(t: Test, server: RedisServer): Promise<RedisCache> {
  const cache = createRedisCache(server.url);
  t.teardown(() => cache.close());
  const key = newKey();
  for (;;) {
    const before = await server.client.dbsize();
    await cache.get(key, async () => answer('probe'));
    if ((await server.client.dbsize()) > before) return cache;
    await delay(5);
  }
}

async function contract(
  t: Test,
  create: () => Promise<AnswerCache> | AnswerCache,
  keeps: (cache: AnswerCache) => Promise<void>,
) {
  await t.test('keeps an answer, bytes, ETag and media type alike', async (t) => {
    const cache = await create();
    const key = newKey();
    const made: CachedAnswer = { body: Buffer.from([0, 10, 255, 10]), etag: '"æ"', mediaType: 'application/json' };
    t.same(await cache.get(key, async () => made), made);
    await keeps(cache);
    t.same(await cache.get(key, async () => t.fail('made again') as never), made);
  });
  await t.test('keys are told apart', async (t) => {
    const cache = await create();
    const part = `x${counter++}`;
    const keys = [
      releaseKey('skole-1', part, 'b:c'),
      releaseKey('skole-1', `${part}:b`, 'c'),
      releaseKey('skole-1', part, 'b', 'c'),
      revisionKey(municipalityCodeOf('615'), 'skole', 1, part),
      revisionKey(municipalityCodeOf('791'), 'skole', 1, part),
      revisionKey(municipalityCodeOf('615'), 'skole', 2, part),
    ];
    for (const [index, key] of keys.entries()) await cache.get(key, async () => answer(`${index}`));
    for (const [index, key] of keys.entries()) {
      t.equal((await cache.get(key, async () => answer(`${index}`))).body.toString(), `${index}`);
    }
  });
  await t.test('concurrent calls share one make', async (t) => {
    const cache = await create();
    const key = newKey();
    let makes = 0;
    const make = async () => {
      makes += 1;
      await new Promise(setImmediate);
      return answer('once');
    };
    const answers = await Promise.all(Array.from({ length: 20 }, () => cache.get(key, make)));
    t.equal(makes, 1);
    for (const each of answers) t.equal(each.body.toString(), 'once');
  });
  await t.test('a failing make is shared, told to all, and not kept', async (t) => {
    const cache = await create();
    const key = newKey();
    let makes = 0;
    const fail = async () => {
      makes += 1;
      await new Promise(setImmediate);
      throw new Error('no');
    };
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => cache.get(key, fail)));
    t.ok(results.every(({ status }) => status === 'rejected'));
    t.equal(makes, 1);
    t.equal((await cache.get(key, async () => answer('now'))).body.toString(), 'now');
  });
}

t.test('in this process', async (t) => {
  await contract(
    t,
    () => createMemoryCache(1_000_000),
    async () => {},
  );
  await t.test('holds no more bytes than it may', async (t) => {
    const cache = createMemoryCache(80_000);
    const keys = Array.from({ length: 20 }, newKey);
    let makes = 0;
    const get = (key: (typeof keys)[number], bytes: number) =>
      cache.get(key, async () => {
        makes += 1;
        return answer('x'.repeat(bytes));
      });
    for (const key of keys) await get(key, 9_000);
    for (const key of keys.slice(-8).reverse()) await get(key, 9_000);
    t.equal(makes, 20, 'the newest are kept');
    await get(keys[0] as never, 9_000);
    t.equal(makes, 21, 'the oldest are gone');
    const large = newKey();
    await get(large, 50_000);
    await get(large, 50_000);
    t.equal(makes, 23, 'one large answer does not push out the others');
  });
});

t.test('in Redis', { skip }, async (t) => {
  const server = await startRedis(t);
  await contract(
    t,
    () => connect(t, server),
    async () => void (await server.client.ping()),
  );
  await t.test('another process finds it', async (t) => {
    const [a, b] = [await connect(t, server), await connect(t, server)];
    const key = newKey();
    await a.get(key, async () => answer('shared'));
    t.equal((await b.get(key, async () => t.fail('made again') as never)).body.toString(), 'shared');
  });
});

t.test('in layers', { skip }, async (t) => {
  const server = await startRedis(t);
  await contract(
    t,
    async () => layerCaches(createMemoryCache(1_000_000), await connect(t, server)),
    async () => {},
  );
});

t.test('an entry is taken only whole and under its own key', async (t) => {
  const key = newKey();
  const packed = packEntry(key, answer('body'));
  t.same(unpackEntry(key, packed), answer('body'));
  t.equal(unpackEntry(newKey(), packed), undefined, 'another key');
  for (let index = 0; index < packed.length; index += 1) {
    const changed = Buffer.from(packed);
    changed[index] = (changed[index] ?? 0) ^ 1;
    t.equal(unpackEntry(key, changed), undefined, `byte ${index} changed`);
    t.equal(unpackEntry(key, packed.subarray(0, index)), undefined, `cut to ${index}`);
  }
});

t.test('Redis in trouble never changes an answer', { skip }, async (t) => {
  const timed = async (cache: AnswerCache, key = newKey()) => {
    const start = performance.now();
    const { body } = await cache.get(key, async () => answer('right'));
    if (body.toString() !== 'right') throw new Error('the answer was changed');
    return performance.now() - start;
  };
  await t.test('garbage under every key', async (t) => {
    const server = await startRedis(t);
    const cache = await connect(t, server);
    const key = newKey();
    await timed(cache, key);
    for (const garbage of ['', 'x', 'FLIS-A1\n', Buffer.alloc(500, 7)]) {
      for (const name of await server.client.keys('*')) await server.client.set(name, garbage);
      await timed(cache, key);
    }
    for (const name of await server.client.keys('*')) {
      await server.client.del(name);
      await server.client.lpush(name, 'a list');
    }
    await timed(cache, key);
    t.pass();
  });
  await t.test('flushed', async (t) => {
    const server = await startRedis(t);
    const cache = await connect(t, server);
    const key = newKey();
    await timed(cache, key);
    await server.client.flushall();
    await timed(cache, key);
    t.equal(await server.client.dbsize(), 1, 'it is stored again');
  });
  await t.test('never there', async (t) => {
    const cache = createRedisCache(`redis://127.0.0.1:${await freePort()}/0`);
    t.teardown(() => cache.close());
    for (let call = 0; call < 3; call += 1) t.ok((await timed(cache)) < 50);
  });
  await t.test('hanging: one time-out, then none; and it is used again when it is back', async (t) => {
    const server = await startRedis(t);
    const cache = await connect(t, server);
    server.process.kill('SIGSTOP');
    const first = await timed(cache);
    t.ok(first < 150, `the first call took ${Math.round(first)} ms`);
    const later = await Promise.all(Array.from({ length: 50 }, () => timed(cache)));
    t.ok(Math.max(...later) < 30, `of 50 later calls the slowest took ${Math.round(Math.max(...later))} ms`);
    server.process.kill('SIGCONT');
    const size = await server.client.dbsize();
    while ((await server.client.dbsize()) === size) {
      await timed(cache);
      await delay(20);
    }
    t.pass('it stores answers again');
  });
  await t.test('ended in the middle of calls', async (t) => {
    const server = await startRedis(t);
    const cache = await connect(t, server);
    const exit = once(server.process, 'exit');
    const calls = Array.from({ length: 20 }, () => timed(cache));
    server.process.kill('SIGKILL');
    await Promise.all([...calls, exit]);
    t.ok((await timed(cache)) < 150);
  });
  await t.test('closed', async (t) => {
    const server = await startRedis(t);
    const cache = await connect(t, server);
    cache.close();
    await timed(cache);
    t.pass();
  });
});
