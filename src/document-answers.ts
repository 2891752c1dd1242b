// Completes the error answers of a route in the OpenAPI document: those it declares, and those that follow from its scope and shape.
import type { FastifySchema } from 'fastify';
import {
  DOMAIN_MISSING,
  MUNICIPALITY_REQUIRED,
  type OpenedBy,
  RATE_LIMITED,
  SCOPE_MISSING,
  TOKEN_EXPIRED,
  TOKEN_INVALID,
  TOKEN_MISSING,
} from './access/index.ts';
import type { ProblemAnswer } from './platform/http/answers.ts';
import {
  BODY_TOO_LARGE,
  INTERNAL_ERROR,
  INVALID_CURSOR,
  INVALID_HOST,
  INVALID_REQUEST,
  REQUEST_TIMEOUT,
  UNAVAILABLE,
  UNKNOWN_HOST,
  UNSUPPORTED_MEDIA_TYPE,
} from './platform/http/errors.ts';
import { NOT_FOUND, type ProblemType, problemTypes } from './platform/http/problem.ts';

/** Scopes whose routes all work on the data of one municipality. */
const TENANT_SCOPES: readonly OpenedBy[] = [
  'raw-data:read',
  'source:read',
  'source:write',
  'revision:restore',
  'cpr:read',
  'audit:read',
  'events:read',
  'webhooks:manage',
];

/** @returns the route's `response` with every error answer it can give, each with its codes. */
export function documentAnswers(schema: FastifySchema, scope: OpenedBy): Record<string, unknown> {
  const answers = { ...(schema.response as Record<string, unknown>) };
  const byStatus = new Map<number, ProblemType[]>();
  for (const type of [...declaredTypes(answers), ...impliedTypes(schema, scope)]) {
    const group = byStatus.get(type.status) ?? [];
    if (!group.includes(type)) byStatus.set(type.status, [...group, type]);
  }
  for (const [status, types] of [...byStatus].sort(([a], [b]) => a - b)) answers[status] = documentProblems(types);
  return answers;
}

function declaredTypes(answers: Record<string, unknown>): ProblemType[] {
  return Object.values(answers).flatMap((answer) =>
    ((answer as Partial<ProblemAnswer>)['x-codes'] ?? []).map((code) => {
      const type = problemTypes().get(code);
      if (type === undefined) throw new Error(`problem code ${code} is not declared`);
      return type;
    }),
  );
}

function impliedTypes(schema: FastifySchema, scope: OpenedBy): ProblemType[] {
  const types: ProblemType[] = [INVALID_HOST, UNKNOWN_HOST, INTERNAL_ERROR, UNAVAILABLE];
  const { params, querystring, headers, body } = schema;
  if ([params, querystring, headers, body].some((part) => part !== undefined)) types.push(INVALID_REQUEST);
  if (params !== undefined) types.push(NOT_FOUND);
  if (body !== undefined) types.push(REQUEST_TIMEOUT, BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE);
  if (hasProperty(querystring, 'cursor')) types.push(INVALID_CURSOR);
  const asksForToken = scope !== 'public' && scope !== 'address';
  if (asksForToken) types.push(TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED, SCOPE_MISSING);
  if (scope !== 'public') types.push(RATE_LIMITED);
  if (TENANT_SCOPES.includes(scope)) types.push(MUNICIPALITY_REQUIRED);
  if (asksForToken && (hasProperty(querystring, 'domain') || hasProperty(body, 'domain'))) types.push(DOMAIN_MISSING);
  return types;
}

function hasProperty(schema: unknown, name: string): boolean {
  return Object.hasOwn((schema as { properties?: object } | undefined)?.properties ?? {}, name);
}

function documentProblems(types: readonly ProblemType[]) {
  const codes = types.map((type) => type.code).sort();
  return {
    description: types.map((type) => `\`${type.code}\`: ${type.title}.`).join('\n\n'),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [{ $ref: 'Problem#' }, { type: 'object', properties: { code: { type: 'string', enum: codes } } }],
        },
      },
    },
  };
}
