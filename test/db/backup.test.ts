// The rehearsal: back up the database, then storage; restore both elsewhere, as an owner who is no superuser; everything is there, and work that was waiting goes on.
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { backupDatabase, restoreDatabase } from '../../db/backup.ts';
import { migrate } from '../../db/migrate.ts';
import { REVISE } from '../../src/pipeline/queues.ts';
import { checkStorage } from '../../src/pipeline/warehouse/index.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { withTenant } from '../../src/platform/postgres/tenancy.ts';
import { startJobSender } from '../../src/platform/queue/pg-boss.ts';
import { createLocalDirectory } from '../../src/platform/storage/local-directory.ts';
import { createEmptyDatabase, createOrdinaryDatabase, migrateOptions, TEST_CONTEXT } from '../harness/database.ts';
import { measures, openScene } from '../pipeline/warehouse-scene.ts';

const log = { info() {}, error() {} };

t.test('a backup restores to the same rows and files', async (t) => {
  const scene = await openScene(t);
  await scene.deliver({
    files: {
      toy_maal: measures(['2025-01,A,a,901,1.50', '2025-02,B,b,2,']),
      toy_person: 'kommunekode,cpr,dato\n615,0101014001,2025-03-01',
    },
  }); // prettier-ignore
  await scene.deliver({ to: '2025-01', files: { toy_maal: measures(['2025-01,A,a,900,1.50']) } });
  const waiting = await scene.submit({ files: { toy_maal: measures(['2025-02,B,b,3,']) } });
  const sender = await startJobSender({ url: scene.database.workerUrl, applicationName: 'test', log });
  const payload = { municipality: '615', domain: 'toy', task: 'load', sourceDeliveryId: waiting } as const;
  await withTenant(scene.pool, scene.tenant, (tx) => sender.send(tx, REVISE, '615:toy', payload));
  await sender.stop();

  const backup = join(scene.folder, 'backup');
  await backupDatabase(scene.database.backupUrl, backup);
  // What happens after the snapshot is not in the database's copy, but in the copy of storage: files only come.
  await scene.deliver({ to: '2025-01', files: { toy_maal: measures(['2025-01,A,a,1,']) } });
  await cp(join(scene.folder, 'storage'), join(scene.folder, 'storage-copy'), {
    recursive: true,
    preserveTimestamps: true,
  });

  const target = await createOrdinaryDatabase(t);
  await migrate(migrateOptions(target.ownerUrl));
  await restoreDatabase(target.ownerUrl, backup);

  const restored = createPool({
    url: target.adminUrl,
    max: 1,
    statementTimeout: 10_000,
    applicationName: 'test',
    context: TEST_CONTEXT,
  });
  t.teardown(() => restored.end());
  const sizes = async (pool: typeof restored) =>
    (await pool.query('select revision, kind, created_at::text from revision order by revision')).rows;
  t.same(await sizes(restored), (await sizes(scene.owner)).slice(0, 2));
  const [audit] = (await restored.query('select count(*)::int as entries, max(entry)::int as last from audit_entry'))
    .rows;
  t.ok(audit.entries > 0);
  const { rows } = await restored.query(
    'select relname from pg_class where relkind = $1 and relrowsecurity and not relforcerowsecurity',
    ['r'],
  );
  t.same(rows, [], 'row-level security is forced again');
  await migrate(migrateOptions(target.ownerUrl));

  const pool = createPool({
    url: target.workerUrl,
    max: 2,
    statementTimeout: 10_000,
    applicationName: 'test',
    context: TEST_CONTEXT,
  });
  t.teardown(() => pool.end());
  const storage = createLocalDirectory(join(scene.folder, 'storage-copy'));
  const report = await checkStorage({ pool, storage, secrets: scene.deps.secrets });
  t.same(report.faults, [], 'fsck is clean');
  t.ok(report.named > 10 && report.young > 0, 'the later files are there, without a row');

  const [job] = (await restored.query(`select name, data from pgboss.job where state < 'completed'`)).rows;
  t.match(job, { name: 'revise', data: payload }, 'the submitted delivery is still in the queue');
  await withTenant(pool, scene.tenant, (tx) =>
    tx.query(
      `insert into audit_entry (municipality_code, client_id, request_id, operation, object) values ('615', '', '', '', '{}')`,
    ),
  ); // prettier-ignore
  const [next] = (await restored.query('select max(entry)::float8 as last from audit_entry')).rows;
  t.equal(next.last, audit.last + 1_000_000_000, 'numbers go on, and leap over those of what is lost');

  await t.rejects(restoreDatabase(target.ownerUrl, backup), /not empty/);
  const damaged = join(backup, 'slice.jsonl.gz');
  const lines = gunzipSync(await readFile(damaged)).toString();
  await rm(damaged);
  await writeFile(damaged, gzipSync(lines.replace(/"rows":\d+/, '"rows":12345')));
  const second = await createEmptyDatabase(t);
  await migrate(migrateOptions(second.ownerUrl));
  await t.rejects(restoreDatabase(second.ownerUrl, backup), /slice is damaged/);
  const empty = createPool({
    url: second.ownerUrl,
    max: 1,
    statementTimeout: 10_000,
    applicationName: 'test',
    context: TEST_CONTEXT,
  });
  t.teardown(() => empty.end());
  t.same((await empty.query('select 1 from source_delivery')).rows, [], 'all or nothing');
});
