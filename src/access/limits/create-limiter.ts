// The limits of callers: every request takes a token from its client's bucket and from that of the client and its municipality, and both must have one.
// A caller that has tokens here waits for nobody.
import { LRUCache } from 'lru-cache';
import { Counter, Gauge, type Registry } from 'prom-client';
import { Problem } from '../../platform/http/problem.ts';
import { LeasedBucket } from '../../platform/rate/leased-bucket.ts';
import { type Leases, NO_LEASES } from '../../platform/rate/leases.ts';
import type { Limit } from '../../platform/rate/token-bucket.ts';
import type { MunicipalityCode } from '../../platform/tenant.ts';
import { RATE_LIMITED } from './errors.ts';
import { limitFailures } from './limit-failures.ts';
import {
  clientKey,
  type PolicyName,
  pairKey,
  policyItem,
  resetSeconds,
  retryAfterOf,
  type Spender,
  standingItem,
  windowOf,
} from './rules.ts';

/** The limits as configured. */
export interface RateLimits {
  /** Of a client, whomever it works for. */
  readonly client: Limit;
  /** Of a client for one municipality. */
  readonly clientMunicipality: Limit;
  /** Of failed authentications from one address, at one process. */
  readonly address: Limit;
  /** Api processes that share the limits. */
  readonly processes: number;
}

/** How a caller stands with one of its limits. */
export interface Standing {
  readonly policy: PolicyName;
  /** Requests that may come at once. */
  readonly quota: number;
  /** Seconds in which as many come back. */
  readonly windowSeconds: number;
  readonly left: number;
  readonly resetSeconds: number;
}

/** What is left when a request was paid for: of the limit of which the smaller part is left, for that one will refuse first. */
export interface Spent {
  /** Whether half of the limit or more is left. */
  isPlenty(): boolean;
  /** The value of the header `RateLimit`. */
  field(): string;
}

export interface Limiter {
  /** Takes the tokens of a request that are here. @returns undefined when somebody must be asked, or there are none */
  spendNow(spender: Spender): Spent | undefined;
  /** Takes the tokens of a request. @throws Problem `rate-limited` */
  spend(spender: Spender): Promise<Spent>;
  /** The value of the header `RateLimit-Policy`. */
  policies(spender: Spender): string;
  /** How the spender stands, without spending. */
  standings(spender: Spender): Standing[];
  /** @returns Problem `rate-limited` when too many authentications from this address have failed */
  refuseAddress(address: string): Problem | undefined;
  /** Counts a failed authentication. */
  noteFailure(address: string): void;
}

export interface LimiterOptions {
  readonly limits: RateLimits;
  /** Where tokens are shared with other processes; absent: nowhere. */
  readonly leases?: Leases;
  readonly metrics: Registry;
  /** Milliseconds that never go back. */
  readonly clock?: () => number;
}

interface Buckets {
  readonly client: LeasedBucket;
  readonly pairs: Map<MunicipalityCode, LeasedBucket>;
}

/** Clients whose buckets are remembered, the least recently seen out first: to have one forgotten takes so many other verified ones. */
const REMEMBERED = 10_000;

