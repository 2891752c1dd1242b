// Bytes out of two buffers that take turns: whole with any client, whatever it does; nothing goes on for a client that left.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import type { ByteSource } from '../../src/platform/byte-source.ts';
import { createHttpApp } from '../../src/platform/http/app.ts';
import { createMetrics, observeRequests } from '../../src/platform/http/observe.ts';
import { sendBytes } from '../../src/platform/http/send-bytes.ts';

/** Serves `source` as one answer of `bytes` bytes. */
async function serve(t: Test, source: ByteSource, bytes: number) {
  const log = pino({ level: 'silent' });
  const app = createHttpApp({
    publicOrigin: 'http://flis.example',
    logger: log,
    requestTimeout: 60_000,
    maxConnections: 9,
  });
  const metrics = createMetrics();
  observeRequests(app, { log, metrics, callerOf: () => null });
  app.get('/bytes', async (_request, reply) => sendBytes(reply.headers({ 'content-length': String(bytes) }), source));
  await app.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  const answered = async () => (await metrics.metrics()).includes('route="/bytes",status="200",le="+Inf"} 1');
  return { port, answered };
}

async function get(port: number): Promise<IncomingMessage> {
  const asked = request({ host: '127.0.0.1', port, path: '/bytes' });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return answer;
}

/** Pieces of all sizes, empty never; and the digest of all. */
function someBytes(count: number) {
  const pieces = Array.from({ length: count }, (_, index) => randomBytes(1 + ((index * 104_729) % 500_000)));
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const sha256 = createHash('sha256').update(Buffer.concat(pieces)).digest('hex');
  let asked = 0;
  const source: ByteSource = {
    async fill(target) {
      asked += 1;
      return pieces.shift()?.copy(target) ?? 0;
    },
  };
  return { source, bytes, sha256, asked: () => asked };
}

t.test('a client that reads slowly gets every byte as it was', async (t) => {
  const { source, bytes, sha256 } = someBytes(60);
  const { port, answered } = await serve(t, source, bytes);
  const answer = await get(port);
  const hash = createHash('sha256');
  let chunks = 0;
  for await (const chunk of answer) {
    hash.update(chunk);
    chunks += 1;
    // The socket's own buffers fill up meanwhile.
    if (chunks % 8 === 0) for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
  }
  t.equal(hash.digest('hex'), sha256);
  t.ok(await answered(), 'the answer is counted');
});

t.test('nothing is read for a client that left', async (t) => {
  const { source, bytes, asked } = someBytes(400);
  const { port } = await serve(t, source, bytes);
  const answer = await get(port);
  await once(answer, 'data');
  const closed = once(answer, 'close');
  answer.on('error', () => {});
  answer.destroy();
  await closed;
  t.ok(asked() < 400, `${asked()} of 400 pieces were asked for`);
});

t.test('a fault before the first byte is a problem, a later one cuts the connection', async (t) => {
  const early = await serve(t, { fill: () => Promise.reject(new Error('gone')) }, 10);
  const refused = await get(early.port);
  t.equal(refused.statusCode, 500);
  t.equal(refused.headers['content-type'], 'application/problem+json');
  refused.resume();

  const { source, bytes } = someBytes(1);
  const seen = Promise.withResolvers<void>();
  const late: ByteSource = {
    async fill(target) {
      const length = await source.fill(target);
      if (length > 0) return length;
      await seen.promise;
      throw new Error('gone');
    },
  };
  const cut = await get((await serve(t, late, bytes + 1)).port);
  t.equal(cut.statusCode, 200);
  await t.rejects(
    (async () => {
      for await (const _ of cut) seen.resolve();
    })(),
    { code: 'ECONNRESET' },
  );
});
