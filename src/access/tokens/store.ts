// PostgreSQL of signing keys and used assertions.
import type { JWK } from 'jose';
import type { PublishedTx, SystemTx, TenantTx } from '../../platform/postgres/tenancy.ts';
import { ACCESS_CHANGED, SIGNING_KEYS } from '../store-changes.ts';
import type { KeyTimes } from './rules.ts';

export interface SigningKeyRow extends KeyTimes {
  readonly publicJwk: JWK;
  readonly sealed: Buffer;
}

/** Any number that nothing else in the database locks. */
const KEY_LOCK = 7_126_530_419;

export function listSigningKeys(tx: PublishedTx | SystemTx): Promise<SigningKeyRow[]> {
  return tx.query<SigningKeyRow>(
    `select key_id as "keyId", public_jwk as "publicJwk", sealed, used_from as "usedFrom", revoked_at as "revokedAt"
     from signing_key order by used_from, key_id`,
  );
}

/** Until the transaction ends, nobody else decides about keys. @returns the time, by the one clock that all who decide share */
export async function lockSigningKeys(tx: SystemTx): Promise<Date> {
  await tx.query('select pg_advisory_xact_lock($1)', [KEY_LOCK]);
  const [clock] = await tx.query<{ now: Date }>('select clock_timestamp() as now');
  return clock?.now ?? new Date();
}

export async function insertSigningKey(
  tx: SystemTx,
  key: Pick<SigningKeyRow, 'keyId' | 'publicJwk' | 'sealed' | 'usedFrom'>,
): Promise<void> {
  await tx.query('insert into signing_key (key_id, public_jwk, sealed, used_from) values ($1, $2, $3, $4)', [
    key.keyId,
    JSON.stringify(key.publicJwk),
    key.sealed,
    key.usedFrom,
  ]);
  await announceKeys(tx);
}

/** @returns whether there was such a key that was not revoked yet */
export async function markRevoked(tx: SystemTx, keyId: string): Promise<boolean> {
  const rows = await tx.query(
    'update signing_key set revoked_at = now() where key_id = $1 and revoked_at is null returning key_id',
    [keyId],
  );
  await announceKeys(tx);
  return rows.length === 1;
}

export async function deleteSigningKeys(tx: SystemTx, keyIds: readonly string[]): Promise<void> {
  await tx.query('delete from signing_key where key_id = any ($1)', [keyIds]);
  await announceKeys(tx);
}

async function announceKeys(tx: SystemTx): Promise<void> {
  await tx.query('select pg_notify($1, $2)', [ACCESS_CHANGED, SIGNING_KEYS]);
}

/** Marks an assertion as used. @returns false when it was used before, by whomever and however closely */
export async function useAssertion(tx: TenantTx, clientId: string, jti: string, expiresAt: Date): Promise<boolean> {
  const rows = await tx.query(
    `insert into used_assertion (municipality_code, client_id, jti, expires_at) values ($1, $2, $3, $4)
     on conflict do nothing returning jti`,
    [tx.tenant.municipality, clientId, jti, expiresAt],
  );
  return rows.length === 1;
}

/** Forgets assertions that have expired at `now`, with room for clocks. @returns how many */
export async function deleteExpiredAssertions(tx: SystemTx, now: Date): Promise<number> {
  const rows = await tx.query(
    `delete from used_assertion where expires_at < $1::timestamptz - interval '2 minutes' returning jti`,
    [now],
  );
  return rows.length;
}
