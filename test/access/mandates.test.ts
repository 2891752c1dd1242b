// Mandates: who can propose, approve and end them, and that a vendor's token is never worth more than its mandate is by now.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import t from 'tap';
import { confirmClient, type Principal, registerAccess, type Scope } from '../../src/access/index.ts';
import { registerMandateRoutes } from '../../src/access/mandates/index.ts';
import { UNWATCHED } from '../../src/access/watch-callers.ts';
import { createHttpApp } from '../../src/platform/http/app.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { testLimiter } from '../harness/limits.ts';
import { startService } from '../harness/service.ts';
import { daysAhead, type Json, openMandateScene, VENDOR_SCOPES } from './mandate-scene.ts';

t.test('mandates', async (t) => {
  const service = await startService(t, { withoutWorker: true });
  await service.startWorker();
  const scene = await openMandateScene(service);
  const { newVendor, requestToken, tokenOf, ask, propose, decide, newMandate } = scene;
  const owner = new pg.Client({ connectionString: service.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  const vendor = await newVendor();
  const list = async (municipality: string, query = '') => {
    const answer = await service.call('GET', `/v1/mandates${query}`, { caller: { municipality } });
    return ((await answer.json()) as Json).items as Json[];
  };

  await t.test('without a mandate a vendor can propose one and nothing else', async (t) => {
    const { body } = await requestToken(vendor);
    t.equal(body.scope, 'mandates:propose');
    t.match((await ask(body.access_token, '/v1/me')).body, { municipality: null, mandate: null, clientId: vendor });
    for (const path of ['/v1/packages', '/v1/clients', '/v1/releases', '/v1/audit-log', '/v1/access-keys'])
      t.equal((await ask(body.access_token, path)).status, 403, path);
    t.match(await requestToken(vendor, { municipality: '615' }), {
      status: 400,
      body: { error: 'unauthorized_client' },
    });
  });

  await t.test('a proposal allows nothing; the municipality sees what is asked for', async (t) => {
    const { status, body } = await propose(vendor, { purpose: 'Overblik over skolerne', domains: ['skole'] });
    t.equal(status, 201);
    t.match(body, { status: 'proposed', vendor: 'LIS Leverandør', contact: 'drift@lis.example', clientId: vendor });
    t.equal((await requestToken(vendor, { municipality: '615' })).status, 400);
    t.match(
      (await list('615', '?status=proposed')).find(({ mandateId }) => mandateId === body.mandateId),
      { purpose: 'Overblik over skolerne', domains: ['skole'], approvedAt: null },
    );
    t.notOk(
      (await list('791')).some(({ mandateId }) => mandateId === body.mandateId),
      'it is not another’s to see',
    );
    t.equal((await decide(body.mandateId, 'approve', '791')).status, 404, 'nor to approve');
    t.equal((await decide(body.mandateId, 'end', '791')).status, 404, 'nor to decline');
    t.match(await decide(body.mandateId, 'end'), { status: 200, body: { status: 'ended' } }, 'declined');
    t.match(await decide(body.mandateId, 'approve'), { status: 409, body: { code: 'mandate-not-proposed' } });
    t.match(await decide(body.mandateId, 'end'), { status: 409, body: { code: 'mandate-over' } });
  });

  await t.test('what cannot be proposed', async (t) => {
    const narrow = await newVendor({ scopes: ['raw-data:read', 'mandates:propose'], domains: ['borger'] });
    const wrong: Record<string, [string, object, string]> = {
      'a scope that the vendor lacks': [narrow, { scopes: ['raw-data:read', 'cpr:read'] }, 'mandate-rights'],
      'a domain that the vendor is not for': [
        narrow,
        { scopes: ['raw-data:read'], domains: ['skole'] },
        'mandate-rights',
      ],
      'an unknown domain': [vendor, { domains: ['nowhere'] }, 'mandate-rights'],
      'an unknown municipality': [vendor, { municipality: '123' }, 'mandate-rights'],
      yesterday: [vendor, { endsOn: daysAhead(-2) }, 'mandate-end-date'],
      'ten years': [vendor, { endsOn: daysAhead(3660) }, 'mandate-end-date'],
      'a municipal scope': [vendor, { scopes: ['mandates:manage'] }, 'invalid-request'],
      'no domain': [vendor, { domains: [] }, 'invalid-request'],
      'a day that is none': [vendor, { endsOn: '2027-02-30' }, 'invalid-request'],
    };
    for (const [name, [clientId, wish, code]] of Object.entries(wrong))
      t.match((await propose(clientId, wish)).body, { code }, name);
    const eager = await newVendor();
    const sent = await Promise.all(Array.from({ length: 14 }, () => propose(eager, { municipality: '101' })));
    t.equal(sent.filter(({ status }) => status === 201).length, 10, 'ten may wait, however many come at once');
    t.match(sent.find(({ status }) => status !== 201)?.body, { code: 'too-many-proposals' });
    t.equal((await propose(eager)).status, 201, 'at another municipality it may');
  });

  await t.test('a token under a mandate is worth what both sides allow', async (t) => {
    const wish = {
      scopes: ['raw-data:read', 'source:read'],
      domains: ['borger'],
      purpose: 'Budgetopfølgning',
    } as const;
    const mandateId = await newMandate(vendor, wish);
    const { body } = await requestToken(vendor, { municipality: '615' });
    t.equal(body.scope, 'raw-data:read source:read');
    t.match((await ask(body.access_token, '/v1/me')).body, {
      clientId: vendor,
      municipality: '615',
      domains: ['borger'],
      mandate: { mandateId, purpose: 'Budgetopfølgning' },
    });
    t.equal((await ask(body.access_token, '/v1/revisions?domain=borger')).status, 200);
    t.match((await ask(body.access_token, '/v1/revisions?domain=skole')).body, { code: 'domain-missing' });
    t.match((await ask(body.access_token, '/v1/key-figures/BO06/values')).body, { code: 'scope-missing' });
    t.equal((await requestToken(vendor, { municipality: '615', scope: 'key-figures:read' })).status, 400);
    t.equal((await requestToken(vendor, { municipality: '791' })).status, 400, 'another municipality gave none');
    for (const path of ['/v1/mandates', `/v1/mandates/${mandateId}`])
      t.equal((await ask(body.access_token, path)).status, 403, `${path} is not for whoever works under a mandate`);
    t.equal((await ask(body.access_token, `/v1/mandates/${mandateId}/approve`, 'POST')).status, 403);
    const stranger = await newVendor();
    t.equal(
      (await requestToken(stranger, { municipality: '615', mandate: mandateId })).status,
      400,
      'nor for another vendor',
    );
    t.equal((await ask(await tokenOf(stranger), `/v1/mandates/${mandateId}`)).status, 404);
    t.equal((await ask(await tokenOf(stranger), `/v1/mandates/${mandateId}/end`, 'POST')).status, 404);
    await service.call('PATCH', `/v1/clients/${vendor}`, {
      caller: { municipality: null },
      body: { scopes: ['source:read', 'mandates:propose'] },
    });
    t.match(
      (await ask(body.access_token, '/v1/revisions?domain=borger')).body,
      { code: 'scope-missing' },
      'the vendor’s own rights count as well',
    );
    await service.call('PATCH', `/v1/clients/${vendor}`, {
      caller: { municipality: null },
      body: { scopes: [...VENDOR_SCOPES, 'mandates:propose'] },
    });
    t.match(await requestToken(vendor, { municipality: '615', mandate: randomUUID() }), { status: 400 });
    const second = await newMandate(vendor, { ...wish, purpose: 'Et andet formål' });
    t.match((await requestToken(vendor, { municipality: '615' })).body, {
      error: 'invalid_request',
      code: 'ambiguous-mandate',
    });
    const token = await tokenOf(vendor, { municipality: '615', mandate: second });
    t.match((await ask(token, '/v1/me')).body.mandate, { mandateId: second, purpose: 'Et andet formål' });
    await decide(mandateId, 'end');
    await decide(second, 'end');
  });

  await t.test('its reads are in the municipality’s log, with mandate and purpose', async (t) => {
    const purpose = `Tilsyn ${randomUUID()}`;
    const mandateId = await newMandate(vendor, { purpose });
    const token = await tokenOf(vendor, { municipality: '615' });
    await ask(token, '/v1/key-figures/BO06/own-values');
    const log = await service.call('GET', `/v1/audit-log?client=${vendor}`, { caller: { municipality: '615' } });
    const entries = ((await log.json()) as Json).items as Json[];
    t.match(
      entries.filter(({ mandate }) => mandate === mandateId).map(({ operation, purpose }) => ({ operation, purpose })),
      [{ operation: 'listOwnValues', purpose }, { operation: 'proposeMandate' }],
    );
    const other = await service.call('GET', `/v1/audit-log?client=${vendor}`, { caller: { municipality: '791' } });
    t.same(((await other.json()) as Json).items, [], 'and in no other’s');
    await decide(mandateId, 'end');
  });

  for (const side of ['municipality', 'vendor'] as const) {
    await t.test(`ended by the ${side}, it opens nothing from then on`, async (t) => {
      const mandateId = await newMandate(vendor);
      const token = await tokenOf(vendor, { municipality: '615' });
      const figures = async () => (await ask(token, '/v1/releases')).status;
      t.equal((await ask(token, '/v1/packages')).status, 200);
      t.equal(await figures(), 200);
      t.equal(await figures(), 200, 'remembered by now');
      const ended =
        side === 'municipality'
          ? await decide(mandateId, 'end')
          : await ask(await tokenOf(vendor), `/v1/mandates/${mandateId}/end`, 'POST');
      t.match(ended, { status: 200, body: { status: 'ended' } });
      t.equal((await ask(token, '/v1/packages')).status, 401, 'raw data asks the register each time');
      const since = performance.now();
      while ((await figures()) === 200 && performance.now() - since < 5_000);
      t.equal(await figures(), 401);
      t.ok(performance.now() - since < 1_000, 'released values within a second');
      t.equal((await requestToken(vendor, { municipality: '615' })).status, 400);
    });
  }

  await t.test('it ends by itself with its last day, and a token no later', async (t) => {
    const mandateId = await newMandate(vendor, { endsOn: daysAhead(1) });
    const token = await tokenOf(vendor, { municipality: '615' });
    t.equal((await ask(token, '/v1/packages')).status, 200);
    await owner.query(
      `update mandate set ends_on = (now() at time zone 'Europe/Copenhagen')::date - 1 where mandate_id = $1`,
      [mandateId],
    );
    t.equal((await ask(token, '/v1/packages')).status, 401);
    t.equal((await requestToken(vendor, { municipality: '615' })).status, 400);
    t.match((await ask(await tokenOf(vendor), `/v1/mandates/${mandateId}`)).body, { status: 'expired' });
    t.match(await decide(mandateId, 'end'), { status: 409, body: { code: 'mandate-over' } });
  });

  await t.test('no other client names a mandate, and none gives one to itself', async (t) => {
    const answer = await service.call('POST', '/v1/clients', {
      caller: { municipality: '615' },
      body: { kind: 'municipality', name: 'x', contact: 'x@y.dk', scopes: ['mandates:propose'] },
    });
    t.match(await answer.json(), { code: 'scopes-not-allowed', refused: ['mandates:propose'] });
    const operator = { caller: { municipality: null } };
    const wrong = { kind: 'vendor', name: 'x', contact: 'x@y.dk', scopes: ['mandates:manage'] };
    t.match(await (await service.call('POST', '/v1/clients', { ...operator, body: wrong })).json(), {
      code: 'scopes-not-allowed',
    });
    t.equal((await service.call('GET', '/v1/mandates', operator)).status, 403, 'the operator has no part in them');
  });

  await t.test('what a token says is held against the mandate, whoever made the token', async (t) => {
    const mandateId = await newMandate(vendor, { scopes: ['raw-data:read'], domains: ['borger'] });
    const principal: Principal = {
      ...{ clientId: vendor, credential: 'token', isRegistered: true, municipality: municipalityCodeOf('615') },
      ...{ domains: null, scopes: new Set(VENDOR_SCOPES), expiresAt: new Date('2100-01-01') },
      mandate: { id: mandateId, purpose: 'x', endsAt: new Date('2100-01-01') },
    };
    const { pool } = service.api.deps;
    const confirmed = await confirmClient(pool, principal);
    t.same([...(confirmed?.scopes ?? [])], ['raw-data:read']);
    t.same(confirmed?.domains, ['borger']);
    t.equal(confirmed?.mandate?.purpose, 'Ledelsesinformation');
    t.ok((confirmed?.expiresAt.getTime() ?? 0) < Date.now() + 32 * 86_400_000, 'no longer than the mandate');
    const none = { ...principal, mandate: null };
    t.equal(await confirmClient(pool, none), undefined, 'a vendor without a mandate');
    t.equal(await confirmClient(pool, { ...principal, clientId: await newVendor() }), undefined, 'another vendor');
    t.equal(
      await confirmClient(pool, { ...principal, municipality: municipalityCodeOf('791') }),
      undefined,
      'another municipality',
    );
    await decide(mandateId, 'end');
  });

  await t.test('nobody who works under a mandate can approve one, whatever its scopes', async (t) => {
    const app = createHttpApp({
      ...{ publicOrigin: 'https://flis.example', logger: pino({ enabled: false }) },
      ...{ requestTimeout: 60_000, maxConnections: 1 },
    });
    const scopes = new Set<Scope>(['mandates:manage', 'mandates:propose']);
    const caller = (mandate: Principal['mandate'], municipality: Principal['municipality']): Principal => ({
      ...{
        clientId: vendor,
        credential: 'token',
        isRegistered: false,
        domains: null,
        expiresAt: new Date('2100-01-01'),
      },
      ...{ municipality, mandate, scopes },
    });
    let asks = caller(null, null);
    registerAccess(
      app,
      {
        known: () => ({ principal: asks, holds: () => true }),
        verify: async () => asks,
        watch: () => UNWATCHED,
        forget: () => {},
      },
      testLimiter(),
    );
    registerMandateRoutes(app, { pool: service.api.deps.pool, domainIds: [], municipalityCodes: new Set() });
    const mandateId = (await propose(vendor)).body.mandateId;
    const approve = async () =>
      (
        await app.inject({
          method: 'POST',
          url: `/v1/mandates/${mandateId}/approve`,
          headers: { host: 'flis.example' },
        })
      ).json();
    t.match(await approve(), { code: 'not-on-behalf' }, 'a vendor');
    asks = caller({ id: mandateId, purpose: 'x', endsAt: new Date('2100-01-01') }, municipalityCodeOf('615'));
    t.match(await approve(), { code: 'not-on-behalf' }, 'a vendor in the municipality’s name');
    asks = caller(null, municipalityCodeOf('615'));
    t.match(await approve(), { status: 'active' }, 'the municipality');
    await decide(mandateId, 'end');
    await app.close();
  });

  await t.test('both sides page through theirs', async (t) => {
    const busy = await newVendor();
    const client = { municipality_code: '751', client_id: busy };
    await owner.query(
      `insert into mandate (municipality_code, mandate_id, client_id, vendor, contact, domains, scopes, purpose, ends_on, ended_at)
       select $1, gen_random_uuid(), $2, 'v', 'c', '{borger}', '{raw-data:read}', 'p' || n, current_date, now() from generate_series(1, 230) n`,
      Object.values(client),
    );
    const token = await tokenOf(busy);
    for (const page of [
      async (path: string) => (await ask(token, path)).body,
      async (path: string) =>
        (await (await service.call('GET', path, { caller: { municipality: '751' } })).json()) as Json,
    ]) {
      const seen: string[] = [];
      for (let next: string | null = '/v1/mandates'; next !== null; ) {
        const body: Json = await page(next.replace('https://flis.example', ''));
        seen.push(...body.items.map(({ mandateId }: Json) => mandateId));
        next = body.next;
      }
      t.equal(new Set(seen).size, 230);
      t.equal(seen.length, 230);
    }
  });
});
