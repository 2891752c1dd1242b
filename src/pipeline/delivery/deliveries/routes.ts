// Routes of deliveries: the list, one with its signed manifest, its files, the acknowledgement, punctuality, and the keys. Schema, one call, status.
import { tenantOf, withScope } from '../../../access/index.ts';
import { errorAnswers } from '../../../platform/http/answers.ts';
import type { App } from '../../../platform/http/app.ts';
import { INVALID_CURSOR, INVALID_REQUEST } from '../../../platform/http/errors.ts';
import { nextLink, sendPage } from '../../../platform/http/paging.ts';
import { NOT_FOUND } from '../../../platform/http/problem.ts';
import { withPublished } from '../../../platform/postgres/tenancy.ts';
import {
  fileAnswers,
  fileErrors,
  fileHeaders,
  PACKAGE_EXPIRED,
  PACKAGE_REVOKED,
  type SendFileDeps,
  sendPackageFile,
} from '../../packages/index.ts';
import { type AcknowledgeDeps, acknowledgeDelivery } from './acknowledge-delivery.ts';
import * as errors from './errors.ts';
import { presentDelivery, presentSegments, presentWhole } from './present-delivery.ts';
import { findPackageOfFile, readAssembly, readDeliveries, readDelivery, readHistory } from './read-deliveries.ts';
import type { SentLog } from './record-sent.ts';
import * as schemas from './schemas.ts';
import { listKeys } from './store-totals.ts';

export interface DeliveriesDeps extends AcknowledgeDeps, SendFileDeps {
  readonly sent: SentLog;
}

const tags = ['Deliveries'];

/** Registers the routes of deliveries. */
export function registerDeliveriesRoutes(app: App, deps: DeliveriesDeps): void {
  withScope(app, 'raw-data:read', (scoped) => registerReading(scoped, deps));
  withScope(app, 'raw-data:read', (scoped) => registerFetching(scoped, deps));
  withScope(app, 'public', (scoped) => registerKeys(scoped, deps));
}

function registerReading(scoped: App, deps: DeliveriesDeps): void {
  scoped.route({
    method: 'GET',
    url: '/v1/deliveries',
    schema: {
      operationId: 'listDeliveries',
      summary: 'List deliveries',
      description:
        'What was, is and is about to be delivered under the municipality’s subscriptions, the latest due day first.',
      tags,
      querystring: schemas.deliveryQuery,
      response: { 200: schemas.deliveryPageSchema, ...errorAnswers(INVALID_REQUEST, INVALID_CURSOR) },
    },
    async handler(request, reply) {
      const tenant = tenantOf(request);
      const { items, cursor } = await readDeliveries(deps.pool, tenant, request.query);
      const next = cursor === null ? null : nextLink(request, cursor);
      return sendPage(reply, {
        items: items.map((item) => presentDelivery(item, tenant.municipality, deps.clock())),
        next,
      });
    },
  });

  scoped.route({
    method: 'GET',
    url: '/v1/deliveries/:id',
    schema: {
      operationId: 'getDelivery',
      summary: 'Read a delivery',
      description: 'Its state, its files and, once it is ready, its manifest with control totals, signed.',
      tags,
      params: schemas.deliveryParams,
      response: { 200: schemas.deliverySchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND) },
    },
    async handler(request, reply) {
      const tenant = tenantOf(request);
      const whole = await readDelivery(deps.pool, tenant, request.params.id);
      return reply.send(presentWhole(whole, tenant.municipality, deps.clock(), scoped.publicOrigin) as never);
    },
  });

  scoped.route({
    method: 'GET',
    url: '/v1/delivery-history',
    schema: {
      operationId: 'getDeliveryHistory',
      summary: 'Read how punctual deliveries were',
      description:
        'By domain and month: how many deliveries fell due, how many were ready at the promised hour, and why the others were not.',
      tags,
      querystring: schemas.historyQuery,
      response: { 200: schemas.historySchema, ...errorAnswers(INVALID_REQUEST) },
    },
    async handler(request, reply) {
      return reply.send({ items: await readHistory(deps.pool, tenantOf(request), request.query, deps.clock()) });
    },
  });
}

