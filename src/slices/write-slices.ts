// Writes slices: canonical CSV and Parquet by DuckDB, the segment by zlib, all into storage before any row names them.
// It writes no PostgreSQL row; the caller publishes the facts in its own transaction.
import { randomUUID } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { DomainId, Table } from '../domains/definition.ts';
import type { Duck } from '../platform/duckdb/duckdb.ts';
import { withFileBytes } from '../platform/lent-buffers.ts';
import type { ObjectStorage, StoredObject } from '../platform/storage/storage.ts';
import type { MunicipalityCode } from '../platform/tenant.ts';
import { isIdentityTable, type Slice, schemaHashOf } from './slice.ts';
import { canonicalQuery, copyParquetToCsv, copyToParquet, countParquetRows } from './store-duckdb.ts';
import { compressText, digestFile, digestText, keepSegment, putSegment, type TextFacts } from './store-segment.ts';

/** One slice to write. `rows` is a DuckDB query with the table's columns for the rows of exactly this period. */
export interface SliceSpec {
  readonly municipality: MunicipalityCode;
  readonly domain: DomainId;
  readonly table: Table;
  readonly period: string;
  readonly rows: string;
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
 * table, period, schema and content, that very slice is returned and nothing is stored: it was only made and hashed.
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
      const { slice, writing } = await startSlice(duck, storage, spec, before.get(`${spec.table.name}/${spec.period}`));
      results.push(slice);
      inFlight.push(slice);
      await writing;
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

/** The files of one slice in the job's folder. */
interface Drafts {
  readonly parquet: string;
  readonly csv: string;
  readonly segment: string;
}

/** Up to so many rows a slice is handled in memory: streams and their buffers of a megabyte each cost more than its few bytes (measured: half of a small load). */
const SMALL_ROWS = 20_000;

/** Does DuckDB's part of a slice and lets the rest run on. The promise is wrapped, or awaiting this function would await it too. */
async function startSlice(duck: Duck, storage: ObjectStorage, spec: SliceSpec, known: Slice | undefined) {
  const stem = join(duck.folder, randomUUID());
  const drafts: Drafts = { parquet: `${stem}.parquet`, csv: `${stem}.csv`, segment: `${stem}.deflate` };
  // Sorted once: the CSV is written from the Parquet file, whose order it keeps.
  const rows = await copyToParquet(duck, canonicalQuery(spec.table, spec.rows), drafts.parquet);
  const writing = copyParquetToCsv(duck, drafts.parquet, drafts.csv);
  const same = known?.schemaHash === schemaHashOf(spec.table) ? known : undefined;
  const keep = rows <= SMALL_ROWS ? keepSmallSlice : keepSlice;
  const slice = keep(duck, storage, spec, drafts, writing, same);
  slice.catch(() => {});
  return { slice, writing };
}

/** A slice whose text is read while it is written; where there is a known one, its text is compared first. */
async function keepSlice(
  duck: Duck,
  storage: ObjectStorage,
  spec: SliceSpec,
  drafts: Drafts,
  writing: Promise<number>,
  known: Slice | undefined,
): Promise<Slice> {
  if (known !== undefined) {
    await writing;
    if ((await digestFile(drafts.csv)).sha256 === known.sha256) return keepKnown(drafts, known);
  }
  const text = await compressText(drafts.csv, writing, drafts.segment);
  const rows = await writing;
  const segment = await keepSegment(storage, namesOf(spec, text.sha256).segment, drafts.segment, text.sha256);
  return completeSlice(duck, storage, spec, drafts, { rows, text, segment });
}

/** A slice whose text fits into memory. */
async function keepSmallSlice(
  duck: Duck,
  storage: ObjectStorage,
  spec: SliceSpec,
  drafts: Drafts,
  writing: Promise<number>,
  known: Slice | undefined,
): Promise<Slice> {
  const rows = await writing;
  return withFileBytes(drafts.csv, async (bytes) => {
    const text = digestText(bytes);
    if (text.sha256 === known?.sha256) return keepKnown(drafts, known);
    const segment = await putSegment(storage, namesOf(spec, text.sha256).segment, bytes, text.sha256);
    return completeSlice(duck, storage, spec, drafts, { rows, text, segment });
  });
}

async function keepKnown(drafts: Drafts, known: Slice): Promise<Slice> {
  await unlink(drafts.parquet);
  await unlink(drafts.csv);
  return known;
}

async function completeSlice(
  duck: Duck,
  storage: ObjectStorage,
  spec: SliceSpec,
  drafts: Drafts,
  { rows, text, segment }: { rows: number; text: TextFacts; segment: StoredObject },
): Promise<Slice> {
  const names = namesOf(spec, text.sha256);
  const parquet = await storeParquet(duck, storage, names.parquet, drafts.parquet, rows, spec.table);
  // Storage has moved the other drafts.
  await unlink(drafts.csv);
  return {
    municipality: spec.municipality,
    domain: spec.domain,
    table: spec.table.name,
    period: spec.period,
    sha256: text.sha256,
    schemaHash: schemaHashOf(spec.table),
    rows,
    csvBytes: text.bytes,
    csvCrc32: text.crc32,
    segmentKey: segment.key,
    segmentBytes: segment.bytes,
    segmentSha256: segment.sha256,
    segmentCrc32: segment.crc32,
    parquetKey: parquet.key,
    parquetBytes: parquet.bytes,
    parquetSha256: parquet.sha256,
  };
}
