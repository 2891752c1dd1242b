// What a caller may do how often, and how large: read from what the service runs with. Schema, one call, status.
import { type App, HEADERS_TIMEOUT, IDLE_TIMEOUT, JSON_BODY_LIMIT } from '../../platform/http/app.ts';
import { PAGE_OF_LIST, PAGE_OF_VALUES } from '../../platform/http/paging.ts';
import { principalOf } from '../principal.ts';
import { withScope } from '../scope.ts';
import type { Limiter } from './create-limiter.ts';
import { limitsSchema, presentStandings } from './schemas.ts';

export interface LimitDeps {
  readonly limiter: Limiter;
  readonly limits: {
    readonly maxFileBytes: number;
    readonly maxInflatedBytes: number;
    readonly maxInflationRatio: number;
  };
  readonly http: { readonly requestTimeout: number; readonly maxConnections: number };
}

export function registerLimitRoutes(app: App, { limiter, limits, http }: LimitDeps): void {
  const fixed = {
    sizes: {
      bodyBytes: JSON_BODY_LIMIT,
      fileBytes: limits.maxFileBytes,
      inflatedFileBytes: limits.maxInflatedBytes,
      inflationRatio: limits.maxInflationRatio,
    },
    pages: [
      { of: 'lists', ...PAGE_OF_LIST },
      { of: 'values', ...PAGE_OF_VALUES },
    ],
    timeouts: {
      headersSeconds: HEADERS_TIMEOUT / 1000,
      requestSeconds: http.requestTimeout / 1000,
      idleSeconds: IDLE_TIMEOUT / 1000,
    },
    connections: http.maxConnections,
  };
  withScope(app, 'any', (scoped) => {
    scoped.route({
      method: 'GET',
      url: '/v1/limits',
      schema: {
        operationId: 'getLimits',
        summary: 'What may I ask, how often and how large?',
        description:
          'The limits of the caller and what is left of them now, and what the service takes at most. Asking counts as a request.',
        tags: ['Access'],
        response: { 200: limitsSchema },
      },
      async handler(request, reply) {
        reply.header('cache-control', 'no-store');
        return reply.send({ requests: presentStandings(limiter, principalOf(request)), ...fixed } as never);
      },
    });
  });
}
