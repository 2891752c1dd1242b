// The token endpoint: what an assertion must be, that it is good for one token, and that a token lasts no longer than its client's rights.
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { createRemoteJWKSet, exportJWK, jwtVerify, SignJWT, UnsecuredJWT } from 'jose';
import t from 'tap';
import { WITHOUT_LIMITS } from '../harness/limits.ts';
import { startService } from '../harness/service.ts';

/** Whatever an answer holds. */
type Json = ReturnType<typeof JSON.parse>;

const ISSUER = 'urn:flis:test';
const pairs = {
  EdDSA: generateKeyPairSync('ed25519'),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  stranger: generateKeyPairSync('ed25519'),
};

interface Claims {
  readonly alg?: string;
  readonly key?: KeyObject;
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: string | string[];
  readonly seconds?: number;
  readonly jti?: string | null;
  readonly typ?: string;
}

function assertion(clientId: string, claims: Claims = {}): Promise<string> {
  const { alg = 'EdDSA', key = pairs.EdDSA.privateKey, jti = randomUUID(), seconds = 60 } = claims;
  const { iss = clientId, sub = clientId, aud = ISSUER } = claims;
  const now = Math.floor(Date.now() / 1000);
  const payload = { iss, sub, aud, exp: now + seconds, ...(jti === null ? {} : { jti }) };
  return new SignJWT(payload).setProtectedHeader({ alg }).sign(key);
}

