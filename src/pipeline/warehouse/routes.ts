// Routes of the warehouse: which revisions there are, what they hold, what changed, and bringing one back. Schema, one call, status.
import { tenantOf, withScope } from '../../access/index.ts';
import type { Domain } from '../../domains/definition.ts';
import type { Catalogue } from '../../domains/index.ts';
import { errorAnswers } from '../../platform/http/answers.ts';
import type { App } from '../../platform/http/app.ts';
import { INVALID_CURSOR, INVALID_REQUEST } from '../../platform/http/errors.ts';
import { nextLink, sendPage } from '../../platform/http/paging.ts';
import { NOT_FOUND, Problem } from '../../platform/http/problem.ts';
import { IDEMPOTENCY_KEY_REUSED, idempotencyHeaders } from '../intake/index.ts';
import { type ReadChangesDeps, readChanges } from './compare-revisions.ts';
import * as errors from './errors.ts';
import { presentRevision, presentTables } from './present-revision.ts';
import { readOneRevision, readRevisionPage } from './read-revisions.ts';
import { type RestoreDeps, restoreRevision } from './restore-revision.ts';
import * as schemas from './schemas.ts';

/** What the routes of the warehouse need. */
export interface WarehouseDeps extends ReadChangesDeps, RestoreDeps {
  readonly catalogue: Catalogue;
}

const tags = ['Revisions'];

/** Registers every route of the stage. */
export function registerWarehouseRoutes(app: App, deps: WarehouseDeps): void {
  const domainOf = (id: string): Domain => {
    const domain = deps.catalogue.domain(id);
    if (domain === undefined) throw new Problem(NOT_FOUND);
    return domain;
  };
  withScope(app, 'raw-data:read', (scoped) => registerReading(scoped, deps, domainOf));
  withScope(app, 'revision:restore', (scoped) => registerRestoring(scoped, deps, domainOf));
}

function registerReading(scoped: App, deps: WarehouseDeps, domainOf: (id: string) => Domain): void {
  scoped.route({
    method: 'GET',
    url: '/v1/revisions',
    schema: {
      operationId: 'listRevisions',
      summary: 'List revisions',
      description: 'The revisions of the municipality’s data of a domain, newest first.',
      tags,
      querystring: schemas.revisionQuery,
      response: { 200: schemas.revisionPageSchema, ...errorAnswers(INVALID_REQUEST, INVALID_CURSOR, NOT_FOUND) },
    },
    async handler(request, reply) {
      const { domain, ...query } = request.query;
      const { items, cursor } = await readRevisionPage(deps.pool, tenantOf(request), domainOf(domain).id, query);
      const next = cursor === null ? null : nextLink(request, cursor);
      return sendPage(reply, { items: items.map(presentRevision), next });
    },
  });

  scoped.route({
    method: 'GET',
    url: '/v1/revisions/:revision',
    schema: {
      operationId: 'getRevision',
      summary: 'Read a revision',
      description: 'Which tables and periods hold at the revision, with rows and digests.',
      tags,
      params: schemas.revisionParams,
      querystring: schemas.domainQuery,
      response: { 200: schemas.wholeRevisionSchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND) },
    },
    async handler(request) {
      const domain = domainOf(request.query.domain).id;
      const number = Number(request.params.revision);
      const { revision, slices } = await readOneRevision(deps.pool, tenantOf(request), domain, number);
      return { ...presentRevision(revision), tables: presentTables(slices) };
    },
  });

  scoped.route({
    method: 'GET',
    url: '/v1/revisions/:revision/changes',
    schema: {
      operationId: 'listRevisionChanges',
      summary: 'Read what changed',
      description:
        'Rows added, changed and deleted per table and period between two revisions, net. A difference that nobody has asked for before is worked out first; that may need a second try.',
      tags,
      params: schemas.revisionParams,
      querystring: schemas.changesQuery,
      response: {
        200: schemas.changesSchema,
        ...errorAnswers(
          INVALID_REQUEST,
          errors.INVALID_SINCE,
          NOT_FOUND,
          errors.SCHEMA_CHANGED,
          errors.CHANGES_NOT_READY,
        ),
      },
    },
    async handler(request) {
      const domain = domainOf(request.query.domain);
      const revision = Number(request.params.revision);
      const since = Number(request.query.since);
      return { revision, since, changes: await readChanges(deps, tenantOf(request), domain, revision, since) };
    },
  });
}

function registerRestoring(scoped: App, deps: WarehouseDeps, domainOf: (id: string) => Domain): void {
  scoped.route({
    method: 'POST',
    url: '/v1/revisions/:revision/restore',
    schema: {
      operationId: 'restoreRevision',
      summary: 'Restore a revision',
      description:
        'Makes a new revision with the slices of this one, e.g. to undo an accepted bad delivery. Nothing is lost: the revisions in between stay readable. The numbers of deltas go on as if nothing had been restored.',
      tags,
      headers: idempotencyHeaders,
      params: schemas.revisionParams,
      querystring: schemas.domainQuery,
      response: {
        201: schemas.revisionSchema,
        ...errorAnswers(INVALID_REQUEST, NOT_FOUND, errors.SCHEMA_CHANGED, IDEMPOTENCY_KEY_REUSED),
      },
    },
    async handler(request, reply) {
      const domain = domainOf(request.query.domain);
      const key = request.headers['idempotency-key'];
      const answer = await restoreRevision(deps, tenantOf(request), domain, Number(request.params.revision), key);
      if (answer.location !== undefined) reply.header('location', answer.location);
      return reply.code(201).send(answer.body as never);
    },
  });
}
