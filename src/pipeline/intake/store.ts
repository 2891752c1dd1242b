// PostgreSQL of source deliveries and their files. Every function runs in the transaction of one municipality.
import type { TenantTx } from '../../platform/postgres/tenancy.ts';
import type { ReceivedFile } from './open-received-file.ts';
import type { Dialect } from './read-header.ts';
import type { DeliveryKind, EarlierDelivery } from './rules.ts';

export type DeliveryState = 'open' | 'submitted' | 'loading' | 'accepted' | 'rejected' | 'failed';

/** A source delivery. Months are `YYYY-MM`; `cursor` is its place in a listing. */
export interface SourceDelivery {
  readonly id: string;
  readonly domain: string;
  readonly kind: DeliveryKind;
  readonly sourceSystem: string;
  readonly periodFrom: string;
  readonly periodTo: string;
  readonly sequence: number | null;
  /** ISO date. */
  readonly extractedOn: string | null;
  readonly state: DeliveryState;
  readonly revision: number | null;
  readonly failure: string | null;
  readonly createdAt: Date;
  readonly submittedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly cursor: string;
}

const DELIVERY = `source_delivery_id as id, domain, kind, source_system as "sourceSystem", period_from as "periodFrom",
  period_to as "periodTo", sequence, extracted_on::text as "extractedOn", state, revision, failure, created_at as "createdAt", submitted_at as "submittedAt",
  finished_at as "finishedAt", (extract(epoch from created_at) * 1000000)::bigint::text as cursor`;

export type NewDelivery = Pick<
  SourceDelivery,
  'id' | 'domain' | 'kind' | 'sourceSystem' | 'periodFrom' | 'periodTo' | 'sequence' | 'extractedOn'
>;

export async function insertDelivery(tx: TenantTx, delivery: NewDelivery): Promise<SourceDelivery> {
  const { id, domain, kind, sourceSystem, periodFrom, periodTo, sequence, extractedOn } = delivery;
  const [row] = await tx.query<SourceDelivery>(
    `insert into source_delivery (municipality_code, source_delivery_id, domain, kind, source_system, period_from, period_to, sequence, client_id, extracted_on)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning ${DELIVERY}`,
    [
      tx.tenant.municipality,
      id,
      domain,
      kind,
      sourceSystem,
      periodFrom,
      periodTo,
      sequence,
      tx.tenant.clientId,
      extractedOn,
    ],
  );
  return row as SourceDelivery;
}

/** @returns the delivery, locked against other changes when `lock`; `undefined` when this municipality has none by that id. */
export async function findDelivery(
  tx: TenantTx,
  id: string,
  options: { readonly lock?: boolean } = {},
): Promise<SourceDelivery | undefined> {
  const [row] = await tx.query<SourceDelivery>(
    `select ${DELIVERY} from source_delivery where source_delivery_id = $1 ${options.lock ? 'for update' : ''}`,
    [id],
  );
  return row;
}

