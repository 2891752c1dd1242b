// Object storage in a directory of this machine. Files appear under their final name complete, fsynced and never again changed:
// they are written under `tmp/` and linked, and a name that exists is read back instead of overwritten.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, link, mkdir, open, opendir, stat, unlink } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { crc32 } from 'node:zlib';
import { withBuffer } from '../lent-buffers.ts';
import type { ByteRange, ListedObject, ObjectStorage, StoredObject } from './storage.ts';

/** Measured: 256 KiB to 1 MiB reads as fast as the disk cache allows; the default 64 KiB halves it. */
const CHUNK = 512 * 1024;
const TEMP = 'tmp';
const SEGMENT = /^[A-Za-z0-9_=][A-Za-z0-9_=.-]*$/;

/** A name that is no key of this storage; it can only come from a fault in the program. */
export class InvalidStorageKey extends TypeError {
  constructor() {
    super('not a storage key: segments of letters, digits, _ = . - without a leading dot, joined by single slashes');
    this.name = 'InvalidStorageKey';
  }
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '');
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

interface FileFacts {
  readonly bytes: number;
  readonly sha256: string;
  readonly crc32: number;
}

async function writeAll(handle: FileHandle, source: AsyncIterable<Uint8Array>): Promise<FileFacts> {
  const hash = createHash('sha256');
  let bytes = 0;
  let crc = 0;
  for await (const chunk of source) {
    hash.update(chunk);
    crc = crc32(chunk, crc);
    for (let offset = 0; offset < chunk.length; ) {
      offset += (await handle.write(chunk, offset, chunk.length - offset)).bytesWritten;
    }
    bytes += chunk.length;
  }
  await handle.sync();
  return { bytes, sha256: hash.digest('hex'), crc32: crc };
}

async function digestHandle(handle: FileHandle): Promise<FileFacts> {
  const hash = createHash('sha256');
  let bytes = 0;
  let crc = 0;
  await withBuffer(CHUNK, async (buffer) => {
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      crc = crc32(buffer.subarray(0, bytesRead), crc);
      bytes += bytesRead;
    }
  });
  return { bytes, sha256: hash.digest('hex'), crc32: crc };
}

async function digestFile(path: string): Promise<FileFacts> {
  const handle = await open(path, 'r');
  return digestHandle(handle).finally(() => handle.close());
}

/** The facts of a file that was written, and its bytes on the disk. */
async function digestAndSync(path: string): Promise<FileFacts> {
  const handle = await open(path, 'r+');
  try {
    const facts = await digestHandle(handle);
    await handle.sync();
    return facts;
  } finally {
    await handle.close();
  }
}

/** One system call; `rm` looks at a file first. */
async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error) => {
    if (!hasCode(error, 'ENOENT')) throw error;
  });
}

/** Creates a folder with its parents, and makes the new names durable. */
async function ensureFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let path = folder; path.length >= first.length; path = dirname(path)) await syncDirectory(dirname(path));
}

async function* walk(folder: string): AsyncGenerator<string> {
  const directory = await opendir(folder).catch((error) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  });
  for await (const entry of directory) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else yield path;
  }
}

async function factsOf(path: string) {
  return stat(path).catch((error) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  });
}

/** Object storage in `root`. Folders are created on demand; several processes of this machine may use the same root. */
export function createLocalDirectory(root: string): ObjectStorage {
  const localRoot = resolve(root);
  const pathOf = (key: string): string => {
    if (!key.split('/').every((segment) => SEGMENT.test(segment))) throw new InvalidStorageKey();
    return join(localRoot, key);
  };

  /** Gives a finished, fsynced file its final name. link(2) fails when the name exists: the atomic form of "create only". */
  const publish = async (key: string, path: string, facts: FileFacts): Promise<StoredObject> => {
    const target = pathOf(key);
    await ensureFolder(dirname(target));
    const created = await link(path, target).then(
      () => true,
      (error) => {
        if (hasCode(error, 'EEXIST')) return false;
        throw error;
      },
    );
    const stored = created ? facts : await digestFile(target);
    await syncDirectory(dirname(target));
    return { key, ...stored, created };
  };

  const createTemp = async (path: string): Promise<FileHandle> =>
    open(path, 'wx', 0o600).catch(async (error) => {
      if (!hasCode(error, 'ENOENT')) throw error;
      await ensureFolder(dirname(path));
      return open(path, 'wx', 0o600);
    });

  const put = async (key: string, source: AsyncIterable<Uint8Array>): Promise<StoredObject> => {
    pathOf(key);
    const temp = join(localRoot, TEMP, randomUUID());
    const handle = await createTemp(temp);
    try {
      const facts = await writeAll(handle, source).finally(() => handle.close());
      return await publish(key, temp, facts);
    } finally {
      await removeFile(temp);
    }
  };

  return {
    localRoot,
    put,
    async putFile(key, path) {
      const facts = await digestAndSync(path);
      try {
        return await publish(key, path, facts);
      } catch (error) {
        // Another filesystem: its bytes are copied.
        if (!hasCode(error, 'EXDEV', 'EPERM')) throw error;
        return await put(key, createReadStream(path, { highWaterMark: CHUNK }));
      } finally {
        await removeFile(path);
      }
    },
    read(key, range?: ByteRange) {
      return createReadStream(pathOf(key), { ...range, highWaterMark: CHUNK });
    },
    async readInto(key, start, target) {
      const handle = await open(pathOf(key), 'r');
      try {
        const { bytesRead } = await handle.read(target, 0, target.length, start);
        if (bytesRead !== target.length) throw new Error(`object ${key} is shorter than expected`);
      } finally {
        await handle.close();
      }
    },
    async stat(key) {
      const facts = await factsOf(pathOf(key));
      return facts?.isFile() ? { bytes: facts.size } : undefined;
    },
    async *list(prefix): AsyncGenerator<ListedObject> {
      const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
      for await (const path of walk(folder === '' ? localRoot : pathOf(folder.slice(0, -1)))) {
        const key = relative(localRoot, path).replaceAll(sep, '/');
        const facts = key.startsWith(prefix) ? await factsOf(path) : undefined;
        if (facts !== undefined) yield { key, bytes: facts.size, modifiedAt: facts.mtime };
      }
    },
    async delete(key) {
      await removeFile(pathOf(key));
    },
    async check() {
      // A root that went away, a volume that is not mounted, must not be made anew.
      await opendir(localRoot).then((directory) => directory.close());
      const temp = join(localRoot, TEMP, randomUUID());
      // Only writing tells: permissions of a folder say nothing of a file system that is read-only, and everything is permitted to root.
      await (await createTemp(temp)).close();
      await removeFile(temp);
    },
    async localPath(key) {
      return pathOf(key);
    },
  };
}
