// Where a person who was asked about must not be: in lines of the log, in any row of the database (the audit log and the queue among them), in Redis, in
// answers and their headers. And what counts rows of a delta.
import fc from 'fast-check';
import pg from 'pg';
import t from 'tap';
import { createRowCounter } from '../../src/pipeline/packages/access-requests/count-rows.ts';
import { pseudonymKeyOf, pseudonymOf } from '../../src/pipeline/quality/index.ts';
import { toCsv } from '../../src/platform/http/csv.ts';
import { unseal } from '../../src/platform/sealed.ts';
import { startRedis, textsIn } from '../harness/redis.ts';
import { skipWithout } from '../harness/skip-without.ts';
import { openPersonScene, PERSON } from './access-requests-scene.ts';
import { birth, people } from './packages-scene.ts';

const CPR = PERSON.replace('-', '');

t.test('the person leaves no trace', { skip: skipWithout('redis-server') }, async (t) => {
  const lines: string[] = [];
  const redis = await startRedis(t);
  const scene = await openPersonScene(t, {
    settings: { FLIS_REDIS_URL: redis.url },
    logTo: { write: (line) => void lines.push(line) },
  });
  const { flis, deliver, deliverSchool, build, fetchAs, ask, DPO } = scene;
  const owner = new pg.Client({ connectionString: flis.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  await deliver([people('2024-01', 1, 10)], [birth(1, '2024-03-01')]);
  await deliverSchool();
  const { id } = await build({ domain: 'borger', kind: 'total' });
  const bi = { municipality: '615', clientId: 'bi', scopes: ['raw-data:read'] } as const;
  const file = await fetchAs(bi, 'GET', `/v1/packages/${id}/files/bor_bevaegelse.csv.gz`);
  t.equal(file.status, 200);
  const pseudonym = pseudonymOf(pseudonymKeyOf(flis.config.rootSecret, '615'), CPR);
  const traces = new RegExp(`${CPR}|${PERSON}|${pseudonym}|${Buffer.from(pseudonym).toString('hex')}`);

  /** Every row of every table as text, those of the queue included. */
  const rowsWithTraces = async (): Promise<string[]> => {
    const { rows: tables } = await owner.query(
      `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables where schemaname in ('public', 'pgboss')`,
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const { rows } = await owner.query(`select t::text as row from ${name} t`);
      if (rows.some(({ row }) => traces.test(row))) found.push(name);
    }
    return found;
  };

  await owner.query(`insert into table_source values ('999', 'canary', $1)`, [pseudonym]);
  t.strictSame(await rowsWithTraces(), ['public.table_source'], 'the search of the database finds what is there');
  await owner.query(`delete from table_source where table_name = 'canary'`);

  // While it is searched for: the job waits until the worker may read the request.
  await owner.query('begin');
  await owner.query('lock table slice_change in access exclusive mode');
  const headers = { 'idempotency-key': 'again', 'x-note': 'n' };
  const asked = await fetchAs(DPO, 'POST', '/v1/access-requests', { body: { cpr: PERSON }, headers });
  t.equal(asked.status, 202);
  const stored = `select person, access_request_id as id from access_request`;
  const [{ person, id: requestId }] = (await owner.query(stored)).rows;
  const { rows: jobs } = await owner.query(`select data from pgboss.job where name = 'answer-access-request'`);
  t.strictSame(
    jobs.map(({ data }) => data),
    [{ municipality: '615', accessRequestId: requestId }],
  );
  const remembered = `select count(*)::int as count from idempotency_key where key = 'again'`;
  t.strictSame((await owner.query(remembered)).rows, [{ count: 0 }]);
  const secret = flis.config.rootSecret;
  t.equal(unseal(secret, 'access-request-person', `615/${requestId}`, person).toString(), pseudonym);
  t.throws(() => unseal(secret, 'access-request-person', `791/${requestId}`, person), 'for this request alone');
  t.strictSame(await rowsWithTraces(), []);
  await owner.query('commit');

  const answered = await ask(PERSON);
  t.equal(answered.answer.packages.length, 1);
  const { rows } = await owner.query('select state, person, answer from access_request order by created_at');
  t.match(
    rows.map(({ state, person: left }) => ({ state, left })),
    [
      { state: 'answered', left: null },
      { state: 'answered', left: null },
    ],
    'the person is forgotten with the answer',
  );
  t.notOk(
    rows.some(({ answer }) => Buffer.from(answer).includes('bor_bevaegelse')),
    'the answer is sealed',
  );
  for (const cpr of [PERSON, '3102901234', `${CPR}1`])
    await fetchAs(DPO, 'POST', '/v1/access-requests', { body: { cpr } });
  t.notMatch(`${asked.bytes}${JSON.stringify([...asked.headers])}${JSON.stringify(answered)}`, traces);
  t.strictSame(await rowsWithTraces(), []);
  t.ok(lines.length > 20);
  t.notMatch(lines.join(''), traces);
  t.notMatch(lines.join(''), /3102901234/);

  const { rows: entries } = await owner.query(
    `select operation, client_id as client, object from audit_entry where operation ~ 'AccessRequest' and object ->> 'accessRequest' = $1 order by entry`,
    [answered.id],
  );
  t.match(
    entries
      .slice(0, 2)
      .map(({ operation }) => operation)
      .sort(),
    ['createAccessRequest', 'getAccessRequest'],
  );
  t.match(
    entries.filter(({ operation }) => operation === 'answerAccessRequest'),
    [{ client: 'worker', object: { accessRequest: answered.id } }],
  );
  for (const text of await textsIn(redis.client)) t.notMatch(text, traces);
});

t.test('a failed search forgets the person too', async (t) => {
  const scene = await openPersonScene(t);
  const { flis, deliver, fetchAs, ask, DPO } = scene;
  const owner = new pg.Client({ connectionString: flis.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  await deliver([people('2024-01', 1, 10)], [birth(1, '2024-03-01')]);
  // A slice whose file is gone, in every try.
  await owner.query(`update slice set parquet_key = 'slices/gone.parquet' where table_name = 'bor_bevaegelse'`);
  const failed = await ask(PERSON);
  t.match(failed, { state: 'failed', answer: null, answeredAt: null });
  t.strictSame((await owner.query('select person, answer from access_request')).rows, [{ person: null, answer: null }]);
  t.equal((await fetchAs(DPO, 'GET', `/v1/access-requests/${failed.id}`)).status, 200);
});

t.test('rows are counted in canonical CSV as it is written, however it is cut', async () => {
  const cell = fc.oneof(fc.constantFrom('ab', '12', '', ',', '"', '\n', 'a,b', '"ab"', 'æ,12\n'), fc.string());
  const table = fc.tuple(fc.nat({ max: 3 }), fc.array(fc.tuple(cell, cell, cell, cell), { maxLength: 20 }));
  fc.assert(
    fc.property(table, fc.integer({ min: 1, max: 7 }), ([column, rows], size) => {
      const names = ['0', '1', '2', '3'] as const;
      const records = rows.map((cells) => Object.fromEntries(cells.map((text, index) => [String(index), text])));
      const csv = Buffer.from(toCsv(names, records)).subarray('0,1,2,3\n'.length);
      const counter = createRowCounter(column, new Set(['ab', '12']));
      for (let start = 0; start < csv.length; start += size) counter.push(csv.subarray(start, start + size));
      return counter.rows() === rows.filter((cells) => ['ab', '12'].includes(cells[column] as string)).length;
    }),
  );
});
