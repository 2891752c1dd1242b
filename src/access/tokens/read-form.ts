// Reads a form body strictly: each member once, as RFC 6749 (3.2) demands.
import { INVALID_REQUEST } from '../../platform/http/errors.ts';
import { Problem } from '../../platform/http/problem.ts';

/** @returns the members of `application/x-www-form-urlencoded` text. @throws Problem `invalid-request` when one stands twice */
export function readForm(text: string): Record<string, string> {
  const members: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(text)) {
    if (name in members) {
      throw new Problem(INVALID_REQUEST, undefined, {
        faults: [{ place: `body/${name.slice(0, 40)}`, expected: 'once' }],
      });
    }
    members[name] = value;
  }
  return { ...members };
}
