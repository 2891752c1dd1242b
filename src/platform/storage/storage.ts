// Object storage as the service needs it: create-only put, ranged read, list, delete. Keys are Hive-style relative paths.
import type { Readable } from 'node:stream';

/** An object that is in storage, with the digest of the bytes that are there. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  /** sha256, hex. */
  readonly sha256: string;
  /** CRC-32, unsigned. */
  readonly crc32: number;
  /** False when the name existed already: then these are the verified facts of the file that was there. */
  readonly created: boolean;
}

/** One object in a listing. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

/** Both ends inclusive, in bytes. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ObjectStorage {
  /** Streams `source` to a temporary file, fsyncs, and gives it its final name unless that exists; never overwrites. */
  put(key: string, source: AsyncIterable<Uint8Array>): Promise<StoredObject>;
  /** Like `put` for a finished local file, which is moved or copied; the caller need not delete it. */
  putFile(key: string, path: string): Promise<StoredObject>;
  /** Bytes of an object, or of a range of it, in chunks of 256 KiB to 1 MiB. @throws when it does not exist. */
  read(key: string, range?: ByteRange): Readable;
  /** Fills `target` with the object's bytes from `start`: cheaper than a stream for the many small objects of a package. @throws when it is not all there. */
  readInto(key: string, start: number, target: Buffer): Promise<void>;
  /** @returns the size, or `undefined` when there is no such object. */
  stat(key: string): Promise<{ readonly bytes: number } | undefined>;
  /** All objects whose key starts with `prefix`, in no particular order. Temporary files are listed under `tmp/`. */
  list(prefix: string): AsyncIterable<ListedObject>;
  /** Deletes an object; no error when it is not there. */
  delete(key: string): Promise<void>;
  /** @throws unless objects can be put now; leaves nothing behind. */
  check(): Promise<void>;
  /** A path on this machine where the object's bytes can be read now, for DuckDB. */
  localPath(key: string): Promise<string>;
  /** The folder under which `localPath` lies: what DuckDB's sandbox must be allowed to read. */
  readonly localRoot: string;
}
