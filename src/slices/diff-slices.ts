// The net difference of two slices of one (table, period) by natural key: what a delta package and "what changed" are made of.
// Both sides are read from Parquet by DuckDB; the rows become a segment of their own.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Table } from '../domains/definition.ts';
import type { Duck } from '../platform/duckdb/duckdb.ts';
import type { ObjectStorage } from '../platform/storage/storage.ts';
import { type Slice, type SliceDiff, schemaHashOf } from './slice.ts';
import { copyDifference } from './store-duckdb.ts';
import { compressText, keepSegment } from './store-segment.ts';

/** The columns in front of a delta's rows: `I` inserted, `U` updated (new values), `D` deleted (key and old values); and the revision. */
export const DELTA_COLUMNS = ['_op', '_revision'] as const;

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
  const path = join(duck.folder, `${randomUUID()}.csv`);
  const sides = { from: await pathOf(storage, from), to: await pathOf(storage, to) };
  const counts = await copyDifference(duck, table, sides, revision, path);
  const deflated = `${path}.deflate`;
  const text = await compressText(path, Promise.resolve(), deflated);
  const key = `diffs/table=${table.name}/municipality=${side.municipality}/period=${side.period}/${text.sha256}.deflate`;
  const segment = await keepSegment(storage, key, deflated, text.sha256);
  await rm(path);
  return {
    municipality: side.municipality,
    table: table.name,
    period: side.period,
    fromSha256: from?.sha256 ?? '',
    toSha256: to?.sha256 ?? '',
    schemaHash,
    revision,
    ...counts,
    csvBytes: text.bytes,
    csvCrc32: text.crc32,
    csvSha256: text.sha256,
    segmentKey: segment.key,
    segmentBytes: segment.bytes,
    segmentSha256: segment.sha256,
    segmentCrc32: segment.crc32,
  };
}

async function pathOf(storage: ObjectStorage, slice: Slice | null): Promise<string | null> {
  return slice === null ? null : storage.localPath(slice.parquetKey);
}
