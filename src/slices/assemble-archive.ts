// Assembles a single-member gzip and a ZIP archive out of segments, as lists of parts: lengths are exact before a byte is read.
// Nothing is compressed here and nothing is read; timestamps are fixed, so the same segments give the same bytes.
import { Buffer } from 'node:buffer';
import { combineCrc32 } from './combine-crc32.ts';
import type { Part, Segment } from './segment.ts';

/** A file as the bytes it is made of. */
export interface Assembled {
  readonly bytes: number;
  readonly parts: Part[];
}

/** A file inside a ZIP archive. */
export interface ZipEntry {
  readonly name: string;
  readonly segments: readonly Segment[];
}

/** The end of a raw-deflate stream: an empty final block with fixed codes. Segments themselves never end the stream. */
const DEFLATE_END = Buffer.from([0x03, 0x00]);
/** Magic, deflate, no flags, no time, no extra flags, system unknown. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
/** 1 January 1980 in DOS form: the earliest date that every unpacker accepts. */
const DOS_DATE = 0x21;
const UTF8_NAMES = 0x0800;
const DEFLATE = 8;
const LIMIT_32 = 0xffffffff;
const LIMIT_16 = 0xffff;

interface Joined {
  readonly parts: readonly Part[];
  /** Compressed length, the end of the stream included. */
  readonly bytes: number;
  readonly plainBytes: number;
  readonly plainCrc32: number;
}

function literal(bytes: Buffer): Part {
  return { literal: bytes.toString('base64') };
}

function join(segments: readonly Segment[]): Joined {
  let bytes = DEFLATE_END.length;
  let plainBytes = 0;
  let plainCrc32 = 0;
  const parts: Part[] = [];
  for (const segment of segments) {
    bytes += segment.bytes;
    plainBytes += segment.plainBytes;
    plainCrc32 = combineCrc32(plainCrc32, segment.plainCrc32, segment.plainBytes);
    if (segment.bytes > 0) parts.push(segment.part);
  }
  return { parts, bytes, plainBytes, plainCrc32 };
}

/** One gzip member over all segments: several members would break some clients. */
export function assembleGzip(segments: readonly Segment[]): Assembled {
  const joined = join(segments);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(joined.plainCrc32, 0);
  trailer.writeUInt32LE(joined.plainBytes % 2 ** 32, 4);
  return {
    bytes: GZIP_HEADER.length + joined.bytes + trailer.length,
    parts: [literal(GZIP_HEADER), ...joined.parts, literal(Buffer.concat([DEFLATE_END, trailer]))],
  };
}

interface PlacedEntry extends Joined {
  readonly name: Buffer;
  readonly offset: number;
}

/** zip64 values, in the order the format demands; only those that do not fit into 32 bits. */
function zip64Extra(values: readonly number[]): Buffer {
  if (values.length === 0) return Buffer.alloc(0);
  const extra = Buffer.alloc(4 + 8 * values.length);
  extra.writeUInt16LE(0x0001, 0);
  extra.writeUInt16LE(8 * values.length, 2);
  values.forEach((value, index) => {
    extra.writeBigUInt64LE(BigInt(value), 4 + 8 * index);
  });
  return extra;
}

/** The fields that local header and directory share, from "version needed" to "extra length". */
function commonFields(entry: PlacedEntry, extra: Buffer): Buffer {
  const large = entry.bytes >= LIMIT_32 || entry.plainBytes >= LIMIT_32;
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(extra.length > 0 ? 45 : 20, 0);
  fields.writeUInt16LE(UTF8_NAMES, 2);
  fields.writeUInt16LE(DEFLATE, 4);
  fields.writeUInt16LE(0, 6);
  fields.writeUInt16LE(DOS_DATE, 8);
  fields.writeUInt32LE(entry.plainCrc32, 10);
  fields.writeUInt32LE(large ? LIMIT_32 : entry.bytes, 14);
  fields.writeUInt32LE(large ? LIMIT_32 : entry.plainBytes, 18);
  fields.writeUInt16LE(entry.name.length, 22);
  fields.writeUInt16LE(extra.length, 24);
  return fields;
}

/** A local header must carry both sizes in zip64 as soon as one of them needs it. */
function sizesIn64(entry: Joined): number[] {
  return entry.bytes >= LIMIT_32 || entry.plainBytes >= LIMIT_32 ? [entry.plainBytes, entry.bytes] : [];
}

function localHeader(entry: PlacedEntry): Buffer {
  const extra = zip64Extra(sizesIn64(entry));
  return Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), commonFields(entry, extra), entry.name, extra]);
}

function directoryHeader(entry: PlacedEntry): Buffer {
  const far = entry.offset >= LIMIT_32;
  const extra = zip64Extra([...sizesIn64(entry), ...(far ? [entry.offset] : [])]);
  const tail = Buffer.alloc(14);
  // Comment length, disk and attributes stay 0; the last field is where the local header stands.
  tail.writeUInt32LE(far ? LIMIT_32 : entry.offset, 10);
  const madeBy = Buffer.from([extra.length > 0 ? 45 : 20, 0]);
  return Buffer.concat([
    Buffer.from('PK\x01\x02', 'latin1'),
    madeBy,
    commonFields(entry, extra),
    tail,
    entry.name,
    extra,
  ]);
}

function endOfDirectory(entries: number, offset: number, bytes: number): Buffer {
  const records: Buffer[] = [];
  if (entries >= LIMIT_16 || offset >= LIMIT_32 || bytes >= LIMIT_32) {
    const record = Buffer.alloc(56 + 20);
    record.write('PK\x06\x06', 0, 'latin1');
    record.writeBigUInt64LE(44n, 4);
    record.writeUInt16LE(45, 12);
    record.writeUInt16LE(45, 14);
    record.writeBigUInt64LE(BigInt(entries), 24);
    record.writeBigUInt64LE(BigInt(entries), 32);
    record.writeBigUInt64LE(BigInt(bytes), 40);
    record.writeBigUInt64LE(BigInt(offset), 48);
    record.write('PK\x06\x07', 56, 'latin1');
    record.writeBigUInt64LE(BigInt(offset + bytes), 64);
    record.writeUInt32LE(1, 72);
    records.push(record);
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(Math.min(entries, LIMIT_16), 8);
  end.writeUInt16LE(Math.min(entries, LIMIT_16), 10);
  end.writeUInt32LE(Math.min(bytes, LIMIT_32), 12);
  end.writeUInt32LE(Math.min(offset, LIMIT_32), 16);
  records.push(end);
  return Buffer.concat(records);
}

/** A ZIP archive of the entries, in order; zip64 where sizes or offsets need it, no data descriptors since all sizes are known. */
export function assembleZip(entries: readonly ZipEntry[]): Assembled {
  const parts: Part[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, segments } of entries) {
    const entry: PlacedEntry = { ...join(segments), name: Buffer.from(name, 'utf8'), offset };
    const header = localHeader(entry);
    parts.push(literal(header), ...entry.parts, literal(DEFLATE_END));
    directory.push(directoryHeader(entry));
    offset += header.length + entry.bytes;
  }
  const listing = Buffer.concat(directory);
  const end = endOfDirectory(entries.length, offset, listing.length);
  parts.push(literal(Buffer.concat([listing, end])));
  return { bytes: offset + listing.length + end.length, parts };
}
