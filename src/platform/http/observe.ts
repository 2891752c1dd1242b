// What operators see of requests: one log line and one observation each, by route pattern; never the URL, which can name things.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { App } from './app.ts';
import { addDurations, type DurationSeries } from './durations.ts';

export interface ObserveOptions {
  readonly log: Logger;
  readonly metrics: Registry;
  /** Whom a request is made for, as far as it is known. */
  callerOf(request: FastifyRequest): { readonly client: string; readonly municipality: string | null } | undefined;
}

/** @returns a registry with the process's own metrics. */
export function createMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Logs and measures every request of the server. */
export function observeRequests(app: App, { log, metrics, callerOf }: ObserveOptions): void {
  const name = 'flis_http_request_seconds';
  const help = 'Time from the arrival of a request to the last byte of its answer, in seconds.';
  const durations = addDurations(metrics, name, help);
  /** By the route's own configuration object, then by status. */
  const known = new WeakMap<object, Map<number, DurationSeries>>();

  function seriesOf({ method, url = '(none)' }: RouteNames, config: object, status: number): DurationSeries {
    const ofRoute = known.get(config) ?? new Map<number, DurationSeries>();
    const series = durations.series({ method: String(method), route: url, status: String(status) });
    known.set(config, ofRoute.set(status, series));
    return series;
  }

  app.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done) => {
    const { config } = request.routeOptions;
    const { statusCode, elapsedTime } = reply;
    const series = known.get(config)?.get(statusCode) ?? seriesOf(config, config, statusCode);
    series.observe(elapsedTime / 1000);
    if (log.isLevelEnabled('info')) {
      log.info(
        {
          request: request.id,
          method: request.method,
          route: config.url,
          status: statusCode,
          milliseconds: Math.round(elapsedTime * 10) / 10,
          ...callerOf(request),
        },
        'request',
      );
    }
    done();
  });
}

interface RouteNames {
  readonly method?: string | string[];
  readonly url?: string;
}
