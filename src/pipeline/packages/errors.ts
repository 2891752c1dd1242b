// What can go wrong with packages, as users see it.
import { defineProblem } from '../../platform/http/problem.ts';

export const NOTHING_DELIVERED = defineProblem({
  code: 'nothing-delivered',
  status: 409,
  title: 'The domain has no revision of your municipality',
  action: 'Wait until a source delivery of the domain has been accepted; with asOf, ask for a later time.',
});

export const UNKNOWN_REVISION = defineProblem({
  code: 'unknown-revision',
  status: 422,
  title: 'There is no such revision of the domain',
  action: 'Take a number from GET /v1/revisions; since must not be after revision.',
});

export const DELTA_ACROSS_SCHEMA_CHANGE = defineProblem({
  code: 'delta-across-schema-change',
  status: 409,
  title: 'The tables are declared differently at the two revisions, so there is no delta between them',
  action: 'Take a total package, then deltas since its revision.',
});

export const REVISION_UNDER_EARLIER_SCHEMA = defineProblem({
  code: 'revision-under-earlier-schema',
  status: 409,
  title: 'The revision holds tables as they were declared earlier',
  action:
    'Take a newer revision: after a change of declaration the same data is published again as a revision of kind schema.',
});

export const PACKAGE_NOT_READY = defineProblem({
  code: 'package-not-ready',
  status: 409,
  title: 'The package is being built',
  action:
    'Try again after the number of seconds in the Retry-After header, or read the package until its state is ready.',
});

export const PACKAGE_FAILED = defineProblem({
  code: 'package-failed',
  status: 409,
  title: 'The package could not be built',
  action: 'Ask for it again with POST /v1/packages; if it fails again, report its id.',
});

export const PACKAGE_REVOKED = defineProblem({
  code: 'package-revoked',
  status: 410,
  title: 'The package was revoked: what it holds is not to be used',
  action:
    'Read the reason, discard what you have of it, and take the next delivery, or a new package with POST /v1/packages.',
});

export const PACKAGE_EXPIRED = defineProblem({
  code: 'package-expired',
  status: 410,
  title: 'The files of the package are kept no more',
  action: 'Ask for the same revision with POST /v1/packages; the manifest of this package can still be read.',
});

export const PARQUET_NOT_READY = defineProblem({
  code: 'parquet-not-ready',
  status: 503,
  title: 'The Parquet file is being made',
  action: 'Try again after the number of seconds in the Retry-After header.',
});

/** What a failed package says of its failure: where the operator should look, never a library's or database's text. */
export type FailureCode = 'out-of-memory' | 'schema-changed' | 'wrong-bytes' | 'internal-error';

/** The declaration changed between the order and the building. */
export class SchemaChanged extends Error {}

/** @returns the code that the package keeps. */
export function failureCodeOf(error: unknown): FailureCode {
  if (error instanceof SchemaChanged) return 'schema-changed';
  const { kind, code } = error as { readonly kind?: unknown; readonly code?: unknown };
  if (kind === 'Out of Memory Error') return 'out-of-memory';
  return code === 'wrong-bytes' ? code : 'internal-error';
}
