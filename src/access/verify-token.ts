// Verifies access tokens (RFC 9068: `typ: at+jwt`) against configured keys. Asks no database; a bad token costs a signature check at most.
import { hash } from 'node:crypto';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { Problem } from '../platform/http/problem.ts';
import { municipalityCodeOf } from '../platform/tenant.ts';
import { isCompactJws } from './compact-jws.ts';
import { TOKEN_EXPIRED, TOKEN_INVALID, TOKEN_MISSING } from './errors.ts';
import type { Principal } from './principal.ts';
import { isScope, type Scope } from './scopes.ts';

/** Signature algorithms; everything else, RSA included, is refused. */
export const ALGORITHMS = ['ES256', 'EdDSA'] as const;

export interface TokenSettings {
  readonly keys: JSONWebKeySet;
  readonly issuer: string;
  readonly audience: string;
}

export interface TokenVerifier {
  /** @returns the caller if this very header was verified before and has not expired; does no signature check. */
  known(authorization: string | undefined): Principal | undefined;
  /** @returns the caller. @throws Problem `token-missing`, `token-invalid` or `token-expired`, with a `WWW-Authenticate` header. */
  verify(authorization: string | undefined): Promise<Principal>;
}

const CLOCK_TOLERANCE_SECONDS = 5;
/** Some 400 bytes each; a municipality's systems share few tokens at a time. */
const REMEMBERED_TOKENS = 10_000;
const BEARER = /^Bearer (\S+)$/i;
const CLIENT_ID = /^[\x21-\x7e]{1,128}$/;

/** Builds a verifier that remembers the tokens it verified, until they expire. */
export function createTokenVerifier(settings: TokenSettings): TokenVerifier {
  const keySet = createLocalJWKSet({ keys: settings.keys.keys.filter(isSigningKey) });
  const remembered = new LRUCache<string, Principal>({ max: REMEMBERED_TOKENS });

  return {
    known(authorization) {
      if (authorization === undefined) return undefined;
      const principal = remembered.get(keyOf(authorization));
      return principal !== undefined && isLive(principal) ? principal : undefined;
    },
    async verify(authorization) {
      if (authorization === undefined) throw refusal(TOKEN_MISSING);
      const token = BEARER.exec(authorization)?.[1];
      if (token === undefined || !isCompactJws(token)) throw refusal(TOKEN_INVALID);
      const { payload } = await jwtVerify(token, keySet, {
        algorithms: [...ALGORITHMS],
        typ: 'at+jwt',
        issuer: settings.issuer,
        audience: settings.audience,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ['exp', 'iss', 'aud', 'client_id', 'scope'],
      }).catch((error: unknown) => {
        throw refusal(error instanceof errors.JWTExpired ? TOKEN_EXPIRED : TOKEN_INVALID);
      });
      const principal = principalFrom(payload);
      remembered.set(keyOf(authorization), principal);
      return principal;
    },
  };
}

/** The header is never kept: a memory dump or a heap snapshot then holds no usable token. */
function keyOf(authorization: string): string {
  return hash('sha256', authorization, 'base64');
}

function isLive(principal: Principal): boolean {
  return principal.expiresAt.getTime() + CLOCK_TOLERANCE_SECONDS * 1000 > Date.now();
}

function isSigningKey(key: { kty?: string | undefined; crv?: string | undefined }): boolean {
  return (key.kty === 'EC' && key.crv === 'P-256') || (key.kty === 'OKP' && key.crv === 'Ed25519');
}

/** @throws Problem `token-invalid` when a claim is not of its documented shape. */
function principalFrom(payload: JWTPayload): Principal {
  const { client_id: clientId, municipality, domains, scope, exp } = payload;
  if (typeof clientId !== 'string' || !CLIENT_ID.test(clientId) || typeof scope !== 'string' || exp === undefined) {
    throw refusal(TOKEN_INVALID);
  }
  // Scopes of other services are no error; they just open nothing here.
  const scopes: ReadonlySet<Scope> = new Set(scope.split(' ').filter(isScope));
  if (municipality === undefined && !scopes.has('operator')) throw refusal(TOKEN_INVALID);
  return {
    clientId,
    municipality: codeFrom(municipality),
    domains: domainsFrom(domains),
    scopes,
    expiresAt: new Date(exp * 1000),
  };
}

function codeFrom(claim: unknown): Principal['municipality'] {
  if (claim === undefined) return null;
  if (typeof claim !== 'string' || !/^[0-9]{3}$/.test(claim)) throw refusal(TOKEN_INVALID);
  return municipalityCodeOf(claim);
}

/** Absent: every domain. Domains that this service does not know open nothing. */
function domainsFrom(claim: unknown): Principal['domains'] {
  if (claim === undefined) return null;
  if (!Array.isArray(claim) || !claim.every((each) => typeof each === 'string')) throw refusal(TOKEN_INVALID);
  return claim;
}

function refusal(type: typeof TOKEN_MISSING): Problem {
  // RFC 6750, 3.1: no error code when no token was sent.
  const challenge = type === TOKEN_MISSING ? 'Bearer realm="flis"' : 'Bearer realm="flis", error="invalid_token"';
  return new Problem(type, undefined, {}, { 'www-authenticate': challenge });
}
