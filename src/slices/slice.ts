// What a slice, the difference of two slices and a segment ARE. Types and names only; nothing here reads or writes.
import { createHash } from 'node:crypto';
import type { ColumnType, Domain, DomainId, Table } from '../domains/definition.ts';
import type { MunicipalityCode } from '../platform/tenant.ts';

/** The rows of one table of one municipality for one period: an immutable file named by the sha256 (hex) of its canonical CSV. */
export interface Slice {
  readonly municipality: MunicipalityCode;
  readonly domain: DomainId;
  readonly table: string;
  readonly period: string;
  readonly sha256: string;
  readonly schemaHash: string;
  readonly rows: number;
  /** Length of the canonical CSV. */
  readonly csvBytes: number;
  /** CRC-32 of the canonical CSV, unsigned. */
  readonly csvCrc32: number;
  readonly segmentKey: string;
  readonly segmentBytes: number;
  readonly segmentSha256: string;
  /** CRC-32 of the segment's bytes, unsigned; null: not known. */
  readonly segmentCrc32: number | null;
  readonly parquetKey: string;
  readonly parquetBytes: number;
  readonly parquetSha256: string;
}

/** A slice in the list of a revision. `revision` is the one that introduced it there. */
export interface HeldSlice extends Slice {
  readonly revision: number;
}

/** What happened to one (table, period) between two revisions; `null` stands for "no slice". `revision` introduced the newer side. */
export interface SlicePair {
  readonly table: string;
  readonly period: string;
  readonly from: Slice | null;
  readonly to: Slice | null;
  readonly revision: number;
}

/** The net difference of two slices of one (table, period), as a segment of canonical CSV with `_op` and `_revision` in front. `''` stands for "no slice". */
export interface SliceDiff {
  readonly municipality: MunicipalityCode;
  readonly table: string;
  readonly period: string;
  readonly fromSha256: string;
  readonly toSha256: string;
  readonly schemaHash: string;
  readonly revision: number;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly csvBytes: number;
  readonly csvCrc32: number;
  readonly csvSha256: string;
  readonly segmentKey: string;
  readonly segmentBytes: number;
  readonly segmentSha256: string;
  /** CRC-32 of the segment's bytes, unsigned; null: not known. */
  readonly segmentCrc32: number | null;
}

const IDENTITY_PREFIX = 'identitet_';

/** @returns whether a table is the hidden table of identity pairs of some domain. */
export function isIdentityTable(name: string): boolean {
  return name.startsWith(IDENTITY_PREFIX);
}

/**
 * The hidden table of a domain's identity pairs (pseudonym, CPR). It is sliced like any table (period `all`), but it is in no catalogue,
 * list, change or package; it leaves only as `identitet.csv.gz` to the owner with scope `cpr:read`.
 */
export function identityTableOf(domain: Pick<Domain, 'id'>): Table {
  const column = (name: string, da: string, en: string, type: ColumnType) => ({
    name,
    title: { da, en },
    description: { da, en },
    type,
    nullable: false,
    sensitivity: 'personal' as const,
  });
  return {
    name: `${IDENTITY_PREFIX}${domain.id.replaceAll('-', '_')}`,
    title: { da: 'Identiteter', en: 'Identities' },
    description: {
      da: 'Sammenhæng mellem pseudonymet borger_id og cpr-nummeret for alle borgere i områdets data.',
      en: 'Which CPR number each pseudonym borger_id stands for, for all persons in the domain’s data.',
    },
    columns: [
      column('kommunekode', 'Kommunekode', 'Municipality code', { type: 'text', maxLength: 3 }),
      column('borger_id', 'Pseudonym', 'Pseudonym', { type: 'person' }),
      column('cpr', 'Cpr-nummer', 'CPR number', { type: 'text', maxLength: 10, pattern: '^[0-9]{10}$' }),
    ],
    key: ['kommunekode', 'borger_id'],
    period: { kind: 'none' },
    sources: [],
  };
}

/** The DuckDB type of a column's values in typed relations and Parquet files. */
export function columnSqlType(type: ColumnType): string {
  switch (type.type) {
    case 'integer':
      return 'BIGINT';
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`;
    case 'money':
      return 'DECIMAL(15,2)';
    case 'date':
      return 'DATE';
    case 'boolean':
      return 'BOOLEAN';
    default:
      return 'VARCHAR';
  }
}

/** sha256 (hex) of what decides a table's bytes: column names, types, nullability, key and period; not titles, code lists or limits. */
export function schemaHashOf(table: Table): string {
  const shape = {
    columns: table.columns.map((column) => [
      column.name,
      columnSqlType(column.type),
      column.type.type,
      column.nullable,
    ]),
    key: table.key,
    period: table.period.kind === 'none' ? ['none'] : [table.period.kind, table.period.from],
  };
  return createHash('sha256').update(JSON.stringify(shape)).digest('hex');
}
