// What operators see of requests: one log line and one observation each, by route pattern; never the URL, which can name things.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { App } from './app.ts';

/** Whom a request was made for, as far as it is known. */
export type CallerOf = (
  request: FastifyRequest,
) => { readonly client: string; readonly municipality: string | null } | undefined;

/** Seconds; the hot read answers below one millisecond, a package of gigabytes takes minutes. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

/** @returns a registry with the process's own metrics. */
export function createMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Logs and measures every request of the server. */
export function observeRequests(app: App, registry: Registry, callerOf: CallerOf): void {
  const duration = new Histogram({
    name: 'flis_http_request_seconds',
    help: 'Time from the arrival of a request to the last byte of its answer, in seconds.',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
    registers: [registry],
  });
  // Finding a labelled series hashes its labels; a request of a known kind finds it here instead.
  const series = new Map<string, { observe(seconds: number): void }>();

  app.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done) => {
    const { method } = request;
    const route = request.routeOptions.url ?? '(none)';
    const status = reply.statusCode;
    const milliseconds = reply.elapsedTime;
    const name = `${method} ${status} ${route}`;
    let known = series.get(name);
    if (known === undefined) {
      known = duration.labels({ method, route, status: String(status) });
      series.set(name, known);
    }
    known.observe(milliseconds / 1000);
    app.log.info(
      {
        request: request.id,
        method,
        route,
        status,
        milliseconds: Math.round(milliseconds * 10) / 10,
        ...callerOf(request),
      },
      'request',
    );
    done();
  });
}
