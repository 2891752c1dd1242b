// The thread of a digester: hashes files one after another, and finds out whether they are as they were stored. It reads synchronously on purpose: nothing else runs here, and the threads
// that Node reads files with otherwise are DuckDB's too.
import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { codeOf } from '../error-code.ts';

/** Bytes `start` to `end` (both inclusive) of a file of this machine. */
export interface FileRange {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** CRC-32 (unsigned) that the bytes must have. */
  readonly crc32?: number;
}

/** A piece of a file: bytes as base64, or a range of another file. */
export type DigestPiece = { readonly literal: string } | FileRange;

export interface DigestOrder {
  readonly id: number;
  readonly pieces: readonly DigestPiece[];
}

export type DigestAnswer = { readonly id: number } & ({ readonly sha256: string } | { readonly fault: string });

const buffer = Buffer.allocUnsafeSlow(512 * 1024);

class WrongBytes extends Error {
  readonly code = 'wrong-bytes';
}

function hashRange(hash: Hash, { path, start, end, crc32: expected }: FileRange): void {
  const file = openSync(path, 'r');
  let crc = 0;
  try {
    for (let position = start; position <= end; ) {
      const length = readSync(file, buffer, 0, Math.min(buffer.length, end + 1 - position), position);
      if (length === 0) throw new Error('a file is shorter than expected');
      hash.update(buffer.subarray(0, length));
      if (expected !== undefined) crc = crc32(buffer.subarray(0, length), crc);
      position += length;
    }
    if (expected !== undefined && crc !== expected) throw new WrongBytes('a file has other bytes than expected');
  } finally {
    closeSync(file);
  }
}

function digest(pieces: readonly DigestPiece[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) {
    if ('literal' in piece) hash.update(piece.literal, 'base64');
    else hashRange(hash, piece);
  }
  return hash.digest('hex');
}

parentPort?.on('message', ({ id, pieces }: DigestOrder) => {
  const answer = (what: DigestAnswer) => parentPort?.postMessage(what);
  try {
    answer({ id, sha256: digest(pieces) });
  } catch (error) {
    answer({ id, fault: codeOf(error) });
  }
});
