// When signing keys are published, used and replaced; the claims of a token. Pure.
import type { JWK } from 'jose';

/** Seconds that an access token lasts. */
export const TOKEN_SECONDS = 300;
/** Seconds that an assertion may last (RFC 7523 leaves it to the service). */
export const ASSERTION_SECONDS = 300;

const SECOND = 1000;
const DAY = 24 * 3600 * SECOND;
/** A key signs for a month. */
const KEY_LIFE = 30 * DAY;
/** It is published so long before it signs: longer than anybody keeps a key set. */
const PUBLISHED_AHEAD = 3600 * SECOND;
/** And so long after the next one has taken over: until its last token is gone, with room for clocks. */
const KEPT_AFTER = (TOKEN_SECONDS + 60) * SECOND;

/** A signing key as its times say of it. */
export interface KeyTimes {
  readonly keyId: string;
  readonly usedFrom: Date;
  readonly revokedAt: Date | null;
}

/**
 * @returns the key to sign with at `now`: the last whose time has come. Undefined where that one is revoked: a key that another one has taken over
 * from never signs again
 */
export function signingKeyAt<Key extends KeyTimes>(keys: readonly Key[], now: Date): Key | undefined {
  const last = inOrder(keys).findLast(({ usedFrom }) => usedFrom <= now);
  return last?.revokedAt === null ? last : undefined;
}

/** @returns the keys whose signatures are taken at `now`, which are those published: all but the revoked, and those whose last token is gone */
export function publishedKeysAt<Key extends KeyTimes>(keys: readonly Key[], now: Date): Key[] {
  const all = inOrder(keys);
  return all.filter(({ revokedAt }, index) => {
    const next = all[index + 1];
    return revokedAt === null && (next === undefined || next.usedFrom.getTime() + KEPT_AFTER > now.getTime());
  });
}

function inOrder<Key extends KeyTimes>(keys: readonly Key[]): Key[] {
  const rank = ({ revokedAt }: Key) => (revokedAt === null ? 1 : 0);
  return [...keys].sort((a, b) => a.usedFrom.getTime() - b.usedFrom.getTime() || rank(a) - rank(b));
}

/**
 * @returns from when a new key must sign, if one is needed at `now`: at once where none signs, so far ahead that it can be known where the
 * present one's month is nearly over; undefined where the next one is there already. One whose time is further off was made while a clock ran ahead.
 */
export function nextKeyAt(keys: readonly KeyTimes[], now: Date): Date | undefined {
  const current = signingKeyAt(keys, now);
  if (current === undefined) return now;
  const ahead = new Date(now.getTime() + 2 * PUBLISHED_AHEAD);
  const hasNext = keys.some(({ usedFrom, revokedAt }) => revokedAt === null && usedFrom > now && usedFrom <= ahead);
  const isDue = current.usedFrom.getTime() + KEY_LIFE - PUBLISHED_AHEAD <= now.getTime();
  return isDue && !hasNext ? new Date(now.getTime() + PUBLISHED_AHEAD) : undefined;
}

/** @returns the keys that may be forgotten: no longer published, and not revoked, which stays on record */
export function spentKeysAt<Key extends KeyTimes>(keys: readonly Key[], now: Date): Key[] {
  const published = publishedKeysAt(keys, now);
  return keys.filter((key) => key.revokedAt === null && !published.includes(key));
}

/** What the form asks for besides the proof of who asks. */
export interface TokenRequest {
  /** Scopes, separated by spaces; all that there are when absent. */
  readonly scope?: string | undefined;
  /** For vendors: the municipality to work for, and the mandate where several are in force. */
  readonly municipality?: string | undefined;
  readonly mandate?: string | undefined;
}

/** @returns the scopes asked for, or all that are allowed; undefined when more is asked for than allowed, or nothing would be left */
export function grantedScopes<Scope extends string>(
  asked: string | undefined,
  allowed: readonly Scope[],
): Scope[] | undefined {
  const wanted = asked === undefined ? allowed : [...new Set(asked.split(' '))];
  const granted = wanted.filter((scope): scope is Scope => (allowed as readonly string[]).includes(scope));
  return granted.length === wanted.length && granted.length > 0 ? granted : undefined;
}

/** A JSON Web Key Set. */
export interface KeySet {
  readonly keys: readonly JWK[];
}
