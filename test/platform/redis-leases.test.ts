// Leases from a real Redis: what it grants, that processes share it, and that Redis in any trouble neither opens a limit nor refuses who keeps to it.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { freePort } from '../../src/platform/free-port.ts';
import { LeasedBucket } from '../../src/platform/rate/leased-bucket.ts';
import type { BucketKey, Leases } from '../../src/platform/rate/leases.ts';
import { createRedisLeases } from '../../src/platform/rate/redis-leases.ts';
import type { Limit } from '../../src/platform/rate/token-bucket.ts';
import { createRedisLink, type RedisLink } from '../../src/platform/redis/redis-link.ts';
import { type RedisServer, startRedis } from '../harness/redis.ts';
import { skipWithout } from '../harness/skip-without.ts';

const skip = skipWithout('redis-server');
/** Little comes back while a test runs, so that what was spent can be counted. */
const LIMIT = { rate: 0.1, burst: 400 };
const BLOCK = LIMIT.burst / 10;
let counter = 0;
const newKey = () => `test:${process.pid}:${counter++}` as BucketKey;

/** A slow machine is not to be taken for a Redis in trouble: it gets as long for an answer as the connection waits at all. */
const PATIENCE_MS = 1_000;

async function connect(t: Test, server: RedisServer): Promise<Leases> {
  return createRedisLeases(await link(t, server));
}

async function link(t: Test, { url }: RedisServer): Promise<RedisLink> {
  const link = createRedisLink(url);
  t.teardown(() => link.close());
  while (!link.isUsable()) await delay(5);
  return { ...link, ask: (command) => link.ask(command, PATIENCE_MS) };
}

function bucketOn(leases: Leases, key: BucketKey, processes = 1, limit: Limit = LIMIT): LeasedBucket {
  return new LeasedBucket({ key, limit, leases, processes }, performance.now());
}

/** @returns whether a token was there, now or after asking */
async function spend(bucket: LeasedBucket): Promise<boolean> {
  for (;;) {
    const now = performance.now();
    if (bucket.canSpend(now)) {
      bucket.spend(now);
      return true;
    }
    if (bucket.waitAt(now) > 0) return false;
    await bucket.ask(now);
  }
}

/** Spends `count` tokens, some at a time as requests would. @returns how many there were */
async function spendMany(buckets: readonly LeasedBucket[], count: number): Promise<number> {
  let spent = 0;
  for (let turn = 0; turn < count; turn += buckets.length) {
    const all = await Promise.all(buckets.slice(0, count - turn).map(spend));
    spent += all.filter(Boolean).length;
    // Answers of Redis come in between.
    await new Promise(setImmediate);
  }
  return spent;
}

t.test('leases', { skip }, async (t) => {
  const server = await startRedis(t);
  const leases = await connect(t, server);
  const ask = (key: BucketKey, wanted: number, adjust = 0, start = LIMIT.burst) =>
    leases.lease(key, LIMIT, { wanted, adjust, start });

  await t.test('what is there is granted, down to the last whole token', async (t) => {
    const key = newKey();
    t.same(await ask(key, 300), { granted: 300, left: 100 }, 'a new bucket starts as the asking process believes');
    t.match(await ask(key, 300), { granted: 100 });
    t.match(await ask(key, 300), { granted: 0 });
    t.match(await ask(newKey(), 300, 0, 12.5), { granted: 12, left: 0.5 });
    t.ok((await server.client.pttl(key)) > 0, 'an unused bucket is forgotten');
  });

  await t.test('tokens come back by the clock of Redis, up to the burst', async (t) => {
    const key = newKey();
    await ask(key, 400);
    const age = async (seconds: number) => {
      const [at] = await server.client.hmget(key, 'at');
      await server.client.hset(key, 'at', Number(at) - seconds * 1000);
    };
    await age(100);
    t.match(await ask(key, 400), { granted: 10 });
    await age(4005);
    t.match(await ask(key, 1), { granted: 1, left: 399 });
  });

  await t.test('what is handed back is there again, what was spent elsewhere is not', async (t) => {
    const key = newKey();
    await ask(key, 100);
    t.match(await ask(key, 1, 51), { granted: 1, left: 350 });
    t.match(await ask(key, 1, 1000), { left: 399 }, 'never more than the burst');
    t.match(await ask(key, 1, -200), { left: 198 });
    t.match(await ask(key, 1, -1000), { granted: 0, left: 0 });
    t.match(await ask(newKey(), 1, 400, 10), { left: 9 }, 'of a bucket that is not known the belief alone counts');
  });

  await t.test('whatever else stands under a key is no bucket', async (t) => {
    const now = Date.now();
    const fields: Record<string, string>[] = [
      { tokens: '1e9', at: `${now}` },
      { tokens: '-1', at: `${now}` },
      { tokens: 'nan', at: `${now}` },
      { tokens: 'inf', at: `${now}` },
      { tokens: '1', at: 'nan' },
      { tokens: '1', at: `${now + 1e9}` },
      { tokens: '1', at: '0' },
      { tokens: 'x', at: 'y' },
      { tokens: '1' },
      { other: '1' },
    ];
    for (const each of fields) {
      const key = newKey();
      await server.client.hset(key, each);
      t.match(await ask(key, 100, 0, 7), { granted: 7, left: 0 }, JSON.stringify(each));
      t.match(await ask(key, 100, 0, 7), { granted: 0 }, 'and it is one now');
    }
    for (const write of [
      (key: string) => server.client.set(key, 'x'),
      (key: string) => server.client.lpush(key, 'x'),
      (key: string) => server.client.set(key, Buffer.alloc(500, 7)),
    ]) {
      const key = newKey();
      await write(key);
      t.match(await ask(key, 100, 0, 7), { granted: 7 });
    }
  });

  await t.test('an answer that cannot be is none, and Redis is left alone', async (t) => {
    for (const answer of [null, 'OK', [1], [5, 0], [-1, 0], [1.5, 0], ['1', '0'], [1, 1e9], [1, -1]]) {
      let rested = 0;
      const odd = createRedisLeases({
        isUsable: () => true,
        ask: async () => answer as never,
        rest: () => {
          rested += 1;
        },
        close: () => {},
      });
      t.equal(await odd.lease(newKey(), LIMIT, { wanted: 4, adjust: 0, start: 4 }), undefined, JSON.stringify(answer));
      t.equal(rested, 1);
    }
  });

  await t.test('two processes share one limit, to the last token', async (t) => {
    const key = newKey();
    const both = [bucketOn(leases, key, 2), bucketOn(await connect(t, server), key, 2)];
    const spent = await spendMany(both, 2 * LIMIT.burst);
    t.ok(spent <= LIMIT.burst + 2, `${spent} of ${LIMIT.burst}`);
    t.ok(spent >= LIMIT.burst - BLOCK, `${spent} of ${LIMIT.burst}: one may hold what the other lacks`);
    t.equal(await spendMany([bucketOn(leases, newKey())], 10), 10, 'another key is another bucket');
  });
});

