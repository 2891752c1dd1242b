// Sealing: a range is closed only when nobody can add to it any more, any number of sealers make each block once, a killed one leaves nothing half done,
// and no runtime role can change or take away what is on record.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import t from 'tap';
import { backupDatabase, restoreDatabase } from '../../db/backup.ts';
import { migrate } from '../../db/migrate.ts';
import {
  checkBlocks,
  listBlockFiles,
  readBackup,
  sealEntries,
  startSealing,
  verifyLog,
} from '../../src/access/index.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { withTenant } from '../../src/platform/postgres/tenancy.ts';
import { createEmptyDatabase, migrateOptions, TEST_CONTEXT } from '../harness/database.ts';
import { openAuditScene, PUBLIC_KEYS } from './audit-scene.ts';

const BLOCK = 'audit/blocks=000000000/000000000001.json';

t.test('blocks of both logs, for all municipalities, in one chain', async (t) => {
  const scene = await openAuditScene(t);
  t.same(await scene.seal(), [], 'nothing happened: no block');
  await scene.write('615');
  await scene.write('791');
  await scene.writeOperator('borger-1');
  const [first] = await scene.seal();
  t.same(await scene.seal(), [], 'and none without a new row');
  await scene.writeOperator('borger-2');
  const [second] = await scene.seal();
  t.match(await scene.verify(), { faults: [], blocks: 2, rows: 4, unsealed: 0, head: second });
  await scene.write('615');
  t.match(await scene.verify(first), { faults: [], blocks: 2, rows: 4, unsealed: 1 });
  const [text = '', signature] = (await readFile(join(scene.folder, 'storage', BLOCK), 'utf8')).split('\n');
  t.match(signature, /^[A-Za-z0-9_-]{86}$/);
  const { parts } = JSON.parse(text);
  t.match(
    parts.map(({ log, rows }: { log: string; rows: number }) => [log, rows]),
    [
      ['615', 1],
      ['791', 1],
      ['operator', 1],
    ],
  );
  t.match(await checkBlocks({ pool: scene.worker, storage: scene.storage }), { named: 2, faults: [], young: 0 });
});

t.test('a block that was sealed while a clock ran ahead does not keep the next one waiting', async (t) => {
  const scene = await openAuditScene(t);
  await scene.write('615');
  await scene.seal();
  await scene.write('615');
  t.same(await scene.seal({ minimumAgeMs: 60_000 }), [], 'the last one is too young');
  await scene.owner.query('alter table audit_block disable trigger user');
  await scene.owner.query(`update audit_block set sealed_at = sealed_at + interval '1 year'`);
  t.equal((await scene.seal({ minimumAgeMs: 60_000 })).length, 1);
});

t.test('a number below a visible one may still be written: its range is not closed', async (t) => {
  const scene = await openAuditScene(t);
  const insert = `insert into audit_entry (municipality_code, client_id, request_id, operation, object) values ('615', 'late', 'late', 'late', '{}')`;
  const late = new pg.Client({ connectionString: scene.database.ownerUrl });
  await late.connect();
  t.teardown(() => late.end());
  await late.query('begin');
  await late.query(insert);
  await scene.write('615');
  await scene.write('791');
  let sealed = false;
  const sealing = scene.seal().then((blocks) => {
    sealed = true;
    return blocks;
  });
  await delay(1000);
  t.notOk(sealed, 'the second row is visible, the first is not, and nothing is sealed');
  t.equal((await scene.owner.query('select from audit_block')).rowCount, 0);
  // Whoever comes while it waits is not waited for.
  const next = new pg.Client({ connectionString: scene.database.ownerUrl });
  await next.connect();
  t.teardown(() => next.end());
  await next.query('begin');
  await next.query(insert);
  await late.query('commit');
  t.equal((await sealing).length, 1);
  t.match(await scene.verify(), { faults: [], rows: 3, unsealed: 0 }, 'the late row is under the seal');
  await next.query('rollback');
  await scene.write('615');
  await scene.seal();
  t.match(await scene.verify(), { faults: [], rows: 4, unsealed: 0 }, 'a number that nobody used is no fault');
});

t.test('four sealers while eight write: each block once, each row under one seal', async (t) => {
  const scene = await openAuditScene(t);
  const WANTED = 400;
  let written = 0;
  const write = async (code: string) => {
    while (written < WANTED) {
      await withTenant(scene.api, scene.tenantOf(code), async (tx) => {
        await tx.query(
          `insert into audit_entry (municipality_code, client_id, request_id, operation, object) values ($1, 'c', 'r', 'o', '{}')`,
          [code],
        );
        await delay(Math.random() * 20);
        if (Math.random() < 0.2) throw new Error('rolled back');
      }).then(
        () => {
          written += 1;
        },
        () => {},
      );
    }
  };
  let blocks = 0;
  const seal = async () => {
    while (written < WANTED) {
      const made = await scene.seal({ mostRows: 40 });
      blocks += made.length;
    }
  };
  const codes = ['101', '147', '151', '153', '155', '157', '159', '161'];
  await Promise.all([...codes.map(write), seal(), seal(), seal(), seal()]);
  const rest = await scene.seal();
  blocks += rest.length;
  t.comment(`${written} rows in ${blocks} blocks`);
  t.ok(blocks >= WANTED / 40, 'none has more rows than it may');
  t.match(await scene.verify(), { faults: [], blocks, rows: written, unsealed: 0 });
});

