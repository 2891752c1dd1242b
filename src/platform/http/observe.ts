// What operators see of requests: one log line and one observation each, by route pattern; never the URL, which can name things.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { App } from './app.ts';
import { addDurations, type DurationSeries } from './durations.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Logs and measures an answer; to be called for those that no hook of Fastify sees. */
    noteAnswer(answer: NotedAnswer): void;
  }
}

/** Whom a request is made for. */
export interface Caller {
  readonly clientId: string;
  readonly municipality: string | null;
}

interface Route {
  readonly method?: string | string[];
  readonly url?: string;
}

/** An answer that was given. */
export interface NotedAnswer {
  readonly requestId: string;
  readonly method: string;
  /** The route's own configuration object. */
  readonly config: Route;
  readonly status: number;
  /** From the arrival of the request to the last byte of the answer. */
  readonly milliseconds: number;
  /** As far as it is known. */
  readonly caller: Caller | null;
}

export interface ObserveOptions {
  readonly log: Logger;
  readonly metrics: Registry;
  callerOf(request: FastifyRequest): Caller | null;
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

  function seriesOf({ method, url = '(none)' }: Route, config: object, status: number): DurationSeries {
    const ofRoute = known.get(config) ?? new Map<number, DurationSeries>();
    const series = durations.series({ method: String(method), route: url, status: String(status) });
    known.set(config, ofRoute.set(status, series));
    return series;
  }

  function noteAnswer({ requestId, method, config, status, milliseconds, caller }: NotedAnswer): void {
    const series = known.get(config)?.get(status) ?? seriesOf(config, config, status);
    series.observe(milliseconds / 1000);
    if (!log.isLevelEnabled('info')) return;
    log.info(
      {
        request: requestId,
        method,
        route: config.url,
        status,
        milliseconds: Math.round(milliseconds * 10) / 10,
        ...(caller && { client: caller.clientId, municipality: caller.municipality }),
      },
      'request',
    );
  }

  app.decorate('noteAnswer', noteAnswer);
  app.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done) => {
    noteAnswer({
      requestId: request.id,
      method: request.method,
      config: request.routeOptions.config,
      status: reply.statusCode,
      milliseconds: reply.elapsedTime,
      caller: callerOf(request),
    });
    done();
  });
}
