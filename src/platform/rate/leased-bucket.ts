// A bucket that several processes share: each leases tokens in blocks and spends them without asking anybody. Where there is nobody to ask, a
// process gives out its own share and no more. It never waits by itself, and never gives out a token that it has not got.
import type { BucketKey, Leases } from './leases.ts';
import { type Limit, refill, shareOf, TokenBucket, waitFor } from './token-bucket.ts';

/** Unspent tokens of a lease are handed back after so long: others may need them, and a process that is gone must not count on. */
const LEASE_MS = 1_000;
/**
 * A block is this part of the burst. It bounds what can be given out beyond the limit while all processes can ask, or none: a block for each
 * process. One that alone is cut off gives out its share, of which the others know nothing: that much more, until it can ask again.
 */
const BLOCK_PART = 10;
const SHORTEST_WAIT_MS = 1;

export interface BucketOptions {
  readonly key: BucketKey;
  readonly limit: Limit;
  readonly leases: Leases;
  /** Processes that share the limit: without leases each gives out its part. */
  readonly processes: number;
}

/** All times are milliseconds of one clock. */
export class LeasedBucket {
  readonly limit: Limit;
  readonly #key: BucketKey;
  readonly #leases: Leases;
  readonly #block: number;
  /** This process's share. It is charged with all that is spent here, so that it is right at the moment at which the leases end. */
  readonly #own: TokenBucket;
  #held = 0;
  #lapsesAt = 0;
  /** To be told with the next lease: handed back, or (negative) spent without a lease. */
  #adjust = 0;
  /** What was left in the shared bucket, and when. */
  #left: number;
  #leftAt: number;
  #deniedUntil = 0;
  #asking: Promise<void> | undefined;

  constructor({ key, limit, leases, processes }: BucketOptions, now: number) {
    this.limit = limit;
    this.#key = key;
    this.#leases = leases;
    this.#block = Math.max(1, Math.floor(limit.burst / BLOCK_PART));
    this.#own = new TokenBucket(shareOf(limit, processes), now);
    this.#left = limit.burst;
    this.#leftAt = now;
  }

  /** Whether a token is here now; nobody is asked. */
  canSpend(now: number): boolean {
    if (!this.#leases.isUsable()) return this.#own.tokensAt(now) >= 1;
    return this.#held >= 1 && now < this.#lapsesAt;
  }

  /** Gives out a token. Only at a `now` for which `canSpend` holds. */
  spend(now: number): void {
    this.#own.charge(now);
    if (!this.#leases.isUsable()) {
      this.#handBack();
      this.#adjust = Math.max(-this.limit.burst, this.#adjust - 1);
      return;
    }
    this.#held -= 1;
    // Early, so that hardly anybody waits for the next block.
    if (this.#held <= this.#block / 4 && now >= this.#deniedUntil) void this.ask(now);
  }

  /** @returns milliseconds until asking again is of use; 0 where nothing is known against asking now */
  waitAt(now: number): number {
    if (!this.#leases.isUsable()) return waitFor(this.#own.limit, this.#own.tokensAt(now), 1);
    return Math.max(0, this.#deniedUntil - now);
  }

  /** What is left of the limit as far as this process knows: whole tokens. */
  leftAt(now: number): number {
    if (!this.#leases.isUsable()) return Math.floor(this.#own.tokensAt(now));
    const left = refill(this.limit, this.#left, now - this.#leftAt) + this.#held + this.#adjust;
    return Math.max(0, Math.min(this.limit.burst, Math.floor(left)));
  }

  /** Asks for a block. Whoever asks meanwhile gets the same answer; when it is there, `canSpend` and `waitAt` tell. */
  ask(now: number): Promise<void> {
    this.#asking ??= this.#lease(now).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #lease(now: number): Promise<void> {
    if (now >= this.#lapsesAt) this.#handBack();
    const { burst } = this.limit;
    const adjust = this.#adjust;
    // Whether it arrives is not known when no answer does: tokens are then gone rather than doubled, debts are told again.
    if (adjust > 0) this.#adjust = 0;
    const start = (this.#own.tokensAt(now) / this.#own.limit.burst) * burst;
    const lease = await this.#leases.lease(this.#key, this.limit, { wanted: this.#block - this.#held, adjust, start });
    if (lease === undefined) return;
    if (adjust < 0) this.#adjust -= adjust;
    this.#held += lease.granted;
    this.#lapsesAt = now + LEASE_MS;
    this.#left = lease.left;
    this.#leftAt = now;
    // A wait that is lost in rounding would be none, and whoever is refused would ask for ever.
    if (lease.granted === 0) this.#deniedUntil = now + Math.max(SHORTEST_WAIT_MS, waitFor(this.limit, lease.left, 1));
  }

  #handBack(): void {
    this.#adjust += this.#held;
    this.#held = 0;
  }
}
