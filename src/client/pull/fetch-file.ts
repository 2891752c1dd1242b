// Fetches one file so that an interruption costs nothing that had arrived: what is there stands in `<name>.part`, with the ETag that it belongs to beside it,
// and the rest is asked for with Range and If-Range. A file has its name only when its digest is right.
import { createHash } from 'node:crypto';
import { createReadStream, ftruncateSync, writeFileSync, writeSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { VerificationFault } from '../faults.ts';
import { ConnectionFault, openAnswer, repeat, type Service } from '../http.ts';
import type { NamedFile } from './state.ts';

/** Bytes of a file up to `end` (exclusive): to be fetched, or there already at `offset` of another file. */
export interface Stretch {
  readonly end: number;
  readonly copy?: { readonly path: string; readonly offset: number };
}

/** A file, where it is fetched, and where it is put. */
export interface FetchOrder {
  readonly service: Service;
  /** Its address, from the base URL. */
  readonly address: string;
  readonly file: NamedFile;
  readonly path: string;
  /** Is told how many bytes of it are here. */
  onProgress(bytes: number): void;
}

const COPY_CHUNK = 1024 * 1024;
const CUT_OFF = { message: 'the answer was cut off', code: 'cut off' };

/** Whether the file is there with the right length and digest. */
export async function isWhole(path: string, { bytes, sha256 }: NamedFile): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true && found.size === bytes && (await digestOf(path)) === sha256;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: COPY_CHUNK })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/**
 * Makes the file at `path`, out of `stretches` in their order. What was not fetched in this run may have been damaged since, so a wrong digest then
 * has the whole file fetched once more. @returns how many bytes came over the wire; @throws VerificationFault, ServiceFault, ConnectionFault
 */
export async function fetchFile(order: FetchOrder, stretches: readonly Stretch[]): Promise<number> {
  const { file, path } = order;
  if (await isWhole(path, file)) {
    order.onProgress(file.bytes);
    return 0;
  }
  const part = `${path}.part`;
  let fetched = await fill(order, part, stretches);
  let isRight = await isWhole(part, file);
  if (!isRight && fetched < file.bytes) {
    await discard(path);
    fetched += await fill(order, part, [{ end: file.bytes }]);
    isRight = await isWhole(part, file);
  }
  if (!isRight) {
    await discard(path);
    throw new VerificationFault(`${file.name} is not what the manifest says: its digest is another`);
  }
  await rename(part, path);
  await rm(etagPathOf(path), { force: true });
  return fetched;
}

const etagPathOf = (path: string) => `${path}.etag`;

async function discard(path: string): Promise<void> {
  await rm(`${path}.part`, { force: true });
  await rm(etagPathOf(path), { force: true });
}

/** A file that is being filled from its beginning. */
interface Filling {
  readonly handle: FileHandle;
  position: number;
  etag: string | undefined;
  /** Bytes that came over the wire in this run. */
  fetched: number;
}

/** @returns how many bytes came over the wire */
async function fill(order: FetchOrder, part: string, stretches: readonly Stretch[]): Promise<number> {
  const { file, path } = order;
  const etag = await readFile(etagPathOf(path), 'utf8').catch(() => undefined);
  const handle = await open(part, 'a').then(async (made) => {
    await made.close();
    return open(part, 'r+');
  });
  try {
    const { size } = await handle.stat();
    // Without its ETag nobody knows what it is a part of.
    const position = etag === undefined || size > file.bytes ? 0 : size;
    await handle.truncate(position);
    order.onProgress(position);
    const filling: Filling = { handle, position, etag, fetched: 0 };
    let start = 0;
    for (const { end, copy } of stretches) {
      if (copy !== undefined) await copyStretch(order, filling, copy.path, copy.offset - start, end);
      await fetchStretch(order, filling, end);
      start = end;
    }
    await handle.sync();
    return filling.fetched;
  } finally {
    await handle.close();
  }
}

/** A source that is shorter than it was leaves the rest to be fetched. @param shift from places in the file to places in the source */
async function copyStretch(order: FetchOrder, filling: Filling, source: string, shift: number, end: number) {
  if (filling.position >= end) return;
  const from = await open(source, 'r').catch(() => undefined);
  if (from === undefined) return;
  const buffer = Buffer.allocUnsafe(Math.min(COPY_CHUNK, end - filling.position));
  try {
    while (filling.position < end) {
      order.service.signal.throwIfAborted();
      const wanted = Math.min(buffer.length, end - filling.position);
      const { bytesRead } = await from.read(buffer, 0, wanted, filling.position + shift);
      if (bytesRead === 0) return;
      writeAt(filling, buffer.subarray(0, bytesRead));
      order.onProgress(filling.position);
    }
  } finally {
    await from.close();
  }
}

function writeAt(filling: Filling, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(filling.handle.fd, bytes, done, bytes.length - done, filling.position + done);
  filling.position += bytes.length;
}

async function fetchStretch(order: FetchOrder, filling: Filling, end: number): Promise<void> {
  let before = filling.position;
  const hasMoved = () => {
    const moved = filling.position !== before;
    before = filling.position;
    return moved;
  };
  while (filling.position < end) await repeat(order.service, () => fetchOnce(order, filling, end), hasMoved);
}

async function fetchOnce(order: FetchOrder, filling: Filling, end: number): Promise<void> {
  const { service, address, file, path } = order;
  const { position, etag } = filling;
  const isPart = position > 0 || end < file.bytes;
  const answer = await openAnswer(service, address, {
    accept: '*/*',
    ...(isPart ? { range: `bytes=${position}-${end - 1}` } : {}),
    ...(isPart && etag !== undefined ? { 'if-range': etag } : {}),
  });
  await receive(answer, () => {
    if (!isAsked(answer, position, file))
      throw new VerificationFault(`${file.name} is not what the manifest says: another length or part of it is sent`);
    if (answer.statusCode === 200 && position > 0) {
      // Not the rest of what is here, but all of it anew.
      filling.position = 0;
      ftruncateSync(filling.handle.fd);
    }
    const named = answer.headers.etag;
    if (named !== undefined && named !== etag) {
      // Torn, it is no ETag of the service, and the file is fetched from its beginning.
      writeFileSync(etagPathOf(path), named);
      filling.etag = named;
    }
    return (chunk) => {
      writeAt(filling, chunk);
      filling.fetched += chunk.length;
      order.onProgress(filling.position);
    };
  });
}

/** Whether the answer is what was asked for: all of the file, or the part of it that begins at `position`. */
function isAsked({ statusCode, headers }: IncomingMessage, position: number, { bytes }: NamedFile): boolean {
  if (statusCode === 200) return Number(headers['content-length']) === bytes;
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  return Number(start) === position && Number(total) === bytes;
}

/**
 * Hands on chunk by chunk what arrives, at once: nothing that came in before a connection ends is lost with it.
 * @param begin is called before the first one; it waits for nothing, or what comes meanwhile would be lost when the connection ends
 */
async function receive(answer: IncomingMessage, begin: () => (chunk: Buffer) => void): Promise<void> {
  let failure: unknown;
  const ended = new Promise<void>((resolve, reject) => {
    answer.once('error', (error) => reject(failure ?? new ConnectionFault(error)));
    answer.once('close', () => (answer.complete ? resolve() : reject(failure ?? new ConnectionFault(CUT_OFF))));
  });
  // It may end while nobody waits for it yet.
  ended.catch(() => {});
  try {
    const take = begin();
    answer.on('data', (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        failure = error;
        answer.destroy();
      }
    });
    await ended;
  } finally {
    answer.destroy();
  }
}
