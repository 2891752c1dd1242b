// The route of events: a client reads what happened after a number. Schema, one call, status.
import type { FastifyRequest } from 'fastify';
import type pg from 'pg';
import { MUNICIPALITY_REQUIRED, tenantOf, withScope } from '../access/index.ts';
import { errorAnswers } from '../platform/http/answers.ts';
import type { App } from '../platform/http/app.ts';
import { INVALID_REQUEST } from '../platform/http/errors.ts';
import { linkNext } from '../platform/http/paging.ts';
import { EVENTS_GONE } from './errors.ts';
import { readEvents } from './read-events.ts';
import { eventPageSchema, eventQuery, presentEvent } from './schemas.ts';

/** The address of this request with another `after`. */
function followUp(request: FastifyRequest, after: number): string {
  const url = new URL(request.url, request.server.publicOrigin);
  url.searchParams.set('after', String(after));
  return `${request.server.publicOrigin}${url.pathname}${url.search}`;
}

export function registerEventRoutes(app: App, { pool }: { readonly pool: pg.Pool }): void {
  withScope(app, 'events:read', (scoped) => {
    scoped.route({
      method: 'GET',
      url: '/v1/events',
      schema: {
        operationId: 'listEvents',
        summary: 'Read events',
        description:
          'What happened in the municipality after a number, in order. Numbers have no gaps and become visible in their order, so whoever goes on from `after` of each answer misses nothing and reads nothing twice. Events are kept for 90 days; nobody reading alters anything.',
        tags: ['Events'],
        querystring: eventQuery,
        response: {
          200: eventPageSchema,
          ...errorAnswers(INVALID_REQUEST, EVENTS_GONE, MUNICIPALITY_REQUIRED),
        },
      },
      async handler(request, reply) {
        const { items, after, hasMore } = await readEvents(pool, tenantOf(request), request.query);
        const next = hasMore ? followUp(request, after) : null;
        linkNext(reply, next);
        return reply.send({ items: items.map(presentEvent), after, next } as never);
      },
    });
  });
}
