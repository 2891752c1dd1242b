// PostgreSQL of the files of deliveries: what was agreed to be sent, which bytes of it were, and the receipt for it.
import type { TenantTx } from '../../../platform/postgres/tenancy.ts';

export interface DeliveryFile {
  readonly name: string;
  readonly rows: number | null;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** How many of its bytes were sent so far, ranges added up. */
  readonly bytesSent: number;
}

/** Adds the files of a delivery. */
export async function insertDeliveryFiles(
  tx: TenantTx,
  id: string,
  files: readonly Pick<DeliveryFile, 'name' | 'rows' | 'bytes' | 'sha256'>[],
): Promise<void> {
  await tx.query(
    `insert into delivery_file (municipality_code, delivery_id, name, rows, bytes, sha256)
     select $1, $2, name, rows, bytes, sha256
       from jsonb_to_recordset($3) as f(name text, rows bigint, bytes bigint, sha256 text)`,
    [tx.tenant.municipality, id, JSON.stringify(files)],
  );
}

/** @returns the files of a delivery by name; none before it is ready. */
export function listDeliveryFiles(tx: TenantTx, id: string): Promise<DeliveryFile[]> {
  return tx.query<DeliveryFile>(
    `select name, rows, bytes, sha256,
       (select coalesce(sum(upper(part) - lower(part)), 0) from unnest(sent) part)::bigint as "bytesSent"
       from delivery_file where delivery_id = $1 order by name collate "C"`,
    [id],
  );
}

/** Adds bytes `start` to `end` (both included) of a file to what was sent. */
export async function addSent(tx: TenantTx, id: string, name: string, start: number, end: number): Promise<void> {
  await tx.query(
    `update delivery_file set sent = sent + int8multirange(int8range($3::bigint, $4::bigint, '[]'))
      where delivery_id = $1 and name = $2`,
    [id, name, start, end],
  );
}

/** Marks a ready delivery fetched if every byte of every file was sent. @returns whether it did */
export async function markFetched(tx: TenantTx, id: string, now: Date): Promise<boolean> {
  const rows = await tx.query(
    `update delivery d set state = 'fetched', fetched_at = $2
      where d.delivery_id = $1 and d.state = 'ready' and not exists (
        select from delivery_file f where f.municipality_code = d.municipality_code and f.delivery_id = d.delivery_id
           and f.bytes > 0 and not f.sent @> int8range(0, f.bytes))
      returning d.delivery_id`,
    [id, now],
  );
  return rows.length === 1;
}

/** A receipt as it was given. */
export interface Acknowledgement {
  readonly clientId: string;
  readonly acknowledgedAt: Date;
  /** Compact JWS. */
  readonly receipt: string;
}

export async function findAcknowledgement(tx: TenantTx, id: string): Promise<Acknowledgement | undefined> {
  const [row] = await tx.query<Acknowledgement>(
    `select client_id as "clientId", acknowledged_at as "acknowledgedAt", receipt from delivery_acknowledgement where delivery_id = $1`,
    [id],
  );
  return row;
}

/** Keeps the receipt. Only under the lock of the delivery, once. */
export async function insertAcknowledgement(tx: TenantTx, id: string, receipt: string, now: Date): Promise<void> {
  const { municipality, clientId, mandate } = tx.tenant;
  await tx.query(
    `insert into delivery_acknowledgement (municipality_code, delivery_id, client_id, mandate_id, acknowledged_at, receipt)
     values ($1, $2, $3, $4, $5, $6)`,
    [municipality, id, clientId, mandate?.id ?? null, now, receipt],
  );
}
