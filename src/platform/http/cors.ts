// Lets scripts of other sites read answers (CORS, WHATWG Fetch): those of configured origins and nobody else's. Without configured origins nothing is sent.
// An own hook and not @fastify/cors, which adds a route of its own to the router, and whose headers would be kept with repeated answers for the wrong origin.
// Credentials are no part of it: a browser sends no cookie here, and a script sends its token itself.
import type { App } from './app-type.ts';

const EXPOSED = [
  ...['ETag', 'Link', 'Location', 'Request-Id', 'Retry-After', 'Repr-Digest', 'Accept-Ranges', 'Content-Range'],
  ...['Content-Disposition', 'WWW-Authenticate', 'RateLimit', 'RateLimit-Policy'],
].join(', ');

const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers':
    'Authorization, Content-Type, Content-Encoding, Accept, Accept-Language, If-None-Match, If-Match, If-Range, Range, Idempotency-Key',
  // Seconds; browsers remember it for no longer than two hours.
  'access-control-max-age': '7200',
};

/** Answers preflights of `origins` and marks the answers that their scripts may read. Call it before anything that answers. */
export function allowOrigins(app: App, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const allowed = new Set(origins);
  app.addHook('onRequest', (request, reply, done) => {
    // On every answer, or a cache in between would give one origin's to another.
    reply.header('vary', 'Origin');
    const { origin, 'access-control-request-method': method } = request.headers;
    if (origin === undefined || !allowed.has(origin)) {
      done();
      return;
    }
    reply.header('access-control-allow-origin', origin);
    if (request.method === 'OPTIONS' && method !== undefined) {
      // The same for every address: a preflight has no token, and must not tell what there is.
      reply.code(204).headers(PREFLIGHT).send();
      return;
    }
    reply.header('access-control-expose-headers', EXPOSED);
    done();
  });
}
