// Access requests about the past: what is older than 24 months, and slices of declarations that are no longer in force.
import pg from 'pg';
import t from 'tap';
import { openPersonScene, PERSON } from './access-requests-scene.ts';
import { birth, people } from './packages-scene.ts';

const scene = await openPersonScene(t);
const { flis, fetchAs, deliver, build, ask } = scene;
const owner = new pg.Client({ connectionString: flis.database.ownerUrl });
await owner.connect();
t.teardown(() => owner.end());
const month = [people('2024-01', 1, 10)];
await deliver(month, [birth(1, '2024-03-01'), birth(2, '2024-03-02')]);
await deliver(month, [birth(2, '2024-03-02')]);
const fetched = await build({ domain: 'borger', kind: 'total', revision: 1 });
const forgotten = await build({ domain: 'borger', kind: 'delta', since: 0, revision: 1 });
const bi = { municipality: '615', clientId: 'bi-system', scopes: ['raw-data:read'] } as const;
for (const { id } of [fetched, forgotten]) await fetchAs(bi, 'GET', `/v1/packages/${id}/files/bor_bevaegelse.csv.gz`);
await scene.untilEnded();

t.test('what is older than 24 months', async (t) => {
  await owner.query(`update revision set created_at = now() - interval '30 months'`);
  await owner.query(`update package set created_at = now() - interval '30 months'`);
  await owner.query(`update audit_entry set at = now() - interval '25 months' where object ->> 'package' = $1`, [
    forgotten.id,
  ]);
  const { data, packages, since } = (await ask(PERSON)).answer;
  const months = (Date.now() - Date.parse(since)) / 86_400_000 / 30.44;
  t.ok(months > 23.8 && months < 24.2, `${months.toFixed(1)} months`);
  t.match(data, [{ table: 'identitet_borger', rowsNow: 1 }], 'rows that were gone by then are not data of that time');
  t.equal(data.length, 1);
  t.match(packages, [{ id: fetched.id, transfers: [{ client: 'bi-system', file: 'bor_bevaegelse.csv.gz' }] }]);
  t.match(packages[0].files[0], { name: 'bor_bevaegelse.csv.gz', rows: 1 }, 'found in a slice that is held no more');
  t.equal(packages.length, 1, 'a package that nobody has fetched since then is left out');
});

t.test('slices of earlier declarations', async (t) => {
  const { storage } = flis.api.deps;
  const hold = async (table: string, period: string, like: string) => {
    const earlier = 'b'.repeat(64);
    const { rows } = await owner.query('select parquet_key as key from slice where table_name = $1 and rows > 0', [
      like,
    ]);
    const copy = `slices/${table}/${period}.parquet`;
    await storage.put(copy, storage.read(rows[0].key));
    await owner.query(
      `insert into slice select municipality_code, $1, $2, sha256, $3, domain, rows, csv_bytes, csv_crc32, $4, segment_bytes, segment_sha256,
         $5, parquet_bytes, parquet_sha256, created_at from slice where parquet_key = $6`,
      [table, period, earlier, `slices/${table}/${period}.deflate`, copy, rows[0].key],
    );
    await owner.query(
      `insert into slice_change select municipality_code, domain, table_name, period, 2, sha256, schema_hash from slice
        where table_name = $1 and period = $2 and schema_hash = $3`,
      [table, period, earlier],
    );
  };
  await hold('bor_bevaegelse', '1999', 'identitet_borger');
  const { answer } = await ask(PERSON);
  t.strictSame(answer.unsearched, [], 'a file that has the column is searched, whatever was declared');
  t.match(answer.data, [{ table: 'bor_bevaegelse', period: '1999', rowsNow: 1 }, { table: 'identitet_borger' }]);
  await hold('bor_bevaegelse', '1998', 'bor_befolkning');
  await hold('bor_gammel', 'all', 'bor_befolkning');
  await hold('bor_befolkning', '1998', 'bor_befolkning');
  t.strictSame((await ask(PERSON)).answer.unsearched, ['bor_bevaegelse', 'bor_gammel'], 'and the others are named');
});
