// PostgreSQL of the calendar: the deliveries that there are, of a span of days. What is to come is in no table.
import type { TenantTx } from '../../../platform/postgres/tenancy.ts';
import { STATE } from '../deliveries/store.ts';
import type { Entry, Span } from './rules.ts';

/** @returns the deliveries of a domain (undefined: of every one) that are due in the span, as far as the transaction may see them. */
export function listDelivered(tx: TenantTx, { from, to }: Span, domain: string | undefined): Promise<Entry[]> {
  return tx.query<Entry>(
    `select d.delivery_id as id, d.subscription_id as "subscriptionId", d.replaces, d.domain, d.due_on::text as "dueOn",
       d.promised_at as "promisedAt", ${STATE} as state, d.late_reason as "lateReason", d.agreed_kind as "agreedKind", d.tables, d.formats,
       d.ready_at as "readyAt", d.fetched_at as "fetchedAt", d.acknowledged_at as "acknowledgedAt", p.revoked_at as "revokedAt",
       p.revocation_reason as "revocationReason", d.created_at as since
     from delivery d left join package p on p.municipality_code = d.municipality_code and p.package_id = d.package_id
     where d.municipality_code = $1 and d.due_on between $2 and $3 and ($4::text is null or d.domain = $4)`,
    [tx.tenant.municipality, from, to, domain],
  );
}
