// Buffers that are lent, given back and lent again. V8 collects all garbage after every 32 MB or so of new Buffers, whatever their age
// (measured: a tenth of all that the worker computes while it loads small source deliveries).
// The next borrower sees what the last one left, which may be another municipality's: only what was filled may ever be read.
import { open } from 'node:fs/promises';

/** Bytes of a lent buffer. Larger needs get a buffer of their own. */
export const LENT_BYTES = 1024 * 1024;
/** Idle buffers that are kept: what four jobs of the worker have in use at once. */
const MOST_IDLE = 16;
const idle: Buffer[] = [];

/** Runs `use` with a buffer of exactly `bytes` bytes of any content. Nothing may read or write it after `use` has ended. @throws what `use` throws */
export async function withBuffer<T>(bytes: number, use: (buffer: Buffer) => Promise<T>): Promise<T> {
  const buffer = borrowBuffer(bytes);
  try {
    return await use(buffer.subarray(0, bytes));
  } finally {
    returnBuffer(buffer);
  }
}

/** For generators, which end in a `finally` of their own. @returns a buffer of at least `bytes` bytes, to be given back once with `returnBuffer` */
export function borrowBuffer(bytes: number): Buffer {
  if (bytes > LENT_BYTES) return Buffer.allocUnsafeSlow(bytes);
  return idle.pop() ?? Buffer.allocUnsafeSlow(LENT_BYTES);
}

/** Takes a borrowed buffer back. */
export function returnBuffer(buffer: Buffer): void {
  if (buffer.length === LENT_BYTES && idle.length < MOST_IDLE) idle.push(buffer);
}

/** Runs `use` with all bytes of a file that nobody changes; they are good until it has ended. @throws what `use` throws */
export async function withFileBytes<T>(path: string, use: (bytes: Buffer) => Promise<T>): Promise<T> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    return await withBuffer(size, async (buffer) => {
      for (let read = 0; read < size; ) {
        const { bytesRead } = await file.read(buffer, read, size - read);
        if (bytesRead === 0) throw new Error('a file became shorter while it was read');
        read += bytesRead;
      }
      return use(buffer);
    });
  } finally {
    await file.close();
  }
}
