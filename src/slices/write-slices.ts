// Writes slices: canonical CSV and Parquet by DuckDB, the segment by zlib, all into storage before any row names them.
// It writes no PostgreSQL row; the caller publishes the facts in its own transaction.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DomainId, Table } from '../domains/definition.ts';
import type { Duck } from '../platform/duckdb/duckdb.ts';
import type { ObjectStorage } from '../platform/storage/storage.ts';
import type { MunicipalityCode } from '../platform/tenant.ts';
import { isIdentityTable, type Slice, schemaHashOf } from './slice.ts';
import { canonicalQuery, copyToCsv, copyToParquet, countParquetRows } from './store-duckdb.ts';
import { type DigestedFile, digestFile, storeSegment } from './store-segment.ts';

/** One slice to write. `relation` names a DuckDB table or view with the table's columns, holding the rows of exactly this period. */
export interface SliceSpec {
  readonly municipality: MunicipalityCode;
  readonly domain: DomainId;
  readonly table: Table;
  readonly period: string;
  readonly relation: string;
}

interface Names {
  readonly segment: string;
  readonly parquet: string;
}

/** The Parquet name carries the schema too: the same text (an empty slice, say) under another declaration has other typed columns. */
function namesOf(spec: SliceSpec, sha256: string): Names {
  const root = isIdentityTable(spec.table.name) ? 'identity' : 'slices';
  const folder = `${root}/table=${spec.table.name}/municipality=${spec.municipality}/period=${spec.period}`;
  return {
    segment: `${folder}/${sha256}.deflate`,
    parquet: `${folder}/${sha256}-${schemaHashOf(spec.table).slice(0, 12)}.parquet`,
  };
}

async function storeParquet(duck: Duck, storage: ObjectStorage, key: string, path: string, rows: number, table: Table) {
  const stored = await storage.putFile(key, path);
  // A file of that name was there before: its bytes may differ between DuckDB versions, rows and columns may not.
  if (!stored.created && (await countParquetRows(duck, table, await storage.localPath(key))) !== rows) {
    throw new Error(`stored file ${key} does not hold the rows of its name`);
  }
  return stored;
}

/** Slices that are deflated while DuckDB writes the next one: two keep both cores busy and at most three CSV files on disk. */
const IN_FLIGHT = 2;

/**
 * Writes one slice per spec; results are in the order of `specs`. Where `known` (the slices of the revision before) holds a slice of the same
 * table, period, schema and content, that very slice is returned and nothing is written: only its CSV was made and hashed.
 * @throws when a stored object of the slice's name holds something else
 */
export async function writeSlices(
  duck: Duck,
  storage: ObjectStorage,
  specs: readonly SliceSpec[],
  known: readonly Slice[] = [],
): Promise<Slice[]> {
  const before = new Map(known.map((slice) => [`${slice.table}/${slice.period}`, slice]));
  const results: Promise<Slice>[] = [];
  const inFlight: Promise<unknown>[] = [];
  try {
    for (const spec of specs) {
      if (inFlight.length >= IN_FLIGHT) await inFlight.shift();
      const result = await startSlice(duck, storage, spec, before.get(`${spec.table.name}/${spec.period}`));
      results.push(result.slice);
      inFlight.push(result.slice);
    }
    return await Promise.all(results);
  } finally {
    // The job's folder goes away next: nothing may still be reading in it.
    await Promise.allSettled(results);
  }
}

/** Writes one slice. */
export async function writeSlice(
  duck: Duck,
  storage: ObjectStorage,
  spec: SliceSpec,
  known: readonly Slice[] = [],
): Promise<Slice> {
  const [slice] = await writeSlices(duck, storage, [spec], known);
  return slice as Slice;
}

/** Does DuckDB's part of a slice and lets the rest run on. The promise is wrapped, or awaiting this function would await it too. */
async function startSlice(duck: Duck, storage: ObjectStorage, spec: SliceSpec, known: Slice | undefined) {
  const query = canonicalQuery(spec.table, spec.relation);
  const path = join(duck.folder, `${randomUUID()}.csv`);
  const rows = await copyToCsv(duck, query, path);
  const digested = digestFile(path);
  digested.catch(() => {});
  // With a slice before, the hash decides whether Parquet is worth writing; without one DuckDB need not wait for it.
  if (
    known !== undefined &&
    (await digested).sha256 === known.sha256 &&
    known.schemaHash === schemaHashOf(spec.table)
  ) {
    await rm(path);
    return { slice: Promise.resolve(known) };
  }
  const segment = digested.then((csv) => storeCsv(storage, spec, csv));
  segment.catch(() => {});
  const parquet = join(duck.folder, `${randomUUID()}.parquet`);
  await copyToParquet(duck, query, parquet);
  const slice = (async () => completeSlice(duck, storage, spec, await segment, parquet, rows))();
  slice.catch(() => {});
  return { slice };
}

async function storeCsv(storage: ObjectStorage, spec: SliceSpec, csv: DigestedFile) {
  const segment = await storeSegment(storage, namesOf(spec, csv.sha256).segment, csv);
  await rm(csv.path);
  return { csv, segment };
}

async function completeSlice(
  duck: Duck,
  storage: ObjectStorage,
  spec: SliceSpec,
  { csv, segment }: Awaited<ReturnType<typeof storeCsv>>,
  file: string,
  rows: number,
): Promise<Slice> {
  const parquet = await storeParquet(duck, storage, namesOf(spec, csv.sha256).parquet, file, rows, spec.table);
  return {
    municipality: spec.municipality,
    domain: spec.domain,
    table: spec.table.name,
    period: spec.period,
    sha256: csv.sha256,
    schemaHash: schemaHashOf(spec.table),
    rows,
    csvBytes: csv.bytes,
    csvCrc32: csv.crc32,
    segmentKey: segment.key,
    segmentBytes: segment.bytes,
    segmentSha256: segment.sha256,
    parquetKey: parquet.key,
    parquetBytes: parquet.bytes,
    parquetSha256: parquet.sha256,
  };
}
