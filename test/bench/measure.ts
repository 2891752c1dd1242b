// How every benchmark measures: the thing and its yardstick in turn, five times each in one run, medians, one printed ratio with a limit.

/** A ratio with its limit; `atLeast` for speeds, `atMost` for times and sizes. */
export interface Ratio {
  readonly name: string;
  readonly value: number;
  readonly goal: { readonly atLeast: number } | { readonly atMost: number };
  /** The figures behind it, in words. */
  readonly figures: string;
}

/** @returns the middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

/** Runs `subject` and `yardstick` in turn, `rounds` times each, and returns the medians of what they return. */
export async function alternate(
  rounds: number,
  subject: (round: number) => Promise<number>,
  yardstick: (round: number) => Promise<number>,
): Promise<{ subject: number; yardstick: number; subjects: number[]; yardsticks: number[] }> {
  const subjects: number[] = [];
  const yardsticks: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    subjects.push(await subject(round));
    yardsticks.push(await yardstick(round));
  }
  return { subject: median(subjects), yardstick: median(yardsticks), subjects, yardsticks };
}

/** Seconds that `fn` takes. */
export async function secondsOf(fn: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await fn();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** Prints a ratio. @returns whether the goal is met. */
export function report(ratio: Ratio): boolean {
  const met = 'atLeast' in ratio.goal ? ratio.value >= ratio.goal.atLeast : ratio.value <= ratio.goal.atMost;
  const goal = 'atLeast' in ratio.goal ? `>= ${ratio.goal.atLeast}` : `<= ${ratio.goal.atMost}`;
  process.stdout.write(`RATIO ${ratio.name} ${ratio.value.toFixed(3)} (goal ${goal})${met ? '' : ' MISSED'}\n`);
  process.stdout.write(`      ${ratio.figures}\n`);
  return met;
}
