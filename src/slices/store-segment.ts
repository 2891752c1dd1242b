// Turns a CSV file into a stored segment. The file may still be growing: DuckDB writes it on one core while it is hashed and deflated on the other.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  crc32,
  createDeflateRaw,
  createInflateRaw,
  type DeflateRaw,
  deflateRaw,
  type ZlibOptions,
  constants as zlib,
} from 'node:zlib';
import type { ObjectStorage, StoredObject } from '../platform/storage/storage.ts';

/** Bytes of a buffer that is used again and again: new ones would make V8 collect all garbage every 32 MB. */
const CHUNK = 256 * 1024;
/** Milliseconds between two looks at a file that has not grown. */
const LOOK_AGAIN = 4;
/** Measured on 485 MB of accounts: level 4 takes 0.55 of the time of level 6 for 1.055 of its bytes; levels 1 to 3 lose up to 0.7 on repetitive rows. */
const LEVEL = 4;

/** A segment is ended by a full flush, so that another one can follow it. */
const SEGMENT = { level: LEVEL, memLevel: 9, finishFlush: zlib.Z_FULL_FLUSH } as const;
const deflateText = promisify<Buffer, ZlibOptions, Buffer>(deflateRaw);

/** Length and digests of a plain text. */
export interface TextFacts {
  readonly bytes: number;
  readonly sha256: string;
  readonly crc32: number;
}

function createDigest() {
  const hash = createHash('sha256');
  let bytes = 0;
  let crc = 0;
  return {
    update(chunk: Buffer): void {
      hash.update(chunk);
      crc = crc32(chunk, crc);
      bytes += chunk.length;
    },
    facts: (): TextFacts => ({ bytes, sha256: hash.digest('hex'), crc32: crc }),
  };
}

async function digest(source: AsyncIterable<Buffer>): Promise<TextFacts> {
  const digester = createDigest();
  for await (const chunk of source) digester.update(chunk);
  return digester.facts();
}

/** Digests of a text in memory. */
export function digestText(text: Buffer): TextFacts {
  const digester = createDigest();
  digester.update(text);
  return digester.facts();
}

/** Reads a finished file once. */
export function digestFile(path: string): Promise<TextFacts> {
  return digest(follow(path, Promise.resolve()));
}

async function openWhenThere(path: string, isWritten: () => boolean): Promise<FileHandle> {
  for (;;) {
    const written = isWritten();
    try {
      return await open(path, 'r');
    } catch (error) {
      if (written || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      await delay(LOOK_AGAIN);
    }
  }
}

/**
 * The bytes of a file that is only ever appended to, until `writing` has ended and all is read. Two buffers take turns: a chunk is good
 * until the one after the next is asked for. @throws what `writing` throws
 */
async function* follow(path: string, writing: Promise<unknown>): AsyncGenerator<Buffer> {
  let written = false;
  const end = () => {
    written = true;
  };
  writing.then(end, end);
  const file = await openWhenThere(path, () => written).catch(async (error) => {
    await writing;
    throw error;
  });
  let [buffer, other] = [Buffer.allocUnsafeSlow(CHUNK), Buffer.allocUnsafeSlow(CHUNK)];
  try {
    for (;;) {
      // Asked before the read: what was appended up to the end is then still seen.
      const last = written;
      const { bytesRead } = await file.read(buffer, 0, CHUNK);
      if (bytesRead > 0) {
        yield buffer.subarray(0, bytesRead);
        [buffer, other] = [other, buffer];
      } else if (last) break;
      else await delay(LOOK_AGAIN);
    }
  } finally {
    await file.close();
  }
  await writing;
}

/** Deflates the text at `path`, which `writing` may still be appending to, into the file `target`. zlib works on a thread of its own. @returns the facts of the text */
export async function compressText(path: string, writing: Promise<unknown>, target: string): Promise<TextFacts> {
  const deflate = createDeflateRaw({ ...SEGMENT, chunkSize: CHUNK });
  const [facts] = await Promise.all([
    feed(deflate, follow(path, writing)).catch((error) => {
      deflate.destroy(error);
      throw error;
    }),
    pipeline(deflate, createWriteStream(target)),
  ]);
  return facts;
}

/** Digests and deflates the chunks; while one is deflated the next one is read. */
async function feed(deflate: DeflateRaw, chunks: AsyncIterable<Buffer>): Promise<TextFacts> {
  const digester = createDigest();
  let deflated: Promise<unknown> = Promise.resolve();
  for await (const chunk of chunks) {
    digester.update(chunk);
    await deflated;
    deflated = new Promise<void>((resolve, reject) => {
      deflate.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
    deflated.catch(() => {});
  }
  await deflated;
  deflate.end();
  return digester.facts();
}

/**
 * Gives a deflated file its place in storage. A file of that name that was there before is used only if it holds the same text;
 * its deflated bytes may differ between zlib versions. @returns the facts of the object that is there
 */
export async function keepSegment(
  storage: ObjectStorage,
  key: string,
  path: string,
  sha256: string,
): Promise<StoredObject> {
  return verified(storage, await storage.putFile(key, path), sha256);
}

/** Like `keepSegment`, for a text in memory. */
export async function putSegment(
  storage: ObjectStorage,
  key: string,
  text: Buffer,
  sha256: string,
): Promise<StoredObject> {
  const deflated = await deflateText(text, SEGMENT);
  return verified(storage, await storage.put(key, Readable.from([deflated])), sha256);
}

async function verified(storage: ObjectStorage, stored: StoredObject, sha256: string): Promise<StoredObject> {
  if (stored.created) return stored;
  const { key } = stored;
  const inflate = createInflateRaw({ finishFlush: zlib.Z_SYNC_FLUSH });
  const [plain] = await Promise.all([digest(inflate), pipeline(storage.read(key), inflate)]);
  if (plain.sha256 !== sha256) throw new Error(`stored segment ${key} does not hold the text of its name`);
  return stored;
}
