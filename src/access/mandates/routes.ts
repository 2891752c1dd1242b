// Routes of mandates: a vendor proposes, the municipality approves, either ends. Schema, one call, status.
import type { FastifyRequest } from 'fastify';
import { errorAnswers } from '../../platform/http/answers.ts';
import type { App } from '../../platform/http/app.ts';
import { INVALID_CURSOR, INVALID_REQUEST } from '../../platform/http/errors.ts';
import { nextLink, sendPage } from '../../platform/http/paging.ts';
import { NOT_FOUND, Problem } from '../../platform/http/problem.ts';
import { principalOf, tenantOf } from '../principal.ts';
import { withScope } from '../scope.ts';
import * as errors from './errors.ts';
import { approveMandate, endMandate, type MandateDeps, type Party, proposeMandate } from './manage-mandates.ts';
import { readMandate, readMandates } from './read-mandates.ts';
import * as schemas from './schemas.ts';
import type { Mandate } from './store.ts';

const tags = ['Access'];

function present(mandate: Mandate) {
  const { mandateId, municipality, clientId, vendor, contact, domains, scopes, purpose, endsOn, status } = mandate;
  return {
    ...{ mandateId, municipality, clientId, vendor, contact, domains, scopes, purpose, endsOn, status },
    ...{ proposedAt: mandate.proposedAt.toISOString(), approvedAt: mandate.approvedAt?.toISOString() ?? null },
    ...{ approvedBy: mandate.approvedBy, endedAt: mandate.endedAt?.toISOString() ?? null, endedBy: mandate.endedBy },
  };
}

/** Which side asks. @throws Problem `not-on-behalf` for whoever works under a mandate: giving one is for the municipality itself */
function partyOf(request: FastifyRequest): Party {
  const { clientId, municipality, mandate } = principalOf(request);
  if (mandate !== null) throw new Problem(errors.NOT_ON_BEHALF);
  if (municipality === null) return { side: 'vendor', client: { clientId, requestId: request.id } };
  // Domains restrict what is read of the data; a mandate is about all that it names.
  return { side: 'municipality', tenant: { ...tenantOf(request), domains: null } };
}

export function registerMandateRoutes(app: App, deps: MandateDeps): void {
  withScope(app, 'mandates:propose', (scoped) => registerProposing(scoped, deps));
  withScope(app, 'mandates:manage', (scoped) => registerApproving(scoped, deps));
  withScope(app, 'mandates:manage', (scoped) => registerShared(scoped, deps), 'mandates:propose');
}

function registerProposing(scoped: App, deps: MandateDeps): void {
  scoped.route({
    method: 'POST',
    url: '/v1/mandates',
    schema: {
      operationId: 'proposeMandate',
      summary: 'Propose a mandate',
      description:
        'A vendor asks a municipality for a mandate, with a token without a municipality. Nothing is allowed until the municipality has approved it.',
      tags,
      body: schemas.mandateBody,
      response: {
        201: schemas.mandateSchema,
        ...errorAnswers(
          INVALID_REQUEST,
          NOT_FOUND,
          errors.MANDATE_RIGHTS,
          errors.MANDATE_END_DATE,
          errors.TOO_MANY_PROPOSALS,
          errors.NOT_ON_BEHALF,
        ),
      },
    },
    async handler(request, reply) {
      const party = partyOf(request);
      if (party.side !== 'vendor') throw new Problem(errors.NOT_ON_BEHALF);
      const mandate = await proposeMandate(deps, party.client, request.body as never);
      const location = `${request.server.publicOrigin}/v1/mandates/${mandate.mandateId}`;
      return reply
        .code(201)
        .header('location', location)
        .send(present(mandate) as never);
    },
  });
}

function registerApproving(scoped: App, { pool }: MandateDeps): void {
  scoped.route({
    method: 'POST',
    url: '/v1/mandates/:id/approve',
    schema: {
      operationId: 'approveMandate',
      summary: 'Approve a mandate',
      description:
        'The municipality approves a proposal as it is, with a client of its own. To change one, end it and let the vendor propose anew.',
      tags,
      params: schemas.mandateParams,
      response: {
        200: schemas.mandateSchema,
        ...errorAnswers(INVALID_REQUEST, NOT_FOUND, errors.MANDATE_NOT_PROPOSED, errors.NOT_ON_BEHALF),
      },
    },
    async handler(request, reply) {
      const party = partyOf(request);
      if (party.side !== 'municipality') throw new Problem(errors.NOT_ON_BEHALF);
      return reply.send(present(await approveMandate(pool, party.tenant, request.params.id)) as never);
    },
  });
}

function registerShared(scoped: App, { pool }: MandateDeps): void {
  scoped.route({
    method: 'GET',
    url: '/v1/mandates',
    schema: {
      operationId: 'listMandates',
      summary: 'List mandates',
      description: 'For a municipality those on its data, for a vendor its own, newest first.',
      tags,
      querystring: schemas.mandateQuery,
      response: {
        200: schemas.mandatePageSchema,
        ...errorAnswers(INVALID_REQUEST, INVALID_CURSOR, errors.NOT_ON_BEHALF),
      },
    },
    async handler(request, reply) {
      const page = await readMandates(pool, partyOf(request), request.query);
      const next = page.cursor === null ? null : nextLink(request, page.cursor);
      return sendPage(reply, { items: page.items.map(present), next });
    },
  });

  scoped.route({
    method: 'GET',
    url: '/v1/mandates/:id',
    schema: {
      operationId: 'getMandate',
      summary: 'Read a mandate',
      description: 'One mandate, for either side.',
      tags,
      params: schemas.mandateParams,
      response: { 200: schemas.mandateSchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND, errors.NOT_ON_BEHALF) },
    },
    async handler(request, reply) {
      return reply.send(present(await readMandate(pool, partyOf(request), request.params.id)) as never);
    },
  });

  scoped.route({
    method: 'POST',
    url: '/v1/mandates/:id/end',
    schema: {
      operationId: 'endMandate',
      summary: 'End a mandate',
      description:
        'Either side ends it, at once: new requests are refused within a second, and a download that is running is cut off. Of a proposal: the vendor withdraws it, or the municipality declines.',
      tags,
      params: schemas.mandateParams,
      response: {
        200: schemas.mandateSchema,
        ...errorAnswers(INVALID_REQUEST, NOT_FOUND, errors.MANDATE_OVER, errors.NOT_ON_BEHALF),
      },
    },
    async handler(request, reply) {
      return reply.send(present(await endMandate(pool, partyOf(request), request.params.id)) as never);
    },
  });
}
