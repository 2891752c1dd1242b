// Sends the bytes of an answer out of two buffers that take turns: one is filled while the other is on its way to the client.
// It waits for each write, so a slow client holds two buffers and no more, and one that is too slow does not keep them. Knows nothing of files; headers and length are set by the caller.
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { ByteSource } from '../byte-source.ts';
import { codeOf } from '../error-code.ts';
import { withinWindow } from './slow-transfers.ts';

/** Measured: 256 KiB to 1 MiB are equally fast; 64 KiB halves it. */
const CHUNK = 512 * 1024;

/** How an answer ended. */
export interface Sent {
  /** Bytes handed to the connection: the client has at most so many. */
  readonly bytes: number;
  /** Of those, bytes that the connection has taken. */
  readonly taken: number;
  /** Whether the connection took all there was. */
  readonly complete: boolean;
}

/**
 * Answers with the bytes of `source`, or with the headers alone (HEAD). Status and headers, the exact length among them, are set on `reply`.
 * @param ended is told once how it ended, unless this throws
 * @param signal ends the answer at once: what the connection has not sent yet is dropped
 * @throws what `source` throws for the first bytes, while a problem can still be answered; later faults cut the connection, which the length gives away
 */
export async function sendBytes(
  reply: FastifyReply,
  source: ByteSource | undefined,
  ended: (sent: Sent) => void = () => {},
  signal?: AbortSignal,
): Promise<FastifyReply> {
  if (source === undefined) {
    startAnswer(reply).end();
    ended({ bytes: 0, taken: 0, complete: true });
    return reply;
  }
  const buffers = [Buffer.allocUnsafeSlow(CHUNK), Buffer.allocUnsafeSlow(CHUNK)] as const;
  const length = await source.fill(buffers[0]);
  const response = startAnswer(reply);
  const sent = { bytes: 0, taken: 0, complete: true };
  await pump(response, source, buffers, length, sent, reply.server.transferWindow, signal).catch((error) => {
    sent.complete = false;
    // Neither the client nor its rights have gone: it is our fault, and nobody else would say so.
    if (!response.destroyed && !signal?.aborted) {
      reply.log.error({ request: reply.request.id, code: codeOf(error) }, 'answer-broken-off');
    }
    if (signal?.aborted) response.socket?.resetAndDestroy();
    response.destroy();
  });
  ended(sent);
  return reply;
}

function startAnswer(reply: FastifyReply): ServerResponse {
  reply.hijack();
  return reply.raw.writeHead(reply.statusCode, reply.getHeaders() as Record<string, string>);
}

async function pump(
  response: ServerResponse,
  source: ByteSource,
  buffers: readonly [Buffer, Buffer],
  first: number,
  counted: { bytes: number; taken: number },
  window: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const left = new Promise<never>((_, reject) => {
    response.once('close', () => reject(new Error('the client went away')));
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  left.catch(() => {});
  let sent: Promise<unknown> = Promise.resolve();
  for (let turn = 0, length = first; length > 0; turn += 1) {
    const [busy, free] = turn % 2 === 0 ? buffers : [buffers[1], buffers[0]];
    counted.bytes += length;
    sent = Promise.race([withinWindow(response, write(response, busy.subarray(0, length)), window), left]);
    sent.catch(() => {});
    const next = await source.fill(free);
    // Only now: the buffer that was written may be filled next.
    await sent;
    counted.taken += length;
    length = next;
  }
  response.end();
}

function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
