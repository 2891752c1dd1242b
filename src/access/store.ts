// Writes the audit log: who did what, in the transaction that it tells of. Never a person, never a value.
import type { TenantTx } from '../platform/postgres/tenancy.ts';

/** What an operation touched: kind and id, domain, period, rows, bytes, with CPR or not. */
export type AuditObject = Readonly<Record<string, string | number | boolean | null>>;

/**
 * Adds one row for `operation` (the operation's id in the OpenAPI document, e.g. `createPackage`).
 * If the transaction rolls back, so does the row: what did not happen is not logged as done.
 */
export async function writeAudit(tx: TenantTx, operation: string, object: AuditObject): Promise<void> {
  const { municipality, clientId, requestId } = tx.tenant;
  await tx.query(
    'insert into audit_entry (municipality_code, client_id, request_id, operation, object) values ($1, $2, $3, $4, $5)',
    [municipality, clientId, requestId, operation, JSON.stringify(object)],
    'audit-entry',
  );
}