function registerFetching(scoped: App, deps: DeliveriesDeps): void {
  scoped.route({
    method: 'GET',
    url: '/v1/deliveries/:id/files/:name',
    schema: {
      operationId: 'getDeliveryFile',
      summary: 'Download a file of a delivery',
      description:
        'The same bytes as the package’s file; what is sent here counts as fetched. Ranges, If-Range and HEAD are supported; the length is always known.',
      tags,
      params: schemas.deliveryFileParams,
      headers: fileHeaders,
      response: {
        ...fileAnswers('application/gzip', 'application/vnd.apache.parquet', 'application/zip'),
        ...fileErrors,
        ...errorAnswers(errors.DELIVERY_NOT_READY),
      },
    },
    async handler(request, reply) {
      const tenant = tenantOf(request);
      const { id, name } = request.params;
      const packageId = await findPackageOfFile(deps.pool, tenant, id, name);
      return sendPackageFile(deps, request, reply, {
        ...{ packageId, name, operation: 'getDeliveryFile' },
        onSent: (range) => deps.sent.add(tenant, id, name, range),
      });
    },
  });

  scoped.route({
    method: 'GET',
    url: '/v1/deliveries/:id/files/:name/segments',
    schema: {
      operationId: 'getDeliveryFileSegments',
      summary: 'Read what a file is made of',
      description:
        'The segments of the file, one after the other without gaps. Whoever has an earlier file with segments of the same `contentId` need only fetch the others, by their ranges; the sha256 of the whole tells whether it went well.',
      tags,
      params: schemas.deliveryFileParams,
      response: {
        200: schemas.segmentsSchema,
        ...errorAnswers(INVALID_REQUEST, NOT_FOUND, errors.DELIVERY_NOT_READY, PACKAGE_REVOKED, PACKAGE_EXPIRED),
      },
    },
    async handler(request, reply) {
      const { id, name } = request.params;
      return reply.send(presentSegments(await readAssembly(deps.pool, tenantOf(request), id, name)));
    },
  });

  scoped.route({
    method: 'POST',
    url: '/v1/deliveries/:id/acknowledgements',
    schema: {
      operationId: 'acknowledgeDelivery',
      summary: 'Acknowledge a delivery',
      description:
        'Name the sha256 of every file as you received it. When they are right you get a signed receipt; doing it again gives the same one. When they are wrong nothing changes, and the delivery stays open.',
      tags,
      params: schemas.deliveryParams,
      body: schemas.acknowledgementBody,
      response: {
        200: schemas.acknowledgementSchema,
        ...errorAnswers(
          INVALID_REQUEST,
          NOT_FOUND,
          errors.DELIVERY_NOT_READY,
          errors.DIGESTS_DIFFER,
          errors.ACKNOWLEDGED_ALREADY,
        ),
      },
    },
    async handler(request, reply) {
      const given = await acknowledgeDelivery(deps, tenantOf(request), request.params.id, request.body.files);
      const { clientId, acknowledgedAt, receipt } = given;
      return reply.send({ acknowledgedBy: clientId, acknowledgedAt: acknowledgedAt.toISOString(), receipt });
    },
  });
}

function registerKeys(scoped: App, { pool }: DeliveriesDeps): void {
  scoped.route({
    method: 'GET',
    url: '/.well-known/delivery-keys.json',
    schema: {
      operationId: 'getDeliveryKeys',
      summary: 'Read the keys of manifests and receipts',
      description: 'The public keys that manifests and receipts were ever signed with.',
      tags,
      response: { 200: schemas.keySetSchema },
    },
    async handler(_request, reply) {
      const keys = await withPublished(pool, listKeys);
      return reply.header('cache-control', 'public, max-age=300').send({ keys: keys as Record<string, unknown>[] });
    },
  });
}