export function createLimiter({
  limits,
  leases = NO_LEASES,
  metrics,
  clock = () => performance.now(),
}: LimiterOptions): Limiter {
  const clients = new LRUCache<string, Buckets>({ max: REMEMBERED });
  const failures = limitFailures(limits.address, clock);
  const refused = countRefusals(metrics);
  if (leases !== NO_LEASES) showWhenAlone(metrics, leases);
  const ofClient = policyItem('client', limits.client);
  const ofBoth = `${ofClient}, ${policyItem('client-municipality', limits.clientMunicipality)}`;
  const { processes } = limits;

  function bucketsOf({ clientId }: Spender, now: number): Buckets {
    const known = clients.get(clientId);
    if (known !== undefined) return known;
    const options = { key: clientKey({ clientId }), limit: limits.client, leases, processes };
    const made = { client: new LeasedBucket(options, now), pairs: new Map<MunicipalityCode, LeasedBucket>() };
    clients.set(clientId, made);
    return made;
  }

  /** Undefined for the operator, who works for no municipality. */
  function pairOf({ clientId, municipality }: Spender, { pairs }: Buckets, now: number): LeasedBucket | undefined {
    if (municipality === null) return undefined;
    const known = pairs.get(municipality);
    if (known !== undefined) return known;
    const key = pairKey(clientId, municipality);
    const made = new LeasedBucket({ key, limit: limits.clientMunicipality, leases, processes }, now);
    pairs.set(municipality, made);
    return made;
  }

  function trySpend(client: LeasedBucket, pair: LeasedBucket | undefined, now: number): Spent | undefined {
    if (!client.canSpend(now) || pair?.canSpend(now) === false) return undefined;
    client.spend(now);
    pair?.spend(now);
    return tightest(client, pair, now);
  }

  function refusal(policy: PolicyName, wait: number, headers: Record<string, string> = {}): Problem {
    refused.inc({ policy });
    return new Problem(RATE_LIMITED, undefined, { policy }, { 'retry-after': retryAfterOf(wait), ...headers });
  }

  const policies = ({ municipality }: Spender) => (municipality === null ? ofClient : ofBoth);

  return {
    policies,
    spendNow(spender) {
      const now = clock();
      const buckets = bucketsOf(spender, now);
      return trySpend(buckets.client, pairOf(spender, buckets, now), now);
    },
    async spend(spender) {
      for (;;) {
        const now = clock();
        const buckets = bucketsOf(spender, now);
        const pair = pairOf(spender, buckets, now);
        const spent = trySpend(buckets.client, pair, now);
        if (spent !== undefined) return spent;
        const named: [PolicyName, LeasedBucket | undefined][] = [
          ['client', buckets.client],
          ['client-municipality', pair],
        ];
        const short = named.filter(([, bucket]) => bucket?.canSpend(now) === false) as [PolicyName, LeasedBucket][];
        const denied = short.find(([, bucket]) => bucket.waitAt(now) > 0);
        if (denied !== undefined) {
          const [policy, bucket] = denied;
          const ratelimit = standingItem(policy, bucket.limit, bucket.leftAt(now));
          throw refusal(policy, bucket.waitAt(now), { ratelimit, 'ratelimit-policy': policies(spender) });
        }
        await Promise.all(short.map(([, bucket]) => bucket.ask(now)));
      }
    },
    standings(spender) {
      const now = clock();
      const buckets = bucketsOf(spender, now);
      const pair = pairOf(spender, buckets, now);
      const own = standingOf('client', buckets.client, now);
      return pair === undefined ? [own] : [own, standingOf('client-municipality', pair, now)];
    },
    refuseAddress(address) {
      const wait = failures.waitFor(address);
      return wait > 0 ? refusal('address', wait) : undefined;
    },
    noteFailure: failures.note,
  };
}

function tightest(client: LeasedBucket, pair: LeasedBucket | undefined, now: number): Spent {
  const left = client.leftAt(now);
  const leftOfPair = pair?.leftAt(now) ?? 0;
  if (pair === undefined || leftOfPair * client.limit.burst > left * pair.limit.burst)
    return spentOf('client', client.limit, left);
  return spentOf('client-municipality', pair.limit, leftOfPair);
}

function spentOf(policy: PolicyName, limit: Limit, left: number): Spent {
  return { isPlenty: () => left * 2 >= limit.burst, field: () => standingItem(policy, limit, left) };
}

function standingOf(policy: PolicyName, bucket: LeasedBucket, now: number): Standing {
  const { limit } = bucket;
  const left = bucket.leftAt(now);
  const [quota, windowSeconds] = [limit.burst, windowOf(limit)];
  return { policy, quota, windowSeconds, left, resetSeconds: resetSeconds(limit, left) };
}

function countRefusals(metrics: Registry): Counter<'policy'> {
  return new Counter({
    name: 'flis_rate_limited_total',
    help: 'Requests refused for a limit, by its name.',
    labelNames: ['policy'],
    registers: [metrics],
  });
}

function showWhenAlone(metrics: Registry, leases: Leases): void {
  new Gauge({
    name: 'flis_rate_limits_alone',
    help: 'Whether (1) this process keeps to its own share of the limits because Redis cannot be asked.',
    registers: [metrics],
    collect() {
      this.set(leases.isUsable() ? 0 : 1);
    },
  });
}