t.test('the token endpoint', async (t) => {
  // All that is refused here comes from one address.
  const service = await startService(t, { settings: WITHOUT_LIMITS });
  const keys = [await exportJWK(pairs.EdDSA.publicKey), await exportJWK(pairs.ES256.publicKey)];
  const send = async (method: string, path: string, body: unknown, municipality: string | null = '615') => {
    const answer = await service.call(method, path, { caller: { municipality }, body });
    return (await answer.json()) as Record<string, Json>;
  };
  const newClient = async (changes: object = {}, municipality: string | null = '615') => {
    const scopes = ['raw-data:read', 'key-figures:read'];
    const body = { kind: 'municipality', name: 'LIS', contact: 'a@b.dk', scopes, ...changes };
    const { clientId } = await send('POST', '/v1/clients', body, municipality);
    await send('PUT', `/v1/clients/${clientId}/keys`, { keys }, municipality);
    return clientId as string;
  };
  const request = async (form: Record<string, string> | string) => {
    const response = await fetch(new URL('/oauth2/token', service.url), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: typeof form === 'string' ? form : new URLSearchParams(form),
    });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, Json>,
    };
  };
  const form = (text: string, more: Record<string, string> = {}) => ({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: text,
    ...more,
  });
  const ask = (path: string, token: string) =>
    service.call('GET', path, { caller: null, headers: { authorization: `Bearer ${token}` } });

  await t.test('a client that signs with its key gets a token', async (t) => {
    const clientId = await newClient({ domains: ['borger'] });
    for (const [alg, { privateKey: key }] of Object.entries({ EdDSA: pairs.EdDSA, ES256: pairs.ES256 })) {
      const { status, body, headers } = await request(form(await assertion(clientId, { alg, key })));
      t.match({ status, body }, { status: 200, body: { token_type: 'Bearer', expires_in: 300 } }, alg);
      t.equal(headers.get('cache-control'), 'no-store');
      const keySet = createRemoteJWKSet(new URL('/.well-known/jwks.json', service.url));
      const { payload, protectedHeader } = await jwtVerify(body.access_token, keySet, {
        issuer: ISSUER,
        typ: 'at+jwt',
      });
      t.match(payload, { client_id: clientId, sub: clientId, municipality: '615', domains: ['borger'] });
      t.equal((payload.exp ?? 0) - (payload.iat ?? 0), 300);
      t.equal(protectedHeader.alg, 'EdDSA');
      t.match(await (await ask('/v1/me', body.access_token)).json(), {
        clientId,
        credential: 'token',
        municipality: '615',
      });
      t.equal((await ask('/v1/revisions?domain=borger', body.access_token)).status, 200);
      t.equal((await ask('/v1/revisions?domain=skole', body.access_token)).status, 403);
    }
    const less = await request(form(await assertion(clientId), { scope: 'raw-data:read' }));
    t.equal(less.body.scope, 'raw-data:read');
    t.equal((await ask('/v1/key-figures/BO06/values', less.body.access_token)).status, 403);
  });

  await t.test('the operator gets one for no municipality', async (t) => {
    const clientId = await newClient({ kind: 'operator', scopes: ['operator'] }, null);
    const { body } = await request(form(await assertion(clientId)));
    t.match(await (await ask('/v1/me', body.access_token)).json(), { municipality: null, scopes: ['operator'] });
    t.equal((await ask('/v1/clients', body.access_token)).status, 200);
  });

  await t.test('any other assertion is refused, in one way', async (t) => {
    const clientId = await newClient();
    const other = await newClient({}, '615');
    const disabled = await newClient();
    await send('PATCH', `/v1/clients/${disabled}`, { status: 'disabled' });
    const unsigned = new UnsecuredJWT({ iss: clientId, sub: clientId, aud: ISSUER, jti: 'x' })
      .setExpirationTime('60s')
      .encode();
    const good = await assertion(clientId);
    const wrong: Record<string, string> = {
      'a stranger’s key': await assertion(clientId, { key: pairs.stranger.privateKey }),
      'another audience': await assertion(clientId, { aud: 'https://elsewhere.example' }),
      'the endpoint as audience': await assertion(clientId, { aud: 'https://flis.example/oauth2/token' }),
      'the issuer in a list': await assertion(clientId, { aud: [ISSUER] }),
      'two audiences': await assertion(clientId, { aud: [ISSUER, 'https://elsewhere.example'] }),
      'another subject': await assertion(clientId, { sub: other }),
      'too long': await assertion(clientId, { seconds: 320 }),
      expired: await assertion(clientId, { seconds: -30 }),
      'no jti': await assertion(clientId, { jti: null }),
      'a jti with a space': await assertion(clientId, { jti: 'a b' }),
      'an unknown client': await assertion('615.0000000000000000'),
      'a client of nobody': await assertion('horsens'),
      'a disabled client': await assertion(disabled),
      unsigned,
      'cut short': good.slice(0, -3),
      padded: `${good}=`,
      empty: '',
    };
    const bodies = new Set<string>();
    for (const [name, text] of Object.entries(wrong)) {
      const { status, body, headers } = await request(form(text));
      t.match({ status, body }, { status: 401, body: { error: 'invalid_client', code: 'invalid-client' } }, name);
      t.match(headers.get('content-type'), /^application\/json/);
      bodies.add(JSON.stringify(body));
    }
    t.equal(bodies.size, 1, 'nobody learns which clients there are');
    t.equal((await request(form(good))).status, 200, 'what was refused beside it has not used it up');
  });

  await t.test('the form is what RFC 6749 says', async (t) => {
    const clientId = await newClient();
    const refused = async (sent: Record<string, string> | string, error: string) =>
      t.match(await request(sent), { status: 400, body: { error } }, JSON.stringify(sent).slice(0, 80));
    await refused(form(await assertion(clientId), { grant_type: 'password' }), 'unsupported_grant_type');
    await refused(form(await assertion(clientId), { scope: 'operator' }), 'invalid_scope');
    await refused(form(await assertion(clientId), { scope: 'raw-data:read everything' }), 'invalid_scope');
    await refused(form(await assertion(clientId), { client_secret: 'x' }), 'invalid_request');
    await refused(`${new URLSearchParams(form(await assertion(clientId)))}&scope=a&scope=b`, 'invalid_request');
    await refused('', 'invalid_request');
    const vendor = await newClient({ kind: 'vendor' }, null);
    await refused(form(await assertion(vendor)), 'unauthorized_client');
    const json = await service.call('POST', '/oauth2/token', { caller: null, body: form('x') });
    t.equal(json.status, 415);
  });

  await t.test('an assertion is good for one token, however many ask at once', async (t) => {
    const text = await assertion(await newClient());
    let sent = 0;
    const statuses: number[] = [];
    const asker = async () => {
      while (sent < 1000) {
        sent += 1;
        statuses.push((await request(form(text))).status);
      }
    };
    await Promise.all(Array.from({ length: 50 }, asker));
    t.equal(statuses.filter((status) => status === 200).length, 1);
    t.equal(statuses.filter((status) => status === 401).length, statuses.length - 1);
  });

  await t.test('a token does no more than its client may by now', async (t) => {
    const clientId = await newClient();
    const { access_token: token } = (await request(form(await assertion(clientId)))).body;
    t.equal((await ask('/v1/revisions?domain=borger', token)).status, 200);
    await send('PATCH', `/v1/clients/${clientId}`, { scopes: ['key-figures:read'] });
    t.equal((await ask('/v1/revisions?domain=borger', token)).status, 403);
    await send('PATCH', `/v1/clients/${clientId}`, { status: 'disabled' });
    t.equal((await ask('/v1/me', token)).status, 401);
  });

  await t.test('the metadata says where', async (t) => {
    const found = (await (await fetch(new URL('/.well-known/oauth-authorization-server', service.url))).json()) as Json;
    t.match(found, { issuer: ISSUER, token_endpoint: 'https://flis.example/oauth2/token' });
    const { keys } = (await (await fetch(new URL('/.well-known/jwks.json', service.url))).json()) as Json;
    t.equal(keys.length, 1);
    t.notOk('d' in keys[0]);
  });
});
