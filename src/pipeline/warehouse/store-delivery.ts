// PostgreSQL of a source delivery while it is loaded: its state, files, counters and findings. Each function runs for one municipality.

import type { TenantTx } from '../../platform/postgres/tenancy.ts';
import type { Dialect, ReceivedFile } from '../intake/index.ts';
import type { Finding, Findings } from '../quality/index.ts';

/** A source delivery that is being loaded. */
export interface LoadedDelivery {
  readonly id: string;
  readonly domain: string;
  readonly kind: 'total' | 'delta';
  readonly sourceSystem: string;
  readonly periodFrom: string;
  readonly periodTo: string;
  readonly sequence: number | null;
  /** The month (`YYYY-MM`) whose days it can know of: that of the extract, or in which it was submitted. */
  readonly handedIn: string;
}

/** A received file of it. */
export interface LoadedFile extends ReceivedFile {
  readonly table: string;
  readonly dialect: Dialect;
  readonly announcedRows: number | null;
}

/** Moves a submitted delivery to `loading`. @returns it, or `undefined` when it is finished already. */
export async function startLoading(tx: TenantTx, id: string): Promise<LoadedDelivery | undefined> {
  const [row] = await tx.query<LoadedDelivery>(
    `update source_delivery set state = 'loading' where source_delivery_id = $1 and state in ('submitted', 'loading')
     returning source_delivery_id as id, domain, kind, source_system as "sourceSystem", period_from as "periodFrom",
       period_to as "periodTo", sequence, to_char(least(extracted_on, (submitted_at at time zone 'UTC')::date), 'YYYY-MM') as "handedIn"`,
    [id],
  );
  return row;
}

export function listLoadedFiles(tx: TenantTx, id: string): Promise<LoadedFile[]> {
  return tx.query<LoadedFile>(
    `select municipality_code as municipality, table_name as "table", storage_key as "storageKey", bytes, encrypted, compression, dialect,
       announced_rows as "announcedRows" from source_file where source_delivery_id = $1 order by table_name collate "C"`,
    [id],
  );
}

/** How a delivery ended. */
export type DeliveryEnd =
  | { readonly state: 'accepted'; readonly revision: number }
  | { readonly state: 'rejected' }
  | { readonly state: 'failed'; readonly failure: string };

/** Ends a delivery that is being loaded. @returns false when somebody has ended it already: then nothing may follow from it. */
export async function endDelivery(tx: TenantTx, id: string, end: DeliveryEnd): Promise<boolean> {
  const rows = await tx.query(
    `update source_delivery set state = $2, revision = $3, failure = $4, finished_at = clock_timestamp()
      where source_delivery_id = $1 and state in ('submitted', 'loading') returning 1`,
    [id, end.state, end.state === 'accepted' ? end.revision : null, end.state === 'failed' ? end.failure : null],
  );
  return rows.length === 1;
}

/** Puts a failed delivery back into the queue's hands. @returns its domain, or `undefined` when it has not failed. */
export async function reopenFailed(tx: TenantTx, id: string): Promise<string | undefined> {
  const [row] = await tx.query<{ domain: string }>(
    `update source_delivery set state = 'submitted', failure = null, finished_at = null
      where source_delivery_id = $1 and state = 'failed' returning domain`,
    [id],
  );
  return row?.domain;
}

/** Notes how many records each file had. */
export async function setFileRows(tx: TenantTx, id: string, rows: ReadonlyMap<string, number>): Promise<void> {
  await tx.query(
    `update source_file f set rows = counted.rows
       from jsonb_to_recordset($2) as counted("table" text, rows bigint)
      where f.source_delivery_id = $1 and f.table_name = counted."table"`,
    [id, JSON.stringify([...rows].map(([table, count]) => ({ table, rows: count })))],
  );
}

/** Keeps findings in the order found, numbered from 1, and the counts of all. */
export async function insertFindings(tx: TenantTx, id: string, findings: Findings): Promise<void> {
  const { municipality } = tx.tenant;
  if (findings.counts.length === 0) return;
  await tx.query(
    `insert into finding_count (municipality_code, source_delivery_id, rule, table_name, severity, count)
     select $1, $2, rule, "table", severity, count
     from jsonb_to_recordset($3) as c(rule text, "table" text, severity text, count bigint)`,
    [municipality, id, JSON.stringify(findings.counts)],
  );
  await tx.query(
    `insert into finding (municipality_code, source_delivery_id, number, rule, severity, table_name, period, row, column_name,
       reference, message_da, message_en)
     select $1, $2, number, rule, severity, "table", period, row, "column", reference, da, en
     from jsonb_to_recordset($3) as f(number integer, rule text, severity text, "table" text, period text, row bigint,
       "column" text, reference text, message integer)
     join jsonb_to_recordset($4) as m(message integer, da text, en text) using (message)`,
    [municipality, id, ...flatFindings(findings.examples).map((list) => JSON.stringify(list))],
  );
}

/** The examples with the numbers of their messages, and the messages: a thousand examples of a rule mostly say the same. */
function flatFindings(examples: readonly Finding[]): [object[], object[]] {
  const messages = new Map<string, { message: number; da: string; en: string }>();
  const flat = examples.map(({ message: { da, en }, ...finding }, index) => {
    const known = messages.get(`${da}\n${en}`) ?? { message: messages.size, da, en };
    messages.set(`${da}\n${en}`, known);
    return { number: index + 1, ...finding, message: known.message };
  });
  return [flat, [...messages.values()]];
}

/** @returns the last accepted delta number of a source system; 0 after a total or when there was none. */
export async function readLastSequence(tx: TenantTx, domain: string, sourceSystem: string): Promise<number> {
  const [row] = await tx.query<{ last: number }>(
    'select last from delta_sequence where domain = $1 and source_system = $2',
    [domain, sourceSystem],
  );
  return row?.last ?? 0;
}

export async function setLastSequence(tx: TenantTx, domain: string, sourceSystem: string, last: number): Promise<void> {
  await tx.query(
    `insert into delta_sequence (municipality_code, domain, source_system, last) values ($1, $2, $3, $4)
     on conflict (municipality_code, domain, source_system) do update set last = excluded.last`,
    [tx.tenant.municipality, domain, sourceSystem, last],
  );
}

/** @returns those of `tables` that another source system delivers. */
export async function listForeignTables(
  tx: TenantTx,
  tables: readonly string[],
  sourceSystem: string,
): Promise<string[]> {
  const rows = await tx.query<{ name: string }>(
    'select table_name as name from table_source where table_name = any($1) and source_system <> $2 order by 1',
    [tables, sourceSystem],
  );
  return rows.map(({ name }) => name);
}

export async function setTableSource(tx: TenantTx, tables: readonly string[], sourceSystem: string): Promise<void> {
  await tx.query(
    `insert into table_source (municipality_code, table_name, source_system) select $1, unnest($2::text[]), $3
     on conflict (municipality_code, table_name) do update set source_system = excluded.source_system, since = now()
       where table_source.source_system <> excluded.source_system`,
    [tx.tenant.municipality, tables, sourceSystem],
  );
}
