// Routes of subscriptions: asking what they cost, proposing, agreeing, changing, ending, reading. Schema, one call, status; no rule and no SQL.
import type { FastifyReply } from 'fastify';
import { tenantOf, withScope } from '../../../access/index.ts';
import { errorAnswers } from '../../../platform/http/answers.ts';
import type { App } from '../../../platform/http/app.ts';
import { INVALID_CURSOR, INVALID_REQUEST } from '../../../platform/http/errors.ts';
import { nextLink, sendPage } from '../../../platform/http/paging.ts';
import { NOT_FOUND } from '../../../platform/http/problem.ts';
import { IDEMPOTENCY_KEY_REUSED, idempotencyHeaders, type RememberedAnswer } from '../../intake/index.ts';
import { FREQUENCY_NOT_OFFERED } from '../capabilities/index.ts';
import { NO_PRICE } from '../prices/index.ts';
import { activateSubscription, changeSubscription, terminateSubscription } from './decide-subscription.ts';
import * as errors from './errors.ts';
import { proposeSubscription, type SubscriptionDeps } from './propose-subscription.ts';
import { quoteSubscriptions } from './quote-subscriptions.ts';
import { readSubscription, readSubscriptions } from './read-subscriptions.ts';
import * as schemas from './schemas.ts';

const tags = ['Subscriptions'];

export function registerSubscriptionRoutes(app: App, deps: SubscriptionDeps): void {
  withScope(app, 'subscriptions:read', (scoped) => registerQuotes(scoped, deps));
  withScope(app, 'subscriptions:read', (scoped) => registerReading(scoped, deps));
  withScope(app, 'subscriptions:manage', (scoped) => registerProposing(scoped, deps));
  withScope(app, 'subscriptions:manage', (scoped) => registerDeciding(scoped, deps));
}

function send(reply: FastifyReply, { status, location, body }: RememberedAnswer): never {
  if (location !== undefined) reply.header('location', location);
  return reply.code(status).send(body) as never;
}

function registerQuotes(scoped: App, deps: SubscriptionDeps): void {
  scoped.route({
    method: 'POST',
    url: '/v1/subscriptions/quotes',
    schema: {
      operationId: 'createQuote',
      summary: 'Ask what subscriptions would cost',
      description:
        'The arithmetic line by line, at the prices of the first day: rate × inhabitants × factor of the frequency, whatever tables a subscription has. Each amount is rounded once, half away from zero, to the øre. Nothing is stored, and nobody is bound.',
      tags,
      body: schemas.quoteBody,
      response: { 200: schemas.quoteSchema, ...errorAnswers(INVALID_REQUEST, FREQUENCY_NOT_OFFERED, NO_PRICE) },
    },
    async handler(request, reply) {
      return reply.send(await quoteSubscriptions(deps, tenantOf(request), request.body as never));
    },
  });
}

function registerReading(scoped: App, { pool }: SubscriptionDeps): void {
  scoped.route({
    method: 'GET',
    url: '/v1/subscriptions',
    schema: {
      operationId: 'listSubscriptions',
      summary: 'List subscriptions',
      description: 'The municipality’s subscriptions, newest first.',
      tags,
      querystring: schemas.subscriptionQuery,
      response: { 200: schemas.subscriptionPageSchema, ...errorAnswers(INVALID_REQUEST, INVALID_CURSOR) },
    },
    async handler(request, reply) {
      const { items, cursor } = await readSubscriptions(pool, tenantOf(request), request.query);
      const next = cursor === null ? null : nextLink(request, cursor);
      return sendPage(reply, { items, next }) as never;
    },
  });

  scoped.route({
    method: 'GET',
    url: '/v1/subscriptions/:id',
    schema: {
      operationId: 'getSubscription',
      summary: 'Read a subscription',
      description: 'Its terms and its history: who agreed to what, and when.',
      tags,
      params: schemas.subscriptionParams,
      response: { 200: schemas.wholeSubscriptionSchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND) },
    },
    async handler(request, reply) {
      return reply.send((await readSubscription(pool, tenantOf(request), request.params.id)) as never);
    },
  });
}

