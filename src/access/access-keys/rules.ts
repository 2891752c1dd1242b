// The form of an access key, and what one can be allowed. Pure.
import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type MunicipalityCode, municipalityCodeOf } from '../../platform/tenant.ts';
import { randomId } from '../clients/index.ts';
import type { Scope } from '../scopes.ts';

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

/** An access key in its parts. */
export interface AccessKeyText {
  readonly municipality: MunicipalityCode;
  readonly accessKeyId: string;
  readonly text: string;
}

/** `flis_`, municipality, public id, 256 random bits, and a check that only this service can make. */
const FORM = /^flis_([0-9]{3})_([0-9a-z]{16})_([A-Za-z0-9_-]{43})_([A-Za-z0-9_-]{11})$/;
const SECRET_BYTES = 32;
const CHECK_BYTES = 8;

/**
 * The check at the end of a key. Guesses, typing errors and keys of other installations fail it before any row is read;
 * it opens nothing by itself.
 */
function checkOf(body: string, rootSecret: Uint8Array): string {
  const checkKey = createHmac('sha256', rootSecret).update('access-key-check').digest();
  return createHmac('sha256', checkKey).update(body).digest().subarray(0, CHECK_BYTES).toString('base64url');
}

/** A new key. Its text is shown once; what is kept is `digestOf`. */
export function newAccessKey(municipality: MunicipalityCode, rootSecret: Uint8Array): AccessKeyText {
  const accessKeyId = randomId();
  const body = `flis_${municipality}_${accessKeyId}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  return { municipality, accessKeyId, text: `${body}_${checkOf(body, rootSecret)}` };
}

/** Whether a credential claims to be an access key. */
export function looksLikeAccessKey(text: string): boolean {
  return text.startsWith('flis_');
}

/** @returns the parts of a key of this service; undefined for anything else, at the cost of two HMACs at most. */
export function parseAccessKey(text: string, rootSecret: Uint8Array): AccessKeyText | undefined {
  const [, municipality, accessKeyId, secret, check] = FORM.exec(text) ?? [];
  if (municipality === undefined || accessKeyId === undefined || check === undefined) return undefined;
  const expected = Buffer.from(checkOf(`flis_${municipality}_${accessKeyId}_${secret}`, rootSecret));
  const given = Buffer.from(check);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return { municipality: municipalityCodeOf(municipality), accessKeyId, text };
}

/** What is kept of a key. */
export function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

/** Whether `text` is the key of this digest, in the same time for every text. */
export function isKeyOf(text: string, digest: Uint8Array): boolean {
  return timingSafeEqual(digestOf(text), digest);
}
