// Ends transfers that are kept slow: each holds a connection, and a download two buffers as well. What counts is how much moves within a window of time,
// so that a large file over a poor line is let through and a byte now and then is not.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App } from './app-type.ts';

/** Bytes of a body that must arrive within a window, headers of the connection included: half a KiB a second. */
const LEAST_RECEIVED = 16 * 1024;

/**
 * Ends the connection of a request when nothing moves on it, in either direction, before the answer is out. Afterwards, and before the first request, other
 * limits hold. Node's own setting for all connections would have every request set a timer and every answer another: 3 % of a repeated one (measured).
 */
export function endWhenStill({ stillTimeout }: App, { socket }: IncomingMessage): void {
  socket.setTimeout(stillTimeout);
}

/** Answers 408 to a request whose body arrives too slowly, and ends its connection. What waits for us to read it is not the sender's fault. */
export function endSlowBodies(app: App): void {
  app.addHook('preParsing', ({ raw }, reply, payload, done) => {
    if (hasBody(raw)) watchBody(app, raw, reply.raw);
    done(null, payload);
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function watchBody({ server, transferWindow }: App, raw: IncomingMessage, response: ServerResponse): void {
  const { socket } = raw;
  let before = socket.bytesRead;
  const timer = setInterval(() => {
    const arrived = socket.bytesRead - before;
    before = socket.bytesRead;
    if (raw.complete || raw.readableLength > 0 || arrived >= LEAST_RECEIVED) return;
    // As Node ends requests whose time is over, unless the answer has begun already.
    if (response.headersSent) socket.destroy();
    else server.emit('clientError', Object.assign(new Error(), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket);
  }, transferWindow);
  for (const each of [raw, response]) each.once('close', () => clearInterval(timer));
}

/** @returns what `write` settles to; the connection of `response` is ended when that takes longer than `window` milliseconds */
export async function withinWindow(response: ServerResponse, write: Promise<void>, window: number): Promise<void> {
  const timer = setTimeout(() => response.destroy(), window);
  await write.finally(() => clearTimeout(timer));
}
