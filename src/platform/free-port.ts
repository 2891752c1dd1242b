// TCP ports of this machine that are free now, for servers which the service starts itself.
import { createServer } from 'node:net';

/** @returns a port on 127.0.0.1 that nothing listened on a moment ago. */
export function freePort(): Promise<number> {
  return tryPort(0);
}

/** @returns `port` when nothing listens there, else a free one. */
export function portOrFree(port: number): Promise<number> {
  return tryPort(port).catch(freePort);
}

async function tryPort(port: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, fail) => server.once('error', fail).listen(port, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
