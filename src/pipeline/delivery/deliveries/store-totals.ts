// PostgreSQL of control totals and of published keys: the sums of slices, computed once each, and who signed.
import type { JWK } from 'jose';
import type { PublishedTx, SystemTx, TenantTx } from '../../../platform/postgres/tenancy.ts';
import type { HeldSlice } from '../../../slices/index.ts';
import type { Totals } from './rules.ts';

const keyOf = ({ table, period, sha256, schemaHash }: Pick<HeldSlice, 'table' | 'period' | 'sha256' | 'schemaHash'>) =>
  `${table}/${period}/${sha256}/${schemaHash}`;

/** @returns the stored sums of those slices that have them, in the place of each slice; undefined where there are none. */
export async function findTotals(tx: TenantTx, slices: readonly HeldSlice[]): Promise<(Totals | undefined)[]> {
  const rows = await tx.query<Pick<HeldSlice, 'table' | 'period' | 'sha256' | 'schemaHash'> & { totals: Totals }>(
    `select t.table_name as "table", t.period, t.sha256, t.schema_hash as "schemaHash", t.totals
       from jsonb_to_recordset($2) as s("table" text, period text, sha256 text, "schemaHash" text)
       join slice_total t on t.municipality_code = $1 and t.table_name = s."table" and t.period = s.period
        and t.sha256 = s.sha256 and t.schema_hash = s."schemaHash"`,
    [
      tx.tenant.municipality,
      JSON.stringify(slices.map(({ table, period, sha256, schemaHash }) => ({ table, period, sha256, schemaHash }))),
    ],
  );
  const found = new Map(rows.map((row) => [keyOf(row), row.totals]));
  return slices.map((slice) => found.get(keyOf(slice)));
}

/** Keeps the sums of slices; what is there stays. */
export async function insertTotals(
  tx: TenantTx,
  totals: readonly { readonly slice: HeldSlice; readonly totals: Totals }[],
): Promise<void> {
  if (totals.length === 0) return;
  await tx.query(
    `insert into slice_total (municipality_code, table_name, period, sha256, schema_hash, domain, totals)
     select $1, "table", period, sha256, "schemaHash", domain, totals
       from jsonb_to_recordset($2) as s("table" text, period text, sha256 text, "schemaHash" text, domain text, totals jsonb)
     on conflict do nothing`,
    [
      tx.tenant.municipality,
      JSON.stringify(
        totals.map(({ slice: { table, period, sha256, schemaHash, domain }, totals }) => ({
          table,
          period,
          sha256,
          schemaHash,
          domain,
          totals,
        })),
      ),
    ],
  );
}

/** Publishes the key that signs from now on, unless it is published. */
export async function insertKey(tx: SystemTx, keyId: string, jwk: JWK, now: Date): Promise<void> {
  await tx.query('insert into manifest_key (key_id, jwk, used_from) values ($1, $2, $3) on conflict do nothing', [
    keyId,
    JSON.stringify(jwk),
    now,
  ]);
}

/** @returns every key that ever signed, the oldest first. */
export async function listKeys(tx: PublishedTx): Promise<JWK[]> {
  const rows = await tx.query<{ jwk: JWK }>('select jwk from manifest_key order by used_from, key_id');
  return rows.map(({ jwk }) => jwk);
}
