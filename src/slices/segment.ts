// A segment: a run of raw deflate that ends with a full flush, so that segments can be joined into one gzip member or ZIP entry.
// This file knows how a segment is described and joined arithmetically; it reads no storage.
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { crc32, deflateRawSync, constants as zlib } from 'node:zlib';
import type { Slice, SliceDiff } from './slice.ts';

/** A range of a stored object, both ends inclusive, with the CRC-32 (unsigned) of its bytes where that is known. */
export interface StoredPart {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly crc32?: number;
}

/** Bytes of an assembled file: literal bytes (base64), or those of a stored object. */
export type Part = { readonly literal: string } | StoredPart;

/** Tells the bytes of a part from those of others without telling where they lie: within a municipality equal ids stand for equal bytes. */
export function contentIdOf(part: Part): string {
  // What was once stored under a key never changes.
  const text = 'literal' in part ? `literal ${part.literal}` : `stored ${part.key} ${part.start}-${part.end}`;
  return createHash('sha256').update(text).digest('hex');
}

/** A segment as archives need it: where its bytes are, and length and CRC-32 of the plain text it stands for. */
export interface Segment {
  readonly part: Part;
  readonly bytes: number;
  readonly plainBytes: number;
  readonly plainCrc32: number;
}

/** The stored segment of a slice or of a difference. */
export function segmentOf(slice: Slice | SliceDiff): Segment {
  return {
    part: {
      ...{ key: slice.segmentKey, start: 0, end: slice.segmentBytes - 1 },
      ...(slice.segmentCrc32 === null ? {} : { crc32: slice.segmentCrc32 }),
    },
    bytes: slice.segmentBytes,
    plainBytes: slice.csvBytes,
    plainCrc32: slice.csvCrc32,
  };
}

/** A small text (a header line, a descriptor) as a segment that travels inside the list of parts. */
export function literalSegment(text: string): Segment {
  const plain = Buffer.from(text, 'utf8');
  const deflated = deflateRawSync(plain, { level: 6, finishFlush: zlib.Z_FULL_FLUSH });
  return {
    part: { literal: deflated.toString('base64') },
    bytes: deflated.length,
    plainBytes: plain.length,
    plainCrc32: crc32(plain),
  };
}

/** The header line of a table's files: names only, never quoted because names are ASCII identifiers. */
export function headerLine(columns: readonly string[]): string {
  return `${columns.join(',')}\n`;
}
