// Routes of packages: ordering, listing and the manifest. Schema, one call, status; no rule and no SQL.
import { principalOf, tenantOf, withScope } from '../../access/index.ts';
import { errorAnswers } from '../../platform/http/answers.ts';
import type { App } from '../../platform/http/app.ts';
import { sendBody } from '../../platform/http/conditional.ts';
import { INVALID_CURSOR, INVALID_REQUEST } from '../../platform/http/errors.ts';
import { nextLink, sendPage } from '../../platform/http/paging.ts';
import { NOT_FOUND } from '../../platform/http/problem.ts';
import { IDEMPOTENCY_KEY_REUSED, idempotencyHeaders } from '../intake/index.ts';
import { type CreateDeps, createPackage } from './create-package.ts';
import * as errors from './errors.ts';
import { registerDownloads, type SendFileDeps } from './files/routes.ts';
import { presentManifest, presentPackage } from './present-package.ts';
import { readPackage, readPackages } from './read-packages.ts';
import * as schemas from './schemas.ts';
import * as fileSchemas from './schemas-files.ts';

/** What the routes of packages need. */
export type PackageDeps = CreateDeps & SendFileDeps;

const tags = ['Packages'];

/** Registers every route of the stage. */
export function registerPackageRoutes(app: App, deps: PackageDeps): void {
  withScope(app, 'raw-data:read', (scoped) => registerOrdering(scoped, deps));
  withScope(app, 'raw-data:read', (scoped) => registerReading(scoped, deps));
  withScope(app, 'raw-data:read', (scoped) => registerDownloads(scoped, deps));
}

function registerOrdering(scoped: App, deps: PackageDeps): void {
  scoped.route({
    method: 'POST',
    url: '/v1/packages',
    schema: {
      operationId: 'createPackage',
      summary: 'Order a package',
      description:
        'A package of a domain at a revision: everything (`total`), or the net difference since a revision that you have (`delta`). The same content is built once; ordering it again gives the same package.',
      tags,
      headers: idempotencyHeaders,
      body: schemas.packageBody,
      response: {
        201: { ...schemas.packageSchema, description: 'The package is there, ready to be fetched.' },
        202: {
          ...schemas.packageSchema,
          description: 'The package is being built; read it until its state is `ready`.',
        },
        ...errorAnswers(
          INVALID_REQUEST,
          errors.NOTHING_DELIVERED,
          errors.UNKNOWN_REVISION,
          errors.DELTA_ACROSS_SCHEMA_CHANGE,
          errors.REVISION_UNDER_EARLIER_SCHEMA,
          IDEMPOTENCY_KEY_REUSED,
        ),
      },
    },
    async handler(request, reply) {
      const key = request.headers['idempotency-key'];
      const answer = await createPackage(deps, tenantOf(request), request.body, key);
      if (answer.location !== undefined) reply.header('location', answer.location);
      return reply.code(answer.status as 202).send(answer.body as never);
    },
  });
}

function registerReading(scoped: App, deps: PackageDeps): void {
  scoped.route({
    method: 'GET',
    url: '/v1/packages',
    schema: {
      operationId: 'listPackages',
      summary: 'List packages',
      description: 'The municipality’s packages, newest first.',
      tags,
      querystring: schemas.packageQuery,
      response: { 200: schemas.packagePageSchema, ...errorAnswers(INVALID_REQUEST, INVALID_CURSOR) },
    },
    async handler(request, reply) {
      const tenant = tenantOf(request);
      const { items, cursor } = await readPackages(deps.pool, tenant, request.query);
      const next = cursor === null ? null : nextLink(request, cursor);
      return sendPage(reply, { items: items.map((item) => presentPackage(item, tenant.municipality)), next });
    },
  });

  scoped.route({
    method: 'GET',
    url: '/v1/packages/:id',
    schema: {
      operationId: 'getPackage',
      summary: 'Read a package',
      description:
        'State and, once ready, the manifest: a Frictionless Data Package (v2) with the schema, rows, bytes and digest of every table.',
      tags,
      params: schemas.packageParams,
      response: { 200: fileSchemas.manifestSchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND) },
    },
    async handler(request, reply) {
      const tenant = tenantOf(request);
      const scopes = [...principalOf(request).scopes];
      const { ordered, manifest, identity } = await readPackage(deps.pool, tenant, request.params.id, scopes);
      if (ordered.state === 'building') reply.header('retry-after', '1');
      const body =
        manifest === null
          ? presentPackage(ordered, tenant.municipality)
          : presentManifest(ordered, manifest, tenant.municipality, scoped.publicOrigin, identity);
      return sendBody(request, reply, Buffer.from(JSON.stringify(body)), 'application/json') as never;
    },
  });
}
