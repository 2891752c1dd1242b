// Brings a database to the current schema: migrations, roles, tenancy, queues. Run by the owner, one at a time, safe to run again.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as runMigrations } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import { PgBoss, type Queue } from 'pg-boss';
import { declaredTables, SYSTEM_ROLE } from './schema/index.ts';

/** A login role as configuration names it. */
export interface RoleCredentials {
  readonly name: string;
  readonly password: string;
}

export interface MigrateOptions {
  readonly ownerUrl: string;
  readonly api: RoleCredentials;
  readonly worker: RoleCredentials;
  readonly backup: RoleCredentials;
  readonly queues: readonly Queue[];
}

/** Any number that nothing else in the cluster uses. */
const MIGRATION_LOCK = 7_126_530_417;
const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url));
const TENANCY = new URL('./tenancy.sql', import.meta.url);
const QUEUE_SCHEMA = 'pgboss';

/** Migrates the database of `ownerUrl`. @throws whatever PostgreSQL reports; nothing of a failed migration stays. */
export async function migrate(options: MigrateOptions): Promise<void> {
  const client = new pg.Client({ connectionString: options.ownerUrl });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await runMigrations(drizzle(client), { migrationsFolder: MIGRATIONS });
    await ensureRole(client, { name: SYSTEM_ROLE });
    for (const role of [options.api, options.worker, options.backup]) await ensureRole(client, role);
    await retryConcurrentUpdate(() =>
      client.query(`grant ${SYSTEM_ROLE} to ${pg.escapeIdentifier(options.worker.name)} with inherit false, set true`),
    );
    await client.query(await readFile(TENANCY, 'utf8'));
    await secureTables(client, options);
    await ensureQueues(client, options);
  } finally {
    await client.end();
  }
}

/** Roles are cluster-wide: another database's migration may have made them, or be making them now. Without a password nobody can log in. */
async function ensureRole(
  client: pg.Client,
  role: { readonly name: string; readonly password?: string },
): Promise<void> {
  const name = pg.escapeIdentifier(role.name);
  const login = role.password === undefined ? 'nologin' : `login password ${pg.escapeLiteral(role.password)}`;
  await client.query(`do $$ begin
      create role ${name} nologin noinherit;
    exception when duplicate_object or unique_violation then null;
    end $$`);
  // Only a superuser may say `nosuperuser`, even of a role that is none: an owner who is none says it where there is something to take away, and is refused.
  const { rows } = await client.query<{ excessive: boolean }>(
    'select rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as excessive from pg_roles where rolname = $1',
    [role.name],
  );
  const less = rows[0]?.excessive === true ? 'nosuperuser nocreatedb nocreaterole noreplication nobypassrls' : '';
  await retryConcurrentUpdate(() => client.query(`alter role ${name} ${less} noinherit ${login}`));
}

async function retryConcurrentUpdate(statement: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await statement();
      return;
    } catch (error) {
      const concurrent = error instanceof pg.DatabaseError && /concurrently updated|duplicate key/.test(error.message);
      if (!concurrent || attempt === 20) throw error;
    }
  }
}

async function secureTables(client: pg.Client, { api, worker, backup }: MigrateOptions): Promise<void> {
  const roles = [api.name, worker.name, SYSTEM_ROLE, backup.name].map((name) => pg.escapeIdentifier(name)).join(', ');
  await client.query('begin');
  await client.query(`grant usage on schema public, app to ${roles}`);
  await client.query(`grant execute on function app.municipality(), app.system_reason() to ${roles}`);
  for (const [name, access] of declaredTables()) {
    const table = `public.${pg.escapeIdentifier(name)}`;
    await client.query(`revoke all on ${table} from public, ${roles}`);
    if (access.kind === 'municipal') {
      const names = [api.name, worker.name, SYSTEM_ROLE, backup.name];
      await client.query('call app.secure_municipal($1, $2, $3, $4, $5)', [table, ...names]);
    } else {
      await client.query('call app.secure_shared($1)', [table]);
    }
    await client.query(`grant select on ${table} to ${pg.escapeIdentifier(backup.name)}`);
    for (const [role, privileges] of [
      [api.name, access.api],
      [worker.name, access.worker],
      [SYSTEM_ROLE, access.worker],
    ] as const) {
      if (privileges.length > 0) {
        await client.query(`grant ${privileges.join(', ')} on ${table} to ${pg.escapeIdentifier(role)}`);
      }
    }
  }
  await client.query('commit');
}

/** The queue's schema holds ids only. Its tables are made here, by the owner; api and worker start with `migrate: false`. */
async function ensureQueues(client: pg.Client, options: MigrateOptions): Promise<void> {
  const boss = new PgBoss({
    connectionString: options.ownerUrl,
    schema: QUEUE_SCHEMA,
    useListenNotify: false,
    supervise: false,
    schedule: false,
    max: 1,
  });
  boss.on('error', () => {});
  await boss.start();
  try {
    for (const queue of options.queues) {
      const { name, ...options } = queue;
      const { policy: _, ...settings } = options;
      if ((await boss.getQueue(name)) === null) await boss.createQueue(name, options);
      else await boss.updateQueue(name, settings);
    }
  } finally {
    await boss.stop({ graceful: false });
  }
  const roles = [options.api.name, options.worker.name, SYSTEM_ROLE]
    .map((name) => pg.escapeIdentifier(name))
    .join(', ');
  await client.query(`grant usage on schema ${QUEUE_SCHEMA} to ${roles}, ${pg.escapeIdentifier(options.backup.name)};
    grant select, insert, update, delete on all tables in schema ${QUEUE_SCHEMA} to ${roles};
    grant select on all tables in schema ${QUEUE_SCHEMA} to ${pg.escapeIdentifier(options.backup.name)};
    grant usage on all sequences in schema ${QUEUE_SCHEMA} to ${roles};
    grant execute on all functions in schema ${QUEUE_SCHEMA} to ${roles}`);
}
