// A process refuses to start over a database that would not keep municipalities apart: every fault is planted in a real one, on a server of its own
// (roles are the whole server's), and seen to stop the start; the doors themselves tell all faults at once and end.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { pino } from 'pino';
import t from 'tap';
import { migrate } from '../../db/migrate.ts';
import { declaredTables, describeTables } from '../../db/schema/index.ts';
import { refuseFaults } from '../../src/check-start.ts';
import { loadConfig } from '../../src/config.ts';
import { StartFaults } from '../../src/platform/start-faults.ts';
import { CONTEXT_SECRET, createOrdinaryDatabase, migrateOptions } from '../harness/database.ts';

const log = pino({ enabled: false });
const POLICY = '(municipality_code = (select app.municipality()))';

interface Plant {
  readonly plant: string;
  readonly undo: string;
  readonly fault: string;
  /** Which process must refuse; both by default. */
  readonly only?: 'api' | 'worker';
}

const api = (plant: string, undo: string, fault: string): Plant => ({ plant, undo, fault, only: 'api' });
const worker = (plant: string, undo: string, fault: string): Plant => ({ plant, undo, fault, only: 'worker' });
const both = (plant: string, undo: string, fault: string): Plant => ({ plant, undo, fault });

const PLANTS: readonly Plant[] = [
  ...(
    [
      ['superuser', 'is a superuser'],
      ['bypassrls', 'bypasses row-level security'],
      ['createrole', 'may create roles'],
      ['createdb', 'may create databases'],
      ['replication', 'may replicate'],
    ] as const
  ).flatMap(([power, fault]) => [
    api(`alter role flis_api ${power}`, `alter role flis_api no${power}`, `role flis_api ${fault}`),
    worker(`alter role flis_worker ${power}`, `alter role flis_worker no${power}`, `role flis_worker ${fault}`),
  ]),
  worker(
    'alter role flis_system bypassrls',
    'alter role flis_system nobypassrls',
    'role flis_system bypasses row-level security',
  ),
  ...['flis_worker', 'flis_system', 'flis_context', 'flis_backup', 'pg_read_all_data'].map((role) =>
    api(`grant ${role} to flis_api`, `revoke ${role} from flis_api`, `role flis_api may act as role ${role}`),
  ),
  worker(
    'grant flis_context to flis_system',
    'revoke flis_context from flis_system',
    'role flis_worker may act as role flis_context',
  ),
  api(
    'alter table slice_diff owner to flis_api',
    'alter table slice_diff owner to ordinary',
    'role flis_api owns relation slice_diff',
  ),
  worker(
    'alter function app.municipality() owner to flis_worker',
    'alter function app.municipality() owner to ordinary',
    'role flis_worker owns function app.municipality',
  ),
  api('create schema planted authorization flis_api', 'drop schema planted', 'role flis_api owns schema planted'),
  api(
    'grant delete on revision to flis_api',
    'revoke delete on revision from flis_api',
    'role flis_api may delete on public.revision',
  ),
  api(
    'grant update (state) on release to flis_api',
    'revoke update (state) on release from flis_api',
    'role flis_api may update on public.release',
  ),
  worker(
    'grant update on audit_entry to flis_worker',
    'revoke update on audit_entry from flis_worker',
    'role flis_worker may update on public.audit_entry',
  ),
  worker(
    'grant truncate on audit_block to flis_system',
    'revoke truncate on audit_block from flis_system',
    'role flis_system may truncate on public.audit_block',
  ),
  api(
    'grant select on context.key to flis_api',
    'revoke select on context.key from flis_api',
    'role flis_api may select on context.key',
  ),
  api(
    'grant select on pg_authid to flis_api',
    'revoke select on pg_authid from flis_api',
    'role flis_api may select on pg_catalog.pg_authid',
  ),
  api(
    'grant execute on function pg_read_file(text) to flis_api',
    'revoke execute on function pg_read_file(text) from flis_api',
    'role flis_api may call pg_catalog.pg_read_file',
  ),
  both(
    'grant select on released_value to public',
    'revoke select on released_value from public',
    'everybody may select on public.released_value',
  ),
  api(
    'grant create on schema public to flis_api',
    'revoke create on schema public from flis_api',
    'role flis_api may create in schema public',
  ),
  both(
    'grant temporary on database flis to public',
    'revoke temporary on database flis from public',
    'may create temporary tables',
  ),
  api(
    'create function app.planted() returns int language sql security definer return 1',
    'drop function app.planted()',
    'role flis_api may call app.planted',
  ),
  both(
    'alter table slice disable row level security',
    'alter table slice enable row level security',
    'row-level security of slice is not enabled',
  ),
  both(
    'alter table slice no force row level security',
    'alter table slice force row level security',
    'row-level security of slice is not forced',
  ),
  both('alter table finding rename to planted', 'alter table planted rename to finding', 'table finding is not there'),
  both(
    'alter policy tenant on finding rename to planted',
    'alter policy planted on finding rename to tenant',
    'finding has no policy tenant',
  ),
  both(
    `alter policy tenant on finding using (${POLICY} or true)`,
    `alter policy tenant on finding using ${POLICY}`,
    'policy tenant of finding for flis_',
  ),
  both(
    'alter policy tenant on finding with check (true)',
    `alter policy tenant on finding with check ${POLICY}`,
    'policy tenant of finding for flis_',
  ),
  both(
    'create policy planted on finding using (true)',
    'drop policy planted on finding',
    'policy planted of finding for public is not as declared',
  ),
  worker(
    'alter policy system on finding using (true)',
    'alter policy system on finding using ((select app.system_reason()) is not null)',
    'policy system of finding for flis_system is not as declared',
  ),
  both(
    `create or replace function app.municipality() returns text language sql stable parallel restricted return '615'`,
    `create or replace function app.municipality() returns text language sql stable parallel restricted return nullif((context.verified())[2], '')`,
    'the database sees a municipality where no context was given',
  ),
  both(
    `create or replace function app.municipality() returns text language sql stable parallel restricted
       return nullif(split_part(current_setting('app.context', true), E'\\n', 2), '')`,
    `create or replace function app.municipality() returns text language sql stable parallel restricted return nullif((context.verified())[2], '')`,
    'the database takes a context that another secret has signed',
  ),
  both(
    `insert into schema_version (table_name, version, columns, used_from, carries_out) values ('bor_befolkning', 1,
       '[{"name": "gone", "type": "text", "sqlType": "VARCHAR", "unit": null, "nullable": true, "isKey": false}]', '2026-01-01', '[]')`,
    'delete from schema_version',
    'schema-change-not-announced: table bor_befolkning: gone removed. ',
  ),
  both(
    `comment on schema app is '0003_clients'`,
    `comment on schema app is '9999_restored'`,
    'the database is migrated to 0003_clients, the code needs ',
  ),
];

