// Reading revisions in a municipality's transaction: the list at N, what differs between two, as of a time, and nobody else's rows.
import t from 'tap';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { type TenantTx, withTenant } from '../../src/platform/postgres/tenancy.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { latestRevision, readRevision, readSlicePairs, revisionAt } from '../../src/slices/index.ts';
import { createTestDatabase, TEST_CONTEXT } from '../harness/database.ts';

const database = await createTestDatabase(t);
const pool = createPool({
  url: database.workerUrl,
  max: 2,
  statementTimeout: 10_000,
  applicationName: 'test',
  context: TEST_CONTEXT,
});
t.teardown(() => pool.end());
const as = <T>(municipality: string, fn: (tx: TenantTx) => Promise<T>) =>
  withTenant(
    pool,
    { municipality: municipalityCodeOf(municipality), domains: null, clientId: 'test', requestId: 'test' },
    fn,
  );
const hash = (letter: string) => letter.repeat(64);

async function addRevision(
  tx: TenantTx,
  revision: number,
  at: string,
  changes: readonly (readonly [table: string, period: string, content: string | null, schema?: string])[],
): Promise<void> {
  const { municipality } = tx.tenant;
  await tx.query(
    `insert into revision (municipality_code, domain, revision, kind, slices_changed, created_at) values ($1, 'skole', $2, 'total', 0, $3)`,
    [municipality, revision, at],
  );
  for (const [table, period, content, schema = 'a'] of changes) {
    if (content !== null) {
      await tx.query(
        `insert into slice (municipality_code, table_name, period, sha256, schema_hash, domain, rows, csv_bytes, csv_crc32, segment_key,
           segment_bytes, segment_sha256, parquet_key, parquet_bytes, parquet_sha256)
         values ($1, $2, $3, $4, $5, 'skole', 3, 90, 4294967295, 'k', 40, $4, 'p', 50, $4) on conflict do nothing`,
        [municipality, table, period, hash(content), hash(schema)],
      );
    }
    await tx.query(
      `insert into slice_change (municipality_code, domain, table_name, period, revision, slice_sha256, schema_hash)
       values ($1, 'skole', $2, $3, $4, $5, $6)`,
      [municipality, table, period, revision, content && hash(content), content && hash(schema)],
    );
  }
}

await as('615', async (tx) => {
  await addRevision(tx, 1, '2025-01-01T10:00:00Z', [
    ['sko_elev', '2023-2024', 'a'],
    ['sko_elev', '2024-2025', 'b'],
    ['identitet_skole', 'all', 'f'],
  ]);
  await addRevision(tx, 2, '2025-02-01T10:00:00Z', [
    ['sko_elev', '2024-2025', 'c'],
    ['sko_klasse', '2024-2025', 'd'],
  ]);
  await addRevision(tx, 3, '2025-03-01T10:00:00Z', [
    ['sko_elev', '2023-2024', null],
    ['sko_elev', '2024-2025', 'b'],
    ['sko_klasse', '2024-2025', 'd', 'b'],
  ]);
});

const short = (rows: readonly { table: string; period: string; sha256: string; revision: number }[]) =>
  rows.map(({ table, period, sha256, revision }) => `${table} ${period} ${sha256[0]} since ${revision}`);

t.test('the list at a revision is the newest change of each period up to it', async (t) => {
  await as('615', async (tx) => {
    t.strictSame(await readRevision(tx, 'skole', 0), []);
    t.strictSame(short(await readRevision(tx, 'skole', 1)), [
      'sko_elev 2023-2024 a since 1',
      'sko_elev 2024-2025 b since 1',
    ]);
    t.strictSame(short(await readRevision(tx, 'skole', 2)), [
      'sko_elev 2023-2024 a since 1',
      'sko_elev 2024-2025 c since 2',
      'sko_klasse 2024-2025 d since 2',
    ]);
    t.strictSame(short(await readRevision(tx, 'skole', 3)), [
      'sko_elev 2024-2025 b since 3',
      'sko_klasse 2024-2025 d since 3',
    ]);
    t.match((await readRevision(tx, 'skole', 3))[0], {
      municipality: '615',
      domain: 'skole',
      rows: 3,
      csvBytes: 90,
      csvCrc32: 4294967295,
      segmentBytes: 40,
      parquetKey: 'p',
    });
  });
});

t.test('identity pairs are listed only when asked for', async (t) => {
  await as('615', async (tx) => {
    const tables = (await readRevision(tx, 'skole', 3, { identity: true })).map(({ table }) => table);
    t.strictSame(tables, ['identitet_skole', 'sko_elev', 'sko_klasse']);
  });
});

t.test('pairs name what differs, with the revision of the newer side', async (t) => {
  const pairs = (since: number, until: number) =>
    as('615', async (tx) =>
      (await readSlicePairs(tx, 'skole', since, until)).map(
        ({ table, period, from, to, revision }) =>
          `${table} ${period} ${from?.sha256[0] ?? '-'}${to?.sha256[0] ?? '-'} ${revision}`,
      ),
    );
  t.strictSame(await pairs(0, 1), ['sko_elev 2023-2024 -a 1', 'sko_elev 2024-2025 -b 1']);
  t.strictSame(await pairs(1, 2), ['sko_elev 2024-2025 bc 2', 'sko_klasse 2024-2025 -d 2']);
  t.strictSame(await pairs(1, 3), ['sko_elev 2023-2024 a- 3', 'sko_klasse 2024-2025 -d 3'], 'back to b is no change');
  t.strictSame(await pairs(2, 3), ['sko_elev 2023-2024 a- 3', 'sko_elev 2024-2025 cb 3', 'sko_klasse 2024-2025 dd 3']);
  t.strictSame(await pairs(3, 3), []);
});

t.test('the newest revision, also as of a time', async (t) => {
  await as('615', async (tx) => {
    t.equal(await latestRevision(tx, 'skole'), 3);
    t.equal(await latestRevision(tx, 'borger'), 0);
    t.equal(await revisionAt(tx, 'skole', new Date('2025-02-01T10:00:00Z')), 2);
    t.equal(await revisionAt(tx, 'skole', new Date('2025-02-01T09:59:59Z')), 1);
    t.equal(await revisionAt(tx, 'skole', new Date('2024-01-01T00:00:00Z')), 0);
  });
});

t.test('another municipality sees nothing', async (t) => {
  await as('147', async (tx) => {
    t.equal(await latestRevision(tx, 'skole'), 0);
    t.strictSame(await readRevision(tx, 'skole', 3), []);
    t.strictSame(await readSlicePairs(tx, 'skole', 0, 3), []);
  });
});
