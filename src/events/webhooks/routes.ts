// Routes of webhooks: a municipality registers, tests, replays and deletes its own. Schema, one call, status.
import { MUNICIPALITY_REQUIRED, tenantOf, withScope } from '../../access/index.ts';
import { errorAnswers } from '../../platform/http/answers.ts';
import type { App } from '../../platform/http/app.ts';
import { INVALID_CURSOR, INVALID_REQUEST } from '../../platform/http/errors.ts';
import { nextLink, sendPage } from '../../platform/http/paging.ts';
import { NOT_FOUND } from '../../platform/http/problem.ts';
import * as errors from './errors.ts';
import {
  createWebhook,
  removeWebhook,
  requestReplay,
  requestTest,
  revokeSecret,
  rotateSecret,
  type WebhookDeps,
} from './manage-webhooks.ts';
import { readAttempts, readWebhook, readWebhooks } from './read-webhooks.ts';
import * as schemas from './schemas.ts';

const tags = ['Events'];

export function registerWebhookRoutes(app: App, deps: WebhookDeps): void {
  withScope(app, 'webhooks:manage', (scoped) => {
    registerList(scoped, deps);
    registerSecrets(scoped, deps);
    registerSending(scoped, deps);
    registerEndpoint(scoped, deps);
  });
}

function registerList(scoped: App, deps: WebhookDeps): void {
  scoped.route({
    method: 'POST',
    url: '/v1/webhooks',
    schema: {
      operationId: 'createWebhook',
      summary: 'Register a webhook',
      description:
        'An address to which events are posted as they happen, signed by the Standard Webhooks specification. It is sent an event of the type `webhook.challenge` first; once its answer has repeated `data.challenge`, as text or as `{"challenge": "…"}`, it is active. Delivery is at least once and in no promised order: `webhook-id` is the event’s id and stays the same over all attempts. Anything but a status of 200 to 299 within 10 seconds is tried again for 75 hours, then the webhook is disabled; 410 disables it at once.',
      tags,
      body: schemas.webhookBody,
      response: {
        201: schemas.newSecretSchema,
        ...errorAnswers(
          INVALID_REQUEST,
          MUNICIPALITY_REQUIRED,
          errors.WEBHOOK_URL,
          errors.BEYOND_DOMAINS,
          errors.TOO_MANY_WEBHOOKS,
        ),
      },
    },
    async handler(request, reply) {
      const { secret, ...made } = await createWebhook(deps, tenantOf(request), request.body);
      const location = `${request.server.publicOrigin}/v1/webhooks/${made.webhook.webhookId}`;
      reply.code(201).header('location', location).header('cache-control', 'no-store');
      return reply.send({ ...schemas.presentWebhook(made), secret } as never);
    },
  });

  scoped.route({
    method: 'GET',
    url: '/v1/webhooks',
    schema: {
      operationId: 'listWebhooks',
      summary: 'List webhooks',
      description:
        'The municipality’s webhooks; those alone that get nothing but your domains, if you are restricted to some.',
      tags,
      response: { 200: schemas.webhookListSchema, ...errorAnswers(MUNICIPALITY_REQUIRED) },
    },
    async handler(request, reply) {
      const items = await readWebhooks(deps.pool, tenantOf(request));
      return reply.send({ items: items.map(schemas.presentWebhook) } as never);
    },
  });
}

function registerSecrets(scoped: App, deps: WebhookDeps): void {
  scoped.route({
    method: 'POST',
    url: '/v1/webhooks/:id/secrets',
    schema: {
      operationId: 'rotateWebhookSecret',
      summary: 'Exchange the secret of a webhook',
      description: 'A new secret. The one before signs beside it for 24 hours, or until it is revoked.',
      tags,
      params: schemas.webhookParams,
      response: {
        201: schemas.newSecretSchema,
        ...errorAnswers(INVALID_REQUEST, NOT_FOUND, MUNICIPALITY_REQUIRED, errors.TWO_SECRETS),
      },
    },
    async handler(request, reply) {
      const { secret, ...made } = await rotateSecret(deps, tenantOf(request), request.params.id);
      reply.code(201).header('cache-control', 'no-store');
      return reply.send({ ...schemas.presentWebhook(made), secret } as never);
    },
  });

  scoped.route({
    method: 'DELETE',
    url: '/v1/webhooks/:id/secrets/:secret',
    schema: {
      operationId: 'revokeWebhookSecret',
      summary: 'Revoke a secret that was exchanged',
      description: 'The secret signs no more, from the next attempt on.',
      tags,
      params: schemas.secretParams,
      response: {
        200: schemas.webhookSchema,
        ...errorAnswers(INVALID_REQUEST, NOT_FOUND, MUNICIPALITY_REQUIRED, errors.TWO_SECRETS),
      },
    },
    async handler(request, reply) {
      const { id, secret } = request.params;
      return reply.send(schemas.presentWebhook(await revokeSecret(deps, tenantOf(request), id, secret)) as never);
    },
  });
}