t.test('Redis in trouble opens no limit, and refuses nobody who keeps to it', { skip }, async (t) => {
  const troubles: Record<string, (server: RedisServer) => Promise<unknown> | unknown> = {
    killed: ({ process }) => process.kill('SIGKILL') && once(process, 'exit'),
    hanging: ({ process }) => process.kill('SIGSTOP'),
    flushed: ({ client }) => client.flushall(),
    'full of garbage': async ({ client }) => {
      for (const name of await client.keys('*')) await client.set(name, 'garbage');
    },
    'full of tokens': async ({ client }) => {
      for (const name of await client.keys('*')) await client.hset(name, 'tokens', '1e12');
    },
    'read-only': ({ client }) => client.replicaof('127.0.0.1', '1'),
    'out of memory': ({ client }) => client.config('SET', 'maxmemory', '1'),
  };
  for (const processes of [1, 2]) {
    for (const [name, trouble] of Object.entries(troubles)) {
      await t.test(`${name}, ${processes} process(es)`, async (t) => {
        const server = await startRedis(t);
        t.teardown(() => server.process.kill('SIGCONT'));
        const key = newKey();
        const buckets: LeasedBucket[] = [];
        for (let each = 0; each < processes; each += 1)
          buckets.push(bucketOn(await connect(t, server), key, processes));
        const before = await spendMany(buckets, LIMIT.burst / 2);
        t.equal(before, LIMIT.burst / 2, 'all are given out before');
        const load = spendMany(buckets, LIMIT.burst / 4);
        await trouble(server);
        t.equal(await load, LIMIT.burst / 4, 'and in the middle of it, as they are within the limit');
        const rest = await spendMany(buckets, 2 * LIMIT.burst);
        const total = before + LIMIT.burst / 4 + rest;
        t.ok(total <= LIMIT.burst + processes * BLOCK + 2, `${total} of ${LIMIT.burst}, a block is ${BLOCK}`);
      });
    }
  }

  await t.test('one of two processes is cut off: it gives out its share, the other what Redis has', async (t) => {
    const server = await startRedis(t);
    const key = newKey();
    const cut = await link(t, server);
    const buckets = [bucketOn(createRedisLeases(cut), key, 2), bucketOn(await connect(t, server), key, 2)];
    const before = await spendMany(buckets, LIMIT.burst / 2);
    cut.rest();
    const total = before + (await spendMany(buckets, 4 * LIMIT.burst));
    t.ok(total <= LIMIT.burst + LIMIT.burst / 2 + 2, `${total} of ${LIMIT.burst} and the share of one`);
    t.ok(total >= LIMIT.burst, `${total}: nobody is refused who keeps to it`);
  });

  await t.test('flushed again and again', async (t) => {
    const server = await startRedis(t);
    const bucket = bucketOn(await connect(t, server), newKey());
    let spent = 0;
    for (let turn = 0; turn < 50; turn += 1) {
      spent += await spendMany([bucket], 20);
      await server.client.flushall();
    }
    t.ok(spent <= LIMIT.burst + BLOCK + 2, `${spent} of ${LIMIT.burst}`);
  });

  await t.test('back again: it is told what was spent meanwhile', async (t) => {
    const server = await startRedis(t);
    const leases = await connect(t, server);
    const key = newKey();
    const bucket = bucketOn(leases, key);
    t.equal(await spendMany([bucket], 100), 100);
    server.process.kill('SIGSTOP');
    // While it hangs nothing is known of it until it is asked; the bucket goes on by itself.
    t.equal(await spendMany([bucket], 200), 200);
    t.notOk(leases.isUsable());
    server.process.kill('SIGCONT');
    while (!leases.isUsable()) await delay(20);
    const rest = await spendMany([bucket, bucketOn(leases, key)], 2 * LIMIT.burst);
    t.ok(rest <= 100 + BLOCK + 2, `${rest} of the last 100`);
  });

  await t.test('never there', async (t) => {
    const link = createRedisLink(`redis://127.0.0.1:${await freePort()}/0`);
    t.teardown(() => link.close());
    t.equal(await spendMany([bucketOn(createRedisLeases(link), newKey(), 4)], 2 * LIMIT.burst), LIMIT.burst / 4);
  });
});
