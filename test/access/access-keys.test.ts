// Access keys over HTTP: what one opens and for how long, how it ends, and that its text is kept nowhere.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import pg from 'pg';
import t from 'tap';
import { announceEnds, looksLikeAccessKey, noticeOf, verifyAccessKey } from '../../src/access/access-keys/index.ts';
import { ACCESS_KEY_TEXTS } from '../../src/access/access-keys/rules.ts';
import { createCallerVerifier, type Principal } from '../../src/access/index.ts';
import { appendEvent } from '../../src/events/index.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { startService } from '../harness/service.ts';

/** Whatever an answer holds. */
type Json = ReturnType<typeof JSON.parse>;

const DAY = 24 * 3_600_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY).toISOString();
const scopes = ['key-figures:read', 'raw-data:read'];

t.test('access keys', async (t) => {
  const lines: string[] = [];
  const service = await startService(t, { withoutWorker: true, logTo: { write: (line) => void lines.push(line) } });
  const owner = new pg.Client({ connectionString: service.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  const send = async (method: string, path: string, sent?: unknown, municipality = '615') => {
    const response = await service.call(method, path, { caller: { municipality }, ...(sent ? { body: sent } : {}) });
    return { status: response.status, body: (await response.json()) as Record<string, Json> };
  };
  const newClient = async (changes: object = {}) => {
    const sent = { kind: 'municipality', name: 'Excel', contact: 'a@b.dk', scopes, ...changes };
    return (await send('POST', '/v1/clients', sent)).body.clientId as string;
  };
  const make = (clientId: string, changes: object = {}) =>
    send('POST', '/v1/access-keys', { clientId, name: 'natlig', scopes, expiresAt: inDays(90), ...changes });
  const ask = (path: string, authorization: string, method = 'GET') =>
    service.call(method, path, { caller: null, headers: { authorization } });
  const basic = (key: string, user = 'bi') => `Basic ${Buffer.from(`${user}:${key}`).toString('base64')}`;

  await t.test('one opens what it is for, as Bearer and as Basic password', async (t) => {
    const clientId = await newClient();
    const { status, body: key } = await make(clientId, { domains: ['borger'] });
    t.equal(status, 201);
    for (const authorization of [`Bearer ${key.key}`, basic(key.key), basic(key.key, '')]) {
      const me = await (await ask('/v1/me', authorization)).json();
      t.match(me, {
        clientId,
        credential: 'access-key',
        municipality: '615',
        domains: ['borger'],
        scopes,
        daysLeft: null,
      });
      t.equal((await ask('/v1/revisions?domain=borger', authorization)).status, 200);
      t.equal((await ask('/v1/key-figures/BO06/values', authorization)).status, 404, 'no release yet');
      for (const path of [
        '/v1/revisions?domain=skole',
        '/v1/key-figures/SK01/values',
        '/v1/key-figures/SK01/own-values',
      ])
        t.match(await (await ask(path, authorization)).json(), { code: 'domain-missing', domain: 'skole' }, path);
      for (const path of ['/v1/clients', '/v1/access-keys', '/v1/source-deliveries'])
        t.equal((await ask(path, authorization)).status, 403, path);
    }
    const listed = await send('GET', '/v1/access-keys');
    const shown = listed.body.items.find(({ accessKeyId }: Record<string, Json>) => accessKeyId === key.accessKeyId);
    t.equal(shown.key, undefined, 'its text is shown once');
    t.ok(Date.now() - Date.parse(shown.lastUsedAt) < 120_000, 'its last use is on record');
  });

  await t.test('its text is nowhere in the database or the log', async (t) => {
    const { body } = await make(await newClient());
    await ask('/v1/me', basic(body.key));
    const secret = body.key.split('_')[3];
    const { rows: tables } = await owner.query(
      `select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
    );
    t.ok(tables.length > 15);
    for (const { relname } of tables) {
      const { rows } = await owner.query(`select 1 from ${relname} r where r::text like '%' || $1 || '%'`, [secret]);
      t.equal(rows.length, 0, relname);
    }
    t.notOk(lines.join('').includes(secret));
  });

  await t.test('a key never does more than its client may by now', async (t) => {
    const clientId = await newClient({ domains: ['borger', 'skole'] });
    t.match(await make(clientId, { domains: ['oekonomi'] }), { status: 422, body: { code: 'beyond-client' } });
    const limited = await newClient({ scopes: ['key-figures:read'] });
    t.match(await make(limited), { status: 422, body: { code: 'beyond-client' } });
    t.match(await make(clientId, { scopes: ['cpr:read'] }), { status: 400 });
    const { body } = await make(clientId);
    const me = async () => (await (await ask('/v1/me', `Bearer ${body.key}`)).json()) as Record<string, unknown>;
    t.match(await me(), { domains: ['borger', 'skole'] });
    await send('PATCH', `/v1/clients/${clientId}`, { scopes: ['key-figures:read'], domains: ['skole'] });
    t.same((await me()).scopes, ['key-figures:read']);
    t.same((await me()).domains, ['skole']);
  });

  await t.test('revoking a key, or disabling its client, ends it', async (t) => {
    for (const end of ['revoke', 'disable']) {
      const clientId = await newClient();
      const { body } = await make(clientId);
      const authorization = `Bearer ${body.key}`;
      const remembered = () => service.api.deps.callerVerifier.known(authorization);
      while (remembered() === undefined) await ask('/v1/key-figures/BO06/values', authorization);
      const change =
        end === 'revoke'
          ? await send('DELETE', `/v1/access-keys/${body.accessKeyId}`)
          : await send('PATCH', `/v1/clients/${clientId}`, { status: 'disabled' });
      t.equal(change.status, 200);
      t.equal((await ask('/v1/revisions?domain=borger', authorization)).status, 401, 'raw data: at once');
      let status = 0;
      while (status !== 401) status = (await ask('/v1/key-figures/BO06/values', authorization)).status;
      t.equal(remembered(), undefined, 'released values: once the announcement is heard');
    }
  });

  await t.test('a client has two keys at a time, however many are made at once', async (t) => {
    const clientId = await newClient();
    const made = await Promise.all(Array.from({ length: 8 }, () => make(clientId)));
    t.equal(made.filter(({ status }) => status === 201).length, 2);
    t.equal(made.filter(({ status, body }) => status === 409 && body.code === 'too-many-access-keys').length, 6);
    const first = made.find(({ status }) => status === 201)?.body;
    t.equal((await send('DELETE', `/v1/access-keys/${first?.accessKeyId}`)).status, 200);
    t.equal((await make(clientId)).status, 201, 'one that has ended makes room');
  });

  await t.test('it lasts a year at most, and belongs to a client of the municipality', async (t) => {
    const clientId = await newClient();
    for (const expiresAt of [inDays(367), inDays(0.01), inDays(-1)])
      t.match(await make(clientId, { expiresAt }), { status: 422, body: { code: 'access-key-expiry' } }, expiresAt);
    t.match(await send('POST', '/v1/access-keys', { clientId, name: 'x', scopes, expiresAt: inDays(9) }, '791'), {
      status: 404,
    });
    const { body } = await make(clientId, { expiresAt: inDays(20.5) });
    t.equal(body.daysLeft, 20);
    await owner.query(`update access_key set expires_at = now() where access_key_id = $1`, [body.accessKeyId]);
    t.equal((await ask('/v1/me', `Bearer ${body.key}`)).status, 401);
  });

  await t.test('what is no key of this service is refused, with the challenge that tools wait for', async (t) => {
    const { body } = await make(await newClient());
    const wrong = `${body.key.slice(0, 30)}${body.key[30] === 'a' ? 'b' : 'a'}${body.key.slice(31)}`;
    const other = ACCESS_KEY_TEXTS.make(municipalityCodeOf('615'), randomBytes(32)).text;
    for (const text of [wrong, other, body.key.replace('_615_', '_791_'), `${body.key}x`, 'flis_', body.accessKeyId]) {
      const answer = await ask('/v1/me', basic(text));
      t.equal(answer.status, 401);
      t.match(answer.headers.get('www-authenticate'), /^Bearer realm="flis".*, Basic realm="flis"$/);
    }
    t.equal((await ask('/v1/me', `Basic ${body.key}`)).status, 401);
  });
});

t.test('a text that this service did not make costs no query', async (t) => {
  const secrets = { rootSecret: randomBytes(32) };
  const pool = new Proxy({}, { get: () => t.fail('the database was asked') }) as pg.Pool;
  const real = ACCESS_KEY_TEXTS.make(municipalityCodeOf('615'), secrets.rootSecret);
  t.match(ACCESS_KEY_TEXTS.parse(real.text, secrets.rootSecret), { municipality: '615', id: real.id });
  await fc.assert(
    fc.asyncProperty(
      fc.nat(real.text.length - 1),
      fc.constantFrom(...'_aZ09-xé '),
      fc.boolean(),
      async (at, letter, insert) => {
        const text = `${real.text.slice(0, at)}${letter}${real.text.slice(insert ? at : at + 1)}`;
        return text === real.text || (await verifyAccessKey({ pool, secrets }, text)) === undefined;
      },
    ),
    { numRuns: 500 },
  );
});

t.test('a registered caller is not remembered while the end of its rights might not be heard of', async (t) => {
  let listening = true;
  let asked = 0;
  const principal = (isRegistered: boolean): Principal => ({
    clientId: 'c1',
    credential: 'access-key',
    isRegistered,
    municipality: municipalityCodeOf('615'),
    domains: null,
    mandate: null,
    scopes: new Set(),
    expiresAt: new Date(Date.now() + DAY),
  });
  let meanwhile = () => {};
  const verifier = createCallerVerifier({
    verifyToken: async () => principal(false),
    confirmClient: async () => undefined,
    async verifyAccessKey() {
      asked += 1;
      meanwhile();
      return principal(true);
    },
    isListening: () => listening,
    catchUp: async () => {},
  });
  t.ok(looksLikeAccessKey('flis_x'));
  await verifier.verify('Bearer flis_x');
  await verifier.verify('Bearer token');
  const held = verifier.known('Bearer flis_x');
  t.ok(held?.holds());
  listening = false;
  t.equal(verifier.known('Bearer flis_x'), undefined);
  t.notOk(held?.holds(), 'nor does one that was held before');
  t.ok(verifier.known('Bearer token'), 'a token of another issuer rests on no register');
  listening = true;
  verifier.forget('c2');
  t.ok(verifier.known('Bearer flis_x'));
  t.ok(held?.holds());
  verifier.forget('c1');
  t.equal(verifier.known('Bearer flis_x'), undefined);
  t.notOk(held?.holds(), 'nor for whoever held it');
  t.ok(verifier.known('Bearer token'));
  meanwhile = () => verifier.forget('c1');
  await verifier.verify('Bearer flis_x');
  t.equal(verifier.known('Bearer flis_x'), undefined, 'what was read before a change is not remembered after it');
  meanwhile = () => {};
  await verifier.verify('Bearer flis_x');
  verifier.forget();
  t.equal(verifier.known('Bearer flis_x'), undefined);
  t.equal(asked, 3);
});

t.test('the end is announced thirty days ahead', async (t) => {
  const now = new Date();
  const after = (days: number) => noticeOf(new Date(now.getTime() + days * DAY), now);
  t.same([after(31), after(30), after(29.9), after(7), after(0.5)], [null, null, 29, 7, 0]);
});

t.test('the end of a key is announced 30 and 7 days ahead, once each, however many workers do it', async (t) => {
  const service = await startService(t, { withoutWorker: true });
  const worker = await service.startWorker();
  const { pool } = worker.deps;
  const owner = new pg.Client({ connectionString: service.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  const post = async (path: string, body: object) =>
    (await service.call('POST', path, { caller: { municipality: '615' }, body })).json() as Promise<
      Record<string, string>
    >;
  const { clientId } = await post('/v1/clients', {
    ...{ kind: 'municipality', name: 'BI', contact: 'bi@example.dk', scopes: ['raw-data:read'] },
  });
  const expiresAt = new Date(Date.now() + 200 * DAY).toISOString();
  const { accessKeyId } = await post('/v1/access-keys', { clientId, name: 'x', scopes: ['raw-data:read'], expiresAt });
  const endsIn = (days: number) =>
    owner.query('update access_key set expires_at = now() + make_interval(days => $2) where access_key_id = $1', [
      accessKeyId,
      days,
    ]);
  const announce = (clock = () => new Date()) =>
    announceEnds(pool, clock, (tx, data) => appendEvent(tx, { type: 'access-key.expiring', data }));
  const noted = async () => {
    const { rows } = await owner.query(
      `select (object ->> 'days')::int as days from audit_entry where operation = 'announceAccessKeyEnd' and municipality_code = '615'
       and object ->> 'accessKey' = $1 order by entry`,
      [accessKeyId],
    );
    return rows.map(({ days }) => days);
  };
  const announced = async () => {
    await Promise.all([announce(), announce(), announce()]);
    return noted();
  };
  for (const [days, expected] of [
    [200, []],
    [31, []],
    [30, [30]],
    [8, [30]],
    [7, [30, 7]],
    [1, [30, 7]],
  ] as const) {
    await endsIn(days);
    const before = await noted();
    await announce(() => new Date(Date.now() - 365 * DAY));
    t.same(await noted(), before, 'nothing by a clock that is behind');
    t.same(await announced(), expected, `${days} days before`);
  }
  const { rows: told } = await owner.query(
    `select data ->> 'accessKey' as key, (data ->> 'days')::int as days from event where type = 'access-key.expiring' order by sequence`,
  );
  t.same(
    told,
    [30, 7].map((days) => ({ key: accessKeyId, days })),
    'and told as an event, once each',
  );
  await owner.query('update access_key set noticed = null, revoked_at = now() where access_key_id = $1', [accessKeyId]);
  t.same(await announced(), [30, 7], 'not of a key that was revoked');
});
