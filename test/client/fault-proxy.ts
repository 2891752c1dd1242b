// A TCP proxy in front of the real service that injects the faults of a network: it ends connections after a given number of bytes, stands still, or
// changes a byte. It counts what it sends to the client.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { TestScope } from '../harness/database.ts';

export interface FaultProxy {
  readonly host: string;
  readonly url: string;
  /** Where requests go. */
  target: string;
  /** Bytes to the client, headers and all, since it was set to 0. */
  sent: number;
  /** Request lines since it was emptied. */
  readonly requests: string[];
  /** After how many further bytes to the client a connection is ended, one after the other. */
  cuts: number[];
  /** After how many further bytes nothing more is sent. */
  stallAfter: number;
  /** How many further requests are refused for a second. */
  refusals: number;
  /** Whether a byte of the body of the next file is changed. */
  corrupts: boolean;
}

const FILE_ANSWER = /\r\ncontent-type: application\/(gzip|zip|vnd\.apache\.parquet)\r\n/i;

export async function startFaultProxy(t: TestScope): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const service = connect(Number(new URL(proxy.target).port), '127.0.0.1');
    for (const socket of [client, service]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('close', () => service.destroy());
    // What was sent before the end still arrives.
    service.on('close', () => client.end());
    let inFile = false;
    client.on('data', (chunk) => {
      const [, line] = /^(\S+ \S+) HTTP\/1\.1\r\n/.exec(chunk.toString('latin1')) ?? [];
      if (line !== undefined) proxy.requests.push(line);
      if (proxy.refusals > 0) {
        proxy.refusals -= 1;
        client.write('HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n');
      } else service.write(chunk);
    });
    service.on('data', (chunk) => {
      let bytes = chunk;
      const head = chunk.toString('latin1');
      if (/^HTTP\/1\.1 /.test(head)) inFile = FILE_ANSWER.test(head);
      const body = /^HTTP\/1\.1 /.test(head) ? head.indexOf('\r\n\r\n') + 4 : 0;
      if (proxy.corrupts && inFile && body < bytes.length) {
        bytes[body] = (bytes[body] as number) ^ 1;
        proxy.corrupts = false;
      }
      if (bytes.length >= proxy.stallAfter) {
        bytes = bytes.subarray(0, proxy.stallAfter);
        proxy.stallAfter = 0;
        service.pause();
      } else proxy.stallAfter -= bytes.length;
      const cut = proxy.cuts[0];
      const isCut = cut !== undefined && bytes.length >= cut;
      if (isCut) {
        bytes = bytes.subarray(0, cut);
        proxy.cuts.shift();
      } else if (cut !== undefined) proxy.cuts[0] = cut - bytes.length;
      proxy.sent += bytes.length;
      client.write(bytes);
      if (isCut) service.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const proxy: FaultProxy = {
    ...{ host, url: `http://${host}`, target: '', sent: 0, requests: [], cuts: [] },
    ...{ stallAfter: Number.POSITIVE_INFINITY, corrupts: false, refusals: 0 },
  };
  return proxy;
}
