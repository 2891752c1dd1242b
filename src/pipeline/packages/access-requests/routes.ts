// Routes of access requests (GDPR art. 15). Schema, one call, status; no rule and no SQL. The CPR number comes in a body, because addresses are written down.
import { tenantOf, withScope } from '../../../access/index.ts';
import { errorAnswers } from '../../../platform/http/answers.ts';
import type { App } from '../../../platform/http/app.ts';
import { INVALID_REQUEST } from '../../../platform/http/errors.ts';
import { NOT_FOUND } from '../../../platform/http/problem.ts';
import { type CreateRequestDeps, createRequest } from './create-request.ts';
import { INVALID_CPR } from './errors.ts';
import { presentRequest } from './present-request.ts';
import { type ReadRequestDeps, readRequest } from './read-request.ts';
import { KEEP_DAYS, MONTHS } from './rules-sealing.ts';
import * as schemas from './schemas.ts';

const tags = ['Access requests'];

/** Registers the routes of access requests. */
export function registerAccessRequestRoutes(app: App, deps: CreateRequestDeps & ReadRequestDeps): void {
  withScope(app, 'access-requests:answer', (scoped) => {
    scoped.route({
      method: 'POST',
      url: '/v1/access-requests',
      schema: {
        operationId: 'createAccessRequest',
        summary: 'Search for a citizen',
        description: `For a citizen's request for access (indsigtsanmodning, GDPR art. 15): where rows about the person were and are held in the last ${MONTHS} months, which packages contain them, and to whom those were delivered, when and why. The search takes some seconds: read the answer at the address in Location. The answer is kept for ${KEEP_DAYS} days; the CPR number is not kept at all.`,
        tags,
        body: schemas.requestBody,
        response: {
          202: { ...schemas.requestSchema, description: 'The search goes on; read it until its state is `answered`.' },
          ...errorAnswers(INVALID_REQUEST, INVALID_CPR),
        },
      },
      async handler(request, reply) {
        const created = await createRequest(deps, tenantOf(request), request.body.cpr);
        reply.headers({ location: `/v1/access-requests/${created.id}`, 'cache-control': 'no-store' });
        return reply.code(202).send(presentRequest(created, null));
      },
    });

    scoped.route({
      method: 'GET',
      url: '/v1/access-requests/:id',
      schema: {
        operationId: 'getAccessRequest',
        summary: 'Read the answer to an access request',
        description:
          'The state of the search and, once it is answered, the answer. It names no person: whoever reads it must know for whom it was asked. An answer about domains that the caller is not allowed does not exist for them.',
        tags,
        params: schemas.requestParams,
        response: { 200: schemas.requestSchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND) },
      },
      async handler(request, reply) {
        const { request: found, answer } = await readRequest(deps, tenantOf(request), request.params.id);
        if (found.state === 'searching') reply.header('retry-after', '1');
        reply.header('cache-control', 'no-store');
        return reply.send(presentRequest(found, answer));
      },
    });
  });
}
