// What of an access request is sealed, for how long it is kept, and how far back it looks. Pure.

/** What the sealed texts are for (src/platform/sealed.ts). */
export const PERSON = 'access-request-person';
export const ANSWER = 'access-request-answer';

/** Days until a request is forgotten, answer and all: long enough to be read by a case worker, and it can be asked again. */
export const KEEP_DAYS = 7;
/** Months before the request in which what was held or fetched counts. */
export const MONTHS = 24;

/** A sealed text opens for its own request alone. */
export function sealedName(municipality: string, requestId: string): string {
  return `${municipality}/${requestId}`;
}
