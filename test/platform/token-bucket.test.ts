// The arithmetic of token buckets, and buckets that several processes share: whatever happens, no window lets through more than the limit allows.
import fc from 'fast-check';
import t from 'tap';
import { LeasedBucket } from '../../src/platform/rate/leased-bucket.ts';
import {
  type BucketKey,
  type Lease,
  type LeaseRequest,
  type Leases,
  NO_LEASES,
} from '../../src/platform/rate/leases.ts';
import { type Limit, refill, shareOf, TokenBucket, waitFor } from '../../src/platform/rate/token-bucket.ts';

const limits = fc.record({ rate: fc.integer({ min: 1, max: 1000 }), burst: fc.integer({ min: 1, max: 5000 }) });
const key = 'a bucket' as BucketKey;

/** Spends whenever it can at these times. @returns the times at which it could */
function spendAt(bucket: TokenBucket, times: readonly number[]): number[] {
  return times.filter((now) => {
    const can = bucket.tokensAt(now) >= 1;
    if (can) bucket.charge(now);
    return can;
  });
}

/** The most that fell into any window beyond what the limit lets through in it. */
function worstExcess({ rate, burst }: Limit, spent: readonly number[]): number {
  let worst = Number.NEGATIVE_INFINITY;
  for (const [first, from] of spent.entries()) {
    for (let last = first; last < spent.length; last += 1) {
      const window = (spent[last] as number) - from;
      worst = Math.max(worst, last - first + 1 - burst - (window * rate) / 1000);
    }
  }
  return worst;
}

const sorted = (times: number[]) => times.sort((a, b) => a - b);

t.test('a bucket lets through its burst, and then its rate, in any window', async (t) => {
  fc.assert(
    fc.property(limits, fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 300 }), (limit, times) => {
      const spent = spendAt(new TokenBucket(limit, 0), sorted(times));
      if (spent.length > 0 && worstExcess(limit, spent) > 1e-6) throw new Error('more than the limit');
    }),
  );
  const bucket = new TokenBucket({ rate: 50, burst: 500 }, 0);
  t.equal(spendAt(bucket, Array(700).fill(0)).length, 500, 'all at once');
  t.equal(
    spendAt(
      bucket,
      Array.from({ length: 10_000 }, (_, ms) => ms),
    ).length,
    499,
    'and 50 a second',
  );
});

t.test('who keeps to the rate is never refused', async (t) => {
  fc.assert(
    fc.property(limits, fc.integer({ min: 1, max: 200 }), (limit, count) => {
      const times = Array.from({ length: count }, (_, index) => (index * 1000) / limit.rate + index * 1e-6);
      return spendAt(new TokenBucket(limit, 0), times).length === count;
    }),
  );
  t.pass();
});

t.test('a clock that goes back brings no tokens', async (t) => {
  const bucket = new TokenBucket({ rate: 10, burst: 5 }, 1000);
  t.equal(spendAt(bucket, Array(9).fill(1000)).length, 5);
  t.equal(bucket.tokensAt(0), 0);
  t.equal(bucket.tokensAt(1000), 0, 'nor when it comes forward again');
  bucket.charge(1000);
  t.equal(bucket.tokensAt(1100), 1, 'what is owed beyond the last token is forgiven');
});

t.test('waiting, sharing', async (t) => {
  fc.assert(
    fc.property(limits, fc.double({ min: 0, max: 1, noNaN: true }), (limit, part) => {
      const left = limit.burst * part;
      const wait = waitFor(limit, left, limit.burst);
      return wait >= 0 && Math.abs(refill(limit, left, wait) - limit.burst) < 1e-6;
    }),
  );
  fc.assert(
    fc.property(limits, fc.integer({ min: 1, max: 50 }), ({ rate, burst }, count) => {
      const share = shareOf({ rate, burst }, count);
      return share.rate * count <= rate * (1 + 1e-9) && (burst < count || share.burst * count <= burst * (1 + 1e-9));
    }),
  );
  t.same(shareOf({ rate: 10, burst: 2 }, 4), { rate: 2.5, burst: 1 }, 'a share can always give out one');
});

/** Spends what it can. @returns whether it could */
async function spend(bucket: LeasedBucket, now: number): Promise<boolean> {
  while (!bucket.canSpend(now)) {
    if (bucket.waitAt(now) > 0) return false;
    await bucket.ask(now);
  }
  bucket.spend(now);
  return true;
}

t.test('without leases each process gives out its share', async (t) => {
  const limit = { rate: 50, burst: 500 };
  const processes = Array.from(
    { length: 2 },
    () => new LeasedBucket({ key, limit, leases: NO_LEASES, processes: 2 }, 0),
  );
  for (const bucket of processes) {
    let spent = 0;
    while (await spend(bucket, 0)) spent += 1;
    t.same([spent, bucket.leftAt(0), bucket.waitAt(0)], [250, 0, 40]);
    t.equal(bucket.leftAt(1000), 25);
  }
});

t.test('who is refused has to wait, also where rounding has lost what is missing', async (t) => {
  const leases: Leases = { isUsable: () => true, lease: async () => ({ granted: 0, left: 1 - Number.EPSILON / 2 }) };
  const bucket = new LeasedBucket({ key, limit: { rate: 50, burst: 100 }, leases, processes: 1 }, 0);
  const now = 1_000_000;
  await bucket.ask(now);
  t.equal(bucket.canSpend(now), false);
  t.ok(bucket.waitAt(now) > 0);
});

