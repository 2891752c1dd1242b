// Lets the bytes of an upload through to storage and looks at them on the way: size, digest, and the header in the first 64 KiB.
// Holds at most that prefix in memory; a fault ends the stream with a Problem, so nothing of the file is kept.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { constants, createGunzip } from 'node:zlib';
import { BODY_TOO_LARGE } from '../../platform/http/errors.ts';
import { Problem } from '../../platform/http/problem.ts';
import { borrowBuffer, returnBuffer } from '../../platform/lent-buffers.ts';
import { CONTENT_DIGEST_MISMATCH, FILE_COLUMNS_WRONG, FILE_HEADER_UNREADABLE } from './errors.ts';
import { type Dialect, type HeaderFault, readHeader } from './read-header.ts';
import type { Upload } from './read-upload.ts';
import { compareColumns, type HeaderFaults } from './rules.ts';

const PREFIX_BYTES = 64 * 1024;
/** How much of a refused body is still taken in: closing at once can lose the answer on its way to a sender that still writes (RFC 9112, 9.6). */
const LINGER_BYTES = 64 * 1024 * 1024;

const LOOKS_LIKE_NAME = /^[\p{L}_][\p{L}\p{N}_ .-]{0,63}$/u;
/** A year, but nothing that a CPR number could be put into. */
const MOST_DIGITS = 4;
const MOST_NAMES = 100;

const REASONS: Record<HeaderFault | 'not-gzip', string> = {
  empty: 'The file is empty or starts with an empty line.',
  'utf-16': 'The file is UTF-16; save it as UTF-8.',
  'not-text': 'The file holds NUL bytes; it is not a CSV file.',
  'not-utf-8':
    'The file was declared UTF-8, or begins with its byte order mark, but is not. Save it as UTF-8, or declare encoding=iso-8859-1 if it is that.',
  'not-iso-8859-1':
    'The file is neither UTF-8 nor ISO-8859-1; it may be Windows-1252. Save it as UTF-8 (in Excel: CSV UTF-8).',
  'unclosed-quote': 'A quote is opened in the header line and never closed.',
  'too-long': 'The header line does not end within the first 64 KiB.',
  newline: 'Lines must end with LF or CRLF, not with CR alone.',
  'not-gzip': 'The file was sent as gzip but is not.',
};

/** What is known of the bytes once they have all passed. */
export interface Inspected {
  readonly bytes: number;
  /** sha256 (hex) of the bytes as sent. */
  readonly sha256: string;
  readonly dialect: Dialect;
}

export interface Expectation extends Upload {
  /** Ends the upload, with its reason. */
  readonly signal: AbortSignal;
  readonly columns: readonly string[];
  readonly maxBytes: number;
}

/** @returns at most 64 KiB of what `bytes` inflate to. */
async function inflatePrefix(bytes: Buffer): Promise<Buffer> {
  const parts: Buffer[] = [];
  let held = 0;
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: PREFIX_BYTES });
  try {
    for await (const part of Readable.from([bytes]).pipe(gunzip)) {
      parts.push(part as Buffer);
      held += (part as Buffer).length;
      if (held >= PREFIX_BYTES) break;
    }
  } catch {
    throw unreadable('not-gzip');
  }
  return Buffer.concat(parts).subarray(0, PREFIX_BYTES);
}

function unreadable(reason: keyof typeof REASONS): Problem {
  return new Problem(FILE_HEADER_UNREADABLE, REASONS[reason], { reason });
}

async function inspectHeader(start: Buffer, whole: boolean, expected: Expectation): Promise<Dialect> {
  const prefix = expected.compression === 'gzip' ? await inflatePrefix(start) : start;
  const dialect = readHeader(prefix, whole && prefix.length < PREFIX_BYTES, expected.declared);
  if (typeof dialect === 'string') throw unreadable(dialect);
  const faults = compareColumns(dialect.columns, expected.columns);
  if (faults.unknown.length + faults.missing.length + faults.doubled.length > 0) {
    throw new Problem(FILE_COLUMNS_WRONG, undefined, {
      ...showable(faults, dialect.columns, expected.columns),
      expected: expected.columns,
    });
  }
  return dialect;
}

