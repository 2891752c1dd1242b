// The net difference of two slices of one (table, period) by natural key: what a delta package and "what changed" are made of.
// Both sides are read from Parquet by DuckDB; the rows become a segment of their own.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Table } from '../domains/definition.ts';
import { type Duck, quoteIdentifier } from '../platform/duckdb/duckdb.ts';
import type { ObjectStorage } from '../platform/storage/storage.ts';
import { copyToCsv, nameList, parquetRows } from './canonical-csv.ts';
import { columnSqlType, type Slice, type SliceDiff, schemaHashOf } from './slice.ts';
import { digestFile, storeSegment } from './store-segment.ts';

/** The columns in front of a delta's rows: `I` inserted, `U` updated (new values), `D` deleted (key and old values); and the revision. */
export const DELTA_COLUMNS = ['_op', '_revision'] as const;

interface Counts {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

/**
 * Computes and stores the difference from → to; `null` stands for "no slice". `revision` (that introduced the newer side) is written into every row.
 * @throws when the two sides are of different schemas: the caller refuses that earlier, with a code that says to take a total
 */
export async function diffSlices(
  duck: Duck,
  storage: ObjectStorage,
  table: Table,
  from: Slice | null,
  to: Slice | null,
  revision: number,
): Promise<SliceDiff> {
  const side = to ?? from;
  const schemaHash = schemaHashOf(table);
  if (side === null) throw new TypeError('a difference needs a slice on one side at least');
  if ([from, to].some((slice) => slice !== null && slice.schemaHash !== schemaHash)) {
    throw new TypeError('a difference needs both slices under the declared schema');
  }
  const relation = `diff_${randomUUID().replaceAll('-', '')}`;
  const path = join(duck.folder, `${relation}.csv`);
  const [older, newer] = [await parquetOf(storage, table, from), await parquetOf(storage, table, to)];
  await duck.run(`create temp table ${relation} as ${differenceQuery(table, older, newer, revision)}`);
  const [counts] = await duck.all<Counts>(
    `select count(*) filter (_op = 'I') as inserted, count(*) filter (_op = 'U') as updated,
       count(*) filter (_op = 'D') as deleted from ${relation}`,
  );
  await copyToCsv(duck, `select * from ${relation} order by ${nameList(table.key)}`, path);
  await duck.run(`drop table ${relation}`);
  const csv = await digestFile(path);
  const key = `diffs/table=${table.name}/municipality=${side.municipality}/period=${side.period}/${csv.sha256}.deflate`;
  const segment = await storeSegment(storage, key, csv);
  await rm(path);
  return {
    municipality: side.municipality,
    table: table.name,
    period: side.period,
    fromSha256: from?.sha256 ?? '',
    toSha256: to?.sha256 ?? '',
    schemaHash,
    revision,
    ...(counts as Counts),
    csvBytes: csv.bytes,
    csvCrc32: csv.crc32,
    csvSha256: csv.sha256,
    segmentKey: segment.key,
    segmentBytes: segment.bytes,
    segmentSha256: segment.sha256,
  };
}

async function parquetOf(storage: ObjectStorage, table: Table, slice: Slice | null): Promise<string> {
  if (slice !== null) return parquetRows([await storage.localPath(slice.parquetKey)]);
  const columns = table.columns.map(({ name, type }) => `null::${columnSqlType(type)} as ${quoteIdentifier(name)}`);
  return `(select ${columns.join(', ')} where false)`;
}

/** Key columns are never null, so a null key column after the outer join means "no row on that side". */
function differenceQuery(table: Table, older: string, newer: string, revision: number): string {
  const probe = quoteIdentifier(table.key[0] as string);
  const match = table.key.map((name) => `o.${quoteIdentifier(name)} = n.${quoteIdentifier(name)}`).join(' and ');
  const values = table.columns.map(({ name }) => {
    const column = quoteIdentifier(name);
    return `case when n.${probe} is null then o.${column} else n.${column} end as ${column}`;
  });
  const changed = table.columns
    .filter(({ name }) => !table.key.includes(name))
    .map(({ name }) => `o.${quoteIdentifier(name)} is distinct from n.${quoteIdentifier(name)}`);
  return `select case when o.${probe} is null then 'I' when n.${probe} is null then 'D' else 'U' end as _op,
      ${Math.trunc(revision)}::bigint as _revision, ${values.join(', ')}
    from ${older} o full outer join ${newer} n on ${match}
    where o.${probe} is null or n.${probe} is null${changed.map((condition) => ` or ${condition}`).join('')}`;
}
