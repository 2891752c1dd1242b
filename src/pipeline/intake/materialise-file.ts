// Turns a received file into a plain CSV file on this machine's disk for the job that reads it, within caps of size and ratio.
// The target lies in the job's own temporary folder, which the job deletes; nothing is kept here.
import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import { type ReceivedFile, type ReceivedFileSecrets, readReceivedFile } from './open-received-file.ts';
import { type Encoding, unfinishedTail } from './read-header.ts';

export interface InflationLimits {
  /** Bytes of the plain CSV file. */
  readonly maxInflatedBytes: number;
  /** Plain bytes per compressed byte; files that inflate to less than 1 MiB are never refused for it. */
  readonly maxInflationRatio: number;
}

/** A fault of the sender's file that a person must be told of: the rule id of the finding it becomes. */
export class ReceivedFileFault extends Error {
  readonly rule: 'inflation-limit' | 'parse';

  constructor(rule: 'inflation-limit' | 'parse') {
    super(`received file: ${rule}`);
    this.rule = rule;
  }
}

/** The plain file: its size, and the encoding that all of its bytes agree with (`utf-8` unless they cannot be). */
export interface PlainFile {
  readonly bytes: number;
  readonly encoding: Encoding;
}

const RATIO_FREE_BYTES = 1024 * 1024;

/** Checks UTF-8 across chunk borders: a character cut by a border is carried over to the next chunk. */
function utf8Check() {
  let carried: Uint8Array = new Uint8Array();
  let valid = true;
  return {
    add(chunk: Uint8Array) {
      if (!valid) return;
      const bytes = carried.length === 0 ? chunk : Buffer.concat([carried, chunk]);
      const whole = bytes.length - unfinishedTail(bytes);
      valid = isUtf8(bytes.subarray(0, whole));
      carried = Buffer.from(bytes.subarray(whole));
    },
    isValid: () => valid && carried.length === 0,
  };
}

/**
 * Writes the decrypted, decompressed file to `targetPath` (created, private to this user).
 * @throws ReceivedFileFault `inflation-limit` when it grows beyond the limits, `parse` when its gzip stream is damaged;
 * any other error is ours (storage, disk, a file that was tampered with).
 */
export async function materialiseReceivedFile(
  storage: ObjectStorage,
  secrets: ReceivedFileSecrets,
  file: ReceivedFile,
  limits: InflationLimits,
  targetPath: string,
): Promise<PlainFile> {
  const byRatio = Math.max(RATIO_FREE_BYTES, file.bytes * limits.maxInflationRatio);
  const most = file.compression === 'gzip' ? Math.min(limits.maxInflatedBytes, byRatio) : limits.maxInflatedBytes;
  const utf8 = utf8Check();
  let bytes = 0;
  const measure = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > most) throw new ReceivedFileFault('inflation-limit');
    utf8.add(chunk);
  };
  const received = readReceivedFile(storage, secrets, file);
  const target = await open(targetPath, 'wx', 0o600);
  try {
    for await (const chunk of file.compression === 'gzip' ? inflate(received) : received) {
      measure(chunk);
      await target.writeFile(chunk);
    }
  } catch (error) {
    if (isDamagedGzip(error)) throw new ReceivedFileFault('parse');
    throw error;
  } finally {
    await target.close();
  }
  return { bytes, encoding: utf8.isValid() ? 'utf-8' : 'iso-8859-1' };
}

/** A chunk is copied, because zlib holds on to it after the next one was asked for. */
async function* inflate(received: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const copied = async function* () {
    for await (const chunk of received) yield Buffer.from(chunk);
  };
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  const reading = pipeline(copied(), gunzip);
  reading.catch(() => {});
  yield* gunzip;
  await reading;
}

function isDamagedGzip(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR' || code === 'Z_NEED_DICT';
}