/** Filters of a listing; months are compared with the span of a delivery. */
export interface DeliveryFilter {
  readonly domain: string | undefined;
  readonly kind: DeliveryKind | undefined;
  readonly state: DeliveryState | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** @returns up to `limit` deliveries, newest first, after the cursor (microseconds since 1970, id). */
export function listDeliveries(
  tx: TenantTx,
  filter: DeliveryFilter,
  after: readonly [string, string] | undefined,
  limit: number,
): Promise<SourceDelivery[]> {
  return tx.query<SourceDelivery>(
    `select ${DELIVERY} from source_delivery
      where ($1::text is null or domain = $1) and ($2::text is null or kind = $2) and ($3::text is null or state = $3)
        and ($4::text is null or period_to >= $4) and ($5::text is null or period_from <= $5)
        and ($6::text is null or (created_at, source_delivery_id) < (timestamptz 'epoch' + $6::bigint * interval '1 microsecond', $7::uuid))
      order by created_at desc, source_delivery_id desc limit $8`,
    [filter.domain, filter.kind, filter.state, filter.from, filter.to, after?.[0], after?.[1], limit],
  );
}

/** A received file's row. */
export interface SourceFile extends ReceivedFile {
  readonly table: string;
  readonly sha256: string;
  readonly dialect: Dialect;
  readonly receivedAt: Date;
  /** Data rows that the sender says it has. */
  readonly announcedRows: number | null;
  /** Data rows; null until the file has been read through. */
  readonly rows: number | null;
}

const FILE = `municipality_code as municipality, table_name as "table", storage_key as "storageKey", bytes, sha256, encrypted,
  compression, dialect, received_at as "receivedAt", announced_rows as "announcedRows", rows`;

/** @returns the files of a delivery, by table. */
export function listFiles(tx: TenantTx, deliveryId: string): Promise<SourceFile[]> {
  return tx.query<SourceFile>(
    `select ${FILE} from source_file where source_delivery_id = $1 order by table_name collate "C"`,
    [deliveryId],
  );
}

/** Makes a received file the one of its table. @returns it, and the storage key of the file it took the place of. */
export async function putFile(
  tx: TenantTx,
  deliveryId: string,
  file: Omit<SourceFile, 'municipality' | 'receivedAt' | 'rows'>,
): Promise<{ readonly file: SourceFile; readonly replaced: string | undefined }> {
  // The delivery's row is locked by the caller, so nobody exchanges the file between these two statements.
  const [before] = await tx.query<{ key: string }>(
    'select storage_key as key from source_file where source_delivery_id = $1 and table_name = $2',
    [deliveryId, file.table],
  );
  const [row] = await tx.query<SourceFile>(
    `insert into source_file (municipality_code, source_delivery_id, table_name, storage_key, bytes, sha256, encrypted, compression, dialect, announced_rows)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (municipality_code, source_delivery_id, table_name) do update
       set storage_key = excluded.storage_key, bytes = excluded.bytes, sha256 = excluded.sha256, encrypted = excluded.encrypted,
           compression = excluded.compression, dialect = excluded.dialect, announced_rows = excluded.announced_rows, received_at = now()
     returning ${FILE}`,
    [
      tx.tenant.municipality,
      deliveryId,
      file.table,
      file.storageKey,
      file.bytes,
      file.sha256,
      file.encrypted,
      file.compression,
      JSON.stringify(file.dialect),
      file.announcedRows,
    ],
  );
  return { file: row as SourceFile, replaced: before?.key };
}

/** Submissions of a domain pass one at a time, so their numbers and the order of their jobs agree. */
export async function lockSubmissions(tx: TenantTx, domain: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 2))', [`${tx.tenant.municipality} ${domain}`]);
}

/** @returns the last accepted delta number of a source system, and its deliveries that wait to be loaded, in order. */
export async function readSequence(
  tx: TenantTx,
  domain: string,
  sourceSystem: string,
): Promise<{ readonly accepted: number; readonly waiting: EarlierDelivery[] }> {
  const [row] = await tx.query<{ last: number }>(
    'select last from delta_sequence where domain = $1 and source_system = $2',
    [domain, sourceSystem],
  );
  const waiting = await tx.query<EarlierDelivery>(
    `select kind, sequence from source_delivery
      where domain = $1 and source_system = $2 and state in ('submitted', 'loading') order by submitted_at`,
    [domain, sourceSystem],
  );
  return { accepted: row?.last ?? 0, waiting };
}

/** @returns the source system of each of `tables` that has one: by the newest total that waits to be loaded, else as accepted. */
export function readTableSources(
  tx: TenantTx,
  tables: readonly string[],
): Promise<{ table: string; sourceSystem: string }[]> {
  return tx.query(
    `select distinct on ("table") "table", "sourceSystem" from (
       select table_name as "table", source_system as "sourceSystem", '-infinity'::timestamptz as since
         from table_source where table_name = any($1)
       union all
       select f.table_name, d.source_system, d.submitted_at
         from source_delivery d join source_file f using (municipality_code, source_delivery_id)
        where d.state in ('submitted', 'loading') and d.kind = 'total' and f.table_name = any($1)
     ) known order by "table", since desc`,
    [tables],
  );
}

export async function markSubmitted(tx: TenantTx, id: string): Promise<SourceDelivery> {
  const [row] = await tx.query<SourceDelivery>(
    `update source_delivery set state = 'submitted', submitted_at = clock_timestamp()
      where source_delivery_id = $1 and state = 'open' returning ${DELIVERY}`,
    [id],
  );
  return row as SourceDelivery;
}