function registerProposing(scoped: App, deps: SubscriptionDeps): void {
  scoped.route({
    method: 'POST',
    url: '/v1/subscriptions',
    schema: {
      operationId: 'createSubscription',
      summary: 'Propose a subscription',
      description:
        'By the municipality, or by a vendor under a mandate. Nothing is delivered or billed before the municipality has agreed, which it can do until the first day. Two subscriptions of a domain have no table in common at any time; a proposal counts.',
      tags,
      headers: idempotencyHeaders,
      body: schemas.proposalBody,
      response: {
        201: schemas.subscriptionSchema,
        ...errorAnswers(
          ...[INVALID_REQUEST, FREQUENCY_NOT_OFFERED, NO_PRICE],
          ...[errors.SUBSCRIPTION_OVERLAPS, IDEMPOTENCY_KEY_REUSED],
        ),
      },
    },
    async handler(request, reply) {
      const key = request.headers['idempotency-key'];
      return send(
        reply as FastifyReply,
        await proposeSubscription(deps, tenantOf(request), request.body as never, key),
      );
    },
  });
}

const common = [INVALID_REQUEST, NOT_FOUND, IDEMPOTENCY_KEY_REUSED, errors.MUNICIPALITY_DECIDES];

function registerDeciding(scoped: App, deps: SubscriptionDeps): void {
  const shared = { tags, headers: idempotencyHeaders, params: schemas.subscriptionParams };

  scoped.route({
    method: 'POST',
    url: '/v1/subscriptions/:id/activate',
    schema: {
      ...shared,
      operationId: 'activateSubscription',
      summary: 'Agree to a subscription',
      description:
        'The municipality agrees to a proposal as it is, with a client of its own. From then on it is bound.',
      response: {
        200: schemas.subscriptionSchema,
        ...errorAnswers(...common, errors.SUBSCRIPTION_NOT_PROPOSED, FREQUENCY_NOT_OFFERED, NO_PRICE),
      },
    },
    async handler(request, reply) {
      const key = request.headers['idempotency-key'];
      return send(reply as FastifyReply, await activateSubscription(deps, tenantOf(request), request.params.id, key));
    },
  });

  scoped.route({
    method: 'POST',
    url: '/v1/subscriptions/:id/terminate',
    schema: {
      ...shared,
      operationId: 'terminateSubscription',
      summary: 'End a subscription',
      description:
        'It ends with the commitment or with the notice, whichever is later; `endsOn` says when. A proposal is withdrawn, or declined, at once.',
      response: {
        200: schemas.subscriptionSchema,
        ...errorAnswers(...common, errors.SUBSCRIPTION_NOT_ACTIVE),
      },
    },
    async handler(request, reply) {
      const key = request.headers['idempotency-key'];
      return send(reply as FastifyReply, await terminateSubscription(deps, tenantOf(request), request.params.id, key));
    },
  });

  scoped.route({
    method: 'POST',
    url: '/v1/subscriptions/:id/changes',
    schema: {
      ...shared,
      operationId: 'changeSubscription',
      summary: 'Change the terms of a subscription',
      description:
        'Takes effect on the next due day from tomorrow on; a lower frequency on the day after the commitment, or after the renewal that it is in. A rhythm takes the place of one that was planned before and has yet to take effect. Commitment, renewal and notice stay as agreed.',
      body: schemas.changeBody,
      response: {
        200: schemas.subscriptionSchema,
        ...errorAnswers(
          ...[...common, errors.SUBSCRIPTION_NOT_ACTIVE, errors.CHANGE_TOO_LATE, errors.SUBSCRIPTION_OVERLAPS],
          ...[FREQUENCY_NOT_OFFERED, NO_PRICE],
        ),
      },
    },
    async handler(request, reply) {
      const key = request.headers['idempotency-key'];
      const { id } = request.params;
      return send(
        reply as FastifyReply,
        await changeSubscription(deps, tenantOf(request), id, request.body as never, key),
      );
    },
  });
}
