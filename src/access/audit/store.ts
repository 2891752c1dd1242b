// PostgreSQL of the audit log: adding rows in the transaction that they tell of, and reading them. Never a person, never a value; no row is ever changed.
import type { PublishedTx, SystemTx, TenantTx } from '../../platform/postgres/tenancy.ts';

/**
 * What an operation touched. Names with one meaning everywhere: `domain`, `period`, `rows`, `bytes`, `cpr` (whether CPR numbers were in it);
 * besides them the kind and id of the thing, e.g. `package`.
 */
export type AuditObject = Readonly<Record<string, string | number | boolean | null>>;

/**
 * `done`: the operation of this transaction. `started`: bytes are about to leave, which a row of its own tells the end of: `complete` or `broken-off`.
 * `nothing-sent`: a file was asked about and none of its bytes were sent. `refused`: requests that were answered with a refusal, in a transaction of
 * its own: their number, the code of the problem and the time of the first are in the object.
 */
export const OUTCOMES = ['done', 'started', 'complete', 'broken-off', 'nothing-sent', 'refused'] as const;

export type Outcome = (typeof OUTCOMES)[number];

export interface NewEntry {
  readonly operation: string;
  readonly object: AuditObject;
  readonly outcome: Outcome;
  /** The number of the entry whose end this one tells. */
  readonly completes?: number;
}

/** Adds one row. @returns its number */
export async function insertEntry(tx: TenantTx, entry: NewEntry): Promise<number> {
  const { municipality, clientId, requestId, mandate } = tx.tenant;
  const { operation, object, outcome, completes = null } = entry;
  const [row] = await tx.query<{ entry: number }>(
    `insert into audit_entry (municipality_code, client_id, request_id, operation, object, outcome, completes, mandate_id, purpose)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning entry`,
    [
      ...[municipality, clientId, requestId, operation, JSON.stringify(object), outcome, completes],
      ...[mandate?.id ?? null, mandate?.purpose ?? null],
    ],
  );
  return row?.entry ?? 0;
}

/**
 * Adds one row for `operation` (the operation's id in the OpenAPI document, e.g. `createPackage`).
 * If the transaction rolls back, so does the row: what did not happen is not logged as done.
 */
export async function writeAudit(
  tx: TenantTx,
  operation: string,
  object: AuditObject,
  outcome: 'done' | 'refused' = 'done',
): Promise<void> {
  await insertEntry(tx, { operation, object, outcome });
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

/** An entry as its municipality reads it: a transfer and its end are one. */
export interface AuditEntry {
  readonly entry: number;
  readonly at: Date;
  readonly client: string;
  readonly mandate: string | null;
  readonly purpose: string | null;
  readonly requestId: string;
  readonly operation: string;
  readonly object: AuditObject;
  /** The number of the block that seals it; null until then. */
  readonly block: number | null;
  /** Of a transfer, the outcome of its end as soon as there is one. */
  readonly outcome: Outcome;
  readonly endEntry: number | null;
  readonly endAt: Date | null;
  readonly endObject: AuditObject | null;
  readonly endBlock: number | null;
}

export interface EntryFilter {
  readonly from: Date | undefined;
  readonly to: Date | undefined;
  readonly client: string | undefined;
  readonly operation: string | undefined;
  readonly domain: string | undefined;
}

/** Blocks follow one another without a gap, so the first one that ends at the number or later holds it. */
const blockOf = (entry: string) =>
  `(select number from audit_block where entry_to >= ${entry} order by entry_to, number limit 1)`;

/** @returns up to `limit` entries with numbers below `before`, newest first. */
export function listEntries(
  tx: TenantTx,
  { from, to, client, operation, domain }: EntryFilter,
  before: number | undefined,
  limit: number,
): Promise<AuditEntry[]> {
  return tx.query<AuditEntry>(
    `select e.entry, e.at, e.client_id as client, e.mandate_id as mandate, e.purpose, e.request_id as "requestId", e.operation, e.object,
            ${blockOf('e.entry')} as block, coalesce(c.outcome, e.outcome) as outcome,
            c.entry as "endEntry", c.at as "endAt", c.object as "endObject", ${blockOf('c.entry')} as "endBlock"
       from audit_entry e
       left join audit_entry c on c.municipality_code = e.municipality_code and c.completes = e.entry
      where e.completes is null and e.municipality_code = $1
        and e.at >= coalesce($2::timestamptz, '-infinity') and e.at < coalesce($3::timestamptz, 'infinity')
        and ($4::text is null or e.client_id = $4) and ($5::text is null or e.operation = $5)
        and ($6::text is null or e.object ->> 'domain' = $6) and e.entry < coalesce($7::bigint, 9223372036854775807)
      order by e.entry desc limit $8`,
    [tx.tenant.municipality, from, to, client, operation, domain, before, limit],
  );
}
