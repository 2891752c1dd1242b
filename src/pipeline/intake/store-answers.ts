// PostgreSQL of remembered POST answers: found and kept in the transaction of the effect.
import type { TenantTx } from '../../platform/postgres/tenancy.ts';

/** An answer as it was given the first time. */
export interface Answer {
  readonly status: number;
  readonly location: string | null;
  readonly body: unknown;
}

/** Makes a second request with the same key wait until the first has committed or failed. */
export async function lockAnswer(tx: TenantTx, key: string): Promise<void> {
  const { municipality, clientId } = tx.tenant;
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 1))', [`${municipality} ${clientId} ${key}`]);
}

/** @returns the kept answer of this municipality's client to `key`, with the hash of the request it answered. */
export async function findAnswer(
  tx: TenantTx,
  key: string,
): Promise<(Answer & { readonly requestSha256: string }) | undefined> {
  const [row] = await tx.query<Answer & { requestSha256: string }>(
    `select status, location, body, request_sha256 as "requestSha256"
       from idempotency_key where client_id = $1 and key = $2`,
    [tx.tenant.clientId, key],
  );
  return row;
}

export async function keepAnswer(
  tx: TenantTx,
  request: { readonly key: string; readonly operation: string; readonly sha256: string },
  answer: Answer,
): Promise<void> {
  await tx.query(
    `insert into idempotency_key (municipality_code, client_id, key, operation, request_sha256, status, location, body)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      tx.tenant.municipality,
      tx.tenant.clientId,
      request.key,
      request.operation,
      request.sha256,
      answer.status,
      answer.location,
      JSON.stringify(answer.body),
    ],
  );
}
