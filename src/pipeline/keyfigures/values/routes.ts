// Routes of values: released ones for everyone entitled, the own newest ones, and comparison with a group. Schema, one call, status; no rule, no SQL.
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  DOMAIN_MISSING,
  isForDomain,
  principalOf,
  type ReadCounter,
  requireDomain,
  tenantOf,
  withScope,
} from '../../../access/index.ts';
import type { KeyFigure } from '../../../domains/definition.ts';
import { errorAnswers } from '../../../platform/http/answers.ts';
import type { App } from '../../../platform/http/app.ts';
import { sendBody } from '../../../platform/http/conditional.ts';
import { CSV_MEDIA_TYPE, toCsv } from '../../../platform/http/csv.ts';
import { INVALID_CURSOR, INVALID_REQUEST } from '../../../platform/http/errors.ts';
import { languageOf, wantsCsv } from '../../../platform/http/negotiate.ts';
import { linkNext, nextLink } from '../../../platform/http/paging.ts';
import { NOT_FOUND, Problem } from '../../../platform/http/problem.ts';
import { repeatAnswers } from '../../../platform/http/repeat-answers.ts';
import type { Tenant } from '../../../platform/postgres/tenancy.ts';
import { NO_RELEASE } from '../errors.ts';
import { createReleaseFinder, type FindRelease } from './find-release.ts';
import { readBenchmark } from './read-benchmark.ts';
import { type OwnValue, readOwnValues } from './read-own-values.ts';
import { type Form, type ReadDeps, readValues, unpackPage } from './read-values.ts';
import { numberOf, presentFigure } from './rules.ts';
import * as schemas from './schemas.ts';
import * as benchmark from './schemas-benchmark.ts';

export interface ValueDeps extends ReadDeps {
  readonly reads: ReadCounter;
}

const tags = ['Key figures'];

export function registerValueRoutes(app: App, deps: ValueDeps): void {
  const findRelease = createReleaseFinder(deps.pool);
  // Apart, because values are the same for every caller and may be repeated; a comparison holds the caller's own value.
  withScope(app, 'key-figures:read', (scoped) => registerValues(scoped, deps, findRelease));
  withScope(app, 'key-figures:read', (scoped) => registerBenchmark(scoped, deps, findRelease));
  withScope(app, 'raw-data:read', (scoped) => registerOwnValues(scoped, deps));
}

function figureOf({ catalogue }: ValueDeps, id: string): KeyFigure {
  const figure = catalogue.keyFigure(id);
  if (figure === undefined) throw new Problem(NOT_FOUND);
  return figure;
}

/** Who may have a figure may have all that it is made of: a denominator is often another domain's. */
function tenantForFigure(request: FastifyRequest, { numerator, denominator }: KeyFigure): Tenant {
  const tenant = tenantOf(request);
  if (tenant.domains === null) return tenant;
  const made = [numerator, ...(denominator === null ? [] : [denominator])].map(({ domain }) => domain);
  return { ...tenant, domains: [...tenant.domains, ...made] };
}

function formOf(request: FastifyRequest): Form {
  return { csv: wantsCsv(request), language: languageOf(request), publicOrigin: request.server.publicOrigin };
}

function registerValues(scoped: App, deps: ValueDeps, findRelease: FindRelease): void {
  const send = repeatAnswers(scoped, {
    admit: scoped.admit,
    isFor: (reader, figure) => isForDomain(reader, figureOf(deps, figure).domain),
    onRepeat: (reader, figure) => deps.reads.count(reader, figure),
  });
  scoped.route({
    method: 'GET',
    url: '/v1/key-figures/:id/values',
    schema: {
      operationId: 'listValues',
      summary: 'Read released values of a key figure',
      description:
        'Values of all municipalities, pinned to one release, so that they can be compared and paged through while others are published. As JSON, or CSV with the next page in the header Link.',
      tags,
      params: schemas.figureParams,
      querystring: schemas.valueQuery,
      response: {
        200: {
          description: 'A page of values.',
          content: {
            'application/json': { schema: schemas.valuesSchema },
            'text/csv': { schema: schemas.valuesCsvSchema },
          },
        },
        ...errorAnswers(INVALID_REQUEST, INVALID_CURSOR, NOT_FOUND, NO_RELEASE, DOMAIN_MISSING),
      },
    },
    async handler(request, reply) {
      const figure = figureOf(deps, request.params.id);
      requireDomain(principalOf(request), figure.domain);
      const release = await findRelease(figure.domain, request.query);
      deps.reads.count(principalOf(request), figure.id);
      const { body, ...facts } = await readValues(deps, figure, release, request.query, formOf(request));
      // What a time means is settled anew each time, or a release published meanwhile would be missed.
      const mayRepeat = request.query.asOf === undefined;
      return send(
        request,
        reply as FastifyReply,
        { ...facts, ...unpackPage(body), about: figure.id },
        mayRepeat,
      ) as never;
    },
  });
}

