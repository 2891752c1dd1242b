// The caller's own page: the first thing to ask when something is refused. Schema, one call, status.
import type { App } from '../../platform/http/app.ts';
import { noticeOf } from '../access-keys/index.ts';
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

export function registerMeRoutes(app: App): void {
  withScope(app, 'any', (scoped) => {
    scoped.route({
      method: 'GET',
      url: '/v1/me',
      schema: {
        operationId: 'getMe',
        summary: 'Who am I here?',
        description: 'The caller: for which municipality, which domains and scopes, and until when.',
        tags: ['Access'],
        response: { 200: meSchema },
      },
      async handler(request, reply) {
        reply.header('cache-control', 'no-store');
        return reply.send(present(principalOf(request)) as never);
      },
    });
  });
}
