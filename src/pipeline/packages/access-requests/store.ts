// PostgreSQL of access requests themselves: what is asked, and what was answered, both sealed. Every function but the deletion of what has expired runs
// in the transaction of one municipality. What has expired is not there, whether it was deleted yet or not.
import type { SystemTx, TenantTx } from '../../../platform/postgres/tenancy.ts';

export type RequestState = 'searching' | 'answered' | 'failed';

export interface AccessRequest {
  readonly id: string;
  readonly state: RequestState;
  readonly createdAt: Date;
  readonly answeredAt: Date | null;
  readonly expiresAt: Date;
  /** Sealed; null until it is answered. */
  readonly answer: Buffer | null;
}

const COLUMNS = `access_request_id as id, state, created_at as "createdAt", answered_at as "answeredAt", expires_at as "expiresAt", answer`;

/** Adds a request in state `searching`, for the domains of the caller. @param keepDays days until it is forgotten, answer and all */
export async function insertRequest(
  tx: TenantTx,
  id: string,
  sealedPerson: Buffer,
  keepDays: number,
): Promise<AccessRequest> {
  const { municipality, clientId, domains } = tx.tenant;
  const [row] = await tx.query<AccessRequest>(
    `insert into access_request (municipality_code, access_request_id, client_id, domains, state, expires_at, person)
     values ($1, $2, $3, $4, 'searching', now() + $5::integer * interval '1 day', $6) returning ${COLUMNS}`,
    [municipality, id, clientId, domains, keepDays, sealedPerson],
  );
  return row as AccessRequest;
}

/** @returns the request, if its answer is about no domain that the caller may not see. */
export async function findRequest(tx: TenantTx, id: string): Promise<AccessRequest | undefined> {
  const [row] = await tx.query<AccessRequest>(
    `select ${COLUMNS} from access_request
      where access_request_id = $1 and expires_at > now() and ($2::text[] is null or domains <@ $2::text[])`,
    [id, tx.tenant.domains],
  );
  return row;
}

/** What the search needs: the sealed person, and since when (24 months before the request) what happened counts. */
export interface SearchOrder {
  readonly person: Buffer;
  readonly domains: readonly string[] | null;
  readonly since: Date;
}

/** @returns undefined when there is nothing to search for (any more). */
export async function findOrder(tx: TenantTx, id: string, months: number): Promise<SearchOrder | undefined> {
  const [row] = await tx.query<SearchOrder>(
    `select person, domains, created_at - $2::integer * interval '1 month' as since from access_request
      where access_request_id = $1 and state = 'searching' and expires_at > now()`,
    [id, months],
  );
  return row;
}

/** Keeps the answer and forgets the person. @returns false when it is not being searched for (any more) */
export async function keepAnswer(tx: TenantTx, id: string, sealedAnswer: Buffer): Promise<boolean> {
  const rows = await tx.query(
    `update access_request set state = 'answered', answered_at = now(), answer = $2, person = null
      where access_request_id = $1 and state = 'searching' returning access_request_id`,
    [id, sealedAnswer],
  );
  return rows.length === 1;
}

/** Records that the search failed, and forgets the person. */
export async function markFailed(tx: TenantTx, id: string): Promise<void> {
  await tx.query(
    `update access_request set state = 'failed', person = null where access_request_id = $1 and state = 'searching'`,
    [id],
  );
}

/** Deletes what has expired, of every municipality. @returns how many */
export async function deleteExpired(tx: SystemTx, now: Date): Promise<number> {
  const rows = await tx.query('delete from access_request where expires_at <= $1 returning access_request_id', [now]);
  return rows.length;
}
