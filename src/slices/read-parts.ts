// Reads an assembled file, or a range of it, straight from storage: no database, back-pressure, large chunks.
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ByteRange, ObjectStorage } from '../platform/storage/storage.ts';
import type { Part } from './segment.ts';

const HIGH_WATER_MARK = 1024 * 1024;
const BATCH = 1024 * 1024;

/** A part with its base64 decoded, or cut to a range. */
type Piece = Buffer | { readonly key: string; readonly range: ByteRange };

function lengthOf(part: Part): number {
  return 'literal' in part ? Buffer.byteLength(part.literal, 'base64') : part.end - part.start + 1;
}

/** The part's bytes `from`..`to` (inclusive, counted within the part). */
function pieceOf(part: Part, from: number, to: number): Piece {
  if ('literal' in part) return Buffer.from(part.literal, 'base64').subarray(from, to + 1);
  return { key: part.key, range: { start: part.start + from, end: part.start + to } };
}

function* piecesIn(parts: readonly Part[], range: ByteRange | undefined): Generator<Piece> {
  let position = 0;
  for (const part of parts) {
    const length = lengthOf(part);
    const from = Math.max(0, (range?.start ?? 0) - position);
    const to = Math.min(length - 1, (range?.end ?? Number.POSITIVE_INFINITY) - position);
    if (from <= to) yield pieceOf(part, from, to);
    position += length;
    if (range !== undefined && position > range.end) return;
  }
}

function sizeOf(piece: Piece): number {
  return Buffer.isBuffer(piece) ? piece.length : piece.range.end - piece.range.start + 1;
}

/** Neighbouring pieces that make up to about a megabyte together; a larger piece stands alone. */
function* batchesOf(pieces: Iterable<Piece>): Generator<Piece[]> {
  let batch: Piece[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    if (batch.length > 0 && bytes + sizeOf(piece) > BATCH) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(piece);
    bytes += sizeOf(piece);
  }
  if (batch.length > 0) yield batch;
}

function fetchPiece(storage: ObjectStorage, piece: Piece): Buffer | Promise<Buffer> {
  return Buffer.isBuffer(piece) ? piece : storage.fetch(piece.key, piece.range);
}

/** Begins to read a batch of small pieces at once; a large piece is streamed when its turn comes. */
function startBatch(storage: ObjectStorage, batch: readonly Piece[]): Promise<Buffer> | AsyncIterable<Buffer> {
  const [first] = batch;
  if (batch.length === 1 && first !== undefined && !Buffer.isBuffer(first) && sizeOf(first) > BATCH) {
    return { [Symbol.asyncIterator]: () => storage.read(first.key, first.range)[Symbol.asyncIterator]() };
  }
  const bytes = Promise.all(batch.map((piece) => fetchPiece(storage, piece))).then((buffers) => Buffer.concat(buffers));
  // A reader that leaves early never asks for it.
  bytes.catch(() => {});
  return bytes;
}

/** Reads one batch ahead of the reader: a package of many small slices then flows as fast as one file (measured: 2.5 times as fast as one slice at a time). */
async function* bytesOf(storage: ObjectStorage, pieces: Iterable<Piece>): AsyncGenerator<Buffer> {
  const batches = batchesOf(pieces);
  const start = () => {
    const { value, done } = batches.next();
    return done ? undefined : startBatch(storage, value);
  };
  for (let current = start(), ahead = start(); current !== undefined; current = ahead, ahead = start()) {
    if (current instanceof Promise) yield await current;
    else yield* current;
  }
}

/** The bytes of an assembled file, or of a range of it (both ends inclusive), as a stream. It fails when an object is gone. */
export function readParts(storage: ObjectStorage, parts: readonly Part[], range?: ByteRange): Readable {
  return Readable.from(bytesOf(storage, piecesIn(parts, range)), { objectMode: false, highWaterMark: HIGH_WATER_MARK });
}

/**
 * sha256 (hex) of each file, reading every object once although it is part of several files (a table's csv.gz and the archive).
 * The files' object parts must appear in `main` in the same order, file after file; parts are the same when they are the same value.
 */
export async function digestParts(
  storage: ObjectStorage,
  main: readonly Part[],
  files: readonly (readonly Part[])[] = [],
): Promise<{ readonly main: string; readonly files: string[] }> {
  const mainHash = createHash('sha256');
  const others = files.map((parts) => ({ parts, next: 0, hash: createHash('sha256') }));
  const takeLiterals = (other: (typeof others)[number]) => {
    for (let part = other.parts[other.next]; part !== undefined && 'literal' in part; part = other.parts[other.next]) {
      other.hash.update(part.literal, 'base64');
      other.next += 1;
    }
  };
  for (const other of others) takeLiterals(other);
  for (const part of main) {
    if ('literal' in part) {
      mainHash.update(part.literal, 'base64');
      continue;
    }
    const sharing = others.filter((other) => other.parts[other.next] === part);
    for await (const chunk of bytesOf(storage, [{ key: part.key, range: part }])) {
      mainHash.update(chunk);
      for (const other of sharing) other.hash.update(chunk);
    }
    for (const other of sharing) {
      other.next += 1;
      takeLiterals(other);
    }
  }
  if (others.some((other) => other.next < other.parts.length))
    throw new Error('a file has parts that the main file lacks');
  return { main: mainHash.digest('hex'), files: others.map((other) => other.hash.digest('hex')) };
}
