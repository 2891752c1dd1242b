// The register of clients over HTTP: who may administer whom, which rights a kind can have, and which public keys are taken.
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { exportJWK, type JWK } from 'jose';
import t from 'tap';
import { checkKeys } from '../../src/access/clients/check-keys.ts';
import { SCOPES, type Scope } from '../../src/access/index.ts';
import { startService } from '../harness/service.ts';

/** Whatever an answer holds. */
type Json = ReturnType<typeof JSON.parse>;

const every = (Object.keys(SCOPES) as Scope[]).filter((scope) => scope !== 'operator' && scope !== 'mandates:propose');
const body = {
  kind: 'municipality',
  name: 'Power BI',
  contact: 'bi@example.dk',
  scopes: ['key-figures:read', 'raw-data:read'],
};

t.test('the register', async (t) => {
  const service = await startService(t, { withoutWorker: true });
  const send = async (method: string, path: string, municipality: string | null, sent?: unknown) => {
    const response = await service.call(method, path, {
      caller: { municipality, clientId: `admin-${municipality}` },
      ...(sent === undefined ? {} : { body: sent }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, Json> };
  };
  const { body: horsens } = await send('POST', '/v1/clients', '615', body);
  const { body: vendor } = await send('POST', '/v1/clients', null, { ...body, kind: 'vendor' });

  await t.test('a municipality registers, reads and changes its own clients', async (t) => {
    t.match(horsens, { municipality: '615', status: 'active', domains: null, keys: [], createdBy: 'admin-615' });
    t.match(horsens.clientId, /^615\.[0-9a-z]{16}$/);
    const path = `/v1/clients/${horsens.clientId}`;
    t.same((await send('GET', path, '615')).body, horsens);
    const { body: changed } = await send('PATCH', path, '615', { domains: ['skole'], status: 'disabled' });
    t.match(changed, { domains: ['skole'], status: 'disabled', name: 'Power BI', scopes: body.scopes });
    t.match((await send('PATCH', path, '615', { domains: null })).body, { domains: null, status: 'disabled' });
    t.same(
      (await send('GET', '/v1/clients', '615')).body.items.map(({ clientId }: Record<string, Json>) => clientId),
      [horsens.clientId],
    );
  });

  await t.test('another municipality finds nothing of it', async (t) => {
    const path = `/v1/clients/${horsens.clientId}`;
    for (const [method, sent] of [['GET'], ['PATCH', { status: 'active' }]] as const)
      t.match(await send(method, path, '791', sent), { status: 404, body: { code: 'not-found' } });
    t.match(await send('PUT', `${path}/keys`, '791', { keys: [] }), { status: 404 });
    t.same((await send('GET', '/v1/clients', '791')).body.items, []);
    t.match(await send('GET', '/v1/clients?municipality=615', '791'), { status: 404 });
    t.match(await send('POST', '/v1/clients', '791', { ...body, municipality: '615' }), {
      status: 422,
      body: { code: 'unknown-client-municipality' },
    });
    t.equal((await send('GET', path, '615')).body.status, 'disabled');
  });

  await t.test('the operator administers those of whom it names', async (t) => {
    t.match(vendor, { municipality: null, kind: 'vendor' });
    t.match(vendor.clientId, /^000\./);
    t.same(
      (await send('GET', '/v1/clients', null)).body.items.map(({ clientId }: Record<string, Json>) => clientId),
      [vendor.clientId],
    );
    t.equal((await send('GET', '/v1/clients?municipality=615', null)).body.items.length, 1);
    const source = { ...body, kind: 'source', municipality: '791', scopes: ['source:write'] };
    const made = await send('POST', '/v1/clients', null, source);
    t.match(made, { status: 201, body: { municipality: '791' } });
    t.match(await send('GET', `/v1/clients/${made.body.clientId}`, '791'), { status: 200 });
  });

  await t.test('a kind has the rights of its kind', async (t) => {
    const refused = async (municipality: string | null, sent: object, code: string) => {
      const answer = await send('POST', '/v1/clients', municipality, { ...body, ...sent });
      t.match(answer, { status: 422, body: { code } }, JSON.stringify(sent));
    };
    await refused('615', { kind: 'vendor' }, 'unknown-client-municipality');
    await refused('615', { kind: 'operator', scopes: ['operator'] }, 'unknown-client-municipality');
    await refused('615', { scopes: ['operator'] }, 'scopes-not-allowed');
    await refused('615', { kind: 'source', scopes: ['raw-data:read'] }, 'scopes-not-allowed');
    await refused(null, { kind: 'vendor', scopes: ['clients:manage'] }, 'scopes-not-allowed');
    await refused(null, {}, 'unknown-client-municipality');
    await refused(null, { municipality: '555' }, 'unknown-client-municipality');
    await refused(null, { kind: 'vendor', municipality: '615' }, 'unknown-client-municipality');
    await refused('615', { domains: ['vejr'] }, 'unknown-client-domain');
    const all = await send('POST', '/v1/clients', '615', { ...body, scopes: every });
    t.match(all, { status: 201 });
    const later = await send('PATCH', `/v1/clients/${all.body.clientId}`, '615', { scopes: ['operator'] });
    t.match(later, { status: 422, body: { code: 'scopes-not-allowed', refused: ['operator'] } });
  });

  await t.test('every change is on record, under the municipality that it concerns', async (t) => {
    const rows = await service.api.deps.pool.query('select 1 from audit_entry');
    t.equal(rows.rowCount, 0, 'nothing is seen without a municipality');
    const { default: pg } = await import('pg');
    const owner = new pg.Client({ connectionString: service.database.ownerUrl });
    await owner.connect();
    t.teardown(() => owner.end());
    const { rows: log } = await owner.query(
      `select municipality_code as m, client_id as c, operation as o from audit_entry where object->>'client' = $1 order by entry`,
      [horsens.clientId],
    );
    t.same(
      log.map(({ m, c, o }) => `${m} ${c} ${o}`),
      ['615 admin-615 createClient', '615 admin-615 changeClient', '615 admin-615 changeClient'],
    );
  });
});

const jwkOf = async (type: 'ed25519' | 'P-256' | 'P-384' | 'rsa', secret = false): Promise<JWK> => {
  const pair =
    type === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : type === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: type });
  return exportJWK(secret ? pair.privateKey : pair.publicKey);
};

