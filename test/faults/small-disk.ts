// A small disk in memory that can be filled, for those who may mount one.
import { spawnSync } from 'node:child_process';
import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { isNoRoom } from '../../src/platform/error-code.ts';
import type { TestScope } from '../harness/database.ts';

const MIB = 1024 * 1024;

export interface SmallDisk {
  readonly path: string;
  /** Leaves `rest` bytes of it free. */
  fill(rest: number): Promise<void>;
  empty(): Promise<void>;
}

/** @returns why this machine lends us no small disk; false when it does */
export function skipWithoutDisk(): string | false {
  const isAllowed = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
  return isAllowed ? false : 'this account may not mount a small disk';
}

/** Mounts one of so many MiB at `path`; only its owner can look into it. */
export async function mountDisk(t: TestScope, path: string, mebibytes: number): Promise<SmallDisk> {
  await mkdir(path, { recursive: true });
  const run = (...args: string[]) => {
    const { status, stderr } = spawnSync(args[0] as string, args.slice(1), { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${args[0]}: ${stderr}`);
  };
  run('mount', '-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0700`, 'tmpfs', path);
  t.teardown(() => run('umount', '--lazy', path));
  const ballast = join(path, 'ballast');
  return {
    path,
    async fill(rest) {
      const { bavail, bsize } = await statfs(path);
      const handle = await open(ballast, 'w');
      try {
        for (let left = bavail * bsize - rest; left > 0; left -= MIB)
          await handle.write(Buffer.alloc(Math.min(left, MIB)));
      } catch (error) {
        // Somebody else has taken the rest meanwhile.
        if (!isNoRoom(error)) throw error;
      } finally {
        await handle.close();
      }
    },
    empty: () => rm(ballast, { force: true }),
  };
}
