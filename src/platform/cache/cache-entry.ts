// The bytes of an answer in Redis, with a digest of all of it: whatever else stands under a key is a miss, never an answer.
import { createHash } from 'node:crypto';
import type { CachedAnswer, CacheKey } from './cache.ts';

const MAGIC = Buffer.from('FLIS-A1\n');
const DIGEST_BYTES = 32;
const HEAD_BYTES = MAGIC.length + DIGEST_BYTES;

/** Layout: magic, sha256(key, NUL, rest), rest = one line of JSON (ETag, media type), LF, body. The key is digested too, so a misplaced entry is garbage. */
export function packEntry(key: CacheKey, answer: CachedAnswer): Buffer {
  const head = Buffer.from(`${JSON.stringify([answer.etag, answer.mediaType])}\n`);
  const rest = Buffer.concat([head, answer.body]);
  return Buffer.concat([MAGIC, digestOf(key, rest), rest]);
}

/** @returns the answer, or `undefined` unless `bytes` are exactly what `packEntry` made for this key. */
export function unpackEntry(key: CacheKey, bytes: Buffer): CachedAnswer | undefined {
  if (bytes.length <= HEAD_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const rest = bytes.subarray(HEAD_BYTES);
  if (!bytes.subarray(MAGIC.length, HEAD_BYTES).equals(digestOf(key, rest))) return undefined;
  const end = rest.indexOf(0x0a);
  const [etag, mediaType] = JSON.parse(rest.toString('utf8', 0, end)) as [string, string];
  return { etag, mediaType, body: rest.subarray(end + 1) };
}

function digestOf(key: CacheKey, rest: Buffer): Buffer {
  return createHash('sha256').update(key).update('\0').update(rest).digest();
}
