// Writes the audit log: who did what, in the transaction that it tells of; and how often released values were read. Never a person, never a value.
import type { PublishedTx, SystemTx, TenantTx } from '../platform/postgres/tenancy.ts';

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
  );
}

/** Adds one row for an operation that belongs to no municipality; like `writeAudit` in the transaction that it tells of. */
export async function writeOperatorAudit(
  tx: PublishedTx | SystemTx,
  { clientId, requestId }: { readonly clientId: string; readonly requestId: string },
  operation: string,
  object: AuditObject,
): Promise<void> {
  await tx.query(
    'insert into operator_audit_entry (client_id, request_id, operation, object) values ($1, $2, $3, $4)',
    [clientId, requestId, operation, JSON.stringify(object)],
  );
}

export interface CountedRead {
  readonly clientId: string;
  /** Null: an operator. */
  readonly reader: string | null;
  readonly object: string;
  readonly reads: number;
}

/** Adds the reads of released values that were counted in a minute. */
export async function insertReads(tx: PublishedTx, minute: Date, counted: readonly CountedRead[]): Promise<void> {
  await tx.query(
    `insert into released_read (minute, client_id, reader, object, reads)
     select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::int[])`,
    [
      minute,
      counted.map(({ clientId }) => clientId),
      counted.map(({ reader }) => reader),
      counted.map(({ object }) => object),
      counted.map(({ reads }) => reads),
    ],
  );
}
