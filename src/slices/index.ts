// The face of the idea: what stages may use of slices, segments and the reading of revisions.
export { type Assembled, assembleGzip, assembleZip, type ZipEntry } from './assemble-archive.ts';
export { combineCrc32 } from './combine-crc32.ts';
export { DELTA_COLUMNS, diffSlices } from './diff-slices.ts';
export { copyParts, digestParts, lengthOf as lengthOfPart, readParts, WrongBytes } from './read-parts.ts';
export { contentIdOf, headerLine, literalSegment, type Part, type Segment, segmentOf } from './segment.ts';
export {
  columnSqlType,
  type HeldSlice,
  identityTableOf,
  isIdentityTable,
  type Slice,
  type SliceDiff,
  type SlicePair,
  schemaHashOf,
} from './slice.ts';
export { latestRevision, readRevision, readSlicePairs, revisionAt } from './store.ts';
export { parquetRows } from './store-duckdb.ts';
export { type SliceSpec, writeSlice, writeSlices } from './write-slices.ts';
