// Routes of intake: handing in source deliveries, and reading what became of them. Schema, one call, status; no rule and no SQL.
import type { Readable } from 'node:stream';
import { tenantOf, watchCaller, withScope } from '../../access/index.ts';
import { errorAnswers } from '../../platform/http/answers.ts';
import type { App } from '../../platform/http/app.ts';
import { varyBy } from '../../platform/http/conditional.ts';
import { CSV_MEDIA_TYPE, toCsv } from '../../platform/http/csv.ts';
import { BODY_TOO_LARGE, INVALID_CURSOR, INVALID_REQUEST, UNSUPPORTED_MEDIA_TYPE } from '../../platform/http/errors.ts';
import { wantsCsv } from '../../platform/http/negotiate.ts';
import { linkNext, nextLink, sendPage } from '../../platform/http/paging.ts';
import { NOT_FOUND } from '../../platform/http/problem.ts';
import { acceptStreams } from '../../platform/http/stream-bodies.ts';
import type { JobSender } from '../../platform/queue/queue.ts';
import { createDelivery } from './create-delivery.ts';
import * as errors from './errors.ts';
import { refusePolitely } from './inspect-upload.ts';
import { presentDelivery, presentFile, presentFinding, presentWholeDelivery } from './present-delivery.ts';
import { readDeliveries, readDelivery, readFindings } from './read-deliveries.ts';
import { readUpload } from './read-upload.ts';
import { type ReceiveFileDeps, receiveFile } from './receive-file.ts';
import * as schemas from './schemas.ts';
import * as findingSchemas from './schemas-findings.ts';
import { submitDelivery } from './submit-delivery.ts';

/** What intake needs. `limits.maxFileBytes`: most bytes of one file as sent. */
export interface IntakeDeps extends ReceiveFileDeps {
  readonly jobs: JobSender;
}

const tags = ['Source deliveries'];

/** Registers every route of the stage. */
export function registerIntakeRoutes(app: App, deps: IntakeDeps): void {
  withScope(app, 'source:write', (scoped) => registerCreating(scoped, deps));
  withScope(app, 'source:write', (scoped) => registerUpload(scoped, deps));
  withScope(app, 'source:read', (scoped) => registerReading(scoped, deps));
}

function registerCreating(scoped: App, deps: IntakeDeps): void {
  scoped.route({
    method: 'POST',
    url: '/v1/source-deliveries',
    schema: {
      operationId: 'createSourceDelivery',
      summary: 'Create a source delivery',
      description: 'Opens a delivery of one domain from one source system. Upload its files, then submit it.',
      tags,
      headers: schemas.idempotencyHeaders,
      body: schemas.deliveryBody,
      response: { 201: schemas.deliverySchema, ...errorAnswers(INVALID_REQUEST, errors.IDEMPOTENCY_KEY_REUSED) },
    },
    async handler(request, reply) {
      const key = request.headers['idempotency-key'];
      const answer = await createDelivery(deps, tenantOf(request), request.body, key);
      if (answer.location !== undefined) reply.header('location', answer.location);
      return reply.code(201).send(answer.body as never);
    },
  });

  scoped.route({
    method: 'POST',
    url: '/v1/source-deliveries/:id/submit',
    schema: {
      operationId: 'submitSourceDelivery',
      summary: 'Submit a source delivery',
      description:
        'Closes the delivery and queues it for validation and loading; deliveries of a domain are loaded in the order of submission. Poll the delivery for its state.',
      tags,
      headers: schemas.idempotencyHeaders,
      params: schemas.deliveryParams,
      response: {
        202: schemas.deliverySchema,
        ...errorAnswers(
          INVALID_REQUEST,
          NOT_FOUND,
          errors.DELIVERY_NOT_OPEN,
          errors.DELIVERY_WITHOUT_FILES,
          errors.DELTA_SEQUENCE_GAP,
          errors.OTHER_SOURCE_SYSTEM,
          errors.IDEMPOTENCY_KEY_REUSED,
        ),
      },
    },
    async handler(request, reply) {
      const key = request.headers['idempotency-key'];
      const answer = await submitDelivery(deps, tenantOf(request), request.params.id, key);
      if (answer.location !== undefined) reply.header('location', answer.location);
      return reply.code(202).send(answer.body as never);
    },
  });
}

