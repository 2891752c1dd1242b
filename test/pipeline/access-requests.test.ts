// A citizen's access request over HTTP, against packages that were really built and fetched: what it finds and what it does not; whom it answers; and that
// it is forgotten. Where the person must not be is the matter of access-requests-traces.test.ts.
import pg from 'pg';
import t from 'tap';
import { openPersonScene, PERSON } from './access-requests-scene.ts';
import { birth, people } from './packages-scene.ts';

const scene = await openPersonScene(t);
const { flis, fetchAs, deliver, deliverSchool, build, ask, DPO } = scene;
const owner = new pg.Client({ connectionString: flis.database.ownerUrl });
await owner.connect();
t.teardown(() => owner.end());

const bi = { municipality: '615', clientId: 'bi-system', scopes: ['raw-data:read'] } as const;
const withCpr = { municipality: '615', clientId: 'school-system', scopes: ['raw-data:read', 'cpr:read'] } as const;
const fetchFile = (caller: typeof bi | typeof withCpr, id: string, name: string, method = 'GET') =>
  fetchAs(caller, method, `/v1/packages/${id}/${name === 'archive.zip' ? name : `files/${name}`}`);

// Revision 1 holds the person, revision 2 does not; the delta between them deletes the row.
const month = [people('2024-01', 1, 10)];
await deliver(month, [birth(1, '2024-03-01'), birth(2, '2024-03-02')]);
await deliver(month, [birth(2, '2024-03-02')]);
const first = await build({ domain: 'borger', kind: 'total', revision: 1 });
const second = await build({ domain: 'borger', kind: 'total', revision: 2 });
const delta = await build({ domain: 'borger', kind: 'delta', since: 1, revision: 2 });
const unfetched = await build({ domain: 'borger', kind: 'delta', since: 0, revision: 1 });
const empty = await build({ domain: 'borger', kind: 'delta', since: 2, revision: 2 });
// The person goes to school too: absence bears the pupil's number only.
await deliverSchool();
const school = await build({ domain: 'skole', kind: 'total' });
const schoolDelta = await build({ domain: 'skole', kind: 'delta', since: 0 });

for (const { id } of [first, second, delta, empty]) await fetchFile(bi, id, 'bor_bevaegelse.csv.gz');
await fetchFile(bi, first.id, 'bor_befolkning.csv.gz');
await fetchFile(bi, first.id, 'archive.zip');
await fetchFile(bi, first.id, 'bor_bevaegelse.parquet');
await fetchFile(bi, first.id, 'bor_bevaegelse.csv.gz', 'HEAD');
await fetchFile(withCpr, second.id, 'identitet.csv.gz');
await fetchFile(bi, second.id, 'archive.zip');
await fetchFile(bi, school.id, 'sko_fravaer_dag.csv.gz');
await scene.untilEnded();

const answerTo = async (cpr: string, caller = DPO) => (await ask(cpr, caller)).answer;
type Line = { readonly id: string; readonly transfers: { readonly file: string }[] };
const packageOf = (answer: { packages: Line[] }, { id }: { id: string }) =>
  answer.packages.find((line) => line.id === id);

t.test('where the rows were and are', async (t) => {
  const { data, unsearched } = await answerTo(PERSON);
  t.strictSame(unsearched, []);
  const lines = data.map(({ table, period, foundBy, firstRevision, lastRevision, rowsNow, rowsMost }: typeof data) => [
    ...[table, period, foundBy, firstRevision, lastRevision, rowsNow, rowsMost],
  ]);
  t.strictSame(lines, [
    ['bor_bevaegelse', '2024', 'borger_id', 1, 1, 0, 1],
    ['identitet_borger', 'all', 'borger_id', 1, 1, 1, 1],
    ['identitet_skole', 'all', 'borger_id', 1, 1, 1, 1],
    ['sko_elev', '2024-2025', 'borger_id', 1, 1, 1, 1],
    ['sko_fravaer_dag', '2024-09', 'elev_ident', 1, 1, 2, 2],
  ]);
  const [events, identity] = data;
  t.ok(events.until !== null, 'replaced by revision 2');
  t.equal(identity.until, null, 'identity pairs stay');
});

