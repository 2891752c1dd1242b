// Routes of the calendar: as JSON for callers, and as iCalendar at addresses that are made and revoked here. Schema, one call, status.
import type { FastifyReply } from 'fastify';
import {
  DOMAIN_MISSING,
  MUNICIPALITY_REQUIRED,
  principalOf,
  tenantOf,
  withScope,
  withSecretAddress,
} from '../../../access/index.ts';
import type { Catalogue } from '../../../domains/index.ts';
import { errorAnswers } from '../../../platform/http/answers.ts';
import type { App } from '../../../platform/http/app.ts';
import { sendBody } from '../../../platform/http/conditional.ts';
import { INVALID_CURSOR, INVALID_REQUEST } from '../../../platform/http/errors.ts';
import { nextLink, sendPage } from '../../../platform/http/paging.ts';
import { NOT_FOUND } from '../../../platform/http/problem.ts';
import { createFeed, type FeedDeps } from './create-feed.ts';
import * as errors from './errors.ts';
import { readCalendar } from './read-calendar.ts';
import { readFeed, readFeeds } from './read-feeds.ts';
import { revokeFeed } from './revoke-feed.ts';
import { addressOf } from './rules-feeds.ts';
import * as schemas from './schemas.ts';
import { feedKeeper } from './verify-feed.ts';

export interface CalendarDeps extends FeedDeps {
  readonly catalogue: Catalogue;
  readonly clock: () => Date;
}

const tags = ['Deliveries'];

/** Registers the routes of the calendar. */
export function registerCalendarRoutes(app: App, deps: CalendarDeps): void {
  withScope(app, 'raw-data:read', (scoped) => registerCalendar(scoped, deps));
  withScope(app, 'subscriptions:manage', (scoped) => registerFeeds(scoped, deps));
  withSecretAddress(app, feedKeeper(deps), (scoped) => registerAddress(scoped, deps));
}

function registerCalendar(scoped: App, deps: CalendarDeps): void {
  scoped.route({
    method: 'GET',
    url: '/v1/calendar',
    schema: {
      operationId: 'getCalendar',
      summary: 'Read the calendar of deliveries',
      description:
        'What was delivered in a span of days, and what is to come in it under the subscriptions as they are agreed by now. Spans that follow one another add up.',
      tags,
      querystring: schemas.calendarQuery,
      response: { 200: schemas.calendarSchema, ...errorAnswers(INVALID_REQUEST, errors.CALENDAR_SPAN) },
    },
    async handler(request, reply) {
      const now = deps.clock();
      const calendar = await readCalendar(deps.pool, tenantOf(request), request.query, now);
      return reply.send(schemas.presentCalendar(calendar, now) as never);
    },
  });
}

function registerFeeds(scoped: App, deps: CalendarDeps): void {
  scoped.route({
    method: 'POST',
    url: '/v1/calendar-feeds',
    schema: {
      operationId: 'createCalendarFeed',
      summary: 'Make a calendar feed',
      description:
        'An address for Outlook, Google Calendar and the like, which shows deliveries of a month back and a quarter ahead; the address itself is the secret. It shows what you may see now, of the domains chosen, and less when you may see less: it ends with your client, its scope `raw-data:read` (which you need to make one) and your mandate, when it is revoked, and after two years.',
      tags,
      body: schemas.feedBody,
      response: {
        201: schemas.newFeedSchema,
        ...errorAnswers(
          INVALID_REQUEST,
          MUNICIPALITY_REQUIRED,
          DOMAIN_MISSING,
          errors.FEED_NEEDS_CLIENT,
          errors.TOO_MANY_FEEDS,
        ),
      },
    },
    async handler(request, reply) {
      const { feed, text } = await createFeed(deps, principalOf(request), tenantOf(request), request.body);
      reply.code(201).header('cache-control', 'no-store');
      return reply.send({ ...schemas.presentFeedRow(feed), url: addressOf(scoped.publicOrigin, text) } as never);
    },
  });

  scoped.route({
    method: 'GET',
    url: '/v1/calendar-feeds',
    schema: {
      operationId: 'listCalendarFeeds',
      summary: 'List calendar feeds',
      description:
        'The municipality’s calendar feeds, those that have ended too: under a mandate those made under it, and of a restricted caller those that show nothing but its domains. Their addresses are kept nowhere.',
      tags,
      querystring: schemas.feedQuery,
      response: {
        200: schemas.feedPageSchema,
        ...errorAnswers(INVALID_REQUEST, INVALID_CURSOR, MUNICIPALITY_REQUIRED),
      },
    },
    async handler(request, reply) {
      const page = await readFeeds(deps.pool, tenantOf(request), request.query.cursor);
      const next = page.cursor === null ? null : nextLink(request, page.cursor);
      return sendPage(reply, { items: page.items.map(schemas.presentFeedRow), next });
    },
  });

  scoped.route({
    method: 'DELETE',
    url: '/v1/calendar-feeds/:id',
    schema: {
      operationId: 'revokeCalendarFeed',
      summary: 'Revoke a calendar feed',
      description: 'From now on its address does not exist. The feed stays on the list.',
      tags,
      params: schemas.feedParams,
      response: { 200: schemas.feedSchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND, MUNICIPALITY_REQUIRED) },
    },
    async handler(request, reply) {
      const feed = await revokeFeed(deps.pool, tenantOf(request), request.params.id);
      return reply.send(schemas.presentFeedRow(feed) as never);
    },
  });
}

function registerAddress(scoped: App, deps: CalendarDeps): void {
  scoped.route({
    method: 'GET',
    url: '/calendar/:secret.ics',
    schema: {
      operationId: 'getCalendarFeed',
      summary: 'Read a calendar feed',
      description:
        'Deliveries of a month back and a quarter ahead as iCalendar, each at its promised hour, in Danish, with the end of the address itself. An address that is not known, was revoked or has ended does not exist.',
      tags,
      params: schemas.addressParams,
      response: {
        200: {
          description: 'The calendar.',
          content: { 'text/calendar': { schema: schemas.iCalendarSchema } },
        },
        ...errorAnswers(NOT_FOUND),
      },
    },
    async handler(request, reply) {
      const { secret } = request.params;
      const asked = { tenant: tenantOf(request), secret, endsAt: principalOf(request).expiresAt };
      const text = await readFeed(deps, asked, deps.clock(), scoped.publicOrigin);
      return sendBody(request, reply as FastifyReply, Buffer.from(text), 'text/calendar; charset=utf-8') as never;
    },
  });
}
