// Signs tokens for development, the demo and tests; a live service trusts its issuer's keys instead and never holds a private one.
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import type { Scope } from './scopes.ts';

/** A key pair as JSON. `publicJwk` goes into `FLIS_JWKS`, the private one stays where it was made. */
export interface SigningKey {
  readonly publicJwk: JWK;
  readonly privateJwk: JWK;
}

/** By whom, for whom and with which key tokens are signed. */
export interface Signer {
  readonly issuer: string;
  readonly audience: string;
  readonly key: SigningKey;
}

/** What a token says of its bearer. */
export interface TokenClaims {
  readonly clientId: string;
  /** Absent only for an operator. */
  readonly municipality?: string;
  /** Absent: every domain of the municipality. */
  readonly domains?: readonly string[];
  readonly scopes: readonly Scope[];
  /** Seconds from now; an hour when absent. */
  readonly lifetime?: number;
}

const DEFAULT_LIFETIME = 3600;

/** @returns a new Ed25519 key pair; its `kid` is the thumbprint of the public key. */
export async function createSigningKey(): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const bare = await exportJWK(publicKey);
  const marks = { kid: await calculateJwkThumbprint(bare), alg: 'EdDSA', use: 'sig' };
  return { publicJwk: { ...bare, ...marks }, privateJwk: { ...(await exportJWK(privateKey)), ...marks } };
}

/** @returns an access token in the form that this service takes (RFC 9068). */
export async function signToken(signer: Signer, claims: TokenClaims): Promise<string> {
  const { privateJwk } = signer.key;
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    client_id: claims.clientId,
    scope: claims.scopes.join(' '),
    ...(claims.municipality === undefined ? {} : { municipality: claims.municipality }),
    ...(claims.domains === undefined ? {} : { domains: claims.domains }),
  };
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: privateJwk.kid ?? '' })
    .setIssuer(signer.issuer)
    .setAudience(signer.audience)
    .setSubject(claims.clientId)
    .setIssuedAt(now)
    .setExpirationTime(now + (claims.lifetime ?? DEFAULT_LIFETIME))
    .sign(await importJWK(privateJwk, 'EdDSA'));
}
