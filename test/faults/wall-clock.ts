// A wall clock of processes that can be made to jump while they run, by `libfaketime` (Debian: faketime). Timers go on as they would: those of a machine whose
// time is set, too, count from a clock that never jumps.
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestScope } from '../harness/database.ts';

export interface WallClock {
  /** For processes that are to have this clock. */
  readonly environment: Readonly<Record<string, string>>;
  /** Sets the clock so many seconds ahead of the right time, or behind it. */
  jump(seconds: number): Promise<void>;
}

/** @returns a clock that is right at first */
export async function createWallClock(t: TestScope): Promise<WallClock> {
  const folder = await mkdtemp(join(tmpdir(), 'flis-clock-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  // PostgreSQL reads it as another account.
  await chmod(folder, 0o755);
  const file = join(folder, 'wall-clock');
  const jump = async (seconds: number) => {
    // At once, for it is read at every look at the clock.
    await writeFile(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    await rename(`${file}.new`, file);
  };
  await jump(0);
  // The program knows where its library is.
  const library = execFileSync('faketime', ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' }).trim();
  const environment = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  return { environment, jump };
}
