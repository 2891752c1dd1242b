// Sends a finished, immutable file: strong ETag, digest, exact length, single byte ranges, HEAD. Knows no storage: the bytes are opened by the caller.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ByteSource } from '../byte-source.ts';
import { matchesEtag } from './conditional.ts';
import { RANGE_NOT_SATISFIABLE } from './errors.ts';
import { Problem } from './problem.ts';
import { type Sent, sendBytes } from './send-bytes.ts';

/** First and last byte, both inclusive. */
export interface SentRange {
  readonly start: number;
  readonly end: number;
}

/** A file to send. `open` is called once, and only when bytes are wanted. */
export interface SentFile {
  readonly bytes: number;
  /** sha256 (hex) of the whole file. */
  readonly sha256: string;
  readonly mediaType: string;
  /** The name under which a browser saves it; ASCII letters, digits, `-`, `_` and `.` only. */
  readonly fileName: string;
  open(range: SentRange | undefined): ByteSource;
  /** Told once how the answer ended, unless `sendFile` throws. */
  ended?(sent: Sent): void;
  /** Ends the answer at once when it is aborted. */
  readonly signal?: AbortSignal;
}

/** What the headers of a request ask of a file. Only `bytes` lets any of its bytes leave; `range` undefined is the whole file. */
export type FileAnswer =
  | { readonly kind: 'unchanged' | 'headers' | 'unsatisfiable' }
  | { readonly kind: 'bytes'; readonly range: SentRange | undefined };

const SINGLE_RANGE = /^bytes=(?:(\d{1,15})-(\d{1,15})?|-(\d{1,15}))$/;

/**
 * What a Range header asks of a file of `bytes` bytes. Several ranges, other units and malformed headers are ignored, as RFC 9110 (14.2) allows.
 * @returns the range, `undefined` for the whole file, or `unsatisfiable`
 */
export function parseRange(header: string | undefined, bytes: number): SentRange | 'unsatisfiable' | undefined {
  const match = header === undefined ? null : SINGLE_RANGE.exec(header.trim());
  if (match === null) return undefined;
  const [, first, last, suffix] = match;
  if (suffix !== undefined) {
    const length = Math.min(Number(suffix), bytes);
    return length === 0 ? 'unsatisfiable' : { start: bytes - length, end: bytes - 1 };
  }
  const start = Number(first);
  if (last !== undefined && Number(last) < start) return undefined;
  if (start >= bytes) return 'unsatisfiable';
  return { start, end: Math.min(last === undefined ? bytes - 1 : Number(last), bytes - 1) };
}

/** Whether the range still belongs to the file that the client has the other part of; dates never do, because we send none. */
function isSameFile(ifRange: string | undefined, etag: string): boolean {
  return ifRange === undefined || matchesEtag(ifRange, etag, false);
}

/** @returns how `sendFile` will answer, so that it can be known before anything is sent. */
export function planAnswer(request: FastifyRequest, { bytes, sha256 }: Pick<SentFile, 'bytes' | 'sha256'>): FileAnswer {
  const etag = `"${sha256}"`;
  const known = request.headers['if-none-match'];
  if (known !== undefined && matchesEtag(known, etag, true)) return { kind: 'unchanged' };
  if (request.method === 'HEAD') return { kind: 'headers' };
  const wanted = isSameFile(request.headers['if-range'] as string | undefined, etag)
    ? request.headers.range
    : undefined;
  const range = parseRange(wanted, bytes);
  return range === 'unsatisfiable' ? { kind: 'unsatisfiable' } : { kind: 'bytes', range };
}

/** Sends the file, a range of it (206), 304 when the client has it, or its headers alone. @throws Problem `range-not-satisfiable` */
export async function sendFile(request: FastifyRequest, reply: FastifyReply, file: SentFile): Promise<FastifyReply> {
  const answer = planAnswer(request, file);
  reply.headers({
    etag: `"${file.sha256}"`,
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache',
    'repr-digest': `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`,
  });
  if (answer.kind === 'unchanged') {
    file.ended?.({ bytes: 0, taken: 0, complete: true });
    return reply.code(304).send();
  }
  reply.headers({
    'content-type': file.mediaType,
    'content-disposition': `attachment; filename="${file.fileName}"`,
    'content-length': String(file.bytes),
  });
  if (answer.kind === 'headers') return sendBytes(reply, undefined, file.ended);
  if (answer.kind !== 'bytes') {
    withdraw(reply);
    throw new Problem(
      RANGE_NOT_SATISFIABLE,
      undefined,
      { bytes: file.bytes },
      { 'content-range': `bytes */${file.bytes}` },
    );
  }
  const { range } = answer;
  if (range !== undefined) {
    reply.code(206).headers({
      'content-range': `bytes ${range.start}-${range.end}/${file.bytes}`,
      'content-length': String(range.end - range.start + 1),
    });
  }
  return sendBytes(reply, file.open(range), file.ended, file.signal).catch((error) => {
    withdraw(reply);
    throw error;
  });
}

/** A problem has none of the file's headers. */
function withdraw(reply: FastifyReply): void {
  for (const name of ['content-length', 'content-range', 'content-disposition', 'etag', 'repr-digest']) {
    reply.removeHeader(name);
  }
}