/**
 * A file without a header has a person in its first row perhaps. So names are shown only when one of them is a column of the table, and then only
 * those that can be a column's; the others are told by their place.
 */
function showable(faults: HeaderFaults, columns: readonly string[], expected: readonly string[]): HeaderFaults {
  const isHeader = columns.some((name) => expected.includes(name.trim().toLowerCase()));
  const isName = (name: string) => LOOKS_LIKE_NAME.test(name) && name.replace(/\P{N}/gu, '').length <= MOST_DIGITS;
  const show = (name: string) => (isHeader && isName(name) ? name : `column ${columns.indexOf(name) + 1}`);
  return {
    unknown: faults.unknown.slice(0, MOST_NAMES).map(show),
    missing: faults.missing,
    doubled: faults.doubled.slice(0, MOST_NAMES).map(show),
  };
}

/** The chunks of `body`; throws the reason of `signal` as soon as it is given, without waiting for the next chunk. `body` stays as it is. */
async function* chunksUntil(signal: AbortSignal, body: Readable): AsyncGenerator<Buffer> {
  const chunks: AsyncIterator<Buffer> = body.iterator({ destroyOnReturn: false });
  let abort = () => {};
  const onAbort = () => abort();
  signal.addEventListener('abort', onAbort);
  try {
    for (;;) {
      // A promise a chunk: one that all chunks are raced against would keep a reaction of each until the end of the upload.
      const next = await new Promise<IteratorResult<Buffer>>((resolve, reject) => {
        abort = () => reject(signal.reason);
        if (signal.aborted) abort();
        else chunks.next().then(resolve, reject);
      });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    void chunks.return?.();
  }
}

/** @returns the bytes of `body` to be stored, and the facts about them, which are there once the bytes have been read to the end. */
export function inspectUpload(
  body: Readable,
  expected: Expectation,
): { bytes: AsyncIterable<Buffer>; facts(): Inspected } {
  const hash = createHash('sha256');
  let facts: Inspected | undefined;
  async function* pass() {
    const start = borrowBuffer(PREFIX_BYTES);
    let bytes = 0;
    let dialect: Dialect | undefined;
    const inspect = (whole: boolean) =>
      inspectHeader(start.subarray(0, Math.min(bytes, PREFIX_BYTES)), whole, expected);
    try {
      for await (const chunk of chunksUntil(expected.signal, body)) {
        if (bytes < PREFIX_BYTES) chunk.copy(start, bytes, 0, PREFIX_BYTES - bytes);
        bytes += chunk.length;
        if (bytes > expected.maxBytes) throw new Problem(BODY_TOO_LARGE, undefined, { maxBytes: expected.maxBytes });
        hash.update(chunk);
        if (dialect === undefined && bytes >= PREFIX_BYTES) dialect = await inspect(false);
        yield chunk;
      }
      dialect ??= await inspect(true);
    } finally {
      returnBuffer(start);
    }
    const sha256 = hash.digest('hex');
    if (expected.sha256 !== undefined && expected.sha256 !== sha256) throw new Problem(CONTENT_DIGEST_MISMATCH);
    facts = { bytes, sha256, dialect };
  }
  return {
    bytes: pass(),
    facts() {
      if (facts === undefined) throw new Error('the upload has not been read to its end');
      return facts;
    },
  };
}

/** Runs `take`; when it refuses, takes in what is left of the body, up to 64 MiB, so that the sender gets to read why. */
export async function refusePolitely<T>(body: Readable, take: () => Promise<T>): Promise<T> {
  try {
    return await take();
  } catch (error) {
    if (error instanceof Problem) await lingerOn(body);
    throw error;
  }
}

async function lingerOn(body: Readable): Promise<void> {
  let bytes = 0;
  if (body.destroyed || body.readableEnded) return;
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > LINGER_BYTES) return;
    }
  } catch {
    // The sender is gone; there is nobody to tell.
  }
}
