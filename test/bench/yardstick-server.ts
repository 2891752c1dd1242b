// The yardsticks for reads: a bare Fastify with one schema route (`/hello`), and one that streams a plain file (`/file`). Prints its port.
import { createReadStream, statSync } from 'node:fs';
import fastify from 'fastify';

const file = process.argv[2];
const app = fastify();
const schema = { response: { 200: { type: 'object', properties: { hello: { type: 'string' } } } } };
app.get('/hello', { schema }, () => ({ hello: 'world' }));
if (file !== undefined) {
  const { size } = statSync(file);
  app.get('/file', (_request, reply) =>
    reply
      .header('content-length', size)
      .type('application/gzip')
      .send(createReadStream(file, { highWaterMark: 512 * 1024 })),
  );
}
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
process.on('SIGTERM', () => process.exit(0));
