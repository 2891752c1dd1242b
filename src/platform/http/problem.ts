// Errors as users see them: RFC 9457 problems with a stable code that says what to do. No library or database text ever enters one.

/** A kind of problem: declared once in a stage's `errors.ts`, documented in `openapi/errors.md`. */
export interface ProblemType {
  /** Stable, kebab-case, e.g. `delta-sequence-gap`. */
  readonly code: string;
  readonly status: number;
  readonly title: string;
  /** What the caller should do about it. */
  readonly action: string;
}

const declared = new Map<string, ProblemType>();

/** Declares a problem type; the code must be new. */
export function defineProblem(type: ProblemType): ProblemType {
  if (declared.has(type.code)) throw new Error(`problem code ${type.code} is declared twice`);
  declared.set(type.code, type);
  return type;
}

/** @returns every declared problem type, by code. */
export function problemTypes(): ReadonlyMap<string, ProblemType> {
  return declared;
}

/** A problem to be answered. `detail` is one sentence about this occurrence; `members` are extension members (e.g. `expected: 7`). */
export class Problem extends Error {
  readonly type: ProblemType;
  readonly detail: string | undefined;
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    type: ProblemType,
    detail?: string,
    members: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(type.code);
    this.type = type;
    this.detail = detail;
    this.members = members;
    this.headers = headers;
  }

  /** The body of the answer: `application/problem+json`. */
  toBody(): Record<string, unknown> {
    return {
      type: `urn:flis:problem:${this.type.code}`,
      title: this.type.title,
      status: this.type.status,
      code: this.type.code,
      action: this.type.action,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
      ...this.members,
    };
  }
}

/** The one answer for everything that is not there, or that the caller may not know is there: byte-identical in both cases. */
export const NOT_FOUND = defineProblem({
  code: 'not-found',
  status: 404,
  title: 'There is no such resource for you',
  action: 'Check the address and that your token is for the municipality that owns the resource.',
});