function registerSending(scoped: App, deps: WebhookDeps): void {
  scoped.route({
    method: 'POST',
    url: '/v1/webhooks/:id/test',
    schema: {
      operationId: 'testWebhook',
      summary: 'Send a test event',
      description:
        'Sends an event of the type `webhook.test` within a second or two; to a webhook that is not active a new challenge, which makes it active. What came of it is in its attempts.',
      tags,
      params: schemas.webhookParams,
      response: { 202: schemas.testSchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND, MUNICIPALITY_REQUIRED) },
    },
    async handler(request, reply) {
      return reply.code(202).send({ type: await requestTest(deps, tenantOf(request), request.params.id) });
    },
  });

  scoped.route({
    method: 'POST',
    url: '/v1/webhooks/:id/replay',
    schema: {
      operationId: 'replayWebhook',
      summary: 'Send events again',
      description:
        'One event by its id, or all since a time, as far as the webhook is for them: for whoever lost some.',
      tags,
      params: schemas.webhookParams,
      body: schemas.replayBody,
      response: {
        202: schemas.replaySchema,
        ...errorAnswers(INVALID_REQUEST, NOT_FOUND, MUNICIPALITY_REQUIRED, errors.WEBHOOK_NOT_ACTIVE),
      },
    },
    async handler(request, reply) {
      const events = await requestReplay(deps, tenantOf(request), request.params.id, request.body);
      return reply.code(202).send({ events });
    },
  });

  scoped.route({
    method: 'GET',
    url: '/v1/webhooks/:id/attempts',
    schema: {
      operationId: 'listWebhookAttempts',
      summary: 'Read what was sent',
      description: 'Every attempt of the last 30 days, newest first, with its outcome.',
      tags,
      params: schemas.webhookParams,
      querystring: schemas.attemptQuery,
      response: {
        200: schemas.attemptPageSchema,
        ...errorAnswers(INVALID_REQUEST, INVALID_CURSOR, NOT_FOUND, MUNICIPALITY_REQUIRED),
      },
    },
    async handler(request, reply) {
      const { items, cursor } = await readAttempts(deps.pool, tenantOf(request), request.params.id, request.query);
      const next = cursor === null ? null : nextLink(request, cursor);
      return sendPage(reply, { items: items.map(schemas.presentAttempt), next });
    },
  });
}

function registerEndpoint(scoped: App, deps: WebhookDeps): void {
  scoped.route({
    method: 'GET',
    url: '/v1/webhooks/:id',
    schema: {
      operationId: 'getWebhook',
      summary: 'Read a webhook',
      description: 'Its state, and the secrets that sign now, without their texts.',
      tags,
      params: schemas.webhookParams,
      response: { 200: schemas.webhookSchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND, MUNICIPALITY_REQUIRED) },
    },
    async handler(request, reply) {
      return reply.send(
        schemas.presentWebhook(await readWebhook(deps.pool, tenantOf(request), request.params.id)) as never,
      );
    },
  });

  scoped.route({
    method: 'DELETE',
    url: '/v1/webhooks/:id',
    schema: {
      operationId: 'deleteWebhook',
      summary: 'Delete a webhook',
      description: 'Nothing is sent to it any more; its attempts are forgotten.',
      tags,
      params: schemas.webhookParams,
      response: { 200: schemas.webhookSchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND, MUNICIPALITY_REQUIRED) },
    },
    async handler(request, reply) {
      return reply.send(
        schemas.presentWebhook(await removeWebhook(deps, tenantOf(request), request.params.id)) as never,
      );
    },
  });
}
