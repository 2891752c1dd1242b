// The metrics of a process on a listener of its own, so that the public server has no such route to protect. Knows no caller: whoever reaches the
// address may read, so it is one that only Prometheus reaches.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface MetricsListener {
  /** Where it listens, e.g. `http://127.0.0.1:9464`. */
  readonly url: string;
  /** Answers nobody from now on. */
  stop(): Promise<void>;
}

/** A few scrapers; more would be a mistake. */
const MAX_CONNECTIONS = 20;
/** Milliseconds for a request, and for a connection on which nothing moves. */
const TIMEOUT = 5_000;

/** Starts to answer `GET /metrics` in the text format of Prometheus. @throws what the system says when the address cannot be had */
export async function serveMetrics(metrics: Registry, host: string, port: number): Promise<MetricsListener> {
  const server = createServer(
    { headersTimeout: TIMEOUT, requestTimeout: TIMEOUT, connectionsCheckingInterval: TIMEOUT },
    (request, response) => void answer(metrics, request, response),
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = TIMEOUT;
  server.listen(port, host);
  await once(server, 'listening');
  // A connection that cannot be taken, for want of descriptors, must not end the process.
  server.on('error', () => {});
  const { address, family, port: own } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${own}`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      // A scrape that is running is worth nothing: its sender asks again.
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(metrics: Registry, { method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
  const isAsked = (method === 'GET' || method === 'HEAD') && url?.split('?')[0] === '/metrics';
  if (!isAsked) {
    response.writeHead(404).end();
    return;
  }
  const text = await metrics.metrics().catch(() => undefined);
  if (text === undefined) response.writeHead(500).end();
  else response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' }).end(text);
}
