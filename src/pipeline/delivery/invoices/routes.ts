// The route of invoice bases: a municipality reads its own. Schema, one call, status; no rule and no SQL.
import type { FastifyReply } from 'fastify';
import type pg from 'pg';
import { tenantOf, withScope } from '../../../access/index.ts';
import { errorAnswers } from '../../../platform/http/answers.ts';
import type { App } from '../../../platform/http/app.ts';
import { sendBody } from '../../../platform/http/conditional.ts';
import { CSV_MEDIA_TYPE, toCsv } from '../../../platform/http/csv.ts';
import { INVALID_REQUEST } from '../../../platform/http/errors.ts';
import { wantsCsv } from '../../../platform/http/negotiate.ts';
import { INVOICE_NEEDS_EVERY_DOMAIN } from './errors.ts';
import { readBasis } from './read-basis.ts';
import * as schemas from './schemas.ts';

export function registerInvoiceRoutes(app: App, deps: { readonly pool: pg.Pool }): void {
  withScope(app, 'subscriptions:read', (scoped) => {
    scoped.route({
      method: 'GET',
      url: '/v1/invoice-bases/:quarter',
      schema: {
        operationId: 'getInvoiceBasis',
        summary: 'Read the basis of an invoice',
        description:
          'What the municipality owes for a quarter: a line per subscription, frequency and price list, with all that it is worked out from. It follows from the history of the agreements and the prices, which nobody can change: of a quarter that is over it is the same bytes each time; of others, as agreed by now.',
        tags: ['Subscriptions'],
        params: schemas.invoiceParams,
        querystring: schemas.invoiceQuery,
        response: {
          200: {
            description: 'The basis of the invoice.',
            content: {
              'application/json': { schema: schemas.invoiceSchema },
              'text/csv': { schema: schemas.invoiceCsvSchema },
            },
          },
          ...errorAnswers(INVALID_REQUEST, INVOICE_NEEDS_EVERY_DOMAIN),
        },
      },
      async handler(request, reply) {
        const basis = await readBasis(deps.pool, tenantOf(request), request.params.quarter);
        const [text, type] = wantsCsv(request)
          ? [toCsv(schemas.INVOICE_COLUMNS, schemas.toInvoiceRows(basis)), CSV_MEDIA_TYPE]
          : [JSON.stringify(basis), 'application/json; charset=utf-8'];
        return sendBody(request, reply as FastifyReply, Buffer.from(text), type) as never;
      },
    });
  });
}
