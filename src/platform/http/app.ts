// Makes the bare Fastify server: limits, timeouts, validation without coercion, problem answers, request ids.
// Knows no route; app.ts registers those.
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyBaseLogger, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { problemSchema } from './answers.ts';
import type { App } from './app-type.ts';
import { answerClientError, registerErrorAnswers, sendProblem } from './error-handler.ts';
import { NOT_FOUND, Problem } from './problem.ts';

export type { App } from './app-type.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Scheme, host and port under which users reach the service, without a trailing slash; the Host header is never used. */
    publicOrigin: string;
  }
}

export interface HttpAppOptions {
  readonly publicOrigin: string;
  readonly logger: FastifyBaseLogger;
  /** Milliseconds for the whole request, an upload included. */
  readonly requestTimeout: number;
  /** Open connections beyond this many are refused. */
  readonly maxConnections: number;
}

/** JSON bodies are small; files are streamed and limited by the operation that takes them. */
export const JSON_BODY_LIMIT = 64 * 1024;
/** Milliseconds. */
export const HEADERS_TIMEOUT = 15_000;
export const IDLE_TIMEOUT = 72_000;

/** Nothing here is a page, so nothing may be run or framed; `/docs` has a policy of its own. */
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";
const HTTPS_ONLY = 'max-age=31536000; includeSubDomains';

/** @returns a server that is not listening yet and has no routes. */
export function createHttpApp(options: HttpAppOptions): App {
  const app = fastify({
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
    // Without these two a header or body that drips in would be waited for without end.
    http: { headersTimeout: HEADERS_TIMEOUT, connectionsCheckingInterval: 5_000 },
    clientErrorHandler: answerClientError,
    // An address that cannot be decoded is one more that does not exist.
    frameworkErrors: (_error, request, reply) => {
      setAnswerHeaders(request as FastifyRequest, reply as FastifyReply);
      sendProblem(reply as FastifyReply, new Problem(NOT_FOUND));
    },
    routerOptions: { maxParamLength: 200 },
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
  app.addHook('onRequest', (request, reply, done) => {
    setAnswerHeaders(request, reply);
    done();
  });
  app.addHook('preClose', (done) => {
    closeAsTheyFallIdle(app.server);
    done();
  });
  registerErrorAnswers(app);
  return app;
}

/** Few headers, not helmet's twelve: each costs a hot read 1 to 2 %, and the others only concern pages. */
function setAnswerHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply
    .header('content-security-policy', DATA_POLICY)
    .header('x-content-type-options', 'nosniff')
    .header('request-id', request.id);
  // RFC 6797, 7.2: not over plain HTTP, where browsers ignore it.
  if (request.server.publicOrigin.startsWith('https:')) reply.header('strict-transport-security', HTTPS_ONLY);
}

/** Closing a server ends the connections that are idle then; those that finish their request later would stay open for their whole idle time. */
function closeAsTheyFallIdle(server: Server): void {
  if (!server.listening) return;
  const timer = setInterval(() => server.closeIdleConnections(), 50);
  server.once('close', () => clearInterval(timer));
}
