// Assembles the files of a package out of segments and has their digests computed. It compresses nothing but header lines.
import type { Domain, Table } from '../../domains/definition.ts';
import type { Digester } from '../../platform/digest/digester.ts';
import type { DigestPiece } from '../../platform/digest/thread.ts';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import {
  assembleGzip,
  assembleZip,
  DELTA_COLUMNS,
  headerLine,
  identityTableOf,
  literalSegment,
  type Part,
  type Segment,
  type Slice,
  segmentOf,
} from '../../slices/index.ts';
import {
  describeArchive,
  describePackage,
  type PackageFacts,
  type StoredManifest,
  type TableFacts,
} from './describe-package.ts';
import { ARCHIVE, CSV_SUFFIX, IDENTITY, IDENTITY_SCOPE, MEDIA_TYPES } from './rules.ts';
import type { PackageFile } from './store-files.ts';

/** A table's rows as stored segments, in the order of their periods. */
export interface TableSegments {
  readonly table: Table;
  readonly rows: number;
  readonly segments: readonly Segment[];
}

export interface AssembledPackage {
  readonly manifest: StoredManifest;
  readonly files: readonly PackageFile[];
}

export interface AssembleDeps {
  readonly storage: ObjectStorage;
  readonly digester: Digester;
}

/** @param identity the slices of identity pairs; with none there is no `identitet.csv.gz` */
export async function assembleFiles(
  { storage, digester }: AssembleDeps,
  domain: Domain,
  facts: PackageFacts,
  content: readonly TableSegments[],
  identity: readonly Slice[],
): Promise<AssembledPackage> {
  const tables = content.map(({ table, rows, segments }) => {
    const names = table.columns.map(({ name }) => name);
    const header = headerLine(facts.kind === 'delta' ? [...DELTA_COLUMNS, ...names] : names);
    const all = [literalSegment(header), ...segments];
    return { table, rows, segments: all, plainBytes: plainBytesOf(all), gzip: assembleGzip(all) };
  });
  const descriptor = literalSegment(describeArchive(domain, facts, tables));
  const zip = assembleZip([
    { name: 'datapackage.json', segments: [descriptor] },
    ...tables.map(({ table, segments }) => ({ name: `${table.name}.csv`, segments })),
  ]);
  const digest = async (parts: readonly Part[]) =>
    digester.digest(await Promise.all(parts.map((part) => pieceOf(storage, part))));
  const [archiveSha256, ...tableSha256s] = await Promise.all(
    [zip, ...tables.map(({ gzip }) => gzip)].map(({ parts }) => digest(parts)),
  );
  const csvFiles = tables.map(({ table, rows, gzip }, index): PackageFile => {
    const sha256 = tableSha256s[index] as string;
    return { name: `${table.name}${CSV_SUFFIX}`, mediaType: MEDIA_TYPES.gzip, scope: '', rows, sha256, ...gzip };
  });
  const archive: PackageFile = {
    name: ARCHIVE,
    mediaType: MEDIA_TYPES.zip,
    scope: '',
    // For the audit log: who fetched it has the rows of all tables.
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    sha256: archiveSha256 as string,
    ...zip,
  };
  const described = tables.map((table, index) => ({
    ...factsOf(table),
    file: fileFacts(csvFiles[index] as PackageFile),
  }));
  return {
    manifest: describePackage(domain, facts, described, fileFacts(archive)),
    files: [...csvFiles, archive, ...(await assembleIdentity(digest, domain, identity))],
  };
}

async function pieceOf(storage: ObjectStorage, part: Part): Promise<DigestPiece> {
  if ('literal' in part) return part;
  const { key, ...range } = part;
  return { path: await storage.localPath(key), ...range };
}

function plainBytesOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { plainBytes }) => sum + plainBytes, 0);
}

function factsOf({ table, rows, plainBytes }: TableFacts): TableFacts {
  return { table, rows, plainBytes };
}

function fileFacts({ bytes, sha256 }: PackageFile) {
  return { bytes, hash: `sha256:${sha256}` };
}

async function assembleIdentity(
  digest: (parts: readonly Part[]) => Promise<string>,
  domain: Domain,
  slices: readonly Slice[],
): Promise<PackageFile[]> {
  if (slices.length === 0) return [];
  const header = headerLine(identityTableOf(domain).columns.map(({ name }) => name));
  const gzip = assembleGzip([literalSegment(header), ...slices.map(segmentOf)]);
  const rows = slices.reduce((sum, slice) => sum + slice.rows, 0);
  const sha256 = await digest(gzip.parts);
  return [{ name: IDENTITY, mediaType: MEDIA_TYPES.gzip, scope: IDENTITY_SCOPE, rows, sha256, ...gzip }];
}
