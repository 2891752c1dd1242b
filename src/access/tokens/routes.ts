// Routes of tokens: the token endpoint, the metadata that clients find it by, and the public keys. Schema, one call, status.
import { errorAnswers } from '../../platform/http/answers.ts';
import type { App } from '../../platform/http/app.ts';
import { logFailure, problemOf } from '../../platform/http/error-handler.ts';
import { INVALID_REQUEST } from '../../platform/http/errors.ts';
import { Problem } from '../../platform/http/problem.ts';
import { RATE_LIMITED } from '../limits/index.ts';
import { withScope } from '../scope.ts';
import { SCOPES } from '../scopes.ts';
import * as errors from './errors.ts';
import { type IssueDeps, issueToken } from './issue-token.ts';
import { readForm } from './read-form.ts';
import * as schemas from './schemas.ts';

const tags = ['Access'];
const FORM_LIMIT = 16 * 1024;
/** Short: a revoked key must go, and a new one is published an hour ahead. */
const KEY_SET_CACHE = 'public, max-age=60';

export function registerTokenRoutes(app: App, deps: IssueDeps): void {
  withScope(app, 'public', (scoped) => registerEndpoint(scoped, deps));
  withScope(app, 'public', (scoped) => registerMetadata(scoped, deps));
}

function registerEndpoint(scoped: App, deps: IssueDeps): void {
  scoped.removeAllContentTypeParsers();
  scoped.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_LIMIT },
    async (_request: unknown, body: string) => readForm(body),
  );
  scoped.addHook('onRequest', (request, _reply, done) => done(deps.limiter.refuseAddress(request.ip)));
  // Clients of OAuth look for the members of RFC 6749 in a JSON body.
  scoped.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error);
    if (problem.type === errors.INVALID_CLIENT) deps.limiter.noteFailure(request.ip);
    logFailure(request, error, problem);
    return reply
      .code(problem.type.status)
      .headers({ 'cache-control': 'no-store', ...problem.headers })
      .type('application/json')
      .serializer((text: string) => text)
      .send(JSON.stringify(errors.oauthBody(problem)));
  });
  scoped.route({
    method: 'POST',
    url: '/oauth2/token',
    schema: {
      operationId: 'createToken',
      summary: 'Get an access token',
      description: `OAuth 2.0 client credentials with \`private_key_jwt\`: for systems that can sign. The form may have at most ${FORM_LIMIT / 1024} KiB. A refusal is \`application/json\` and has the members \`error\` and \`error_description\` of RFC 6749 beside those of a problem; every assertion is good for one token.`,
      tags,
      body: { content: { 'application/x-www-form-urlencoded': { schema: schemas.tokenBody } } },
      response: {
        200: schemas.tokenSchema,
        ...errorAnswers(
          INVALID_REQUEST,
          errors.INVALID_CLIENT,
          errors.INVALID_SCOPE,
          errors.UNAUTHORIZED_CLIENT,
          errors.AMBIGUOUS_MANDATE,
          errors.UNSUPPORTED_GRANT_TYPE,
          errors.NO_SIGNING_KEY,
          RATE_LIMITED,
        ),
      },
    },
    async handler(request, reply) {
      const { grant_type: grant, client_assertion: assertion, ...asked } = request.body as Record<string, string>;
      if (grant !== 'client_credentials') throw new Problem(errors.UNSUPPORTED_GRANT_TYPE);
      const { token, scopes, seconds } = await issueToken(deps, request.id, assertion ?? '', asked);
      return reply
        .header('cache-control', 'no-store')
        .send({ access_token: token, token_type: 'Bearer', expires_in: seconds, scope: scopes.join(' ') });
    },
  });
}

function registerMetadata(scoped: App, { issuer, keyRing }: IssueDeps): void {
  scoped.route({
    method: 'GET',
    url: '/.well-known/oauth-authorization-server',
    schema: {
      operationId: 'getAuthorizationServer',
      summary: 'How tokens are had here',
      description: 'Authorization server metadata (RFC 8414).',
      tags,
      response: { 200: schemas.metadataSchema },
    },
    async handler(request, reply) {
      const origin = request.server.publicOrigin;
      return reply.header('cache-control', KEY_SET_CACHE).send({
        issuer,
        token_endpoint: `${origin}/oauth2/token`,
        jwks_uri: `${origin}/.well-known/jwks.json`,
        scopes_supported: Object.keys(SCOPES),
        response_types_supported: [],
        grant_types_supported: ['client_credentials'],
        token_endpoint_auth_methods_supported: ['private_key_jwt'],
        token_endpoint_auth_signing_alg_values_supported: ['ES256', 'EdDSA'],
      });
    },
  });

  scoped.route({
    method: 'GET',
    url: '/.well-known/jwks.json',
    schema: {
      operationId: 'getKeySet',
      summary: 'Public keys of tokens',
      description: 'The keys that this service signs access tokens with.',
      tags,
      response: { 200: schemas.keySetSchema },
    },
    async handler(_request, reply) {
      return reply.header('cache-control', KEY_SET_CACHE).send({ keys: [...keyRing.published()] } as never);
    },
  });
}