function registerUpload(scoped: App, deps: IntakeDeps): void {
  acceptStreams(scoped, ['text/csv', 'application/gzip']);
  scoped.route({
    method: 'PUT',
    url: '/v1/source-deliveries/:id/files/:table',
    schema: {
      operationId: 'putSourceFile',
      summary: 'Upload the file of a table',
      description:
        'The file as CSV, plain or compressed once with gzip; a second upload takes the place of the first. The answer says how the file was understood, or which columns are unknown, missing or doubled. A total of a table whose rows tell no month (see the table’s period: an accounting year, a school year) must span whole periods. It may have 4 GiB as sent and 20 GiB unpacked, and become at most 200 times as large when it is unpacked, unless this installation has other limits.',
      tags,
      headers: schemas.uploadHeaders,
      params: schemas.fileParams,
      querystring: schemas.uploadQuery,
      body: schemas.uploadBody,
      response: {
        200: schemas.fileSchema,
        201: schemas.fileSchema,
        ...errorAnswers(
          INVALID_REQUEST,
          NOT_FOUND,
          errors.DELIVERY_NOT_OPEN,
          errors.OTHER_SOURCE_SYSTEM,
          BODY_TOO_LARGE,
          UNSUPPORTED_MEDIA_TYPE,
          errors.TABLE_NOT_DELIVERABLE,
          errors.SPAN_CUTS_PERIOD,
          errors.FILE_HEADER_UNREADABLE,
          errors.FILE_COLUMNS_WRONG,
          errors.CONTENT_DIGEST_MISMATCH,
        ),
      },
    },
    async handler(request, reply) {
      const body = request.body as Readable;
      const target = { deliveryId: request.params.id, table: request.params.table };
      const watched = watchCaller(request);
      try {
        const { file, created } = await refusePolitely(body, async () => {
          const upload = readUpload(request.raw.headers as never, request.query, deps.limits.maxFileBytes);
          return receiveFile(deps, tenantOf(request), { ...target, upload, body, watched });
        });
        return reply.code(created ? 201 : 200).send(presentFile(file));
      } finally {
        watched.stop();
      }
    },
  });
}

function registerReading(scoped: App, deps: IntakeDeps): void {
  scoped.route({
    method: 'GET',
    url: '/v1/source-deliveries',
    schema: {
      operationId: 'listSourceDeliveries',
      summary: 'List source deliveries',
      description: 'The municipality’s source deliveries, newest first.',
      tags,
      querystring: schemas.deliveryQuery,
      response: { 200: schemas.deliveryPageSchema, ...errorAnswers(INVALID_REQUEST, INVALID_CURSOR) },
    },
    async handler(request, reply) {
      const { items, cursor } = await readDeliveries(deps.pool, tenantOf(request), request.query);
      const next = cursor === null ? null : nextLink(request, cursor);
      return sendPage(reply, { items: items.map(presentDelivery), next });
    },
  });

  scoped.route({
    method: 'GET',
    url: '/v1/source-deliveries/:id',
    schema: {
      operationId: 'getSourceDelivery',
      summary: 'Read a source delivery',
      description: 'State, files and the counts of findings.',
      tags,
      params: schemas.deliveryParams,
      response: { 200: schemas.wholeDeliverySchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND) },
    },
    async handler(request, reply) {
      const { delivery, files, counts } = await readDelivery(deps.pool, tenantOf(request), request.params.id);
      return reply.send(presentWholeDelivery(delivery, files, counts));
    },
  });

  scoped.route({
    method: 'GET',
    url: '/v1/source-deliveries/:id/findings',
    schema: {
      operationId: 'listFindings',
      summary: 'Read the findings of a source delivery',
      description:
        'What the quality rules found, in the order found; at most 1 000 examples are kept per rule. As JSON, or CSV with the next page in the header Link.',
      tags,
      params: schemas.deliveryParams,
      querystring: findingSchemas.findingQuery,
      response: {
        200: {
          description: 'A page of findings.',
          content: {
            'application/json': { schema: findingSchemas.findingPageSchema },
            'text/csv': { schema: findingSchemas.findingCsvSchema },
          },
        },
        ...errorAnswers(INVALID_REQUEST, INVALID_CURSOR, NOT_FOUND),
      },
    },
    async handler(request, reply) {
      const { items, cursor } = await readFindings(deps.pool, tenantOf(request), request.params.id, request.query);
      const next = cursor === null ? null : nextLink(request, cursor);
      varyBy(reply, 'Accept');
      if (!wantsCsv(request)) return sendPage(reply, { items: items.map(presentFinding), next });
      linkNext(reply, next);
      return reply
        .type(CSV_MEDIA_TYPE)
        .send(toCsv(findingSchemas.FINDING_COLUMNS, items.map(findingSchemas.toFindingRow)));
    },
  });
}
