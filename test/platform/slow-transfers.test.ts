// Transfers that are kept slow are ended by the server, whatever is sent meanwhile; others go on for as long as they move.
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { type App, createHttpApp } from '../../src/platform/http/app.ts';
import { sendBytes } from '../../src/platform/http/send-bytes.ts';
import { acceptStreams } from '../../src/platform/http/stream-bodies.ts';

const WINDOW_MS = 250;
const STILL_MS = 300;
const FILE = 64 * 1024 * 1024;
/** Of an answer that does not fit into the buffers of a connection. */
const LARGE = 16 * 1024 * 1024;
t.setTimeout(40_000);

const HEAD = 'HTTP/1.1\r\nHost: flis.example\r\n';

/** @param stillTimeout by default so long that nothing but the window ends a transfer sooner */
async function start(t: Test, stillTimeout = 60_000) {
  const app = createHttpApp({
    publicOrigin: 'https://flis.example',
    logger: pino({ level: 'error' }, { write: (line: string) => void lines.push(line) }),
    requestTimeout: 3_600_000,
    maxConnections: 100,
    transferWindow: WINDOW_MS,
    stillTimeout,
  });
  /** Of downloads that broke off, how much was handed over; -1 of one that did not. */
  const ended: number[] = [];
  const lines: string[] = [];
  const seen = Promise.withResolvers<void>();
  app.post('/json', async ({ body }) => body);
  app.get('/large', async () => Buffer.alloc(LARGE));
  app.get('/file', async (_request, reply) =>
    sendBytes(reply.headers({ 'content-length': String(FILE) }), endless(), ({ bytes, complete }) => {
      ended.push(complete ? -1 : bytes);
      seen.resolve();
    }),
  );
  void app.register((scoped, _options, done) => {
    acceptStreams(scoped as App, ['text/csv']);
    scoped.put('/file', async (request) => {
      let bytes = 0;
      for await (const chunk of request.body as Readable) bytes += (chunk as Buffer).length;
      return { bytes };
    });
    done();
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  return { app, lines, ended, seen: seen.promise, open: () => connect(port, '127.0.0.1') };
}

/** `FILE` bytes of zeros. */
function endless() {
  let left = FILE;
  return {
    async fill(target: Buffer) {
      const length = Math.min(left, target.length);
      left -= length;
      return length;
    },
  };
}

/** Sends `piece` again and again, until the connection is ended or it was sent `times` times. */
function drip(socket: Socket, piece: string, every: number, times = Number.POSITIVE_INFINITY): void {
  let sent = 0;
  const timer = setInterval(() => {
    if (socket.writable && sent < times) socket.write(piece);
    sent += 1;
  }, every);
  socket.on('error', () => {});
  socket.once('close', () => clearInterval(timer));
}

t.test('a body that drips in is ended with 408', async (t) => {
  const { open, lines } = await start(t);
  for (const [name, head] of Object.entries({
    'a form': `POST /json ${HEAD}Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n`,
    'a file': `PUT /file ${HEAD}Content-Type: text/csv\r\nContent-Length: 99999999\r\n\r\n`,
    'a file in chunks': `PUT /file ${HEAD}Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n`,
    'nothing at all': `PUT /file ${HEAD}Content-Type: text/csv\r\nContent-Length: 10\r\n\r\n`,
  })) {
    const socket = open();
    socket.write(head);
    const chunked = name.endsWith('chunks');
    drip(socket, name === 'nothing at all' ? '' : chunked ? '1\r\n1\r\n' : '1', 20);
    const answer = await text(socket);
    t.match(answer, /^HTTP\/1\.1 408 /, name);
    t.match(answer, '"code":"request-timeout"');
    t.match(answer, /^x-content-type-options: nosniff\r$/m);
  }
  t.strictSame(lines, [], 'which is no failure of ours');
});

t.test('a body that moves on may take many windows', async (t) => {
  const { open } = await start(t);
  const socket = open();
  const times = 20;
  const piece = 'x'.repeat(32 * 1024);
  socket.write(
    `PUT /file ${HEAD}Content-Type: text/csv\r\nConnection: close\r\nContent-Length: ${times * piece.length}\r\n\r\n`,
  );
  drip(socket, piece, WINDOW_MS / 5, times);
  t.match(await text(socket), `{"bytes":${times * piece.length}}`);
});

t.test('a download that is not taken is ended, and its buffers are free', async (t) => {
  const { open, ended, seen } = await start(t);
  const socket = open();
  socket.write(`GET /file ${HEAD}\r\n`);
  // A reader that takes a little now and then, which keeps the connection from being still.
  socket.pause();
  const timer = setInterval(() => socket.read(32), 20);
  socket.on('error', () => {});
  const closed = new Promise<void>((done) => socket.once('close', () => done()));
  await seen;
  clearInterval(timer);
  socket.resume();
  await closed;
  t.ok((ended[0] ?? -1) > 0 && (ended[0] ?? -1) < FILE, `ended after ${ended[0]} bytes were handed over`);
});

t.test('a download that is taken is whole', async (t) => {
  const { open, ended } = await start(t);
  const socket = open();
  socket.write(`GET /file ${HEAD}Connection: close\r\n\r\n`);
  let bytes = 0;
  socket.on('data', (chunk) => {
    bytes += chunk.length;
  });
  await once(socket, 'end');
  t.ok(bytes > FILE);
  t.same(ended, [-1]);
});

t.test('an answer of which nothing is taken is ended', async (t) => {
  const { app, open } = await start(t, STILL_MS);
  const served = once(app.server, 'connection') as Promise<[Socket]>;
  const socket = open().pause();
  socket.on('error', () => {});
  t.teardown(() => socket.destroy());
  socket.write(`GET /large ${HEAD}\r\n`);
  const [connection] = await served;
  const before = performance.now();
  await once(connection, 'close');
  t.ok(connection.bytesWritten >= LARGE, 'it was handed over whole');
  t.ok(performance.now() - before >= STILL_MS, 'not before its time');
});
