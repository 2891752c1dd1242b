// Routes of the register of clients: a municipality administers its own, the operator those of whom it names. Schema, one call, status.
import type { FastifyRequest } from 'fastify';
import { errorAnswers } from '../../platform/http/answers.ts';
import type { App } from '../../platform/http/app.ts';
import { INVALID_CURSOR, INVALID_REQUEST } from '../../platform/http/errors.ts';
import { nextLink, sendPage } from '../../platform/http/paging.ts';
import { NOT_FOUND } from '../../platform/http/problem.ts';
import { OPERATOR_CODE } from '../../platform/tenant.ts';
import { administratorOf, tenantFor } from '../administrator.ts';
import { withScope } from '../scope.ts';
import * as errors from './errors.ts';
import { type ClientDeps, changeClient, createClient, replaceClientKeys } from './manage-clients.ts';
import { readClient, readClients } from './read-clients.ts';
import { ownerOf } from './rules.ts';
import * as schemas from './schemas.ts';
import type { Client } from './store.ts';

const tags = ['Access'];

function present({ createdAt, changedAt, ...client }: Client) {
  const owner = ownerOf(client.clientId) ?? '';
  return {
    ...client,
    municipality: owner === OPERATOR_CODE ? null : owner,
    createdAt: createdAt.toISOString(),
    changedAt: changedAt.toISOString(),
  };
}

export function registerClientRoutes(app: App, deps: ClientDeps): void {
  withScope(app, 'clients:manage', (scoped) => registerReading(scoped, deps), 'operator');
  withScope(app, 'clients:manage', (scoped) => registerChanging(scoped, deps), 'operator');
}

function registerReading(scoped: App, deps: ClientDeps): void {
  scoped.route({
    method: 'GET',
    url: '/v1/clients',
    schema: {
      operationId: 'listClients',
      summary: 'List clients',
      description:
        'The municipality’s clients. The operator names a municipality, or sees vendors and its own clients.',
      tags,
      querystring: schemas.clientQuery,
      response: { 200: schemas.clientPageSchema, ...errorAnswers(INVALID_REQUEST, INVALID_CURSOR, NOT_FOUND) },
    },
    async handler(request, reply) {
      const { municipality, cursor } = request.query;
      const page = await readClients(deps.pool, tenantFor(request, municipality), cursor);
      const next = page.cursor === null ? null : nextLink(request, page.cursor);
      return sendPage(reply, { items: page.items.map(present), next });
    },
  });

  scoped.route({
    method: 'GET',
    url: '/v1/clients/:id',
    schema: {
      operationId: 'getClient',
      summary: 'Read a client',
      description: 'One client with its public keys.',
      tags,
      params: schemas.clientParams,
      response: { 200: schemas.clientSchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND) },
    },
    async handler(request, reply) {
      const { id } = request.params;
      return reply.send(present(await readClient(deps.pool, tenantOfClient(request, id), id)) as never);
    },
  });
}

function registerChanging(scoped: App, deps: ClientDeps): void {
  scoped.route({
    method: 'POST',
    url: '/v1/clients',
    schema: {
      operationId: 'createClient',
      summary: 'Register a client',
      description:
        'Registers a system: a municipality its own and its sources’, the operator any. Then give it public keys, or an access key.',
      tags,
      body: schemas.clientBody,
      response: {
        201: schemas.clientSchema,
        ...errorAnswers(INVALID_REQUEST, errors.SCOPES_NOT_ALLOWED, errors.UNKNOWN_DOMAIN, errors.UNKNOWN_MUNICIPALITY),
      },
    },
    async handler(request, reply) {
      const client = await createClient(deps, administratorOf(request), request.body as never);
      const location = `${request.server.publicOrigin}/v1/clients/${client.clientId}`;
      return reply
        .code(201)
        .header('location', location)
        .send(present(client) as never);
    },
  });

  scoped.route({
    method: 'PATCH',
    url: '/v1/clients/:id',
    schema: {
      operationId: 'changeClient',
      summary: 'Change a client',
      description:
        'Changes the members that are sent. A disabled client is refused within a second, with all its tokens and access keys; rights that are taken away are gone as soon.',
      tags,
      params: schemas.clientParams,
      body: schemas.clientChange,
      response: {
        200: schemas.clientSchema,
        ...errorAnswers(INVALID_REQUEST, NOT_FOUND, errors.SCOPES_NOT_ALLOWED, errors.UNKNOWN_DOMAIN),
      },
    },
    async handler(request, reply) {
      const { id } = request.params;
      const client = await changeClient(deps, tenantOfClient(request, id), id, request.body as never);
      return reply.send(present(client) as never);
    },
  });

  scoped.route({
    method: 'PUT',
    url: '/v1/clients/:id/keys',
    schema: {
      operationId: 'replaceClientKeys',
      summary: 'Replace a client’s public keys',
      description:
        'A JSON Web Key Set with all public keys of the client, ES256 or Ed25519. To exchange a key without a gap, send the old and the new one, then the new one alone.',
      tags,
      params: schemas.clientParams,
      body: schemas.keysBody,
      response: { 200: schemas.clientSchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND, errors.KEY_NOT_ACCEPTED) },
    },
    async handler(request, reply) {
      const { id } = request.params;
      const client = await replaceClientKeys(deps, tenantOfClient(request, id), id, request.body.keys);
      return reply.send(present(client) as never);
    },
  });
}

/** The operator works for whoever owns the client; a municipality only ever for itself. */
function tenantOfClient(request: FastifyRequest, clientId: string) {
  return tenantFor(request, ownerOf(clientId));
}
