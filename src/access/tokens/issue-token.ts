// Issues an access token (RFC 9068) to a client that proves itself with a signed assertion (RFC 7523, `private_key_jwt`), once per assertion.
import { randomUUID } from 'node:crypto';
import { createLocalJWKSet, decodeJwt, jwtVerify, SignJWT } from 'jose';
import type pg from 'pg';
import { Problem } from '../../platform/http/problem.ts';
import { withTenant } from '../../platform/postgres/tenancy.ts';
import { writeAudit } from '../audit/index.ts';
import { type Client, findClient, ownerOf } from '../clients/index.ts';
import { isCompactJws } from '../compact-jws.ts';
import type { Limiter } from '../limits/create-limiter.ts';
import type { Scope } from '../scopes.ts';
import { INVALID_CLIENT, INVALID_SCOPE, NO_SIGNING_KEY } from './errors.ts';
import { grantFor } from './grant-for.ts';
import type { KeyRing } from './key-ring.ts';
import { ASSERTION_SECONDS, grantedScopes, TOKEN_SECONDS, type TokenRequest } from './rules.ts';
import { useAssertion } from './store.ts';

export interface IssueDeps {
  readonly pool: pg.Pool;
  readonly keyRing: KeyRing;
  readonly issuer: string;
  readonly audience: string;
  readonly limiter: Limiter;
}

export interface IssuedToken {
  readonly token: string;
  readonly scopes: readonly Scope[];
  /** How long it lasts. */
  readonly seconds: number;
}

const CLOCK_TOLERANCE_SECONDS = 5;
const JTI = /^[\x21-\x7e]{1,128}$/;

/** @throws Problem `invalid-client`, `invalid-scope`, `unauthorized-client`, `ambiguous-mandate`, `rate-limited`, `no-signing-key` */
export async function issueToken(
  deps: IssueDeps,
  requestId: string,
  assertion: string,
  asked: TokenRequest,
): Promise<IssuedToken> {
  const signer = await deps.keyRing.signer();
  if (signer === undefined) throw new Problem(NO_SIGNING_KEY, undefined, {}, { 'retry-after': '5' });
  const clientId = claimedClient(assertion);
  const owner = clientId === undefined ? undefined : ownerOf(clientId);
  if (clientId === undefined || owner === undefined) throw refusal();
  const tenant = { municipality: owner, domains: null, clientId, requestId };
  const client = await withTenant(deps.pool, tenant, (tx) => findClient(tx, clientId), { readOnly: true });
  if (client === undefined || client.status !== 'active') throw refusal();
  const { jti, expiresAt } = await verifyAssertion(deps.issuer, client, assertion);
  const grant = await grantFor(deps.pool, requestId, client, owner, asked);
  // Only now is it the client that asks: whoever names it in an assertion of their own does not spend its tokens.
  await deps.limiter.spend({ clientId, municipality: grant.municipality ?? null });
  const scopes = grantedScopes(asked.scope, grant.scopes);
  if (scopes === undefined) throw new Problem(INVALID_SCOPE);
  // Last, so that a request refused for something else does not use the assertion up; and in the same transaction as the audit row.
  await withTenant(deps.pool, tenant, async (tx) => {
    if (!(await useAssertion(tx, clientId, jti, expiresAt))) throw refusal();
    const { municipality = null, mandate = null } = grant;
    const told = { client: clientId, scopes: scopes.join(' '), ...(mandate && { municipality, mandate }) };
    await writeAudit(tx, 'createToken', told);
  });
  const seconds = Math.floor(Math.min(TOKEN_SECONDS, ((grant.endsAt?.getTime() ?? Infinity) - Date.now()) / 1000));
  const { municipality, domains, mandate } = grant;
  const token = await new SignJWT({
    client_id: clientId,
    scope: scopes.join(' '),
    ...(municipality === undefined ? {} : { municipality }),
    ...(domains === null ? {} : { domains }),
    ...(mandate === undefined ? {} : { mandate }),
  })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: signer.keyId })
    .setIssuer(deps.issuer)
    .setAudience(deps.audience)
    .setSubject(clientId)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime(`${seconds}s`)
    .sign(signer.key);
  return { token, scopes, seconds };
}

function refusal(): Problem {
  return new Problem(INVALID_CLIENT);
}

/** Whom the assertion says it is from; nothing is believed yet. */
function claimedClient(assertion: string): string | undefined {
  if (!isCompactJws(assertion)) return undefined;
  try {
    const { iss, sub } = decodeJwt(assertion);
    return iss === sub ? iss : undefined;
  } catch {
    return undefined;
  }
}

/** @throws Problem `invalid-client`, the same for whatever is wrong */
async function verifyAssertion(
  issuer: string,
  { clientId, keys }: Client,
  assertion: string,
): Promise<{ readonly jti: string; readonly expiresAt: Date }> {
  const verified = await jwtVerify(assertion, createLocalJWKSet({ keys: [...keys] }), {
    algorithms: ['ES256', 'EdDSA'],
    issuer: clientId,
    subject: clientId,
    audience: issuer,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ['exp', 'iss', 'sub', 'aud', 'jti'],
  }).catch(() => undefined);
  const { aud, exp = 0, jti } = verified?.payload ?? {};
  const latest = Date.now() / 1000 + ASSERTION_SECONDS + CLOCK_TOLERANCE_SECONDS;
  // The issuer's name alone, as a text: an assertion that is good for several services could be passed on by one of them.
  if (aud !== issuer || exp > latest || typeof jti !== 'string' || !JTI.test(jti)) throw refusal();
  return { jti, expiresAt: new Date(exp * 1000) };
}
