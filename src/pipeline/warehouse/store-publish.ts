// PostgreSQL of publication: the rows that make a revision visible, written in one transaction under the lock of (municipality, domain).
// Nothing is ever changed or deleted here but the state of the source delivery and its counters.

import type { TenantTx } from '../../platform/postgres/tenancy.ts';
import type { Slice, SliceDiff } from '../../slices/index.ts';
import type { RevisionKind } from './store.ts';

/** Only one transaction at a time makes a revision, or sweeps files, of (municipality, domain); held until it ends. */
export async function lockRevisions(tx: TenantTx, domain: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 4))', [`${tx.tenant.municipality} ${domain}`]);
}

/** Adds slices that have no row yet; a row that is there names the same content. */
export async function insertSlices(tx: TenantTx, slices: readonly Slice[]): Promise<void> {
  if (slices.length === 0) return;
  await tx.query(
    `insert into slice (municipality_code, table_name, period, sha256, schema_hash, domain, rows, csv_bytes, csv_crc32,
       segment_key, segment_bytes, segment_sha256, segment_crc32, parquet_key, parquet_bytes, parquet_sha256)
     select $1, "table", period, sha256, "schemaHash", domain, rows, "csvBytes", "csvCrc32",
       "segmentKey", "segmentBytes", "segmentSha256", "segmentCrc32", "parquetKey", "parquetBytes", "parquetSha256"
     from jsonb_to_recordset($2) as s("table" text, period text, sha256 text, "schemaHash" text, domain text, rows bigint,
       "csvBytes" bigint, "csvCrc32" bigint, "segmentKey" text, "segmentBytes" bigint, "segmentSha256" text, "segmentCrc32" bigint,
       "parquetKey" text, "parquetBytes" bigint, "parquetSha256" text)
     on conflict do nothing`,
    [tx.tenant.municipality, JSON.stringify(slices)],
  );
}

/** What a new revision is. */
export interface NewRevision {
  readonly domain: string;
  readonly revision: number;
  readonly kind: RevisionKind;
  readonly sourceDelivery: string | null;
  readonly restoredRevision: number | null;
  readonly slicesChanged: number;
}

export async function insertRevision(tx: TenantTx, revision: NewRevision): Promise<Date> {
  const [row] = await tx.query<{ createdAt: Date }>(
    `insert into revision (municipality_code, domain, revision, kind, source_delivery_id, restored_revision, created_at, slices_changed)
     values ($1, $2, $3, $4, $5, $6, clock_timestamp(), $7) returning created_at as "createdAt"`,
    [
      tx.tenant.municipality,
      revision.domain,
      revision.revision,
      revision.kind,
      revision.sourceDelivery,
      revision.restoredRevision,
      revision.slicesChanged,
    ],
  );
  return (row as { createdAt: Date }).createdAt;
}

/** What holds for a (table, period) from this revision on; a null slice means that the period is gone. */
export interface SliceChange {
  readonly table: string;
  readonly period: string;
  readonly sha256: string | null;
  readonly schemaHash: string | null;
}

export async function insertSliceChanges(
  tx: TenantTx,
  domain: string,
  revision: number,
  changes: readonly SliceChange[],
): Promise<void> {
  if (changes.length === 0) return;
  await tx.query(
    `insert into slice_change (municipality_code, domain, revision, table_name, period, slice_sha256, schema_hash)
     select $1, $2, $3, "table", period, sha256, "schemaHash"
     from jsonb_to_recordset($4) as c("table" text, period text, sha256 text, "schemaHash" text)`,
    [tx.tenant.municipality, domain, revision, JSON.stringify(changes)],
  );
}

/** What a rule says of one period of its table. */
export interface RuleCount {
  readonly rule: string;
  readonly table: string;
  readonly period: string;
  readonly severity: string;
  readonly count: number;
}

/** Writes the outcomes that differ from what the rule said before; nothing said yet is 0. */
export async function insertRuleResults(
  tx: TenantTx,
  domain: string,
  revision: number,
  outcomes: readonly RuleCount[],
): Promise<void> {
  if (outcomes.length === 0) return;
  await tx.query(
    `insert into rule_result (municipality_code, domain, revision, rule, table_name, period, severity, count)
     select $1, $2, $3, o.rule, o."table", o.period, o.severity, o.count
     from jsonb_to_recordset($4) as o(rule text, "table" text, period text, severity text, count bigint)
     left join lateral (
       select r.count, r.severity from rule_result r
        where r.domain = $2 and r.rule = o.rule and r.table_name = o."table" and r.period = o.period and r.revision < $3
        order by r.revision desc limit 1) before on true
     where o.count <> coalesce(before.count, 0) or (o.count > 0 and o.severity <> before.severity)`,
    [tx.tenant.municipality, domain, revision, JSON.stringify(outcomes)],
  );
}

/** @returns what every rule said at `revision`: the newest outcome of each (rule, table, period), 0 included. */
export function readRuleCounts(tx: TenantTx, domain: string, revision: number): Promise<RuleCount[]> {
  return tx.query<RuleCount>(
    `select distinct on (rule, table_name, period) rule, table_name as "table", period, severity, count
       from rule_result where domain = $1 and revision <= $2
      order by rule, table_name, period, revision desc`,
    [domain, revision],
  );
}

/** Adds computed differences; one that is there says the same. */
export async function insertDiffs(tx: TenantTx, diffs: readonly SliceDiff[]): Promise<void> {
  if (diffs.length === 0) return;
  await tx.query(
    `insert into slice_diff (municipality_code, table_name, period, from_sha256, to_sha256, schema_hash, revision,
       inserted, updated, deleted, csv_bytes, csv_crc32, csv_sha256, segment_key, segment_bytes, segment_sha256, segment_crc32)
     select $1, "table", period, "fromSha256", "toSha256", "schemaHash", revision,
       inserted, updated, deleted, "csvBytes", "csvCrc32", "csvSha256", "segmentKey", "segmentBytes", "segmentSha256", "segmentCrc32"
     from jsonb_to_recordset($2) as d("table" text, period text, "fromSha256" text, "toSha256" text, "schemaHash" text,
       revision integer, inserted bigint, updated bigint, deleted bigint, "csvBytes" bigint, "csvCrc32" bigint,
       "csvSha256" text, "segmentKey" text, "segmentBytes" bigint, "segmentSha256" text, "segmentCrc32" bigint)
     on conflict do nothing`,
    [tx.tenant.municipality, JSON.stringify(diffs)],
  );
}