t.test('keys: what is taken', async (t) => {
  const ed = await jwkOf('ed25519');
  const ec = await jwkOf('P-256');
  const taken = await checkKeys([{ ...ed, kid: 'a', note: 'gone' }, ec as never]);
  t.same(Object.keys(taken[0]?.jwk ?? {}).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x'], 'known members only');
  t.match(taken[1], { jwk: { alg: 'ES256', kid: taken[1]?.keyId } });
  t.match(taken[1]?.keyId, /^[\w-]{43}$/, 'the thumbprint');
});

t.test('keys: what is refused', async (t) => {
  const ed = await jwkOf('ed25519');
  const ec = await jwkOf('P-256');
  const refused: Record<string, object> = {
    RSA: await jwkOf('rsa'),
    'another curve': await jwkOf('P-384'),
    'a private key': await jwkOf('ed25519', true),
    'a private P-256 key': await jwkOf('P-256', true),
    'another algorithm': { ...ed, alg: 'ES256' },
    'a point that is not on the curve': { ...ec, y: ec.x },
    'no coordinate': { kty: 'EC', crv: 'P-256', x: ec.x },
    'too short': { ...ed, x: ed.x?.slice(0, -4) },
    'a name with spaces': { ...ed, kid: 'my key' },
    symmetric: { kty: 'oct', k: 'AAAA' },
    nothing: {},
  };
  for (const [name, key] of Object.entries(refused))
    await t.rejects(
      checkKeys([ed as never, key as never]),
      { type: { code: 'key-not-accepted' }, members: { index: 1 } } as never,
      name,
    );
  await t.rejects(
    checkKeys([ed as never, { ...ed, kid: undefined } as never]),
    { members: { index: 1 } } as never,
    'twice',
  );
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: fc.constantFrom(...'ABab09-_'), minLength: 43, maxLength: 43 }), async (x) => {
      // A last character may hold bits that no byte has: the same key under several names.
      const canonical = Buffer.from(x, 'base64url').toString('base64url') === x;
      const outcome = await checkKeys([{ kty: 'OKP', crv: 'Ed25519', x }]).then(
        () => true,
        () => false,
      );
      return canonical || !outcome;
    }),
    { numRuns: 200 },
  );
});
