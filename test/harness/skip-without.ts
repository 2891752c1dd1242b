// Why a test that needs another program is skipped: the program is not on this machine. Never in CI, whose `.ci/run` installs what it needs.
import { spawnSync } from 'node:child_process';

/** @param version how it is asked for its version. @returns the reason; false where the test must run, and so fails in CI when `program` is missing */
export function skipWithout(program: string, version = '--version'): string | false {
  const runs = process.env.CI !== undefined || spawnSync(program, [version]).status === 0;
  return runs ? false : `${program} is not on this machine`;
}
