// The arithmetic of a token bucket. Pure: the time is passed in, and nobody is asked.

/** So many tokens come back each second, and at most so many are there at once. */
export interface Limit {
  /** Tokens per second, above 0. */
  readonly rate: number;
  /** Tokens, 1 or more. */
  readonly burst: number;
}

/** @returns the part of a limit that each of `count` processes may give out without knowing of the others; together no more than the limit */
export function shareOf({ rate, burst }: Limit, count: number): Limit {
  return { rate: rate / count, burst: Math.max(1, burst / count) };
}

/** A bucket that starts full. Times are milliseconds of any one clock; a step back of it brings no tokens. */
export class TokenBucket {
  readonly limit: Limit;
  #tokens: number;
  #at: number;

  constructor(limit: Limit, now: number) {
    this.limit = limit;
    this.#tokens = limit.burst;
    this.#at = now;
  }

  /** What is in it: between 0 and the burst, and no whole number as a rule. */
  tokensAt(now: number): number {
    if (now > this.#at) {
      this.#tokens = refill(this.limit, this.#tokens, now - this.#at);
      this.#at = now;
    }
    return this.#tokens;
  }

  /** Takes one token out; what is owed beyond the last one is forgiven. */
  charge(now: number): void {
    this.#tokens = Math.max(0, this.tokensAt(now) - 1);
  }
}

/** @returns what `tokens` have become after so many milliseconds without any taken */
export function refill({ rate, burst }: Limit, tokens: number, milliseconds: number): number {
  return Math.min(burst, tokens + (milliseconds * rate) / 1000);
}

/** @returns milliseconds until `tokens` have become `wanted`; 0 where they are that many */
export function waitFor({ rate }: Limit, tokens: number, wanted: number): number {
  return Math.max(0, ((wanted - tokens) * 1000) / rate);
}
