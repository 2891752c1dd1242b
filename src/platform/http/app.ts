// Makes the bare Fastify server: limits, timeouts, validation without coercion, problem answers, request ids.
// Knows no route; app.ts registers those.
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyBaseLogger, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { problemSchema } from './answers.ts';
import type { App } from './app-type.ts';
import { allowOrigins } from './cors.ts';
import { createClientErrorHandler, registerErrorAnswers, sendProblem } from './error-handler.ts';
import { NOT_FOUND, Problem } from './problem.ts';
import { createHostCheck, type FindHostFault } from './request-host.ts';
import { securityHeaders } from './security-headers.ts';
import { buildSerializer } from './serializers.ts';
import { endSlowBodies, endWhenStill } from './slow-transfers.ts';
import { giveEmptyBodies } from './stream-bodies.ts';

export type { App } from './app-type.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Scheme, host and port under which users reach the service, without a trailing slash; the Host header is never used. */
    publicOrigin: string;
    /** What is wrong with the host that a request names; for what answers before the hooks of Fastify. */
    findHostFault: FindHostFault;
    /** Milliseconds within which a body or a file must move on. */
    transferWindow: number;
    /** Milliseconds after which the connection of a request on which nothing moves is ended. */
    stillTimeout: number;
  }
}

export interface HttpAppOptions {
  readonly publicOrigin: string;
  /** Further hosts under which the service is reached: `host` or `host:port`. */
  readonly otherHosts?: readonly string[];
  /** Addresses and networks of reverse proxies, whose word on the address of a caller is taken. */
  readonly trustedProxies?: readonly string[];
  /** Origins of sites whose scripts may read answers. */
  readonly corsOrigins?: readonly string[];
  readonly logger: FastifyBaseLogger;
  /** Milliseconds for the whole request, an upload included. */
  readonly requestTimeout: number;
  /** Open connections beyond this many are refused. */
  readonly maxConnections: number;
  /** Milliseconds within which a body or a file must move on (slow-transfers.ts). */
  readonly transferWindow?: number;
  /** Milliseconds for which nothing need move on the connection of a request (slow-transfers.ts). */
  readonly stillTimeout?: number;
}

/** JSON bodies are small; files are streamed and limited by the operation that takes them. */
export const JSON_BODY_LIMIT = 64 * 1024;
/** Milliseconds. */
export const HEADERS_TIMEOUT = 15_000;
export const IDLE_TIMEOUT = 72_000;
const TRANSFER_WINDOW = 30_000;
/** No operation takes as long before it answers. */
const STILL_TIMEOUT = 60_000;

/** @returns a server that is not listening yet and has no routes. */
export function createHttpApp(options: HttpAppOptions): App {
  const fixedHeaders = securityHeaders(options.publicOrigin);
  const findHostFault = createHostCheck(options.publicOrigin, options.otherHosts ?? []);
  const setHeaders = (request: FastifyRequest, reply: FastifyReply) =>
    reply.headers(fixedHeaders).header('request-id', request.id);
  const trustedProxies = options.trustedProxies ?? [];
  const app = fastify({
    // For `request.ip` alone, which limits use. What a proxy says of host and scheme is used nowhere: addresses in answers are those of the configuration.
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    // A child logger per request costs more than the line it writes; lines name the request themselves.
    childLoggerFactory: (logger) => logger,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    bodyLimit: JSON_BODY_LIMIT,
    requestTimeout: options.requestTimeout,
    keepAliveTimeout: IDLE_TIMEOUT,
    // A stop is drained by hand (shutdown.ts); until then answers go on.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // Without these two a header or body that drips in would be waited for without end. A missing Host header is refused with a problem (request-host.ts).
    // Requests without a body are spared what streams do as they end: a tenth of a repeated answer (measured). Who reads a body nevertheless gets an
    // empty one (`giveEmptyBodies`).
    http: {
      ...{ headersTimeout: HEADERS_TIMEOUT, connectionsCheckingInterval: 5_000, requireHostHeader: false },
      optimizeEmptyRequests: true,
    },
    clientErrorHandler: createClientErrorHandler(fixedHeaders),
    // An address that cannot be decoded is one more that does not exist.
    frameworkErrors: (_error, request, reply) => {
      setHeaders(request as FastifyRequest, reply as FastifyReply);
      sendProblem(reply as FastifyReply, new Problem(findHostFault(request.raw) ?? NOT_FOUND));
    },
    routerOptions: { maxParamLength: 200 },
    schemaController: { compilersFactory: { buildSerializer } },
    ajv: {
      customOptions: {
        removeAdditional: false,
        coerceTypes: false,
        useDefaults: true,
        // All faults at once; the limit on bodies bounds the work.
        allErrors: true,
        // The parent schema says what was expected; the data beside it is never read.
        verbose: true,
      },
    },
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.server.maxConnections = options.maxConnections;
  app.decorate('publicOrigin', options.publicOrigin);
  app.addSchema(problemSchema);
  app.decorate('findHostFault', findHostFault);
  app.decorate('transferWindow', options.transferWindow ?? TRANSFER_WINDOW);
  app.decorate('stillTimeout', options.stillTimeout ?? STILL_TIMEOUT);
  app.server.prependListener('request', (raw) => endWhenStill(app, raw));
  app.addHook('onRequest', (request, reply, done) => {
    setHeaders(request, reply);
    const fault = findHostFault(request.raw);
    // What follows on a connection that misnames its host is not to be believed either.
    done(fault && new Problem(fault, undefined, {}, { connection: 'close' }));
  });
  allowOrigins(app, options.corsOrigins ?? []);
  giveEmptyBodies(app);
  endSlowBodies(app);
  // Node would answer an expectation that it does not know itself, without our headers; RFC 9110 (10.1.1) allows to pass over it.
  app.server.on('checkExpectation', (raw, response) => app.server.emit('request', raw, response));
  app.addHook('preClose', (done) => {
    closeAsTheyFallIdle(app.server);
    done();
  });
  registerErrorAnswers(app);
  return app;
}

/** Closing a server ends the connections that are idle then; those that finish their request later would stay open for their whole idle time. */
function closeAsTheyFallIdle(server: Server): void {
  if (!server.listening) return;
  const timer = setInterval(() => server.closeIdleConnections(), 50);
  server.once('close', () => clearInterval(timer));
}
