// PostgreSQL of the schemas that tables had: read by everybody, added by the worker, never changed.
import type { PublishedTx, Tx } from '../../../platform/postgres/tenancy.ts';
import type { Day } from '../../../platform/time/local-time.ts';
import type { TableSchema } from './rules.ts';

/** A schema as it is kept; versions of a table count from 1. */
export interface SchemaVersion extends TableSchema {
  readonly table: string;
  readonly version: number;
}

/** A column of an announced change that a schema brings about. */
export interface CarriedOut {
  readonly schemaChange: string;
  readonly column: string;
}

/** @returns the newest schema of every table that ever had one. */
export function listNewestVersions(tx: Tx): Promise<SchemaVersion[]> {
  return tx.query<SchemaVersion>(
    `select distinct on (table_name) table_name as "table", version, schema_hash as "schemaHash", columns
     from schema_version order by table_name, version desc`,
  );
}

export async function insertVersion(
  tx: PublishedTx,
  { table, version, schemaHash, columns }: SchemaVersion,
  usedFrom: Day,
  carriesOut: readonly CarriedOut[],
): Promise<void> {
  await tx.query(
    `insert into schema_version (table_name, version, schema_hash, columns, used_from, carries_out) values ($1, $2, $3, $4, $5, $6)`,
    [table, version, schemaHash, JSON.stringify(columns), usedFrom, JSON.stringify(carriesOut)],
  );
}
