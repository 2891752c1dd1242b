// Finds out who sends a request, from its `Authorization` header: an access token, or an access key as Bearer or as Basic password. What was
// verified is remembered; what the register can take back is forgotten when it says so, and never remembered while its word might not arrive.
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { Problem } from '../platform/http/problem.ts';
import { looksLikeAccessKey } from './access-keys/index.ts';
import type { CallerVerifier, KnownCaller } from './caller-verifier.ts';
import { refusal, TOKEN_INVALID, TOKEN_MISSING } from './errors.ts';
import type { Principal } from './principal.ts';
import { CLOCK_TOLERANCE_SECONDS, type VerifyToken } from './verify-token.ts';
import { createCallerWatch, UNWATCHED } from './watch-callers.ts';

export interface CallerChecks {
  readonly verifyToken: VerifyToken;
  /** What is left of a registered client's token by now; undefined when nothing is. */
  readonly confirmClient: (principal: Principal) => Promise<Principal | undefined>;
  /** @returns undefined for a key that does not work */
  readonly verifyAccessKey: (text: string) => Promise<Principal | undefined>;
  /** Whether the end of a client's rights is heard of within a second. */
  readonly isListening: () => boolean;
  /** Resolves when every change that was made before the call has been heard of; rejects where that cannot be known. */
  readonly catchUp: () => Promise<void>;
}

/** Some 400 bytes each; a municipality's systems share few credentials at a time. */
const REMEMBERED = 10_000;
/** An access key is looked up this often at least, so that its last use is on record. */
const KEY_MS = 60_000;
const BEARER = /^Bearer (\S+)$/i;
const BASIC = /^Basic ([A-Za-z0-9+/]+={0,2})$/i;

interface Remembered extends KnownCaller {
  /** In the past as soon as it is forgotten: somebody may still hold it. */
  until: number;
}

export function createCallerVerifier({
  verifyToken,
  confirmClient,
  verifyAccessKey,
  isListening,
  catchUp,
}: CallerChecks): CallerVerifier {
  const remembered = new LRUCache<string, Remembered>({
    max: REMEMBERED,
    dispose: (forgotten) => {
      forgotten.until = 0;
    },
  });
  /** Raised by every change: what was being read from the register meanwhile may be older than it. */
  let changes = 0;
  /** How many changes had come when the register was asked for a caller. */
  const changesBefore = new WeakMap<Principal, number>();
  const watching = createCallerWatch({
    ...{ isListening, catchUp },
    confirm: (authorization, since) =>
      verifyCredential(authorization, since).catch((error: unknown) => {
        if (error instanceof Problem) return undefined;
        throw error;
      }),
  });

  async function verifyCredential(authorization: string | undefined, at?: Date): Promise<Principal> {
    if (authorization === undefined) throw refusal(TOKEN_MISSING);
    const credential = credentialOf(authorization);
    if (credential === undefined) throw refusal(TOKEN_INVALID);
    const before = changes;
    const principal = looksLikeAccessKey(credential)
      ? await verifyAccessKey(credential)
      : await confirmed(await verifyToken(credential, at));
    if (principal === undefined) throw refusal(TOKEN_INVALID);
    changesBefore.set(principal, before);
    return principal;
  }

  function remember(principal: Principal): Remembered {
    const { isRegistered } = principal;
    const made = {
      principal,
      until: endOf(principal),
      holds: () => made.until > Date.now() && (!isRegistered || isListening()),
    };
    return made;
  }

  async function confirmed(principal: Principal): Promise<Principal | undefined> {
    return principal.isRegistered ? confirmClient(principal) : principal;
  }

  return {
    known(authorization) {
      const found = authorization === undefined ? undefined : remembered.get(keyOf(authorization));
      return found?.holds() ? found : undefined;
    },
    async verify(authorization) {
      const before = changes;
      const principal = await verifyCredential(authorization);
      if (authorization !== undefined && before === changes) {
        remembered.set(keyOf(authorization), remember(principal));
      }
      return principal;
    },
    watch(authorization, principal) {
      if (!principal.isRegistered) return UNWATCHED;
      return watching.watch(authorization, principal, changesBefore.get(principal) !== changes);
    },
    forget(clientId) {
      changes += 1;
      watching.changed(clientId);
      for (const [key, { principal }] of remembered.entries()) {
        if (principal.isRegistered && (clientId === undefined || principal.clientId === clientId))
          remembered.delete(key);
      }
    },
  };
}

/** The token or key in the header. The user name of Basic is the tool's own affair. */
function credentialOf(authorization: string): string | undefined {
  const bearer = BEARER.exec(authorization)?.[1];
  if (bearer !== undefined) return bearer;
  const basic = BASIC.exec(authorization)?.[1];
  if (basic === undefined) return undefined;
  const pair = Buffer.from(basic, 'base64').toString('utf8');
  const password = pair.slice(pair.indexOf(':') + 1);
  return pair.includes(':') && looksLikeAccessKey(password) ? password : undefined;
}

/** The header is not kept here, so that a dump of memory holds no usable credentials but those of open connections. */
function keyOf(authorization: string): string {
  return hash('sha256', authorization, 'base64');
}

function endOf({ credential, expiresAt }: Principal): number {
  const end = expiresAt.getTime();
  return credential === 'token' ? end + CLOCK_TOLERANCE_SECONDS * 1000 : Math.min(end, Date.now() + KEY_MS);
}
