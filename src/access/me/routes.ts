// The caller's own page: the first thing to ask when something is refused. Schema, one call, status.
import type { App } from '../../platform/http/app.ts';
import { noticeOf } from '../access-keys/index.ts';
import type { Limiter } from '../limits/index.ts';
import { presentStandings } from '../limits/schemas.ts';
import { type Principal, principalOf } from '../principal.ts';
import { withScope } from '../scope.ts';
import { meSchema } from './schemas.ts';

function present({ clientId, credential, municipality, mandate, domains, scopes, expiresAt }: Principal) {
  return {
    clientId,
    credential,
    municipality,
    mandate: mandate && { mandateId: mandate.id, purpose: mandate.purpose, endsAt: mandate.endsAt.toISOString() },
    domains,
    scopes: [...scopes].sort(),
    expiresAt: expiresAt.toISOString(),
    daysLeft: credential === 'access-key' ? noticeOf(expiresAt, new Date()) : null,
  };
}

export function registerMeRoutes(app: App, limiter: Limiter): void {
  withScope(app, 'any', (scoped) => {
    scoped.route({
      method: 'GET',
      url: '/v1/me',
      schema: {
        operationId: 'getMe',
        summary: 'Who am I here?',
        description:
          'The caller: for which municipality, which domains and scopes, until when, and how much it may ask.',
        tags: ['Access'],
        response: { 200: meSchema },
      },
      async handler(request, reply) {
        reply.header('cache-control', 'no-store');
        const principal = principalOf(request);
        return reply.send({ ...present(principal), limits: presentStandings(limiter, principal) } as never);
      },
    });
  });
}
