// Read-only routes over the declarations, open to everyone: they say what there is, never whose or how much.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { withScope } from '../access/index.ts';
import type { Catalogue } from '../domains/index.ts';
import { errorAnswers } from '../platform/http/answers.ts';
import type { App } from '../platform/http/app.ts';
import { sendBody } from '../platform/http/conditional.ts';
import { INVALID_REQUEST } from '../platform/http/errors.ts';
import { languageOf } from '../platform/http/negotiate.ts';
import { NOT_FOUND, Problem } from '../platform/http/problem.ts';
import {
  type Capability,
  describeDomain,
  describeGroup,
  describeMunicipality,
  describeRule,
  type Language,
} from './describe-domain.ts';
import { describeKeyFigure, summariseKeyFigure } from './describe-key-figure.ts';
import { describeTable, summariseTable } from './describe-table.ts';
import * as schemas from './schemas.ts';
import * as keyFigureSchemas from './schemas-key-figures.ts';
import * as tableSchemas from './schemas-tables.ts';

/** What the routes need. */
export interface CatalogueDeps {
  readonly catalogue: Catalogue;
  /** By domain. */
  readonly readCapabilities: () => Promise<ReadonlyMap<string, Capability>>;
}

const tags = ['Catalogue'];
const listing = { tags, headers: schemas.languageHeaders };

/** Registers the catalogue's routes; no token is asked for. */
export function registerCatalogueRoutes(app: App, { catalogue, readCapabilities }: CatalogueDeps): void {
  withScope(app, 'public', (scoped) => {
    registerDomains(scoped, catalogue, readCapabilities);
    registerRules(scoped, catalogue);
    registerTables(scoped, catalogue);
    registerKeyFigures(scoped, catalogue);
    registerPlaces(scoped, catalogue);
  });
}

/** Sends what `describe` makes in the wanted language. Declarations change with a new version of the service only. */
function sendDescribed(request: FastifyRequest, reply: FastifyReply, describe: (language: Language) => object): void {
  const language = languageOf(request);
  reply.header('content-language', language).header('cache-control', 'public, max-age=300');
  sendBody(request, reply, Buffer.from(JSON.stringify(describe(language))), 'application/json; charset=utf-8');
}

function wholeList(items: readonly object[]) {
  return { items, next: null };
}

/** @throws Problem `not-found` for what is not declared. */
function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Problem(NOT_FOUND);
  return value;
}

function registerDomains(scoped: App, catalogue: Catalogue, readCapabilities: CatalogueDeps['readCapabilities']): void {
  scoped.get(
    '/v1/domains',
    {
      schema: {
        ...listing,
        operationId: 'listDomains',
        summary: 'List the domains',
        description: 'Every domain that data can be delivered to and read from.',
        response: { 200: schemas.domainListSchema, ...errorAnswers(INVALID_REQUEST) },
      },
    },
    async (request, reply) => {
      const capabilities = await readCapabilities();
      sendDescribed(request, reply, (language) =>
        wholeList(
          catalogue.domains.map((domain) => describeDomain(domain, found(capabilities.get(domain.id)), language)),
        ),
      );
      return reply;
    },
  );
  scoped.get(
    '/v1/domains/:domain',
    {
      schema: {
        ...listing,
        operationId: 'getDomain',
        summary: 'Read a domain',
        description: 'A domain with the names of its tables and key figures, and how often it can be delivered.',
        params: schemas.domainParams,
        response: { 200: schemas.domainSchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND) },
      },
    },
    async (request, reply) => {
      const domain = found(catalogue.domain(request.params.domain));
      const capability = found((await readCapabilities()).get(domain.id));
      sendDescribed(request, reply, (language) => describeDomain(domain, capability, language));
      return reply;
    },
  );
}

function registerRules(scoped: App, catalogue: Catalogue): void {
  scoped.get(
    '/v1/rules',
    {
      schema: {
        ...listing,
        operationId: 'listRules',
        summary: 'List the quality rules',
        description:
          'What is checked once a delivery has passed the checks of its structure, with the SQL that finds the faults. Besides, in every table, a period that has over 20 % (DQ07-erstattet-20, a warning) or over 50 % (DQ07-erstattet-50, an error) fewer rows than the content it replaces.',
        querystring: schemas.domainQuery,
        response: { 200: schemas.ruleListSchema, ...errorAnswers(INVALID_REQUEST) },
      },
    },
    (request, reply) =>
      sendDescribed(request, reply, (language) =>
        wholeList(
          domainsOf(catalogue, request.query.domain).flatMap((domain) =>
            domain.rules.map((rule) => describeRule(domain, rule, language)),
          ),
        ),
      ),
  );
}

