// Subscriptions over HTTP: what they cost, who can agree to them, what is refused, and that everything that was agreed is on record.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import t from 'tap';
import type { Scope } from '../../src/access/index.ts';
import { listActive, termsOn } from '../../src/pipeline/delivery/subscriptions/index.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { withSystem } from '../../src/platform/postgres/tenancy.ts';
import { addDays, addMonthsToDay, dayOf } from '../../src/platform/time/local-time.ts';
import { type Json, openMandateScene } from '../access/mandate-scene.ts';
import { TEST_CONTEXT } from '../harness/database.ts';
import { type Caller, startService } from '../harness/service.ts';

const TODAY = dayOf(new Date());
const SUBSCRIBING: Scope[] = ['subscriptions:read', 'subscriptions:manage'];

t.test('subscriptions', async (t) => {
  const service = await startService(t, { withoutWorker: true });
  // It makes the keys that tokens are signed with.
  await service.startWorker();
  const scene = await openMandateScene(service);
  const owner = new pg.Client({ connectionString: service.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());

  const call = async (method: string, path: string, body?: object, caller: Caller = {}, key?: string) => {
    const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    const response = await service.call(method, path, { caller, headers, ...(body && { body }) });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Json };
  };
  const wish = (changes: object = {}) => ({
    ...{ domain: 'borger', startsOn: TODAY, rhythm: { frequency: 'weekly', weekday: 1 }, hour: 6 },
    ...{ formats: ['parquet', 'csv.gz'], kind: 'total', commitmentMonths: 12, renewalMonths: 12, noticeMonths: 3 },
    ...changes,
  });
  const propose = (changes: object = {}, caller: Caller = {}, key?: string) =>
    call('POST', '/v1/subscriptions', wish(changes), caller, key);
  const act = (id: string, what: string, body?: object, caller: Caller = {}, key?: string) =>
    call('POST', `/v1/subscriptions/${id}/${what}`, body, caller, key);
  const of = (municipality: string): Caller => ({ municipality, clientId: `client-of-${municipality}` });

  await t.test('a quote shows the arithmetic, and stores nothing', async (t) => {
    const lines = [
      { domain: 'borger', frequency: 'daily' },
      { domain: 'skole', frequency: 'weekly' },
      { domain: 'oekonomi', frequency: 'monthly' },
    ];
    const { status, body } = await call('POST', '/v1/subscriptions/quotes', { startsOn: TODAY, lines });
    t.equal(status, 200);
    // Horsens has 98 806 inhabitants: 98 806 × 1.50 kr. = 148 209.00 kr. a year for each domain, before the factor.
    const rate = { ratePerInhabitant: '1.50', inhabitants: 98_806 };
    t.strictSame(body, {
      ...{ municipality: '615', startsOn: TODAY, priceListFrom: '2012-06-01' },
      lines: [
        // 148 209.00 × 1.5 = 222 313.50; a quarter of it 55 578.375, and half an øre goes away from zero.
        { domain: 'borger', frequency: 'daily', ...rate, factor: '1.5', perYear: '222313.50', perQuarter: '55578.38' },
        // 148 209.00 × 1.25 = 185 261.25; a quarter of it 46 315.3125.
        { domain: 'skole', frequency: 'weekly', ...rate, factor: '1.25', perYear: '185261.25', perQuarter: '46315.31' },
        {
          domain: 'oekonomi',
          frequency: 'monthly',
          ...rate,
          factor: '1',
          perYear: '148209.00',
          perQuarter: '37052.25',
        },
      ],
      // 222 313.50 + 185 261.25 + 148 209.00; 55 578.38 + 46 315.31 + 37 052.25.
      ...{ joiningFee: '300000.00', perYear: '555783.75', perQuarter: '138945.94', firstYear: '855783.75' },
    });
    t.match(await call('POST', '/v1/subscriptions/quotes', { startsOn: TODAY, lines }, { municipality: '888' }), {
      ...{ status: 422, body: { code: 'no-price', domain: 'borger' } },
    });
    const unknown = { startsOn: TODAY, lines: [{ domain: 'nowhere', frequency: 'daily' }] };
    t.match((await call('POST', '/v1/subscriptions/quotes', unknown)).body, {
      ...{ code: 'invalid-request', faults: [{ place: 'body/lines/0/domain' }] },
    });
    const { rows } = await owner.query('select 1 from subscription union all select 1 from subscription_event');
    t.equal(rows.length, 0);
  });

  await t.test('proposed, agreed to, on record', async (t) => {
    const caller = of('101');
    const { status, headers, body } = await propose({}, caller);
    t.equal(status, 201);
    t.equal(headers.get('location'), `/v1/subscriptions/${body.subscriptionId}`);
    t.match(body, {
      ...{ state: 'proposed', endsOn: null, committedUntil: addDays(addMonthsToDay(TODAY, 12), -1), planned: [] },
      terms: { tables: ['bor_befolkning', 'bor_bevaegelse'], formats: ['csv.gz', 'parquet'] },
    });
    const id = body.subscriptionId;
    t.match(await act(id, 'activate', undefined, caller), { status: 200, body: { state: 'active' } });
    t.match(await act(id, 'activate', undefined, caller), { status: 409, body: { code: 'subscription-not-proposed' } });
    t.match((await call('GET', `/v1/subscriptions/${id}`, undefined, caller)).body, {
      history: [
        { number: 1, kind: 'proposed', day: TODAY, clientId: 'client-of-101', mandateId: null, terms: { hour: 6 } },
        { number: 2, kind: 'activated', day: TODAY, clientId: 'client-of-101', terms: null },
      ],
    });
    const log = await call('GET', '/v1/audit-log', undefined, caller);
    t.same(
      log.body.items.map(({ operation }: Json) => operation),
      ['getSubscription', 'activateSubscription', 'createSubscription'],
      'what was refused is not logged as done',
    );
    const quote = { startsOn: TODAY, lines: [{ domain: 'skole', frequency: 'weekly' }] };
    t.equal((await call('POST', '/v1/subscriptions/quotes', quote, caller)).body.joiningFee, '0.00', 'it has joined');
    for (const what of ['', '/activate', '/terminate']) {
      const asked = await call(what === '' ? 'GET' : 'POST', `/v1/subscriptions/${id}${what}`, undefined, of('791'));
      t.equal(asked.status, 404, `another municipality: ${what}`);
    }
  });

  await t.test('what cannot be proposed', async (t) => {
    const place = async (changes: object) => (await propose(changes, of('147'))).body.faults?.[0]?.place;
    t.equal(await place({ startsOn: addDays(TODAY, -1) }), 'body/startsOn');
    t.equal(await place({ startsOn: addMonthsToDay(TODAY, 25) }), 'body/startsOn');
    t.equal(await place({ domain: 'nowhere' }), 'body/domain');
    t.equal(await place({ tables: ['sko_elev'] }), 'body/tables');
    t.equal(await place({ commitmentMonths: 2 }), 'body/commitmentMonths');
    t.equal((await propose({ rhythm: { frequency: 'weekly', dayOfMonth: 3 } }, of('147'))).status, 400);
    t.equal((await call('GET', '/v1/subscriptions', undefined, of('147'))).body.items.length, 0);
  });

  await t.test('a vendor under a mandate proposes, and the municipality decides', async (t) => {
    const vendor = await scene.newVendor({ scopes: [...SUBSCRIBING, 'mandates:propose'] });
    const mandate = await scene.newMandate(vendor, { municipality: '151', scopes: SUBSCRIBING, domains: ['borger'] });
    const token = await scene.tokenOf(vendor, { municipality: '151' });
    const made = await scene.ask(token, '/v1/subscriptions', 'POST', wish());
    t.equal(made.status, 201);
    const { subscriptionId: id } = made.body;
    for (const [what, body] of [['activate'], ['changes', { hour: 7 }]] as const)
      t.match(await scene.ask(token, `/v1/subscriptions/${id}/${what}`, 'POST', body), {
        ...{ status: 403, body: { code: 'municipality-decides' } },
      });
    t.match(await scene.ask(token, `/v1/subscriptions/${id}/terminate`, 'POST'), { body: { state: 'terminated' } });
    const second = (await scene.ask(token, '/v1/subscriptions', 'POST', wish())).body.subscriptionId;
    t.match(await act(second, 'activate', undefined, of('151')), { status: 200 });
    t.match(await scene.ask(token, `/v1/subscriptions/${second}/terminate`, 'POST'), { status: 403 });
    t.match((await call('GET', `/v1/subscriptions/${second}`, undefined, of('151'))).body.history, [
      { clientId: vendor, mandateId: mandate },
      { clientId: 'client-of-151', mandateId: null },
    ]);
    t.match(await scene.ask(token, '/v1/subscriptions', 'POST', wish({ domain: 'skole' })), { status: 403 });
    t.match(await scene.ask(token, '/v1/invoice-bases/2026Q1'), {
      ...{ status: 403, body: { code: 'invoice-needs-every-domain' } },
    });
  });

  await t.test('no two have a table in common at the same time', async (t) => {
    const caller = of('153');
    const first = await propose({ renewalMonths: null, tables: ['bor_befolkning'] }, caller);
    const conflict = { status: 409, body: { code: 'subscription-overlaps', conflictsWith: first.body.subscriptionId } };
    t.match(await propose({}, caller), conflict, 'a proposal is in the way');
    await act(first.body.subscriptionId, 'activate', undefined, caller);
    t.match(await propose({ startsOn: addMonthsToDay(TODAY, 11) }, caller), conflict);
    t.equal((await propose({ startsOn: addMonthsToDay(TODAY, 12) }, caller)).status, 201, 'after it');
    const other = await propose({ tables: ['bor_bevaegelse'], renewalMonths: null }, caller);
    t.equal(other.status, 201, 'other tables');
    await act(other.body.subscriptionId, 'activate', undefined, caller);
    t.match(await act(other.body.subscriptionId, 'changes', { tables: ['bor_befolkning'] }, caller), conflict);
    t.equal((await propose({ domain: 'skole' }, caller)).status, 201, 'another domain');
    // Whoever has found no other waits here with its row of the log, so that all eight have begun before the first can commit.
    await owner.query('begin; lock table audit_entry in share mode');
    const sent = Array.from({ length: 8 }, () => propose({}, of('155')));
    for (let waiting = 0; waiting < 8; ) {
      const { rows } = await owner.query<{ count: number }>(
        `select count(*)::int as count from pg_locks join pg_database d on d.oid = database where not granted and datname = current_database()`,
      );
      waiting = rows[0]?.count ?? 0;
    }
    await owner.query('commit');
    const eight = await Promise.all(sent);
    t.equal(eight.filter(({ status }) => status === 201).length, 1, 'of eight at once, one');
    t.equal(eight.filter(({ body }) => body.code === 'subscription-overlaps').length, 7);
    const { rows } = await owner.query(`select 1 from subscription where municipality_code = '155'`);
    t.equal(rows.length, 1);
  });

  await t.test('a request that is repeated has one effect', async (t) => {
    const caller = of('157');
    const key = randomUUID();
    const [one, two] = await Promise.all([propose({}, caller, key), propose({}, caller, key)]);
    t.same(one.body, two.body);
    t.match(await propose({ hour: 9 }, caller, key), { status: 422, body: { code: 'idempotency-key-reused' } });
    const { subscriptionId: id } = one.body;
    for (const [what, body] of [['activate'], ['changes', { hour: 8 }], ['terminate']] as const) {
      const again = randomUUID();
      const answers = [await act(id, what, body, caller, again), await act(id, what, body, caller, again)];
      t.same(answers[0]?.body, answers[1]?.body, what);
      t.equal(answers[1]?.status, 200);
    }
    t.equal((await call('GET', `/v1/subscriptions/${id}`, undefined, caller)).body.history.length, 4);
  });

  await t.test('terms change and end as agreed', async (t) => {
    const caller = of('159');
    const id = (await propose({ rhythm: { frequency: 'daily', days: 'every' } }, caller)).body.subscriptionId;
    t.match(await act(id, 'changes', { hour: 7 }, caller), { status: 409, body: { code: 'subscription-not-active' } });
    await act(id, 'activate', undefined, caller);
    const until = addDays(addMonthsToDay(TODAY, 12), -1);
    const lower = await act(id, 'changes', { rhythm: { frequency: 'monthly', workingDay: 3 } }, caller);
    t.match(lower.body, { terms: { rhythm: { frequency: 'daily' } }, planned: [{ from: addDays(until, 1) }] });
    const equal = await act(id, 'changes', { hour: 8, tables: ['bor_bevaegelse'] }, caller);
    t.match(equal.body.planned, [
      { from: addDays(TODAY, 1), terms: { hour: 8, tables: ['bor_bevaegelse'], rhythm: { frequency: 'daily' } } },
      { from: addDays(until, 1), terms: { hour: 8, rhythm: { frequency: 'monthly' } } },
    ]);
    t.equal((await act(id, 'changes', {}, caller)).status, 400, 'nothing to change');
    t.match((await act(id, 'terminate', undefined, caller)).body, { state: 'active', endsOn: until });
    for (const [what, body] of [['terminate'], ['changes', { hour: 7 }]] as const)
      t.match((await act(id, what, body, caller)).body, { code: 'subscription-not-active' }, what);
    const fixed = (await propose({ domain: 'skole', renewalMonths: null }, caller)).body.subscriptionId;
    await act(fixed, 'activate', undefined, caller);
    t.match(await act(fixed, 'changes', { rhythm: { frequency: 'monthly', dayOfMonth: 1 } }, caller), {
      ...{ status: 409, body: { code: 'change-too-late', endsOn: until } },
    });
  });

  await t.test('listing: by state and domain, page by page', async (t) => {
    const caller = of('161');
    const ids: string[] = [];
    for (const domain of ['borger', 'skole', 'oekonomi', 'borger']) {
      const made = (await propose({ domain }, caller)).body.subscriptionId;
      ids.unshift(made);
      if (domain === 'borger' && ids.length === 1) await act(made, 'terminate', undefined, caller);
    }
    const list = async (query: string) => (await call('GET', `/v1/subscriptions?${query}`, undefined, caller)).body;
    const idsOf = ({ items }: Json) => items.map(({ subscriptionId }: Json) => subscriptionId);
    t.same(idsOf(await list('')), ids);
    t.same(idsOf(await list('domain=borger&state=proposed')), [ids[0]]);
    t.same(idsOf(await list('state=terminated')), [ids[3]]);
    const seen: string[] = [];
    for (let query: string | null = 'limit=1&state=proposed'; query !== null; ) {
      const page: Json = await list(query);
      seen.push(...idsOf(page));
      query = page.next === null ? null : new URL(page.next).search.slice(1);
    }
    t.same(seen, ids.slice(0, 3));
    t.match(await list('cursor=abc'), { code: 'invalid-cursor' });
  });

  await t.test('whoever delivers reads all that are active, with the terms of a day', async (t) => {
    const pool = createPool({
      ...{ url: service.database.workerUrl, max: 1, statementTimeout: 5_000, applicationName: 'test' },
      context: TEST_CONTEXT,
    });
    t.teardown(() => pool.end());
    const active = await withSystem(pool, 'test', (tx) => listActive(tx, TODAY, addDays(TODAY, 40)));
    t.same([...new Set(active.map(({ municipality }) => municipality))], ['101', '151', '153', '157', '159']);
    const [changed] = active.filter(({ municipality }) => municipality === '159');
    t.match(changed && termsOn(changed, addDays(TODAY, 1)), { hour: 8, tables: ['bor_bevaegelse'], kind: 'total' });
    const later = await withSystem(pool, 'test', (tx) => listActive(tx, addMonthsToDay(TODAY, 13), '2099-01-01'));
    t.notOk(
      later.some(({ municipality }) => municipality === '159'),
      'those that have ended are left out',
    );
  });
});
