// How error answers are documented: one schema for every problem, and the codes that an operation can answer with.
import Type from 'typebox';
import type { ProblemType } from './problem.ts';

/** Body of every error answer (RFC 9457). Further members depend on the code. */
export const problemSchema = Type.Object(
  {
    type: Type.String({ description: 'URN of the kind of problem, `urn:flis:problem:` and the code.' }),
    title: Type.String({ description: 'What is wrong, in one sentence that is the same for every occurrence.' }),
    status: Type.Integer({ description: 'HTTP status, as in the status line.' }),
    code: Type.String({ description: 'Stable code to program against.' }),
    action: Type.String({ description: 'What to do about it.' }),
    detail: Type.Optional(Type.String({ description: 'One sentence about this occurrence.' })),
    faults: Type.Optional(
      Type.Array(
        Type.Object({
          place: Type.String({ description: 'Part of the request and JSON Pointer into it, e.g. `body/periodFrom`.' }),
          expected: Type.String({ description: 'What is expected there.' }),
        }),
        { description: 'With `invalid-request`: every place at fault.' },
      ),
    ),
  },
  { $id: 'Problem', additionalProperties: true, description: 'An error, as a problem detail of RFC 9457.' },
);

/** An entry of a route's `response`. `x-codes` becomes the enumeration of codes in the OpenAPI document. */
export interface ProblemAnswer {
  readonly description: string;
  readonly 'x-codes': readonly string[];
  readonly content: { readonly 'application/problem+json': { readonly schema: { readonly $ref: string } } };
}

/** What a route's `response` must hold for it to answer with these problems; several codes of one status share an entry. */
export function errorAnswers(...types: readonly ProblemType[]): Record<`${4 | 5}${string}`, ProblemAnswer> {
  const byStatus = new Map<number, ProblemType[]>();
  for (const type of types) byStatus.set(type.status, [...(byStatus.get(type.status) ?? []), type]);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      `${status}`,
      {
        description: group.map((type) => `\`${type.code}\`: ${type.title}.`).join(' '),
        'x-codes': group.map((type) => type.code),
        content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
      },
    ]),
  );
}
