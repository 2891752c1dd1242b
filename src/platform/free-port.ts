// TCP ports of this machine that are free now, for servers which the service starts itself.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that systems give to connections and to whoever asks for any (Linux from 32 768, others from 49 152 on). */
const RANGE = [20_000, 32_768] as const;
const ATTEMPTS = 20;

/** @returns a port on 127.0.0.1 that nothing listened on a moment ago, and that the system gives to nobody before it is used. @throws when none is found */
export async function freePort(): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryPort(randomInt(...RANGE));
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
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
