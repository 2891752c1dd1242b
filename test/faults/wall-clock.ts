// A wall clock of a process that can be made to jump while it runs, by `libfaketime` (Debian: faketime). Timers go on as they would: those of a machine whose
// time is set, too, count from a clock that never jumps.
import { execFileSync } from 'node:child_process';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface WallClock {
  /** For processes that are to have this clock. */
  readonly environment: Readonly<Record<string, string>>;
  /** Sets the clock so many seconds ahead of the right time, or behind it. */
  jump(seconds: number): Promise<void>;
}

/** @returns a clock that is right at first; its state is in `folder` */
export async function createWallClock(folder: string): Promise<WallClock> {
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