t.test('a sound database lets both start; every fault stops them', async (t) => {
  const database = await createOrdinaryDatabase(t);
  await migrate(migrateOptions(database.ownerUrl));
  const admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
  t.teardown(() => admin.end());
  const settings = {
    FLIS_DATABASE_URL_API: database.apiUrl,
    FLIS_DATABASE_URL_WORKER: database.workerUrl,
    FLIS_STORAGE_DIR: '/nonexistent',
    FLIS_PUBLIC_ORIGIN: 'https://flis.example',
    FLIS_ISSUER: 'urn:flis:test',
    FLIS_AUDIENCE: 'urn:flis:api',
    FLIS_ROOT_SECRET: randomBytes(32).toString('hex'),
    FLIS_CONTEXT_SECRET: CONTEXT_SECRET.toString('hex'),
  };
  const faultsOf = async (door: 'api' | 'worker', more: Record<string, string> = {}) => {
    try {
      await refuseFaults(loadConfig(door, { ...settings, ...more }), door, log);
      return [];
    } catch (error) {
      if (error instanceof StartFaults) return error.faults;
      throw error;
    }
  };
  for (const door of ['api', 'worker'] as const) t.strictSame(await faultsOf(door), [], `${door} starts`);

  for (const { plant, undo, fault, only } of PLANTS) {
    await admin.query(plant);
    for (const door of only === undefined ? (['api', 'worker'] as const) : [only]) {
      const faults = await faultsOf(door);
      t.ok(
        faults.some((each) => each.includes(fault)),
        `${door}: ${plant}`,
        { faults },
      );
    }
    await admin.query(undo);
  }
  for (const door of ['api', 'worker'] as const) t.strictSame(await faultsOf(door), [], `${door} starts again`);

  await t.test('a connection past the pooler is looked at too', async (t) => {
    const faults = await faultsOf('api', { FLIS_DIRECT_DATABASE_URL_API: database.adminUrl });
    t.match(faults, [/^role \S+ is a superuser$/]);
  });

  await t.test('another context secret', async (t) => {
    const other = { FLIS_CONTEXT_SECRET: randomBytes(32).toString('hex') };
    for (const door of ['api', 'worker'] as const)
      t.strictSame(await faultsOf(door, other), [
        'the database does not know the context secret: run `migrate` with it',
      ]);
  });

  await t.test('the doors tell all of it at once, and end', async (t) => {
    await admin.query(
      'alter role flis_api createdb; alter role flis_worker createdb; alter table slice no force row level security',
    );
    for (const [door, role] of [
      [['src/main.ts'], 'flis_api'],
      [['src/worker.ts'], 'flis_worker'],
      [['src/cli.ts', 'check'], 'flis_api'],
      [['src/cli.ts', 'check', 'worker'], 'flis_worker'],
    ] as const) {
      const { code, output } = await run(door, settings);
      t.equal(code, 1, door.join(' '));
      t.match(output, `role ${role} may create databases\n`);
      t.match(output, 'row-level security of slice is not forced\n');
      t.notMatch(output, settings.FLIS_CONTEXT_SECRET);
    }
    await admin.query(
      'alter role flis_api nocreatedb; alter role flis_worker nocreatedb; alter table slice force row level security',
    );
    const { code, output } = await run(['src/cli.ts', 'check'], settings);
    t.same([code, output], [0, 'nothing keeps it from starting\n']);
  });

  await t.test('a database that nobody has migrated', async (t) => {
    await admin.query('create database empty owner ordinary');
    const url = new URL(database.apiUrl);
    url.pathname = '/empty';
    const faults = await faultsOf('api', { FLIS_DATABASE_URL_API: url.href });
    t.match(faults, [/^the database is migrated to nothing/]);
    t.ok(faults.length > 10);
  });
});

t.test('declared.json is what the tables declare', async (t) => {
  t.equal(
    await readFile(new URL('../../db/schema/declared.json', import.meta.url), 'utf8'),
    describeTables(),
    'npm run openapi',
  );
  t.ok(declaredTables().size > 20);
});

async function run(args: readonly string[], env: Record<string, string>): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, args, {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '', ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const code = await new Promise<number | null>((done) => child.on('close', done));
  return { code: code ?? -1, output };
}
