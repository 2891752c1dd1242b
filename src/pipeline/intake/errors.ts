// The problems of handing in source data. Each says what to do; none repeats a value from a file.
import { defineProblem } from '../../platform/http/problem.ts';

export const DELIVERY_NOT_OPEN = defineProblem({
  code: 'source-delivery-not-open',
  status: 409,
  title: 'The source delivery has been submitted and takes no more changes',
  action: 'Create a new source delivery. `state` says how far this one is.',
});

export const DELIVERY_WITHOUT_FILES = defineProblem({
  code: 'source-delivery-without-files',
  status: 409,
  title: 'The source delivery has no files',
  action: 'Upload a file for each table that is to be replaced or changed, then submit.',
});

export const DELTA_SEQUENCE_GAP = defineProblem({
  code: 'delta-sequence-gap',
  status: 409,
  title: 'The delta does not carry the next sequence number',
  action: 'Send the delta numbered `expected` first; if it is lost, send a total, after which numbers start at 1.',
});

export const OTHER_SOURCE_SYSTEM = defineProblem({
  code: 'other-source-system',
  status: 409,
  title: 'The table is kept up to date by another source system',
  action:
    'Deltas of `table` are taken from `sourceSystem` only. To change system, send a total of the table from the new one; it takes the table over.',
});

export const TABLE_NOT_DELIVERABLE = defineProblem({
  code: 'table-not-deliverable',
  status: 422,
  title: 'The source system of this delivery cannot deliver that table',
  action: 'Upload one of `tables`, or create a source delivery for the right domain and source system.',
});

export const SPAN_CUTS_PERIOD = defineProblem({
  code: 'span-cuts-period',
  status: 422,
  title: 'The span of the total holds only a part of a period by which the table is kept',
  action:
    'Create a total from `periodFrom` to `periodTo` whose file has all rows of these months (so far, if they are not over); to change some rows only, send a delta.',
});

export const FILE_HEADER_UNREADABLE = defineProblem({
  code: 'file-header-unreadable',
  status: 422,
  title: 'The header line of the file cannot be read',
  action: 'Correct what `reason` says and upload the file again; the first line must hold the column names.',
});

export const FILE_COLUMNS_WRONG = defineProblem({
  code: 'file-columns-wrong',
  status: 422,
  title: 'The columns of the file are not those of the table',
  action:
    'Take away the `unknown`, add the `missing` and keep one of each of the `doubled`; any order will do. What does not look like a name is told by its place (`column 3`).',
});

export const CONTENT_DIGEST_MISMATCH = defineProblem({
  code: 'content-digest-mismatch',
  status: 422,
  title: 'The bytes received do not have the digest in Content-Digest',
  action: 'Send the file again; the digest is that of the bytes sent, after compression.',
});

export const IDEMPOTENCY_KEY_REUSED = defineProblem({
  code: 'idempotency-key-reused',
  status: 422,
  title: 'The Idempotency-Key was used for another request',
  action: 'Use a new key for each new request, and the same key only to repeat a request unchanged.',
});
