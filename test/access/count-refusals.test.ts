// Refusals are on record: whose, of what, why and how many, in the caller's own log alone, in few rows however many there are, and without any answer
// depending on it.
import { randomUUID } from 'node:crypto';
import { mock } from 'node:test';
import pg from 'pg';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import t from 'tap';
import { createRefusalCounter } from '../../src/access/index.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { startApi } from '../../src/start.ts';
import { TEST_CONTEXT } from '../harness/database.ts';
import { type Caller, startService } from '../harness/service.ts';

const service = await startService(t, {
  withoutWorker: true,
  settings: { FLIS_CLIENT_RATE: '1', FLIS_CLIENT_MUNICIPALITY_RATE: '1', FLIS_RATE_BURST_S: '20' },
});
const owner = new pg.Client({ connectionString: service.database.ownerUrl });
await owner.connect();
t.teardown(() => owner.end());
const { refusals } = service.api.deps;

interface Row {
  readonly municipality_code: string;
  readonly client_id: string;
  readonly request_id: string;
  readonly operation: string;
  readonly object: { readonly code: string; readonly refusals: number; readonly since: string };
}

async function written(client: string): Promise<Row[]> {
  await refusals.flush();
  const { rows } = await owner.query(
    `select municipality_code, client_id, request_id, operation, object from audit_entry where outcome = 'refused' and client_id = $1 order by entry`,
    [client],
  );
  return rows;
}

const told = (rows: readonly Row[]) =>
  rows.map(({ municipality_code, operation, object }) => [municipality_code, operation, object.code, object.refusals]);

/** Asks, and @returns the status and id of each answer. */
async function ask(caller: Caller | null, method: string, path: string, times = 1, body?: object) {
  const answers: { status: number; id: string | null }[] = [];
  for (let turn = 0; turn < times; turn += 1) {
    const answer = await service.call(method, path, { caller, ...(body === undefined ? {} : { body }) });
    answers.push({ status: answer.status, id: answer.headers.get('request-id') });
    await answer.arrayBuffer();
  }
  return answers;
}

t.test('without the scope, the domain, the municipality', async (t) => {
  const before = Date.now();
  const narrow: Caller = { clientId: 'narrow', scopes: ['key-figures:read'] };
  const [first] = await ask(narrow, 'GET', '/v1/packages', 3);
  await ask(narrow, 'HEAD', '/v1/packages', 2);
  await ask(narrow, 'GET', '/v1/audit-log');
  const rows = await written('narrow');
  t.same(told(rows), [
    ['615', 'listPackages', 'scope-missing', 5],
    ['615', 'listAuditLog', 'scope-missing', 1],
  ]);
  t.equal(rows[0]?.request_id, first?.id, 'the first of them is named');
  const since = Date.parse(rows[0]?.object.since ?? '');
  t.ok(since >= before && since <= Date.now());
  t.same(Object.keys(rows[0]?.object ?? {}).sort(), ['code', 'refusals', 'since'], 'and nothing that was sent');

  const schools: Caller = { clientId: 'schools', domains: ['skole'] };
  t.match(await ask(schools, 'POST', '/v1/packages', 1, { domain: 'borger', kind: 'total' }), [{ status: 403 }]);
  t.same(told(await written('schools')), [['615', 'createPackage', 'domain-missing', 1]]);

  const operator: Caller = { municipality: null, clientId: 'op', scopes: ['operator', 'raw-data:read'] };
  t.match(await ask(operator, 'GET', '/v1/packages', 2), [{ status: 403 }, { status: 403 }]);
  t.same(await written('op'), [], 'no municipality has it in its log');
  const { rows: own } = await owner.query(`select operation, object from operator_audit_entry where client_id = 'op'`);
  t.match(own, [
    { operation: 'listPackages', object: { outcome: 'refused', code: 'municipality-required', refusals: 2 } },
  ]);
});

t.test('what is not there, or another’s: alike, and not in the log of the other', async (t) => {
  const span = { domain: 'borger', kind: 'total', sourceSystem: 'cpr', periodFrom: '2025-01', periodTo: '2025-12' };
  const opened = await service.call('POST', '/v1/source-deliveries', {
    ...{ caller: { municipality: '791' }, body: span, headers: { 'idempotency-key': 'a' } },
  });
  const { id } = (await opened.json()) as { id: string };
  const guesser: Caller = { clientId: 'guesser' };
  t.match(await ask(guesser, 'GET', `/v1/source-deliveries/${id}`), [{ status: 404 }]);
  t.match(await ask(guesser, 'GET', `/v1/source-deliveries/${randomUUID()}`, 3), [{ status: 404 }, {}, {}]);
  const rows = await written('guesser');
  t.same(told(rows), [['615', 'getSourceDelivery', 'not-found', 4]]);
  t.notMatch(JSON.stringify(rows), id);
});

t.test('too often', async (t) => {
  const eager: Caller = { clientId: 'eager' };
  const statuses = (await ask(eager, 'GET', '/v1/packages', 40)).map(({ status }) => status);
  const refused = statuses.filter((status) => status === 429).length;
  t.ok(refused > 0);
  t.same(told(await written('eager')), [['615', 'listPackages', 'rate-limited', refused]], 'one row for all of them');
});

