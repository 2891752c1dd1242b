// Lets one pull at a time work in a folder. The lock is a file that names its holder and is touched while it is held: of a holder that died, whether its
// process is gone or its whole machine, the lock is taken over.
import { randomUUID } from 'node:crypto';
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';

/** Another pull works in the folder. */
export class LockFault extends Error {}

const TOUCH_MS = 15_000;
/** Longer than any holder that lives leaves its lock untouched. */
const STALE_MS = 120_000;
const TRIES = 5;

/** Takes the lock. @returns how it is given back; @throws LockFault */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const own = JSON.stringify({ pid: process.pid, host: hostname(), id: randomUUID() });
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (await create(path, own)) {
      const touching = setInterval(() => utimes(path, new Date(), new Date()).catch(() => {}), TOUCH_MS).unref();
      return async () => {
        clearInterval(touching);
        if ((await readLock(path)) === own) await rm(path, { force: true });
      };
    }
    const found = await readLock(path);
    if (found !== undefined && !(await removeStale(path, found))) break;
  }
  const { pid = 'unknown', host = 'this machine' } = parse((await readLock(path)) ?? '{}');
  throw new LockFault(`another pull works in this folder: process ${pid} on ${host} (${path})`);
}

async function create(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readLock(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

function parse(text: string): { readonly pid?: number; readonly host?: string } {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/**
 * Removes the lock of a holder that died. Only one may do so at a time: whoever had looked before another one took the place would else remove the lock of
 * a living one (tried: two held it in 4 of 100 rounds). @returns whether it is worth to try again
 */
async function removeStale(path: string, found: string): Promise<boolean> {
  if (!(await isStale(path, found))) return false;
  const removing = `${path}.removing`;
  if (!(await create(removing, ''))) {
    if (await isUntouched(removing)) await rm(removing, { force: true });
    return true;
  }
  try {
    if ((await readLock(path)) === found && (await isStale(path, found))) await rm(path, { force: true });
  } finally {
    await rm(removing, { force: true });
  }
  return true;
}

async function isStale(path: string, found: string): Promise<boolean> {
  const { pid, host } = parse(found);
  if (host === hostname() && pid !== undefined && !isAlive(pid)) return true;
  return isUntouched(path);
}

async function isUntouched(path: string): Promise<boolean> {
  const touched = await stat(path).catch(() => undefined);
  return touched !== undefined && Date.now() - touched.mtimeMs > STALE_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
