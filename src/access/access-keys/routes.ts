// Routes of access keys: a municipality makes, lists and revokes those of its own clients. Schema, one call, status.
import { errorAnswers } from '../../platform/http/answers.ts';
import type { App } from '../../platform/http/app.ts';
import { INVALID_CURSOR, INVALID_REQUEST } from '../../platform/http/errors.ts';
import { nextLink, sendPage } from '../../platform/http/paging.ts';
import { NOT_FOUND } from '../../platform/http/problem.ts';
import { MUNICIPALITY_REQUIRED } from '../errors.ts';
import { tenantOf } from '../principal.ts';
import { withScope } from '../scope.ts';
import * as errors from './errors.ts';
import { type AccessKeyDeps, createAccessKey, revokeAccessKey } from './manage-access-keys.ts';
import { readAccessKeys } from './read-access-keys.ts';
import { noticeOf } from './rules.ts';
import * as schemas from './schemas.ts';
import type { AccessKey } from './store.ts';

const tags = ['Access'];

function present({ createdAt, expiresAt, revokedAt, lastUsedAt, ...key }: AccessKey) {
  return {
    ...key,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    revokedAt: revokedAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    daysLeft: revokedAt === null ? noticeOf(expiresAt, new Date()) : null,
  };
}

export function registerAccessKeyRoutes(app: App, deps: AccessKeyDeps): void {
  withScope(app, 'clients:manage', (scoped) => {
    scoped.route({
      method: 'POST',
      url: '/v1/access-keys',
      schema: {
        operationId: 'createAccessKey',
        summary: 'Make an access key',
        description:
          'A key for a tool or script that cannot sign: send it as `Authorization: Bearer …`, or as the password of Basic authentication with any user name. It reads, for one municipality and the domains chosen. A client has two keys that work at most.',
        tags,
        body: schemas.accessKeyBody,
        response: {
          201: schemas.newAccessKeySchema,
          ...errorAnswers(
            INVALID_REQUEST,
            NOT_FOUND,
            MUNICIPALITY_REQUIRED,
            errors.ACCESS_KEY_EXPIRY,
            errors.BEYOND_CLIENT,
            errors.TOO_MANY_ACCESS_KEYS,
          ),
        },
      },
      async handler(request, reply) {
        const { key, text } = await createAccessKey(deps, tenantOf(request), request.body);
        reply.header('cache-control', 'no-store');
        return reply.code(201).send({ ...present(key), key: text } as never);
      },
    });

    scoped.route({
      method: 'GET',
      url: '/v1/access-keys',
      schema: {
        operationId: 'listAccessKeys',
        summary: 'List access keys',
        description: 'The municipality’s access keys, those that have ended too. Their texts are kept nowhere.',
        tags,
        querystring: schemas.accessKeyQuery,
        response: {
          200: schemas.accessKeyPageSchema,
          ...errorAnswers(INVALID_REQUEST, INVALID_CURSOR, MUNICIPALITY_REQUIRED),
        },
      },
      async handler(request, reply) {
        const page = await readAccessKeys(deps.pool, tenantOf(request), request.query.cursor);
        const next = page.cursor === null ? null : nextLink(request, page.cursor);
        return sendPage(reply, { items: page.items.map(present), next });
      },
    });

    scoped.route({
      method: 'DELETE',
      url: '/v1/access-keys/:id',
      schema: {
        operationId: 'revokeAccessKey',
        summary: 'Revoke an access key',
        description: 'The key is refused everywhere within a second. It stays on the list.',
        tags,
        params: schemas.accessKeyParams,
        response: { 200: schemas.accessKeySchema, ...errorAnswers(INVALID_REQUEST, NOT_FOUND, MUNICIPALITY_REQUIRED) },
      },
      async handler(request, reply) {
        return reply.send(present(await revokeAccessKey(deps, tenantOf(request), request.params.id)) as never);
      },
    });
  });
}
