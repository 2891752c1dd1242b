// PostgreSQL of revisions as users read them: the list, one revision, the counts of what changed. Each function runs for one municipality.
import type { TenantTx } from '../../platform/postgres/tenancy.ts';

export type RevisionKind = 'total' | 'delta' | 'restore' | 'schema';

/** A revision of (municipality, domain). */
export interface Revision {
  readonly revision: number;
  readonly kind: RevisionKind;
  readonly sourceDelivery: string | null;
  readonly restoredRevision: number | null;
  readonly createdAt: Date;
  /** Slices whose content differs from the revision before. */
  readonly slicesChanged: number;
}

const REVISION = `revision, kind, source_delivery_id as "sourceDelivery", restored_revision as "restoredRevision",
  created_at as "createdAt", slices_changed as "slicesChanged"`;

/** @returns up to `limit` revisions older than `before` and made at or before `asOf`, newest first. */
export function listRevisions(
  tx: TenantTx,
  domain: string,
  filter: { readonly before: number | undefined; readonly asOf: Date | undefined },
  limit: number,
): Promise<Revision[]> {
  return tx.query<Revision>(
    `select ${REVISION} from revision
      where domain = $1 and ($2::integer is null or revision < $2) and ($3::timestamptz is null or created_at <= $3)
      order by revision desc limit $4`,
    [domain, filter.before ?? null, filter.asOf ?? null, limit],
  );
}

/** @returns the revision, or `undefined` when this municipality has none by that number. */
export async function findRevision(tx: TenantTx, domain: string, revision: number): Promise<Revision | undefined> {
  const [row] = await tx.query<Revision>(`select ${REVISION} from revision where domain = $1 and revision = $2`, [
    domain,
    revision,
  ]);
  return row;
}

/** Names of one slice pair's two sides. */
export interface PairKey {
  readonly table: string;
  readonly period: string;
  readonly from: string;
  readonly to: string;
  readonly schemaHash: string;
}

/** Row counts of a stored difference. */
export interface PairCounts extends PairKey {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

/** @returns the stored counts of those pairs that have been compared; the `_revision` inside a stored difference plays no part in them. */
export function findPairCounts(tx: TenantTx, pairs: readonly PairKey[]): Promise<PairCounts[]> {
  return tx.query<PairCounts>(
    `select distinct on (p."table", p.period) p.*, d.inserted, d.updated, d.deleted
       from jsonb_to_recordset($1) as p("table" text, period text, "from" text, "to" text, "schemaHash" text)
       join slice_diff d on d.table_name = p."table" and d.period = p.period and d.from_sha256 = p."from"
         and d.to_sha256 = p."to" and d.schema_hash = p."schemaHash"`,
    [JSON.stringify(pairs)],
  );
}
