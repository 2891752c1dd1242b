// The route of the monthly review: a municipality reads its own. Schema, one call, status; no rule and no SQL.
import type pg from 'pg';
import { errorAnswers } from '../../platform/http/answers.ts';
import type { App } from '../../platform/http/app.ts';
import { CSV_MEDIA_TYPE, toCsv } from '../../platform/http/csv.ts';
import { INVALID_REQUEST } from '../../platform/http/errors.ts';
import { wantsCsv } from '../../platform/http/negotiate.ts';
import { tenantOf } from '../principal.ts';
import { withScope } from '../scope.ts';
import { readReview } from './read-review.ts';
import * as schemas from './schemas.ts';

/** Registers the route of the review. */
export function registerAuditReviewRoutes(app: App, deps: { readonly pool: pg.Pool }): void {
  withScope(app, 'audit:read', (scoped) => {
    scoped.route({
      method: 'GET',
      url: '/v1/audit-reviews/:month',
      schema: {
        operationId: 'getAuditReview',
        summary: 'Review a month of the audit log',
        description: `Who fetched what in a month, how it ended, and on which days more was sent than usual. ${schemas.UNUSUAL_EN} (Dansk: ${schemas.UNUSUAL_DA}) Two days after the month the review is final and does not change any more. Refused requests are counted by client and operation. As JSON or CSV.`,
        tags: ['Audit log'],
        params: schemas.reviewParams,
        querystring: schemas.reviewQuery,
        response: {
          200: {
            description: 'The review.',
            content: {
              'application/json': { schema: schemas.reviewSchema },
              'text/csv': { schema: schemas.reviewCsvSchema },
            },
          },
          ...errorAnswers(INVALID_REQUEST),
        },
      },
      async handler(request, reply) {
        const review = await readReview(deps.pool, tenantOf(request), request.params.month);
        reply.header('vary', 'Accept');
        if (!wantsCsv(request)) return reply.send(schemas.presentReview(review));
        return reply.type(CSV_MEDIA_TYPE).send(toCsv(schemas.REVIEW_COLUMNS, schemas.toReviewRows(review)));
      },
    });
  });
}
