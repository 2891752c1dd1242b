// Verifies access tokens (RFC 9068: `typ: at+jwt`) against the service's own keys and the configured ones. Asks no database; a bad token costs a signature check at most.
import {
  createLocalJWKSet,
  decodeProtectedHeader,
  errors,
  type JSONWebKeySet,
  type JWK,
  type JWTPayload,
  jwtVerify,
} from 'jose';
import { municipalityCodeOf, OPERATOR_CODE } from '../platform/tenant.ts';
import { isCompactJws } from './compact-jws.ts';
import { refusal, TOKEN_EXPIRED, TOKEN_INVALID } from './errors.ts';
import type { Principal } from './principal.ts';
import { isScope, type Scope } from './scopes.ts';

/** Signature algorithms; everything else, RSA included, is refused. */
export const ALGORITHMS = ['ES256', 'EdDSA'] as const;

export interface TokenSettings {
  readonly keys: JSONWebKeySet;
  readonly issuer: string;
  readonly audience: string;
}

/** @param at the time by which it must not have expired; now when absent. @returns the caller. @throws Problem `token-invalid` or `token-expired`, with a `WWW-Authenticate` header. */
export type VerifyToken = (token: string, at?: Date) => Promise<Principal>;

export const CLOCK_TOLERANCE_SECONDS = 5;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const CLIENT_ID = /^[\x21-\x7e]{1,128}$/;

/** @param ownKeys the public keys that this service signs with now; a token of theirs rests on the register of clients */
export function createTokenVerifier(settings: TokenSettings, ownKeys: () => readonly JWK[]): VerifyToken {
  const configured = createLocalJWKSet({ keys: settings.keys.keys.filter(isSigningKey) });
  return async (token, at = new Date()) => {
    if (!isCompactJws(token)) throw refusal(TOKEN_INVALID);
    const { kid } = decodeProtectedHeader(token);
    const own = ownKeys().filter((key) => key.kid === kid);
    const keySet = own.length > 0 ? createLocalJWKSet({ keys: own }) : configured;
    const { payload } = await jwtVerify(token, keySet, {
      algorithms: [...ALGORITHMS],
      typ: 'at+jwt',
      issuer: settings.issuer,
      audience: settings.audience,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: at,
      requiredClaims: ['exp', 'iss', 'aud', 'client_id', 'scope'],
    }).catch((error: unknown) => {
      throw refusal(error instanceof errors.JWTExpired ? TOKEN_EXPIRED : TOKEN_INVALID);
    });
    const principal = principalFrom(payload);
    // Another issuer's tokens rest on no register, and so on no mandate.
    return own.length > 0 ? { ...principal, isRegistered: true } : { ...principal, mandate: null };
  };
}

function isSigningKey(key: { kty?: string | undefined; crv?: string | undefined }): boolean {
  return (key.kty === 'EC' && key.crv === 'P-256') || (key.kty === 'OKP' && key.crv === 'Ed25519');
}

/** @throws Problem `token-invalid` when a claim is not of its documented shape. */
function principalFrom(payload: JWTPayload): Principal {
  const { client_id: clientId, municipality, domains, mandate, scope, exp } = payload;
  if (typeof clientId !== 'string' || !CLIENT_ID.test(clientId) || typeof scope !== 'string' || exp === undefined) {
    throw refusal(TOKEN_INVALID);
  }
  // Scopes of other services are no error; they just open nothing here. Nor does the scope of vendors while they work for a municipality.
  const opens = (each: string): each is Scope =>
    isScope(each) && (municipality === undefined || each !== 'mandates:propose');
  const scopes: ReadonlySet<Scope> = new Set(scope.split(' ').filter(opens));
  const isUnbound = scopes.has('operator') || scopes.has('mandates:propose');
  if (municipality === undefined && !isUnbound) throw refusal(TOKEN_INVALID);
  const expiresAt = new Date(exp * 1000);
  return {
    clientId,
    credential: 'token',
    isRegistered: false,
    municipality: codeFrom(municipality),
    domains: domainsFrom(domains),
    mandate: mandateFrom(mandate, expiresAt),
    scopes,
    expiresAt,
  };
}

function codeFrom(claim: unknown): Principal['municipality'] {
  if (claim === undefined) return null;
  if (typeof claim !== 'string' || !/^[0-9]{3}$/.test(claim) || claim === OPERATOR_CODE) throw refusal(TOKEN_INVALID);
  return municipalityCodeOf(claim);
}

/** What the mandate is for, and how long it lasts, the register says. */
function mandateFrom(claim: unknown, expiresAt: Date): Principal['mandate'] {
  if (claim === undefined) return null;
  if (typeof claim !== 'string' || !UUID.test(claim)) throw refusal(TOKEN_INVALID);
  return { id: claim, purpose: '', endsAt: expiresAt };
}

/** Absent: every domain. Domains that this service does not know open nothing. */
function domainsFrom(claim: unknown): Principal['domains'] {
  if (claim === undefined) return null;
  if (!Array.isArray(claim) || !claim.every((each) => typeof each === 'string')) throw refusal(TOKEN_INVALID);
  return claim;
}