function registerBenchmark(scoped: App, deps: ValueDeps, findRelease: FindRelease): void {
  scoped.route({
    method: 'GET',
    url: '/v1/key-figures/:id/benchmark',
    schema: {
      operationId: 'getBenchmark',
      summary: 'Compare a key figure within a group',
      description:
        'Statistics of a group’s published values in one release and period, your own value and rank. Suppressed and missing values are left out and named.',
      tags,
      params: schemas.figureParams,
      querystring: benchmark.benchmarkQuery,
      response: {
        200: {
          description: 'The comparison.',
          content: {
            'application/json': { schema: benchmark.benchmarkSchema },
            'text/csv': { schema: benchmark.benchmarkCsvSchema },
          },
        },
        ...errorAnswers(INVALID_REQUEST, NOT_FOUND, NO_RELEASE, DOMAIN_MISSING),
      },
    },
    async handler(request, reply) {
      const figure = figureOf(deps, request.params.id);
      requireDomain(principalOf(request), figure.domain);
      const release = await findRelease(figure.domain, request.query);
      const principal = principalOf(request);
      deps.reads.count(principal, figure.id);
      const answer = await readBenchmark(deps, figure, release, request.query, principal.municipality, formOf(request));
      return sendBody(request, reply as FastifyReply, answer.body, answer.mediaType, answer.etag);
    },
  });
}

function registerOwnValues(scoped: App, deps: ValueDeps): void {
  scoped.route({
    method: 'GET',
    url: '/v1/key-figures/:id/own-values',
    schema: {
      operationId: 'listOwnValues',
      summary: 'Read your own newest values of a key figure',
      description:
        'Your municipality’s values as last computed, released or not, with small counts. As JSON, or CSV with the next page in the header Link.',
      tags,
      params: schemas.figureParams,
      querystring: schemas.ownQuery,
      response: {
        200: {
          description: 'A page of values.',
          content: {
            'application/json': { schema: schemas.ownValuesSchema },
            'text/csv': { schema: schemas.ownCsvSchema },
          },
        },
        ...errorAnswers(INVALID_REQUEST, INVALID_CURSOR, NOT_FOUND, DOMAIN_MISSING),
      },
    },
    async handler(request, reply) {
      const figure = figureOf(deps, request.params.id);
      requireDomain(principalOf(request), figure.domain);
      const { basis, items, cursor } = await readOwnValues(
        deps,
        tenantForFigure(request, figure),
        figure,
        request.query,
      );
      const next = cursor === null ? null : nextLink(request, cursor);
      linkNext(reply, next);
      const keyFigure = presentFigure(figure, languageOf(request));
      const text = wantsCsv(request)
        ? toCsv(schemas.OWN_COLUMNS, items.map(ownRow(figure.id, basis)))
        : JSON.stringify({ keyFigure, basis, items: items.map(presentOwn), next });
      const mediaType = wantsCsv(request) ? CSV_MEDIA_TYPE : 'application/json; charset=utf-8';
      return sendBody(request, reply as FastifyReply, Buffer.from(text), mediaType);
    },
  });
}

function presentOwn({ period, breakdown, numerator, denominator, value, status, missing }: OwnValue) {
  return {
    period,
    breakdown: breakdown === '' ? null : breakdown,
    numerator: numberOf(numerator),
    denominator: numberOf(denominator),
    value: numberOf(value),
    status,
    reason: reasonOf(status, missing),
  };
}

function ownRow(figure: string, basis: readonly { readonly domain: string; readonly revision: number | null }[]) {
  const names = basis.map(({ domain, revision }) => `${domain}:${revision ?? 0}`).join(' ');
  return (item: OwnValue) => ({
    ...item,
    key_figure: figure,
    basis: names,
    reason: reasonOf(item.status, item.missing),
  });
}

function reasonOf(status: OwnValue['status'], missing: string | null): string | null {
  return status === 'unvalidated' ? 'open-errors' : missing;
}