t.test('what leaves none', async (t) => {
  const before = (await owner.query('select count(*) from audit_entry')).rows;
  t.match(await ask(null, 'GET', '/v1/packages'), [{ status: 401 }]);
  t.match(await ask({ clientId: 'late', lifetime: -100 }, 'GET', '/v1/packages'), [{ status: 401 }]);
  const other: Caller = { clientId: 'other', scopes: ['raw-data:read'] };
  t.match(await ask(other, 'GET', '/v1/key-figures/BO05/values'), [{ status: 403 }], 'released to everybody');
  t.match(await ask(other, 'POST', '/v1/releases', 1, { domain: 'borger' }), [{ status: 403 }], 'the service’s own');
  t.match(await ask(other, 'GET', '/v1/domains/vejr'), [{ status: 404 }], 'public');
  t.match(await ask(other, 'GET', '/nowhere'), [{ status: 404 }]);
  t.match(await ask(other, 'GET', '/v1/packages?limit=0'), [{ status: 400 }], 'a mistake is no refusal');
  t.same(await written('other'), []);
  t.same((await owner.query('select count(*) from audit_entry')).rows, before);
});

t.test('a municipality reads it', async (t) => {
  const caller: Caller = { clientId: 'dpo', scopes: ['audit:read'] };
  const log = await service.call('GET', '/v1/audit-log?client=guesser', { caller });
  t.match(await log.json(), {
    items: [{ outcome: 'refused', operation: 'getSourceDelivery', object: { code: 'not-found', refusals: 4 } }],
  });
  const month = new Date().toISOString().slice(0, 7);
  const review = (await (await service.call('GET', `/v1/audit-reviews/${month}`, { caller })).json()) as {
    lines: { client: string; operation: string; entries: number; refused: number }[];
  };
  t.match(
    review.lines.filter(({ refused }) => refused > 0).map((each) => [each.client, each.operation, each.entries]),
    [
      ['eager', 'listPackages', 0],
      ['guesser', 'getSourceDelivery', 0],
      ['narrow', 'listAuditLog', 0],
      ['narrow', 'listPackages', 0],
      ['schools', 'createPackage', 0],
    ],
  );
});

t.test('a log that takes no row changes no answer, and gets it later', async (t) => {
  const metric = async () =>
    /^flis_refusals_not_written_total (\d+)$/m.exec(await service.api.deps.metrics.metrics())?.[1];
  t.equal(await metric(), '0');
  const caller: Caller = { clientId: 'unlogged', scopes: ['key-figures:read'] };
  await owner.query('begin');
  await owner.query('lock table audit_entry in access exclusive mode');
  t.match(await ask(caller, 'GET', '/v1/packages'), [{ status: 403 }]);
  const flushed = refusals.flush();
  t.match(await ask(caller, 'GET', '/v1/packages', 2), [{ status: 403 }, { status: 403 }], 'nobody waits for the log');
  await owner.query('commit');
  await flushed;
  await owner.query('revoke insert on audit_entry from flis_api');
  await ask(caller, 'GET', '/v1/audit-log');
  await refusals.flush();
  t.equal(await metric(), '2', 'operators see it');
  await owner.query('grant insert on audit_entry to flis_api');
  await ask(caller, 'GET', '/v1/audit-log', 2);
  t.same(told(await written('unlogged')).sort(), [
    ['615', 'listAuditLog', 'scope-missing', 3],
    ['615', 'listPackages', 'scope-missing', 1],
    ['615', 'listPackages', 'scope-missing', 2],
  ]);
  t.equal((await written('unlogged')).length, 3, 'once');
});

t.test('a stopping api writes what it counted', async (t) => {
  const api = await startApi(service.config, pino({ enabled: false }));
  const authorization = `Bearer ${await service.token({ clientId: 'last', scopes: ['key-figures:read'] })}`;
  await fetch(`${api.url}/v1/packages`, { headers: { authorization } });
  await api.stop();
  t.same(told(await written('last')), [['615', 'listPackages', 'scope-missing', 1]]);
});

t.test('each minute has a row of its own, and so has each mandate, with its purpose', async (t) => {
  const url = service.database.apiUrl;
  const pool = createPool({ url, max: 2, statementTimeout: 9_000, applicationName: 'test', context: TEST_CONTEXT });
  t.teardown(() => pool.end());
  const counter = createRefusalCounter(pool, new Registry(), (error) => t.fail(String(error)));
  const refused = { clientId: 'vendor', municipality: municipalityCodeOf('615') };
  const mandates = ['budget', 'follow-up'].map((purpose) => ({ id: randomUUID(), purpose, endsAt: new Date() }));
  const [one = null, other = null] = mandates;
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.parse('2026-03-01T10:00:59Z') });
  counter.count({ ...refused, mandate: one }, 'listPackages', 'scope-missing', 'a');
  counter.count({ ...refused, mandate: one }, 'listPackages', 'scope-missing', 'b');
  counter.count({ ...refused, mandate: other }, 'listPackages', 'scope-missing', 'c');
  mock.timers.tick(999);
  counter.count({ ...refused, mandate: one }, 'listPackages', 'scope-missing', 'd');
  mock.timers.tick(1);
  counter.count({ ...refused, mandate: one }, 'listPackages', 'scope-missing', 'e');
  mock.timers.reset();
  await counter.flush();
  const { rows } = await owner.query(
    `select request_id, mandate_id, purpose, object -> 'refusals' as refusals from audit_entry where client_id = 'vendor' order by entry`,
  );
  t.strictSame(rows, [
    { request_id: 'a', mandate_id: one?.id, purpose: 'budget', refusals: 3 },
    { request_id: 'c', mandate_id: other?.id, purpose: 'follow-up', refusals: 1 },
    { request_id: 'e', mandate_id: one?.id, purpose: 'budget', refusals: 1 },
  ]);
});
