// Received files at rest: kept byte for byte, encrypted when their table holds persons, opened again by the stages that read them.
// Frames are authenticated with their number and with "last", so a cut, reordered or exchanged file is never read as a whole one.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import type { MunicipalityCode } from '../../platform/tenant.ts';

/** The root secret of the installation, ≥ 32 bytes; keys of municipalities and files are derived from it. */
export interface ReceivedFileSecrets {
  readonly rootSecret: Uint8Array;
}

/** What is needed to read a received file: its row, read in a transaction of the municipality. */
export interface ReceivedFile {
  readonly municipality: MunicipalityCode;
  readonly storageKey: string;
  /** Bytes as received, before encryption. */
  readonly bytes: number;
  readonly encrypted: 'none' | 'aes-256-gcm';
  readonly compression: 'none' | 'gzip';
}

const MAGIC = Buffer.from('FLISENC1', 'latin1');
const SALT_BYTES = 16;
const HEAD_BYTES = MAGIC.length + SALT_BYTES;
const TAG_BYTES = 16;
const FRAME_BYTES = 64 * 1024;

/** A key used for one file only (random salt, bound to its storage key), so a frame's number can be its nonce. */
function keyOf(secrets: ReceivedFileSecrets, municipality: MunicipalityCode, storageKey: string, salt: Uint8Array) {
  const ofMunicipality = hkdfSync('sha256', secrets.rootSecret, '', `received-files:${municipality}`, 32);
  return Buffer.from(hkdfSync('sha256', new Uint8Array(ofMunicipality), salt, storageKey, 32));
}

function nonceOf(frame: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(frame), 0);
  nonce.writeUInt8(last ? 1 : 0, 11);

  return nonce;
}

/** Cuts a byte stream into frames of `size`; the last may be shorter or empty, and is marked. */
async function* toFrames(source: AsyncIterable<Uint8Array>, size: number) {
  let pending: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of source) {
    pending.push(chunk);
    held += chunk.length;
    if (held <= size) continue;
    const bytes = Buffer.concat(pending);
    let start = 0;
    for (; bytes.length - start > size; start += size)
      yield { bytes: bytes.subarray(start, start + size), last: false };
    pending = [bytes.subarray(start)];
    held = bytes.length - start;
  }
  yield { bytes: Buffer.concat(pending), last: true };
}

/** Encrypts a stream for `storageKey`: head (magic, salt), then frames of 64 KiB, each AES-256-GCM with a 16-byte tag. */
export async function* encryptReceivedFile(
  secrets: ReceivedFileSecrets,
  municipality: MunicipalityCode,
  storageKey: string,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const salt = randomBytes(SALT_BYTES);
  const key = keyOf(secrets, municipality, storageKey, salt);
  yield Buffer.concat([MAGIC, salt]);
  let number = 0;
  for await (const frame of toFrames(source, FRAME_BYTES)) {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number, frame.last));
    yield Buffer.concat([cipher.update(frame.bytes), cipher.final(), cipher.getAuthTag()]);
    number += 1;
  }
}

async function* decrypt(secrets: ReceivedFileSecrets, file: ReceivedFile, source: Readable): AsyncGenerator<Buffer> {
  const iterator = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let head = Buffer.alloc(0);
  while (head.length < HEAD_BYTES) {
    const next = await iterator.next();
    if (next.done) throw new Error('received file is cut off');
    head = Buffer.concat([head, next.value]);
  }
  if (!head.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('received file is not encrypted as its row says');
  const key = keyOf(secrets, file.municipality, file.storageKey, head.subarray(MAGIC.length, HEAD_BYTES));
  const rest = async function* () {
    yield head.subarray(HEAD_BYTES);
    yield* { [Symbol.asyncIterator]: () => iterator };
  };
  let number = 0;
  try {
    for await (const frame of toFrames(rest(), FRAME_BYTES + TAG_BYTES)) {
      const cut = frame.bytes.length - TAG_BYTES;
      if (cut < 0) throw new Error('received file is cut off');
      const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(number, frame.last), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(frame.bytes.subarray(cut));
      const plain = decipher.update(frame.bytes.subarray(0, cut));
      decipher.final();
      if (plain.length > 0) yield plain;
      number += 1;
    }
  } finally {
    source.destroy();
  }
}

/**
 * @returns the bytes of a received file exactly as they arrived (still gzipped when `compression` says so).
 * The stream fails when the stored bytes were cut, changed or exchanged.
 */
export function openReceivedFile(storage: ObjectStorage, secrets: ReceivedFileSecrets, file: ReceivedFile): Readable {
  const stored = storage.read(file.storageKey);
  return file.encrypted === 'none'
    ? stored
    : Readable.from(decrypt(secrets, file, stored), { objectMode: false, highWaterMark: 4 * FRAME_BYTES });
}
