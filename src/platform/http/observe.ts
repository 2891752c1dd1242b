// What operators see of requests: one log line and one observation each, by route pattern; never the URL, which can name things.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { App } from './app.ts';
import { addDurations } from './durations.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** @returns what logs and measures answers of a route with a status; to be called for those that no hook of Fastify sees. */
    answersOf(config: Route, status: number): NoteAnswer;
  }
}

/** Whom a request is made for. */
export interface Caller {
  readonly clientId: string;
  readonly municipality: string | null;
}

/** A route's own configuration object. */
interface Route {
  readonly method?: string | string[];
  readonly url?: string;
}

/** An answer that was given. */
export interface NotedAnswer {
  readonly requestId: string;
  readonly method: string;
  /** From the arrival of the request to the last byte of the answer. */
  readonly milliseconds: number;
  /** As far as it is known. */
  readonly caller: Caller | null;
}

export type NoteAnswer = (answer: NotedAnswer) => void;

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
  const known = new WeakMap<object, Map<number, NoteAnswer>>();

  function answersOf(config: Route, status: number): NoteAnswer {
    const ofRoute = known.get(config) ?? new Map<number, NoteAnswer>();
    const note = ofRoute.get(status) ?? noting(config, status);
    known.set(config, ofRoute.set(status, note));
    return note;
  }

  function noting({ method: methods, url }: Route, status: number): NoteAnswer {
    const series = durations.series({ method: String(methods), route: url ?? '(none)', status: String(status) });
    return ({ requestId, method, milliseconds, caller }) => {
      series.observe(milliseconds / 1000);
      if (!log.isLevelEnabled('info')) return;
      log.info(
        {
          request: requestId,
          method,
          route: url,
          status,
          milliseconds: Math.round(milliseconds * 10) / 10,
          ...(caller && { client: caller.clientId, municipality: caller.municipality }),
        },
        'request',
      );
    };
  }

  app.decorate('answersOf', answersOf);
  app.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done) => {
    answersOf(
      request.routeOptions.config,
      reply.statusCode,
    )({
      requestId: request.id,
      method: request.method,
      milliseconds: reply.elapsedTime,
      caller: callerOf(request),
    });
    done();
  });
}
