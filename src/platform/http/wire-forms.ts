// Forms of texts in requests that several stages take: ids, names and times. What they let through, the database can hold and compare.
import { INVALID_REQUEST } from './errors.ts';
import { Problem } from './problem.ts';

/** An id that the service has given out. `format` alone would let `urn:uuid:` through, which is no uuid to PostgreSQL. */
export const UUID_FORM = {
  format: 'uuid',
  pattern: '^[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$',
} as const;

/** A name in lower case with hyphens. */
export const NAME_FORM = { pattern: '^[a-z][a-z0-9-]{0,62}$' } as const;

/** Anything but control characters: NUL is no character of a PostgreSQL text. */
export const PLAIN_CHARACTER = '[^\\u0000-\\u001f\\u007f-\\u009f]';

const TIME = /^(\d{4}-\d\d-\d\d)[Tt\s](\d\d:\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):?(\d\d)?)$/;
const MINUTE_MS = 60_000;

/**
 * @returns the instant of an RFC 3339 time; a leap second (`:60`), which clocks do not have, is the second after it.
 * @param place where the time stands in the request. @throws Problem `invalid-request` when it cannot be read
 */
export function readTime(text: string, place: string): Date {
  const [, date, minutes, seconds, fraction = '0', sign, hours = '0', rest = '0'] = TIME.exec(text) ?? [];
  const offset = (Number(hours) * 60 + Number(rest)) * (sign === '-' ? -1 : 1) * MINUTE_MS;
  const time = Date.parse(`${date}T${minutes}:00Z`) + (Number(seconds) + Number(fraction)) * 1000 - offset;
  if (!Number.isFinite(time))
    throw new Problem(INVALID_REQUEST, undefined, { faults: [{ place, expected: 'a time as of RFC 3339' }] });
  return new Date(Math.floor(time));
}
