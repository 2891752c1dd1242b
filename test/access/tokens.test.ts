// Tokens: what is taken, and that every departure from it is refused before any library or store can be led astray.
import { createHmac, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { exportJWK, type JWK } from 'jose';
import t from 'tap';
import { createSigningKey, signToken } from '../../src/access/index.ts';
import { Problem } from '../../src/platform/http/problem.ts';
import { tokensOnly } from '../harness/tokens-only.ts';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'urn:flis:api';
const own = await createSigningKey();
const stranger = await createSigningKey();
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ecJwk: JWK = { ...(await exportJWK(ec.publicKey)), kid: 'ec', alg: 'ES256' };
const rsaJwk: JWK = { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', alg: 'RS256' };
const ownPrivate = createPrivateKey({ key: own.privateJwk as never, format: 'jwk' });

const verifier = () =>
  tokensOnly({ keys: { keys: [own.publicJwk, ecJwk, rsaJwk] }, issuer: ISSUER, audience: AUDIENCE });
const signer = { issuer: ISSUER, audience: AUDIENCE, key: own };
const claims = { clientId: 'horsens-bi', municipality: '615', scopes: ['raw-data:read', 'source:read'] as const };
const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);
const payload = (changes: object = {}) => ({
  iss: ISSUER,
  aud: AUDIENCE,
  exp: now() + 600,
  client_id: 'horsens-bi',
  municipality: '615',
  scope: 'raw-data:read',
  ...changes,
});
const header = (changes: object = {}) => ({ alg: 'EdDSA', typ: 'at+jwt', kid: own.publicJwk.kid, ...changes });

/** Signs any header and payload with the service's own key, whatever they say. */
function forge(head: unknown, body: unknown): string {
  const input = `${encode(head)}.${encode(body)}`;
  return `${input}.${sign(null, Buffer.from(input), ownPrivate).toString('base64url')}`;
}

/** The problem that a header is refused with; none when it is taken. */
async function refusalOf(authorization: string | undefined): Promise<Problem | undefined> {
  try {
    await verifier().verify(authorization);
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

async function codeOf(token: string | undefined): Promise<string> {
  return (await refusalOf(token === undefined ? undefined : `Bearer ${token}`))?.type.code ?? 'taken';
}

t.test('a token of this service says who asks', async (t) => {
  const principal = await verifier().verify(`Bearer ${await signToken(signer, claims)}`);
  t.equal(principal.clientId, 'horsens-bi');
  t.equal(principal.municipality, '615');
  t.same([...principal.scopes], claims.scopes);
  t.ok(principal.expiresAt > new Date());
  t.equal(await codeOf(forge(header(), payload())), 'taken', 'the forge makes good tokens of good claims');
});

t.test('ES256 is taken as well', async (t) => {
  const input = `${encode(header({ alg: 'ES256', kid: 'ec' }))}.${encode(payload())}`;
  const signature = sign('sha256', Buffer.from(input), { key: ec.privateKey, dsaEncoding: 'ieee-p1363' });
  t.equal(await codeOf(`${input}.${signature.toString('base64url')}`), 'taken');
});

t.test('an operator needs no municipality, anyone else does', async (t) => {
  const operator = await verifier().verify(
    `Bearer ${await signToken(signer, { clientId: 'op', scopes: ['operator'] })}`,
  );
  t.equal(operator.municipality, null);
  t.equal(await codeOf(await signToken(signer, { clientId: 'x', scopes: ['raw-data:read'] })), 'token-invalid');
});

t.test('refused', async (t) => {
  const good = await signToken(signer, claims);
  const [head = '', body = '', signature = ''] = good.split('.');
  const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const hmac = (secret: string | Buffer) => {
    const input = `${encode(header({ alg: 'HS256' }))}.${encode(payload())}`;
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  };
  const rsaInput = `${encode(header({ alg: 'RS256', kid: 'rsa' }))}.${encode(payload())}`;
  const lastBits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const sibling = lastBits[lastBits.indexOf(signature.at(-1) ?? '') ^ 1];
  const cases: Record<string, string> = {
    'alg none': `${encode(header({ alg: 'none' }))}.${encode(payload())}.`,
    'alg none with the signature of another token': `${encode(header({ alg: 'none' }))}.${encode(payload())}.${signature}`,
    'HS256 with the public key as secret': hmac(JSON.stringify(own.publicJwk)),
    'HS256 with the public key in PEM': hmac(publicPem),
    'HS256 with the raw public key': hmac(Buffer.from(own.publicJwk.x ?? '', 'base64url')),
    'RS256, even with a configured RSA key': `${rsaInput}.${sign('sha256', Buffer.from(rsaInput), rsa.privateKey).toString('base64url')}`,
    'typ JWT': forge(header({ typ: 'JWT' }), payload()),
    'no typ': forge(header({ typ: undefined }), payload()),
    'another issuer': forge(header(), payload({ iss: 'https://other.example' })),
    'another audience': forge(header(), payload({ aud: 'urn:other' })),
    'no expiry': forge(header(), payload({ exp: undefined })),
    'not yet valid': forge(header(), payload({ nbf: now() + 600 })),
    'an unknown key': await signToken({ ...signer, key: stranger }, claims),
    'a key named but not used': forge(header({ kid: 'ec' }), payload()),
    'a critical extension': forge(header({ crit: ['b64'], b64: false }), payload()),
    'a changed payload': `${head}.${encode(payload({ municipality: '791' }))}.${signature}`,
    'white space within': `${head}.${body}. ${signature}`,
    'a line break at the end': `${good}\n`,
    padding: `${head}.${body}.${signature}==`,
    'another spelling of the same signature': `${head}.${body}.${signature.slice(0, -1)}${sibling}`,
    'base64 instead of base64url': `${head}.${body}.${Buffer.from(signature, 'base64url').toString('base64')}`,
    'two segments': `${head}.${body}`,
    'four segments': `${good}.x`,
    'a doubled claim': forge(header(), `{"municipality":"791",${JSON.stringify(payload()).slice(1)}`),
    'a doubled header member': forge(`{"alg":"none",${JSON.stringify(header()).slice(1)}`, payload()),
    'a doubled claim in other letters': forge(
      header(),
      `{"\\u006dunicipality":"791",${JSON.stringify(payload()).slice(1)}`,
    ),
    'a payload that is no object': forge(header(), [1]),
    'a payload that is no JSON': forge(header(), 'x'),
    'a huge token': forge(header(), payload({ note: 'x'.repeat(5000) })),
    'a municipality that is no text': forge(header(), payload({ municipality: 615 })),
    'a municipality of four digits': forge(header(), payload({ municipality: '6150' })),
    'a municipality that is null': forge(header(), payload({ municipality: null })),
    'no client': forge(header(), payload({ client_id: undefined })),
    'a client with control characters': forge(header(), payload({ client_id: 'a\nb' })),
    'scopes as a list': forge(header(), payload({ scope: ['raw-data:read'] })),
  };
  for (const [name, token] of Object.entries(cases)) t.equal(await codeOf(token), 'token-invalid', name);
  for (const authorization of ['Basic abc', 'Bearer', 'Bearer  ', good, `Bearer ${good} ${good}`]) {
    t.equal((await refusalOf(authorization))?.type.code, 'token-invalid', authorization.slice(0, 10));
  }
  t.equal(await codeOf(undefined), 'token-missing');
  t.equal(await codeOf(await signToken(signer, { ...claims, lifetime: -60 })), 'token-expired');
});

t.test('the answer says how to authenticate', async (t) => {
  t.equal((await refusalOf(undefined))?.headers['www-authenticate'], 'Bearer realm="flis", Basic realm="flis"');
  t.match((await refusalOf('Bearer x'))?.headers['www-authenticate'], /error="invalid_token"/);
});

t.test('a verified token is known until it expires, and only exactly it', async (t) => {
  const checks = verifier();
  const authorization = `Bearer ${await signToken(signer, { ...claims, lifetime: 60 })}`;
  t.equal(checks.known(authorization), undefined, 'not before it was verified');
  const principal = await checks.verify(authorization);
  t.equal(checks.known(authorization)?.principal, principal);
  t.equal(checks.known(`${authorization.slice(0, -1)}`), undefined);
  t.equal(checks.known(undefined), undefined);
});

t.test('an expired token is forgotten, also by whoever still holds its caller', async (t) => {
  const checks = verifier();
  const authorization = `Bearer ${await signToken(signer, { ...claims, lifetime: 60 })}`;
  await checks.verify(authorization);
  const realNow = Date.now;
  t.teardown(() => {
    Date.now = realNow;
  });
  Date.now = () => realNow() + 64_000;
  const held = checks.known(authorization);
  t.ok(held?.holds(), 'within the tolerance for clocks');
  Date.now = () => realNow() + 66_000;
  t.equal(checks.known(authorization), undefined);
  t.notOk(held?.holds());
});
