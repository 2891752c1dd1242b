// The reference of the api: the OpenAPI document made from the routes' schemas, and the pages that show it.
import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifySchema } from 'fastify';
import Type from 'typebox';
import { type OpenedBy, SCOPES, type Scope, withScope } from './access/index.ts';
import { documentAnswers } from './document-answers.ts';
import { type App, JSON_BODY_LIMIT } from './platform/http/app.ts';
import { etagOf, sendBody } from './platform/http/conditional.ts';

/** The version of the interface, by semantic versioning; openapi/CHANGELOG.md tells of each. */
const API_VERSION = '0.1.0';

const DESCRIPTION = `Data of Denmark's municipalities: source data is delivered, checked and kept as numbered revisions, and comes out again
as raw-data packages and comparable key figures.

**Access.** Every operation but the public ones, and addresses that are their own secret, takes an access token or an access key (\`Authorization: Bearer …\`, a key also as the
password of Basic authentication) for one municipality. \`GET /v1/me\` says what it opens.
What belongs to another municipality answers 404, exactly as what does not exist.

**Errors** are problem details (RFC 9457) with a stable \`code\`; openapi/errors.md lists every code and what to do.

**Listings** are paged: follow \`next\` (also in the \`Link\` header) until it is null. No load changes a listing while it is read.

**Limits.** Requests are counted per client, and per client and municipality; \`RateLimit\` and \`RateLimit-Policy\` tell what is left, \`GET /v1/limits\` the rest.
After 429 and 503 wait for the seconds in \`Retry-After\`.

**Unchanged answers** cost nothing: send \`If-None-Match\` with the ETag and get 304.

Every answer carries a \`Request-Id\`; name it when you report a fault.`;

const TAGS = [
  { name: 'Catalogue', description: 'What there is: domains, tables, key figures, municipalities and groups.' },
  { name: 'Source deliveries', description: 'Delivering source data, and what the quality rules say about it.' },
  { name: 'Revisions', description: 'The states of a municipality’s data, and going back to an earlier one.' },
  { name: 'Key figures', description: 'Released key figures, benchmarks, and a municipality’s own newest values.' },
  { name: 'Releases', description: 'Publications of key figures to everyone entitled.' },
  { name: 'Packages', description: 'Raw-data packages: the tables of a domain at a revision.' },
  {
    name: 'Deliveries',
    description: 'What falls due under subscriptions: fetched, verified against a signed manifest, acknowledged.',
  },
  { name: 'Subscriptions', description: 'What a municipality agrees to have delivered, how often, and at what price.' },
  { name: 'Access', description: 'Who may ask: clients, their keys, and the caller itself.' },
  { name: 'Audit log', description: 'Who read or changed a municipality’s data, and when.' },
  {
    name: 'Access requests',
    description: 'Which packages contain a citizen’s rows, and to whom they went (GDPR art. 15).',
  },
  { name: 'Events', description: 'What happened, in order; and the addresses to which it is sent.' },
  { name: 'Operation', description: 'For whoever runs the service.' },
];

/** Registers the collecting of routes, `/openapi.json` and `/docs`. Must come before the routes it shall describe. */
export async function registerReference(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'FLIS delivery service',
        version: API_VERSION,
        description: DESCRIPTION,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/', description: 'The service that this document came from.' }],
      tags: TAGS,
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description: `Access token (RFC 9068), signed with ES256 or Ed25519, or an access key. Scopes:\n${scopeList()}`,
          },
          basic: {
            type: 'http',
            scheme: 'basic',
            description: 'An access key as password, with any user name: for Power BI, Excel, Tableau, Qlik and curl.',
          },
        },
      },
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => String(json.$id ?? `def-${index}`) },
    transform: ({ schema, url, route }) => {
      const { scope = 'public', orScope } = (route.config ?? {}) as { scope?: OpenedBy; orScope?: Scope };
      return { url, schema: describeRoute(schema, scope, orScope) };
    },
  });
  withScope(app, 'public', (scoped) => registerDocument(scoped));
  withScope(app, 'public', (scoped) => registerPages(scoped));
}

function scopeList(): string {
  return Object.entries(SCOPES)
    .map(([scope, meaning]) => `- \`${scope}\`: ${meaning}`)
    .join('\n');
}

/** Adds to a route's schema what follows from its scope and shape: security and the answers that any such route can give. */
function describeRoute(schema: FastifySchema | undefined, scope: OpenedBy, orScope?: Scope): FastifySchema {
  const described = { ...schema, response: documentAnswers(schema ?? {}, scope) };
  if (scope === 'public') return { ...described, security: [] };
  if (scope === 'address') {
    const description = `${schema?.description ?? ''}\n\nNeeds no token: the secret is in the address.`;
    return { ...described, description, security: [] };
  }
  const limit = isJson(schema?.body) ? ` The body may have at most ${JSON_BODY_LIMIT / 1024} KiB.` : '';
  const needs =
    scope === 'any' ? 'any valid credential' : `the scope \`${scope}\`${orScope ? ` or \`${orScope}\`` : ''}`;
  const description = `${schema?.description ?? ''}${limit}\n\nNeeds ${needs}.`;
  return { ...described, description, security: [{ bearer: [] }, { basic: [] }] };
}

/** A body of other media types names them in `content`, and its limits itself. */
function isJson(body: unknown): boolean {
  return body !== undefined && !Object.hasOwn(body as object, 'content');
}

function registerDocument(scoped: App): void {
  let document: { body: Buffer; etag: string } | undefined;
  scoped.get(
    '/openapi.json',
    {
      schema: {
        operationId: 'getOpenApi',
        summary: 'This document',
        description: 'The OpenAPI 3.1 document of the service.',
        tags: ['Operation'],
        response: {
          200: Type.Object(
            { openapi: Type.String({ description: 'Version of the OpenAPI specification.' }) },
            { additionalProperties: true, description: 'The document.', examples: [{ openapi: '3.1.0' }] },
          ),
        },
      },
    },
    async (request, reply) => {
      if (document === undefined) {
        const body = Buffer.from(JSON.stringify(scoped.swagger()));
        document = { body, etag: etagOf(body) };
      }
      return sendBody(request, reply, document.body, 'application/json', document.etag);
    },
  );
}

/** The pages run scripts and styles of their own, served from here; nothing is fetched from elsewhere. */
async function registerPages(scoped: App): Promise<void> {
  // Before helmet, which writes to the raw answer; the policy for data, which the server sets first, would win over it.
  scoped.addHook('onRequest', (_request, reply, done) => {
    reply.removeHeader('content-security-policy');
    done();
  });
  await scoped.register(helmet, {
    // Every answer has it already, where the service is reached over HTTPS.
    strictTransportSecurity: false,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        baseUri: ["'none'"],
        connectSrc: ["'self'"],
        fontSrc: ["'self'", 'data:'],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
        imgSrc: ["'self'", 'data:'],
        scriptSrc: ["'self'"],
        // Swagger UI sets style attributes on its elements.
        styleSrc: ["'self'", "'unsafe-inline'"],
      },
    },
  });
  await scoped.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { deepLinking: true, supportedSubmitMethods: [] },
  });
}
