// Routes of price lists: everybody reads them, the operator adds them. Schema, one call, status; no rule and no SQL.
import type { FastifyReply } from 'fastify';
import { principalOf, withScope } from '../../../access/index.ts';
import { errorAnswers } from '../../../platform/http/answers.ts';
import type { App } from '../../../platform/http/app.ts';
import { sendBody } from '../../../platform/http/conditional.ts';
import { INVALID_REQUEST } from '../../../platform/http/errors.ts';
import { NOT_FOUND } from '../../../platform/http/problem.ts';
import { createPriceList, type PriceDeps } from './create-price-list.ts';
import { PRICE_LIST_DATE } from './errors.ts';
import { readPriceList } from './read-price-list.ts';
import * as schemas from './schemas.ts';

const tags = ['Subscriptions'];

export function registerPriceRoutes(app: App, deps: PriceDeps): void {
  withScope(app, 'public', (scoped) => registerReading(scoped, deps));
  withScope(app, 'operator', (scoped) => registerAdding(scoped, deps));
}

function registerReading(scoped: App, deps: PriceDeps): void {
  scoped.route({
    method: 'GET',
    url: '/v1/price-list',
    schema: {
      operationId: 'getPriceList',
      summary: 'Read the price list',
      description:
        'The prices in force on a day. A year of a subscription costs rate × inhabitants × factor, whatever tables it has; an amount is rounded half away from zero to the øre, once per line.',
      tags,
      querystring: schemas.priceListQuery,
      response: { 200: schemas.priceListSchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND) },
    },
    async handler(request, reply) {
      const { list, next } = await readPriceList(deps.pool, request.query.on);
      const body = Buffer.from(JSON.stringify(schemas.presentPriceList(list, next)));
      return sendBody(request, reply as FastifyReply, body, 'application/json; charset=utf-8') as never;
    },
  });
}

function registerAdding(scoped: App, deps: PriceDeps): void {
  scoped.route({
    method: 'POST',
    url: '/v1/price-lists',
    schema: {
      operationId: 'createPriceList',
      summary: 'Add a price list',
      description:
        'New prices from a day on, with the inhabitants of GET /v1/municipalities as they are now. A list is never changed or taken back; a later day can have another one.',
      tags,
      body: schemas.priceListBody,
      response: { 201: schemas.priceListSchema, ...errorAnswers(INVALID_REQUEST, PRICE_LIST_DATE) },
    },
    async handler(request, reply) {
      const { clientId } = principalOf(request);
      const { list, next } = await createPriceList(deps, { clientId, requestId: request.id }, request.body);
      return reply
        .code(201)
        .header('location', `${request.server.publicOrigin}/v1/price-list?on=${list.validFrom}`)
        .send(schemas.presentPriceList(list, next));
    },
  });
}
