// The route of the audit log: a municipality reads its own. Schema, one call, status; no rule and no SQL.
import type pg from 'pg';
import { errorAnswers } from '../../platform/http/answers.ts';
import type { App } from '../../platform/http/app.ts';
import { varyBy } from '../../platform/http/conditional.ts';
import { CSV_MEDIA_TYPE, toCsv } from '../../platform/http/csv.ts';
import { INVALID_CURSOR, INVALID_REQUEST } from '../../platform/http/errors.ts';
import { wantsCsv } from '../../platform/http/negotiate.ts';
import { linkNext, nextLink, sendPage } from '../../platform/http/paging.ts';
import { tenantOf } from '../principal.ts';
import { withScope } from '../scope.ts';
import { readEntries } from './read-entries.ts';
import * as schemas from './schemas.ts';

/** Registers the route of the audit log. */
export function registerAuditRoutes(app: App, deps: { readonly pool: pg.Pool }): void {
  withScope(app, 'audit:read', (scoped) => {
    scoped.route({
      method: 'GET',
      url: '/v1/audit-log',
      schema: {
        operationId: 'listAuditLog',
        summary: 'Read the audit log',
        description:
          'Who read or changed the municipality’s data, what, when, why and with what outcome, newest first. No entry is ever changed or taken away: entries are sealed in signed blocks within a minute, and `block` says which. The reading itself becomes an entry. As JSON, or CSV with the next page in the header Link.',
        tags: ['Audit log'],
        querystring: schemas.entryQuery,
        response: {
          200: {
            description: 'A page of the audit log.',
            content: {
              'application/json': { schema: schemas.entryPageSchema },
              'text/csv': { schema: schemas.entryCsvSchema },
            },
          },
          ...errorAnswers(INVALID_REQUEST, INVALID_CURSOR),
        },
      },
      async handler(request, reply) {
        const { items, cursor } = await readEntries(deps.pool, tenantOf(request), request.query);
        const next = cursor === null ? null : nextLink(request, cursor);
        varyBy(reply, 'Accept');
        if (!wantsCsv(request)) return sendPage(reply, { items: items.map(schemas.presentEntry), next });
        linkNext(reply, next);
        return reply.type(CSV_MEDIA_TYPE).send(toCsv(schemas.ENTRY_COLUMNS, items.map(schemas.toEntryRow)));
      },
    });
  });
}