function domainsOf(catalogue: Catalogue, id: string | undefined) {
  return catalogue.domains.filter((domain) => id === undefined || domain.id === id);
}

function registerTables(scoped: App, catalogue: Catalogue): void {
  scoped.get(
    '/v1/domains/:domain/tables',
    {
      schema: {
        ...listing,
        operationId: 'listTables',
        summary: 'List the tables of a domain',
        description: 'Each table with its key and period; its columns stand at the table itself.',
        params: schemas.domainParams,
        response: { 200: tableSchemas.tableListSchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND) },
      },
    },
    (request, reply) => {
      const domain = found(catalogue.domain(request.params.domain));
      sendDescribed(request, reply, (language) =>
        wholeList(domain.tables.map((table) => summariseTable(domain, table, language))),
      );
    },
  );
  scoped.get(
    '/v1/tables/:table',
    {
      schema: {
        ...listing,
        operationId: 'getTable',
        summary: 'Read a table',
        description:
          'Columns with types, units and code lists, the natural key, the period and the quality rules, as of now. GET /v1/schema-changes?table= tells what is planned; no column goes or gets another type that is not there 90 days before.',
        params: schemas.tableParams,
        response: { 200: tableSchemas.tableSchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND) },
      },
    },
    (request, reply) => {
      const { domain, table } = found(catalogue.table(request.params.table));
      sendDescribed(request, reply, (language) => describeTable(domain, table, language));
    },
  );
}

function registerKeyFigures(scoped: App, catalogue: Catalogue): void {
  scoped.get(
    '/v1/key-figures',
    {
      schema: {
        ...listing,
        operationId: 'listKeyFigures',
        summary: 'List the key figures',
        description: 'Each key figure with unit, direction, level and breakdowns, without formulas.',
        querystring: schemas.domainQuery,
        response: { 200: keyFigureSchemas.keyFigureListSchema, ...errorAnswers(INVALID_REQUEST) },
      },
    },
    (request, reply) =>
      sendDescribed(request, reply, (language) =>
        wholeList(
          domainsOf(catalogue, request.query.domain).flatMap(({ keyFigures }) =>
            keyFigures.map((keyFigure) => summariseKeyFigure(keyFigure, language)),
          ),
        ),
      ),
  );
  scoped.get(
    '/v1/key-figures/:id',
    {
      schema: {
        ...listing,
        operationId: 'getKeyFigure',
        summary: 'Read a key figure',
        description: 'Its definition: formulas as SQL, suppression of small numbers, and worked examples.',
        params: schemas.keyFigureParams,
        response: { 200: keyFigureSchemas.keyFigureSchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND) },
      },
    },
    (request, reply) => {
      const keyFigure = found(catalogue.keyFigure(request.params.id));
      sendDescribed(request, reply, (language) => describeKeyFigure(keyFigure, language));
    },
  );
}

function registerPlaces(scoped: App, catalogue: Catalogue): void {
  scoped.get(
    '/v1/municipalities',
    {
      schema: {
        ...listing,
        operationId: 'listMunicipalities',
        summary: 'List the municipalities',
        description: 'The 98 municipalities and the synthetic one, with region, landsdel and population.',
        response: { 200: schemas.municipalityListSchema, ...errorAnswers(INVALID_REQUEST) },
      },
    },
    (request, reply) =>
      sendDescribed(request, reply, () => wholeList(catalogue.municipalities.map(describeMunicipality))),
  );
  scoped.get(
    '/v1/groups',
    {
      schema: {
        ...listing,
        operationId: 'listGroups',
        summary: 'List the comparison groups',
        description: 'The groups of municipalities that key figures can be read and benchmarked for.',
        response: { 200: schemas.groupListSchema, ...errorAnswers(INVALID_REQUEST) },
      },
    },
    (request, reply) =>
      sendDescribed(request, reply, (language) =>
        wholeList(catalogue.groups.map((group) => describeGroup(group, language))),
      ),
  );
}
