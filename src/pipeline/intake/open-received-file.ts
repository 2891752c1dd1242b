// Received files at rest: kept byte for byte, encrypted when their table holds persons, opened again by the stages that read them.
// Frames are authenticated with their number and with "last", so a cut, reordered or exchanged file is never read as a whole one.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { borrowBuffer, LENT_BYTES, returnBuffer } from '../../platform/lent-buffers.ts';
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

/** Cuts a byte stream into frames of `size`, each in the pieces that it came in; the last may be shorter or empty, and is marked. */
async function* toFrames(source: AsyncIterable<Uint8Array>, size: number) {
  const pending: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of source) {
    pending.push(chunk);
    held += chunk.length;
    for (; held > size; held -= size) yield { pieces: takeBytes(pending, size), last: false };
  }
  yield { pieces: pending, last: true };
}

/** Takes `count` bytes off the front of `pending`, copying none. */
function takeBytes(pending: Uint8Array[], count: number): Uint8Array[] {
  const taken: Uint8Array[] = [];
  for (let left = count; left > 0; ) {
    const first = pending.shift();
    if (first === undefined) break;
    if (first.length > left) pending.unshift(first.subarray(left));
    taken.push(first.subarray(0, left));
    left -= taken.at(-1)?.length ?? 0;
  }
  return taken;
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
  for await (const { pieces, last } of toFrames(source, FRAME_BYTES)) {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number, last));
    for (const piece of pieces) yield cipher.update(piece);
    cipher.final();
    yield cipher.getAuthTag();
    number += 1;
  }
}

/** Frames that are read from storage at once. */
const BATCH_FRAMES = Math.floor(LENT_BYTES / (FRAME_BYTES + TAG_BYTES));

async function* decrypt(storage: ObjectStorage, secrets: ReceivedFileSecrets, file: ReceivedFile) {
  const head = Buffer.alloc(HEAD_BYTES);
  await storage.readInto(file.storageKey, 0, head);
  if (!head.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('received file is not encrypted as its row says');
  const key = keyOf(secrets, file.municipality, file.storageKey, head.subarray(MAGIC.length));
  const frames = Math.max(1, Math.ceil(file.bytes / FRAME_BYTES));
  const stored = file.bytes + frames * TAG_BYTES;
  const most = BATCH_FRAMES * (FRAME_BYTES + TAG_BYTES);
  const buffer = borrowBuffer(most);
  try {
    for (let number = 0, position = 0; number < frames; ) {
      const batch = buffer.subarray(0, Math.min(most, stored - position));
      await storage.readInto(file.storageKey, HEAD_BYTES + position, batch);
      position += batch.length;
      for (let start = 0; start < batch.length; number += 1) {
        const frame = batch.subarray(start, start + FRAME_BYTES + TAG_BYTES);
        start += frame.length;
        const last = number === frames - 1;
        const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(number, last), { authTagLength: TAG_BYTES });
        decipher.setAuthTag(frame.subarray(-TAG_BYTES));
        const plain = decipher.update(frame.subarray(0, -TAG_BYTES));
        decipher.final();
        if (plain.length > 0) yield plain;
      }
    }
  } finally {
    returnBuffer(buffer);
  }
}

async function* readPlain(storage: ObjectStorage, { storageKey, bytes }: ReceivedFile): AsyncGenerator<Buffer> {
  const most = BATCH_FRAMES * FRAME_BYTES;
  const buffer = borrowBuffer(most);
  try {
    for (let start = 0; start < bytes; start += most) {
      const chunk = buffer.subarray(0, Math.min(most, bytes - start));
      await storage.readInto(storageKey, start, chunk);
      yield chunk;
    }
  } finally {
    returnBuffer(buffer);
  }
}

/**
 * The bytes of a received file exactly as they arrived (still gzipped when `compression` says so); each chunk is good until the next one is asked for, or the reading ended.
 * @throws when the stored bytes were cut, changed or exchanged.
 */
export function readReceivedFile(
  storage: ObjectStorage,
  secrets: ReceivedFileSecrets,
  file: ReceivedFile,
): AsyncGenerator<Buffer> {
  return file.encrypted === 'none' ? readPlain(storage, file) : decrypt(storage, secrets, file);
}
