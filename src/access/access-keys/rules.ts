// The form of an access key, and what one can be allowed. Pure.
import type { Scope } from '../scopes.ts';
import { secretTexts } from '../secret-texts.ts';

/** Access keys lie in the settings of spreadsheets and BI tools: they only read, and never CPR numbers. */
export const ACCESS_KEY_SCOPES = [
  'key-figures:read',
  'raw-data:read',
  'events:read',
] as const satisfies readonly Scope[];

/** Access keys of a client that work at a time. */
export const MOST_KEYS = 2;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const LONGEST = 366 * DAY;
/** Days before the end at which the holder is told. */
export const NOTICE_DAYS = [30, 7] as const;

/** Whether an access key may end at `expiresAt`. */
export function isAllowedExpiry(expiresAt: Date, now: Date): boolean {
  const lifetime = expiresAt.getTime() - now.getTime();
  return lifetime >= HOUR && lifetime <= LONGEST;
}

/** @returns the days left (rounded down) once the first notice is due; null before. */
export function noticeOf(expiresAt: Date, now: Date): number | null {
  const days = Math.floor((expiresAt.getTime() - now.getTime()) / DAY);
  return days < NOTICE_DAYS[0] ? days : null;
}

/** @returns the notice that is to be given now, in days before the end; undefined when none is, or it was given already */
export function dueNotice(expiresAt: Date, now: Date, noticed: number | null): number | undefined {
  const left = expiresAt.getTime() - now.getTime();
  const due = NOTICE_DAYS.filter((days) => left > 0 && left <= days * DAY).at(-1);
  return due !== undefined && (noticed === null || noticed > due) ? due : undefined;
}

const PREFIX = 'flis';

export const ACCESS_KEY_TEXTS = secretTexts(PREFIX, 'access-key-check');

/** Whether a credential claims to be an access key. */
export function looksLikeAccessKey(text: string): boolean {
  return text.startsWith(`${PREFIX}_`);
}
