// A clock that does not follow the machine's when that jumps: what a process decides by the day (what is due, what is over) cannot be taken back when the
// machine's clock is set right again a minute later. A clock that stays where it jumped to is believed in the end.
import { uptime } from 'node:os';

/** A clock is corrected by less than this while it is right; by more, it has jumped. */
const TOLERANCE_MS = 60_000;
/** For so long a clock has to stay where it jumped to. What became due in between (a machine that was suspended, say) is late by as much. */
const BELIEVED_AFTER_MS = 15 * 60_000;

export interface SteadyClock {
  /** For decisions that cannot be taken back: the earlier of what the machine says and what it would say without the jump. */
  earliest(): Date;
  /** For records: what the machine would say without the jump. */
  likely(): Date;
}

/**
 * Makes a clock that is right when it starts. Both its times are the machine's, but for a quarter of an hour after a jump.
 * @param wall what the machine says the time is @param passed milliseconds by a clock that nobody sets
 */
export function createSteadyClock(wall: () => Date, passed: () => number): SteadyClock {
  let wallAt = wall().getTime();
  let passedAt = passed();
  let jumped: { readonly by: number; readonly since: number } | undefined;

  function look() {
    const [now, at] = [wall().getTime(), passed()];
    const expected = wallAt + (at - passedAt);
    const by = now - expected;
    if (jumped === undefined || Math.abs(by - jumped.by) > TOLERANCE_MS) jumped = { by, since: at };
    if (Math.abs(by) > TOLERANCE_MS && at - jumped.since < BELIEVED_AFTER_MS) return { now, expected };
    [wallAt, passedAt, jumped] = [now, at, undefined];
    return { now, expected: now };
  }

  return {
    earliest() {
      const { now, expected } = look();
      return new Date(Math.min(now, expected));
    },
    likely: () => new Date(look().expected),
  };
}

/** The clock of the machine that this process runs on. The time since its start counts while it is suspended, too. */
export const machineClock = createSteadyClock(
  () => new Date(),
  () => uptime() * 1000,
);
