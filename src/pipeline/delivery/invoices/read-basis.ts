// Works out the basis of a municipality's invoice of a quarter, from its history and the prices as of one moment.
import type pg from 'pg';
import { writeAudit } from '../../../access/index.ts';
import { Problem } from '../../../platform/http/problem.ts';
import { type Tenant, withTenant } from '../../../platform/postgres/tenancy.ts';
import { listBetween } from '../prices/index.ts';
import { findFirstStart, listFrom, wasActivated } from '../subscriptions/index.ts';
import { INVOICE_NEEDS_EVERY_DOMAIN } from './errors.ts';
import { type InvoiceLine, invoiceTotal, type JoiningFee, joiningFeeOf, linesOf, quarterOf } from './rules.ts';

export interface InvoiceBasis {
  readonly municipality: string;
  readonly quarter: string;
  readonly from: string;
  readonly to: string;
  readonly lines: readonly InvoiceLine[];
  readonly joiningFee: JoiningFee | null;
  readonly total: string;
}

/** @param name `2027Q1`. @throws Problem `invoice-needs-every-domain` */
export async function readBasis(pool: pg.Pool, tenant: Tenant, name: string): Promise<InvoiceBasis> {
  // A part of it would look like the whole.
  if (tenant.domains !== null) throw new Problem(INVOICE_NEEDS_EVERY_DOMAIN);
  const quarter = quarterOf(name);
  return withTenant(
    pool,
    tenant,
    async (tx) => {
      const subscriptions = (await listFrom(tx, undefined, quarter.from)).filter(wasActivated);
      const lists = await listBetween(tx, quarter.from, quarter.to);
      const lines = subscriptions.flatMap((subscription) => linesOf(subscription, lists, quarter));
      const joiningFee = joiningFeeOf(await findFirstStart(tx), lists, quarter);
      await writeAudit(tx, 'getInvoiceBasis', { period: name });
      const { municipality } = tenant;
      return { municipality, quarter: name, ...quarter, lines, joiningFee, total: invoiceTotal(lines, joiningFee) };
    },
    { repeatableRead: true },
  );
}
