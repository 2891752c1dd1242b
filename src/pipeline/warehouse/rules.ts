// The rules of loading that are pure: how much of the work may stand in memory at once. No I/O.
import type { Slice } from '../../slices/index.ts';

/** Rows of all slices up to which the rules of a bucket run in one statement; above, each has the memory for itself. */
const SMALL_STATE_ROWS = 500_000;
const RULES_AT_ONCE = 16;

/** @returns how many quality rules may hold their rows at the same time, given the slices of the state before and after the load. */
export function rulesAtOnce(slices: readonly Pick<Slice, 'rows'>[]): number {
  return slices.reduce((sum, { rows }) => sum + rows, 0) <= SMALL_STATE_ROWS ? RULES_AT_ONCE : 1;
}
