// Routes of announced changes of tables: everybody reads them, the operator announces and withdraws them. Schema, one call, status; no rule and no SQL.
import type { FastifyReply } from 'fastify';
import { principalOf, withScope } from '../../../access/index.ts';
import { errorAnswers } from '../../../platform/http/answers.ts';
import type { App } from '../../../platform/http/app.ts';
import { sendBody } from '../../../platform/http/conditional.ts';
import { INVALID_CURSOR, INVALID_REQUEST } from '../../../platform/http/errors.ts';
import { linkNext, nextLink } from '../../../platform/http/paging.ts';
import { NOT_FOUND } from '../../../platform/http/problem.ts';
import { announceChange, type SchemaChangeDeps, withdrawChange } from './announce-change.ts';
import * as errors from './errors.ts';
import { readChange, readChanges } from './read-changes.ts';
import * as schemas from './schemas.ts';

const tags = ['Deliveries'];
const JSON_TYPE = 'application/json; charset=utf-8';

export function registerSchemaChangeRoutes(app: App, deps: SchemaChangeDeps): void {
  withScope(app, 'public', (scoped) => registerReading(scoped, deps));
  withScope(app, 'operator', (scoped) => registerAnnouncing(scoped, deps));
}

function registerReading(scoped: App, { pool }: SchemaChangeDeps): void {
  scoped.route({
    method: 'GET',
    url: '/v1/schema-changes',
    schema: {
      operationId: 'listSchemaChanges',
      summary: 'List announced changes of tables',
      description:
        'What is planned, was carried out or was withdrawn, the latest day first. No column goes or gets another type that was not announced here 90 days before: the service does not start with such a table. A column more, a code more or another limit needs no announcement. The event `schema.change-planned` tells of each.',
      tags,
      querystring: schemas.changeQuery,
      response: { 200: schemas.changePageSchema, ...errorAnswers(INVALID_REQUEST, INVALID_CURSOR) },
    },
    async handler(request, reply) {
      const { items, cursor } = await readChanges(pool, request.query);
      const next = cursor === null ? null : nextLink(request, cursor);
      linkNext(reply as FastifyReply, next);
      const body = Buffer.from(JSON.stringify({ items: items.map(schemas.presentChange), next }));
      return sendBody(request, reply as FastifyReply, body, JSON_TYPE) as never;
    },
  });

  scoped.route({
    method: 'GET',
    url: '/v1/schema-changes/:id',
    schema: {
      operationId: 'getSchemaChange',
      summary: 'Read an announced change of a table',
      description: 'Its columns and its day, and whether it was carried out or withdrawn.',
      tags,
      params: schemas.changeParams,
      response: { 200: schemas.changeSchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND) },
    },
    async handler(request, reply) {
      const change = await readChange(pool, request.params.id);
      const body = Buffer.from(JSON.stringify(schemas.presentChange(change)));
      return sendBody(request, reply as FastifyReply, body, JSON_TYPE) as never;
    },
  });
}

function registerAnnouncing(scoped: App, deps: SchemaChangeDeps): void {
  scoped.route({
    method: 'POST',
    url: '/v1/schema-changes',
    schema: {
      operationId: 'createSchemaChange',
      summary: 'Announce a change of a table',
      description:
        'With the first day on which the table may be so: 90 days ahead at the least when a column is removed or retyped. All municipalities get the event `schema.change-planned`. From that day on a version of the service that declares the table so may start, once.',
      tags,
      body: schemas.announcementBody,
      response: {
        201: schemas.changeSchema,
        ...errorAnswers(
          ...[INVALID_REQUEST, errors.SCHEMA_CHANGE_NOTICE, errors.SCHEMA_CHANGE_MISFIT],
          errors.SCHEMA_CHANGE_CONFLICT,
        ),
      },
    },
    async handler(request, reply) {
      const { clientId } = principalOf(request);
      const change = await announceChange(deps, { clientId, requestId: request.id }, request.body);
      return reply
        .code(201)
        .header('location', `${request.server.publicOrigin}/v1/schema-changes/${change.id}`)
        .send(schemas.presentChange(change));
    },
  });

  scoped.route({
    method: 'POST',
    url: '/v1/schema-changes/:id/withdraw',
    schema: {
      operationId: 'withdrawSchemaChange',
      summary: 'Withdraw an announced change of a table',
      description:
        'Unless it was carried out. It permits nothing any more, and all municipalities get the event `schema.change-planned` with the state `withdrawn`.',
      tags,
      params: schemas.changeParams,
      body: schemas.withdrawalBody,
      response: {
        200: schemas.changeSchema,
        ...errorAnswers(INVALID_REQUEST, NOT_FOUND, errors.SCHEMA_CHANGE_CLOSED),
      },
    },
    async handler(request, reply) {
      const { clientId } = principalOf(request);
      const caller = { clientId, requestId: request.id };
      const change = await withdrawChange(deps, caller, request.params.id, request.body.reason);
      return reply.send(schemas.presentChange(change));
    },
  });
}
