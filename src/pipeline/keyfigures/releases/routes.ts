// Routes of releases: an operator requests one; everyone entitled reads them. Schema, one call, status; no rule and no SQL.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type pg from 'pg';
import { DOMAIN_MISSING, principalOf, type ReadCounter, requireDomain, withScope } from '../../../access/index.ts';
import { errorAnswers } from '../../../platform/http/answers.ts';
import type { App } from '../../../platform/http/app.ts';
import { matchesEtag, sendBody } from '../../../platform/http/conditional.ts';
import { CSV_MEDIA_TYPE } from '../../../platform/http/csv.ts';
import { INVALID_CURSOR, INVALID_REQUEST } from '../../../platform/http/errors.ts';
import { linkNext, nextLink } from '../../../platform/http/paging.ts';
import { NOT_FOUND } from '../../../platform/http/problem.ts';
import { IDEMPOTENCY_KEY_REUSED, idempotencyHeaders } from '../../intake/index.ts';
import { NO_RELEASE } from '../errors.ts';
import { findPublished, listReleases, readWholeRelease, streamRelease } from './read-releases.ts';
import { type RequestReleaseDeps, requestRelease } from './request-release.ts';
import * as schemas from './schemas.ts';
import type { Release } from './store.ts';

const tags = ['Releases'];

function present(release: Release) {
  const { requestedAt, publishedAt, ...rest } = release;
  return { ...rest, requestedAt: requestedAt.toISOString(), publishedAt: publishedAt?.toISOString() ?? null };
}

interface ReleaseDeps extends RequestReleaseDeps {
  readonly reads: ReadCounter;
}

export function registerReleaseRoutes(app: App, deps: ReleaseDeps): void {
  withScope(app, 'operator', (scoped) => registerRequesting(scoped, deps));
  // Who requests a release polls it.
  withScope(app, 'key-figures:read', (scoped) => registerReading(scoped, deps), 'operator');
  withScope(app, 'key-figures:read', (scoped) => registerDownload(scoped, deps));
}

function registerRequesting(scoped: App, deps: RequestReleaseDeps): void {
  scoped.route({
    method: 'POST',
    url: '/v1/releases',
    schema: {
      operationId: 'createRelease',
      summary: 'Request a release',
      description:
        'Publishes the key figures of a domain as they are now, for every municipality. Poll the release until it is published.',
      tags,
      headers: idempotencyHeaders,
      body: schemas.releaseBody,
      response: {
        201: schemas.releaseSchema,
        202: schemas.releaseSchema,
        ...errorAnswers(INVALID_REQUEST, IDEMPOTENCY_KEY_REUSED),
      },
    },
    async handler(request, reply) {
      const { clientId } = principalOf(request);
      const release = await requestRelease(
        deps,
        { clientId, requestId: request.id },
        request.body,
        request.headers['idempotency-key'],
      );
      return reply
        .code(release.state === 'published' ? 201 : 202)
        .header('location', `${request.server.publicOrigin}/v1/releases/${release.releaseId}`)
        .send(present(release));
    },
  });
}

function registerReading(scoped: App, deps: RequestReleaseDeps): void {
  scoped.route({
    method: 'GET',
    url: '/v1/releases',
    schema: {
      operationId: 'listReleases',
      summary: 'List releases',
      description: 'Releases of key figures, newest first.',
      tags,
      querystring: schemas.releaseQuery,
      response: { 200: schemas.releasePageSchema, ...errorAnswers(INVALID_REQUEST, INVALID_CURSOR) },
    },
    async handler(request, reply) {
      const { items, cursor } = await listReleases(deps.pool, request.query);
      const next = cursor === null ? null : nextLink(request, cursor);
      linkNext(reply as FastifyReply, next);
      return sendJson(request, reply as FastifyReply, { items: items.map(present), next });
    },
  });

  scoped.route({
    method: 'GET',
    url: '/v1/releases/:id',
    schema: {
      operationId: 'getRelease',
      summary: 'Read a release',
      description: 'Its state, the revisions that it rests on, and the municipalities that are missing from it.',
      tags,
      params: schemas.releaseParams,
      response: { 200: schemas.wholeReleaseSchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND) },
    },
    async handler(request, reply) {
      const { release, included, missing } = await readWholeRelease(deps, request.params.id);
      return sendJson(request, reply as FastifyReply, { ...present(release), included, missing });
    },
  });
}

function sendJson(request: FastifyRequest, reply: FastifyReply, value: object): FastifyReply {
  return sendBody(request, reply, Buffer.from(JSON.stringify(value)), 'application/json; charset=utf-8');
}

function registerDownload(scoped: App, deps: ReleaseDeps): void {
  scoped.route({
    method: 'GET',
    url: '/v1/releases/:id/values',
    schema: {
      operationId: 'getReleaseValues',
      summary: 'Download all values of a release',
      description: 'Every key figure, period, breakdown and municipality of a published release, as one CSV file.',
      tags,
      params: schemas.releaseParams,
      response: {
        200: { description: 'The whole release.', content: { 'text/csv': { schema: schemas.releaseCsvSchema } } },
        ...errorAnswers(INVALID_REQUEST, NO_RELEASE, DOMAIN_MISSING),
      },
    },
    async handler(request, reply) {
      const { releaseId, domain } = await findPublished(deps.pool, request.params.id);
      requireDomain(principalOf(request), domain);
      deps.reads.count(principalOf(request), releaseId);
      return sendRelease(deps.pool, releaseId, request, reply);
    },
  });
}

function sendRelease(pool: pg.Pool, releaseId: string, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const etag = releaseEtag(releaseId);
  reply.header('etag', etag).header('cache-control', 'private, no-cache');
  const known = request.headers['if-none-match'];
  if (known !== undefined && matchesEtag(known, etag, true)) return reply.code(304).send();
  return reply
    .type(CSV_MEDIA_TYPE)
    .header('content-disposition', `attachment; filename="${releaseId}.csv"`)
    .send(Readable.from(streamRelease(pool, releaseId), { objectMode: false }));
}

/** A release never changes, so its id and the form name the bytes without reading them. */
function releaseEtag(releaseId: string): string {
  const name = [releaseId, ...schemas.RELEASE_COLUMNS].join(' ');
  return `"${createHash('sha256').update(name).digest('hex')}"`;
}