t.test('which packages, and to whom they went', async (t) => {
  // What is revoked or kept no more was handed out all the same.
  await owner.query(
    `update package set state = 'revoked', revoked_at = now(), revocation_reason = 'x' where package_id = $1`,
    [second.id],
  );
  await owner.query(`update package set state = 'expired' where package_id = $1`, [delta.id]);
  const answer = await answerTo(PERSON);
  t.strictSame(
    answer.packages.map(({ id }: Line) => id),
    [first, second, delta, unfetched, empty, school, schoolDelta].map(({ id }) => id),
  );
  const sent = { client: 'bi-system', cpr: false, outcome: 'complete', mandate: null, purpose: null };
  const line = packageOf(answer, first);
  t.match(line, {
    ...{ domain: 'borger', kind: 'total', revision: 1, since: null },
    files: [
      { name: 'bor_bevaegelse.csv.gz', rows: 1 },
      { name: 'identitet.csv.gz', rows: 1 },
    ],
    transfers: [
      { ...sent, file: 'bor_bevaegelse.csv.gz' },
      { ...sent, file: 'archive.zip' },
      { ...sent, file: 'bor_bevaegelse.parquet' },
    ],
  });
  t.equal(line?.transfers.length, 3, 'not the table without persons, and not what was only asked about');
  t.match(packageOf(answer, second), {
    files: [{ name: 'identitet.csv.gz', rows: 1 }],
    transfers: [{ client: 'school-system', file: 'identitet.csv.gz', cpr: true }],
  });
  t.equal(packageOf(answer, second)?.transfers.length, 1, 'its tables and archive do not hold the person any more');
  const deleted = packageOf(answer, delta);
  t.match(deleted, { kind: 'delta', since: 1, files: [{ name: 'bor_bevaegelse.csv.gz', rows: 1 }] });
  t.match(deleted, { transfers: [{ ...sent, file: 'bor_bevaegelse.csv.gz' }] }, 'the deletion tells of the person too');
  t.match(packageOf(answer, unfetched), { transfers: [] });
  const pairsOnly = { files: [{ name: 'identitet.csv.gz', rows: 1 }], transfers: [] };
  t.match(packageOf(answer, empty), pairsOnly, 'a delta without rows has the identity pairs all the same');
  for (const each of [school, schoolDelta]) {
    t.match(
      (packageOf(answer, each) as unknown as { files: { name: string; rows: number }[] }).files.slice(-2),
      [
        { name: 'sko_elev.csv.gz', rows: 1 },
        { name: 'sko_fravaer_dag.csv.gz', rows: 2 },
      ],
      'found by the number of the pupil',
    );
  }
  t.match(packageOf(answer, school), { transfers: [{ file: 'sko_fravaer_dag.csv.gz' }] });
});

t.test('another person of the municipality, one in none, and the same person elsewhere', async (t) => {
  const other = await answerTo('610190-0002');
  t.match(other.data, [{ table: 'bor_bevaegelse', rowsNow: 1 }, { table: 'identitet_borger' }]);
  t.equal(other.data.length, 2);
  for (const [cpr, caller] of [
    ['610190-0099', DPO],
    [PERSON, { ...DPO, municipality: '791' }],
  ] as const) {
    const none = await answerTo(cpr, caller);
    t.match(none, { data: [], packages: [], unsearched: [] });
    t.equal(none.data.length + none.packages.length, 0);
  }
});

t.test('only what the caller may see is searched, and shown', async (t) => {
  const restricted = { ...DPO, domains: ['skole'] };
  const mine = await ask(PERSON, restricted);
  t.ok(mine.answer.data.length > 0);
  for (const { domain } of [...mine.answer.data, ...mine.answer.packages]) t.equal(domain, 'skole');
  const whole = await ask(PERSON, DPO);
  const read = (id: string, caller: object) => fetchAs(caller, 'GET', `/v1/access-requests/${id}`);
  t.equal((await read(whole.id, restricted)).status, 404, 'an answer about more domains');
  t.equal((await read(mine.id, DPO)).status, 200);
  t.equal((await read(whole.id, { ...DPO, municipality: '791' })).status, 404);
  t.equal((await read(whole.id, { ...DPO, scopes: ['audit:read', 'cpr:read', 'raw-data:read'] })).status, 403);
});

t.test('a number that cannot be is refused, and not repeated', async (t) => {
  const post = (body: object) => fetchAs(DPO, 'POST', '/v1/access-requests', { body });
  for (const [cpr, status, code] of [
    ['3102901234', 422, 'invalid-cpr'],
    ['010190-12345', 400, 'invalid-request'],
    ['0101901', 400, 'invalid-request'],
    ['010190 1234', 400, 'invalid-request'],
  ] as const) {
    const { status: got, bytes, headers } = await post({ cpr });
    t.match({ got, ...JSON.parse(bytes.toString()) }, { got: status, code });
    t.notOk(`${bytes}${JSON.stringify([...headers])}`.includes(cpr));
  }
  t.equal((await post({ cpr: PERSON, note: 'x' })).status, 400);
});

t.test('it is forgotten', async (t) => {
  const { id } = await ask(PERSON, DPO);
  const read = () => fetchAs(DPO, 'GET', `/v1/access-requests/${id}`);
  t.equal((await read()).headers.get('cache-control'), 'no-store');
  const days = `select extract(day from expires_at - created_at)::int as days from access_request where access_request_id = $1`;
  t.equal((await owner.query(days, [id])).rows[0].days, 7);
  await owner.query(`update access_request set expires_at = now() where access_request_id = $1`, [id]);
  const gone = await read();
  const never = await fetchAs(DPO, 'GET', '/v1/access-requests/6f1c9f0a-52b7-4a52-8a3e-0f8a54a1a4de');
  t.strictSame([gone.status, gone.bytes], [never.status, never.bytes], 'like one that never was');
  const count = async () => (await owner.query('select count(*)::int as count from access_request')).rows[0].count;
  const before = await count();
  t.equal(await scene.expire(), 1);
  t.equal(await count(), before - 1);
});
