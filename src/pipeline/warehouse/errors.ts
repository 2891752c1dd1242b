// What can go wrong with revisions, as users see it, and the codes of failures that only the operator can mend.
import { defineProblem } from '../../platform/http/problem.ts';

export const SCHEMA_CHANGED = defineProblem({
  code: 'schema-changed',
  status: 409,
  title: 'The tables are declared differently at the two revisions',
  action: 'Compare or restore revisions that were made after the change; take a total package instead of a difference.',
});

export const CHANGES_NOT_READY = defineProblem({
  code: 'changes-not-ready',
  status: 503,
  title: 'The difference of the two revisions is being worked out',
  action: 'Try again after the number of seconds in the Retry-After header.',
});

export const INVALID_SINCE = defineProblem({
  code: 'invalid-since',
  status: 400,
  title: 'The revision in since is not before the one in the address',
  action: 'Give a since from 0 (everything is new) up to the revision in the address.',
});

/** A stable code for the delivery's field `failure`; it never holds a library's or database's text. */
export type FailureCode =
  | 'unknown-domain'
  | 'unknown-table'
  | 'revision-kept-moving'
  | 'reslice-impossible'
  | 'out-of-memory'
  | 'internal-error';

/** A fault of ours with its code. `place` names a table or column for the operator's log. */
export class LoadFault extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, place?: string) {
    super(place === undefined ? code : `${code}: ${place}`);
    this.name = 'LoadFault';
    this.code = code;
  }
}

/** @returns the code that tells the operator where to look. */
export function failureCodeOf(error: unknown): FailureCode {
  if (error instanceof LoadFault) return error.code;
  const { kind } = error as { kind?: unknown };
  return kind === 'Out of Memory Error' ? 'out-of-memory' : 'internal-error';
}
