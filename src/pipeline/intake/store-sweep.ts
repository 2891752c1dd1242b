// PostgreSQL of sweeping: over all municipalities, worker only.
import type { SystemTx } from '../../platform/postgres/tenancy.ts';

/** @returns those of `keys` that a received file's row names. */
export async function namedKeys(tx: SystemTx, keys: readonly string[]): Promise<Set<string>> {
  const rows = await tx.query<{ key: string }>(
    'select storage_key as key from source_file where storage_key = any($1)',
    [keys],
  );
  return new Set(rows.map(({ key }) => key));
}

/** Forgets answers of POSTs that were given before `before`. @returns how many. */
export async function forgetAnswers(tx: SystemTx, before: Date): Promise<number> {
  const rows = await tx.query('delete from idempotency_key where created_at < $1 returning 1', [before]);
  return rows.length;
}
