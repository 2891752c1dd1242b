// PostgreSQL of announced changes: read by everybody, added and withdrawn by the operator, never changed. Days are asked for as text: the check before a
// start reads over a connection that makes dates of them.
import type { PublishedTx, Tx } from '../../../platform/postgres/tenancy.ts';
import type { Day } from '../../../platform/time/local-time.ts';
import type { ColumnChange, SchemaChange } from './rules.ts';

type Row = Omit<SchemaChange, 'description' | 'withdrawal' | 'carriedOutOn'> & {
  readonly lastCarriedOutOn: Day | null;
  readonly da: string;
  readonly en: string;
  readonly withdrawnAt: Date | null;
  readonly reason: string | null;
};

const CHANGE = `select c.schema_change_id as id, c.table_name as "table", c.domain, c.effective_on::text as "effectiveOn", c.columns,
    c.description_da as da, c.description_en as en, c.announced_at as "announcedAt", w.withdrawn_at as "withdrawnAt", w.reason,
    coalesce(d.columns, '{}') as "carriedOut", d.used_from::text as "lastCarriedOutOn"
  from schema_change c left join schema_change_withdrawal w using (schema_change_id)
    cross join lateral (
      select array_agg(o."column") as columns, max(v.used_from) as used_from
        from schema_version v cross join jsonb_to_recordset(v.carries_out) as o("schemaChange" uuid, "column" text)
       where v.table_name = c.table_name and o."schemaChange" = c.schema_change_id) d`;

function fromRow({ da, en, withdrawnAt, reason, lastCarriedOutOn, ...row }: Row): SchemaChange {
  const isDone = row.columns.every(({ column }) => row.carriedOut.includes(column));
  return {
    ...row,
    carriedOutOn: isDone ? lastCarriedOutOn : null,
    description: { da, en },
    withdrawal: withdrawnAt === null ? null : { at: withdrawnAt, reason: reason ?? '' },
  };
}

export interface ChangeFilter {
  readonly domain?: string | undefined;
  readonly table?: string | undefined;
  readonly from?: Day | undefined;
}

/** @returns changes, the latest day first. @param after day and id of the last one known; null: from the beginning */
export async function listChanges(
  tx: Tx,
  { domain = null, table = null, from = null }: { [Key in keyof ChangeFilter]: ChangeFilter[Key] | null },
  after: readonly [Day, string] | null,
  limit: number,
): Promise<SchemaChange[]> {
  const rows = await tx.query<Row>(
    `${CHANGE} where ($1::text is null or c.domain = $1) and ($2::text is null or c.table_name = $2) and ($3::date is null or c.effective_on >= $3)
       and ($4::date is null or (c.effective_on, c.schema_change_id) < ($4, $5::uuid))
     order by c.effective_on desc, c.schema_change_id desc limit $6`,
    [domain, table, from, after?.[0] ?? null, after?.[1] ?? null, limit],
  );
  return rows.map(fromRow);
}

/** @returns all changes of all tables: whether a process may start depends on any of them. */
export async function listAllChanges(tx: Tx): Promise<SchemaChange[]> {
  return (await tx.query<Row>(`${CHANGE} order by c.announced_at, c.schema_change_id`)).map(fromRow);
}

export async function findChange(tx: Tx, id: string): Promise<SchemaChange | undefined> {
  const [row] = await tx.query<Row>(`${CHANGE} where c.schema_change_id = $1`, [id]);
  return row && fromRow(row);
}

/** Until the transaction ends, nobody else announces, withdraws or carries out a change. */
export async function lockSchemas(tx: PublishedTx): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('schema changes', 0))`);
}

export interface NewChange extends Pick<SchemaChange, 'id' | 'table' | 'domain' | 'effectiveOn' | 'description'> {
  readonly columns: readonly ColumnChange[];
}

export async function insertChange(
  tx: PublishedTx,
  { id, table, domain, effectiveOn, columns, description }: NewChange,
  { at, by }: { readonly at: Date; readonly by: string },
): Promise<void> {
  await tx.query(
    `insert into schema_change (schema_change_id, table_name, domain, effective_on, columns, description_da, description_en, announced_at, announced_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [id, table, domain, effectiveOn, JSON.stringify(columns), description.da, description.en, at, by],
  );
}

export async function insertWithdrawal(
  tx: PublishedTx,
  id: string,
  { reason, at, by }: { readonly reason: string; readonly at: Date; readonly by: string },
): Promise<void> {
  await tx.query(
    'insert into schema_change_withdrawal (schema_change_id, reason, withdrawn_at, withdrawn_by) values ($1, $2, $3, $4)',
    [id, reason, at, by],
  );
}
