// Migrations: an empty database comes up, twice is as good as once, two at a time do not collide, and the schema in code is the schema in SQL.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import t from 'tap';
import { migrate } from '../../db/migrate.ts';
import { declaredTables } from '../../db/schema/index.ts';
import { createEmptyDatabase, createOrdinaryDatabase, migrateOptions } from '../harness/database.ts';
import { auditCatalogue } from './audit-catalogue.ts';
import { connect, contextFor, OWN, OWN_CLAIMS, placeOf, rolledBack, say } from './context-scene.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

t.test('an empty database, two migrations at once, and once more', async (t) => {
  const { ownerUrl } = await createEmptyDatabase(t);
  await Promise.all([migrate(migrateOptions(ownerUrl)), migrate(migrateOptions(ownerUrl))]);
  await migrate(migrateOptions(ownerUrl));
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  t.teardown(() => client.end());
  const { rows } = await client.query(
    `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`,
  );
  t.same(
    rows.map(({ relname }) => relname),
    [...declaredTables().keys()].sort(),
  );
});

t.test('an owner who is no superuser: the same catalogue, and no role keeps more than it may', async (t) => {
  const { ownerUrl, adminUrl } = await createOrdinaryDatabase(t);
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  t.teardown(() => admin.end());
  await migrate(migrateOptions(ownerUrl));
  const roles = { api: 'flis_api', worker: 'flis_worker', backup: 'flis_backup' };
  t.same(await auditCatalogue(admin, { declared: declaredTables(), roles }), []);
  const { rows: owners } = await admin.query(
    `select distinct rolname, rolsuper, rolbypassrls from pg_class join pg_roles o on o.oid = relowner where relnamespace = 'public'::regnamespace`,
  );
  t.same(owners, [{ rolname: 'ordinary', rolsuper: false, rolbypassrls: false }]);

  await admin.query('alter role flis_api superuser bypassrls');
  await t.rejects(migrate(migrateOptions(ownerUrl)), { code: '42501' }, 'this owner cannot take it away');
  await migrate(migrateOptions(adminUrl));
  const { rows } = await admin.query(`select rolname from pg_roles where rolsuper or rolbypassrls order by 1`);
  t.same(rows, [{ rolname: 'flis_owner' }], 'a superuser takes it away');
});

t.test('queues that are there take over changed settings', async (t) => {
  const { ownerUrl } = await createEmptyDatabase(t);
  const options = migrateOptions(ownerUrl);
  const [first, ...others] = options.queues;
  if (first === undefined) throw new Error('no queue');
  const changed = { ...first, retryLimit: 77, retryDelayMax: 78, expireInSeconds: 79 };
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  t.teardown(() => client.end());
  const settings = async () => {
    const columns = 'policy, retry_limit, retry_delay_max, expire_seconds, heartbeat_seconds';
    return (await client.query(`select ${columns} from pgboss.queue where name = $1`, [first.name])).rows[0];
  };
  await migrate(options);
  const before = await settings();
  await migrate({ ...options, queues: [changed, ...others] });
  t.same(await settings(), { ...before, retry_limit: 77, retry_delay_max: 78, expire_seconds: 79 });
});

t.test('the secret of the context is exchanged with an overlap of one migration', async (t) => {
  const { ownerUrl, apiUrl } = await createEmptyDatabase(t);
  const [old, next, last] = ['old', 'next', 'last'].map((text) => createHash('sha256').update(text).digest());
  if (old === undefined || next === undefined || last === undefined) throw new Error('no secrets');
  const migrateWith = (contextSecret: Buffer) => migrate({ ...migrateOptions(ownerUrl), contextSecret });
  const client = await connect(t, apiUrl);
  const accepted = async () => {
    const names: string[] = [];
    for (const [name, secret] of Object.entries({ old, next, last }))
      await rolledBack(client, async () => {
        await say(client, contextFor(await placeOf(client), OWN_CLAIMS, { secret, lifetime: 60 }));
        const seen = await client.query('select app.municipality() as code').catch(() => undefined);
        if (seen?.rows[0].code === OWN) names.push(name);
      });
    return names;
  };
  for (const [what, secret, expected] of [
    ['at first', old, ['old']],
    ['again', old, ['old']],
    ['a new one', next, ['old', 'next']],
    ['once more: the old one is gone', next, ['next']],
    ['a third', last, ['next', 'last']],
    ['a fourth before the third is all there is', old, ['old', 'last']],
    ['back to the one before', last, ['old', 'last']],
    ['and it is the only one', last, ['last']],
  ] as const) {
    await migrateWith(secret);
    t.same(await accepted(), expected, what);
  }
});

t.test('the migrations give the schema that the code declares', async (t) => {
  const folder = mkdtempSync(join(ROOT, 'db', '.drift-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  cpSync(join(ROOT, 'db/migrations'), folder, { recursive: true });
  const before = readdirSync(folder);
  execFileSync(
    join(ROOT, 'node_modules/.bin/drizzle-kit'),
    ['generate', '--dialect', 'postgresql', '--schema', './db/schema/*.ts', '--out', `./db/${folder.split('/').pop()}`],
    { cwd: ROOT },
  );
  t.same(readdirSync(folder), before, 'no further migration is needed');
});