/** `lost`: the answer does not come; `unsent`: nor has the question arrived. */
type Fault = 'none' | 'flush' | 'away' | 'lost' | 'unsent';

/** The other side of leases, as `redis-leases` implements it, with faults at will; the contract test below holds the real one against it. */
function createModel(limit: Limit) {
  const model = { fault: 'none' as Fault, now: 0, state: undefined as { tokens: number; at: number } | undefined };
  const leases: Leases = {
    isUsable: () => model.fault !== 'away',
    async lease(_key, _limit, { wanted, adjust, start }: LeaseRequest): Promise<Lease | undefined> {
      const { state, now } = model;
      if (model.fault === 'unsent') {
        model.fault = 'away';
        return undefined;
      }
      const tokens =
        state === undefined
          ? start
          : Math.max(0, Math.min(limit.burst, refill(limit, state.tokens, now - state.at) + adjust));
      const granted = Math.min(wanted, Math.floor(tokens));
      model.state = { tokens: tokens - granted, at: now };
      if (model.fault === 'lost') {
        model.fault = 'away';
        return undefined;
      }
      return { granted, left: tokens - granted };
    },
  };
  return { model, leases };
}

t.test('shared, with one process: no fault opens the limit by more than a block', async (t) => {
  const steps = fc.array(
    fc.record({
      pause: fc.integer({ min: 0, max: 1500 }),
      asked: fc.integer({ min: 0, max: 60 }),
      fault: fc.constantFrom<Fault>('none', 'none', 'flush', 'away', 'lost', 'unsent'),
    }),
    { maxLength: 40 },
  );
  const small = fc.record({ rate: fc.integer({ min: 1, max: 50 }), burst: fc.integer({ min: 1, max: 100 }) });
  await fc.assert(
    fc.asyncProperty(small, steps, async (limit, all) => {
      const { model, leases } = createModel(limit);
      const bucket = new LeasedBucket({ key, limit, leases, processes: 1 }, 0);
      const spent: number[] = [];
      for (const { pause, asked, fault } of all) {
        model.now += pause;
        model.fault = fault;
        if (fault === 'flush') model.state = undefined;
        for (let turn = 0; turn < asked; turn += 1) if (await spend(bucket, model.now)) spent.push(model.now);
        // What was asked for in the background has come.
        await bucket.ask(model.now);
      }
      const block = Math.max(1, Math.floor(limit.burst / 10));
      if (spent.length > 0 && worstExcess(limit, spent) > block + 1e-6)
        throw new Error(`${worstExcess(limit, spent)} more than the limit, a block is ${block}`);
    }),
    { numRuns: 300 },
  );
  t.pass();
});

t.test('a lease that is not spent is handed back: who asks little at many processes loses nothing', async (t) => {
  const limit = { rate: 10, burst: 500 };
  const { model, leases } = createModel(limit);
  const processes = Array.from({ length: 8 }, () => new LeasedBucket({ key, limit, leases, processes: 8 }, 0));
  // One request of each process every two seconds: 4 a second. Without handing back, 25 times as many would be gone.
  for (let turn = 0; turn < 100; turn += 1) {
    model.now = turn * 2000;
    for (const bucket of processes) t.ok(await spend(bucket, model.now));
  }
});

t.test(
  'what is handed back is told once, for it may have arrived; what was spent without a lease until it has been heard',
  async (t) => {
    const told: number[] = [];
    let [usable, answer] = [true, undefined as Lease | undefined];
    const leases: Leases = {
      isUsable: () => usable,
      async lease(_key, _limit, { adjust }) {
        told.push(adjust);
        return answer;
      },
    };
    const bucket = new LeasedBucket({ key, limit: { rate: 1, burst: 100 }, leases, processes: 1 }, 0);
    answer = { granted: 10, left: 90 };
    t.ok(await spend(bucket, 0));
    answer = undefined;
    t.notOk(bucket.canSpend(2000), 'a lease lapses');
    await bucket.ask(2000);
    await bucket.ask(2000);
    t.same(told, [0, 9, 0]);
    usable = false;
    for (let turn = 0; turn < 3; turn += 1) t.ok(await spend(bucket, 2000));
    usable = true;
    await bucket.ask(3000);
    answer = { granted: 10, left: 80 };
    await bucket.ask(3000);
    await bucket.ask(3000);
    t.same(told.slice(3), [-3, -3, 0]);
  },
);

t.test('a burst asks for a block at a time, and early', async (t) => {
  const limit = { rate: 1, burst: 1000 };
  const { leases } = createModel(limit);
  let asked = 0;
  const counting: Leases = {
    ...leases,
    lease: (...args) => {
      asked += 1;
      return leases.lease(...args);
    },
  };
  const bucket = new LeasedBucket({ key, limit, leases: counting, processes: 1 }, 0);
  let waited = 0;
  for (let turn = 0; turn < 900; turn += 1) {
    if (!bucket.canSpend(0)) waited += 1;
    t.ok(await spend(bucket, 0));
  }
  t.equal(waited, 1, 'the first alone waits');
  t.ok(asked <= 14, `${asked} leases for 900 requests`);
});