t.test('a sealer that dies between file and row leaves a block that the next one takes up', async (t) => {
  const scene = await openAuditScene(t);
  const dying = {
    ...scene.storage,
    put: async (...args: Parameters<typeof scene.storage.put>) => {
      await scene.storage.put(...args);
      throw new Error('killed');
    },
  };
  await scene.write('615');
  await t.rejects(sealEntries({ ...scene.deps, storage: dying }), { message: 'killed' });
  t.match((await scene.verify()).faults, [{ fault: 'row-missing', block: 1 }]);
  t.match(await checkBlocks({ pool: scene.worker, storage: scene.storage }), { named: 0, faults: [], young: 1 });
  await scene.write('615');
  t.match(await scene.seal(), [{ number: 2 }]);
  t.match(await scene.verify(), { faults: [], blocks: 2, rows: 2 });
});

t.test('what lies in the place of the next block and does not follow stops sealing', async (t) => {
  const scene = await openAuditScene(t);
  const other = await openAuditScene(t);
  await other.write('615');
  await other.seal();
  await other.write('615');
  await other.seal();
  await scene.write('791');
  await scene.storage.putFile(BLOCK, join(other.folder, 'storage', BLOCK.replace('1.json', '2.json')));
  await t.rejects(scene.seal(), { code: 'audit-block-foreign' });
  t.match((await scene.verify()).faults, [{ fault: 'row-missing' }, { fault: 'chain' }]);
});

t.test('the worker seals by itself, and says which digest to remember', async (t) => {
  const scene = await openAuditScene(t);
  await scene.write('615');
  const lines: [object, string][] = [];
  const note = (fields: object, event: string) => void lines.push([fields, event]);
  const sealing = startSealing(scene.deps, { info: note, error: note });
  while (lines.length === 0) await delay(10);
  await sealing.stop();
  const { head } = await scene.verify();
  t.same(lines, [[{ block: 1, digest: head.hash }, 'audit-sealed']]);
  await scene.write('615');
  t.same(await scene.seal({ minimumAgeMs: 20_000 }), [], 'a worker more makes no block more');
});

t.test('no runtime role changes or takes away a row or a block', async (t) => {
  const scene = await openAuditScene(t);
  await scene.write('615');
  await scene.writeOperator('borger-1');
  await scene.seal();
  const statements = ['audit_entry', 'operator_audit_entry', 'audit_block'].flatMap((table) => [
    `update ${table} set ${table === 'audit_block' ? 'hash' : 'client_id'} = ''`,
    `delete from ${table}`,
    `truncate ${table}`,
    `alter table ${table} disable row level security`,
    `drop table ${table}`,
  ]);
  let refused = 0;
  for (const [url, role] of [
    [scene.database.apiUrl, ''],
    [scene.database.workerUrl, ''],
    [scene.database.workerUrl, 'flis_system'],
    [scene.database.backupUrl, ''],
  ] as const) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    if (role !== '') await client.query(`set role ${role}`);
    await client.query(
      `select set_config('app.municipality', '615', false), set_config('app.system_reason', 'x', false)`,
    );
    for (const statement of statements) {
      await t.rejects(client.query(statement), { code: '42501' }, `${new URL(url).username} ${role}: ${statement}`);
      refused += 1;
    }
    await client.end();
  }
  t.equal(refused, 60);
  await t.rejects(scene.api.query(`insert into audit_block values (9, '', '', now(), 1, 1, 1, 1)`), { code: '42501' });
});

t.test('a backup is verified as the database is, and a restored log goes on', async (t) => {
  const scene = await openAuditScene(t);
  for (let index = 0; index < 5; index += 1)
    await scene.write('615', { rows: 1e15 + index, note: 'æ"\\\n\u007f', long: 0.5 });
  await scene.writeOperator('borger-1');
  await scene.seal();
  await scene.write('791');
  const backup = join(scene.folder, 'backup');
  await backupDatabase(scene.database.backupUrl, backup);
  const files = await listBlockFiles(scene.storage);
  const options = { storage: scene.storage, files, publicKeys: PUBLIC_KEYS };
  t.match(await verifyLog(await readBackup(backup), options), { faults: [], blocks: 1, rows: 6, unsealed: 1 });
  await scene.write('101');
  const [later] = await scene.seal();

  const target = await createEmptyDatabase(t);
  await migrate(migrateOptions(target.ownerUrl));
  await restoreDatabase(target.ownerUrl, backup);
  const pool = createPool({
    url: target.workerUrl,
    max: 2,
    statementTimeout: 10_000,
    applicationName: 'test',
    context: TEST_CONTEXT,
  });
  t.teardown(() => pool.end());
  const tenant = scene.tenantOf('615');
  await withTenant(pool, tenant, (tx) =>
    tx.query(
      `insert into audit_entry (municipality_code, client_id, request_id, operation, object) values ('615', '', '', '', '{}')`,
    ),
  );
  t.match(
    await sealEntries({ ...scene.deps, pool }),
    [{ number: (later?.number ?? 0) + 1 }],
    'the later block is taken up',
  );
  const after = join(scene.folder, 'after');
  await backupDatabase(target.backupUrl, after);
  const found = await verifyLog(await readBackup(after), { ...options, files: await listBlockFiles(scene.storage) });
  const lost = { fault: 'rows', block: 2, log: '101', sealed: 1, found: 0 };
  t.match(found, { faults: [lost], blocks: 3, rows: 8, unsealed: 0 }, 'what came after the backup is named as lost');
  t.equal(found.faults.length, 1);
});
