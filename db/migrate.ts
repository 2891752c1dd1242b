// Brings a database to the current schema: migrations, roles, tenancy, queues. Run by the owner, one at a time, safe to run again.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as runMigrations } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import { PgBoss, type Queue } from 'pg-boss';
import { ensureContext } from './context.ts';
import { ensureRole, type RoleCredentials, retryConcurrentUpdate } from './roles.ts';
import { declaredTables, newestMigration, SYSTEM_ROLE } from './schema/index.ts';

export interface MigrateOptions {
  readonly ownerUrl: string;
  readonly api: RoleCredentials;
  readonly worker: RoleCredentials;
  readonly backup: RoleCredentials;
  /** The secret of the signed tenant context; see context.ts. */
  readonly contextSecret: Uint8Array;
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
    await ensureContext(client, options.contextSecret, [
      ...[options.api.name, options.worker.name],
      ...[SYSTEM_ROLE, options.backup.name],
    ]);
    await client.query(await readFile(TENANCY, 'utf8'));
    await forbidTemporaryTables(client);
    await secureTables(client, options);
    await ensureQueues(client, options);
    // Last, for processes that start: all of it has been done.
    await client.query(`comment on schema app is ${pg.escapeLiteral(newestMigration())}`);
  } finally {
    await client.end();
  }
}

/** A temporary table hides a real one of its name from every later transaction of its connection, whoever's that is. */
async function forbidTemporaryTables(client: pg.Client): Promise<void> {
  await client.query(`do $$ begin
      execute format('revoke temporary on database %I from public', current_database());
    end $$`);
}

async function secureTables(client: pg.Client, { api, worker, backup }: MigrateOptions): Promise<void> {
  const roles = [api.name, worker.name, SYSTEM_ROLE, backup.name].map((name) => pg.escapeIdentifier(name)).join(', ');
  await client.query('begin');
  await client.query(`grant usage on schema public, app to ${roles}`);
  await client.query(
    `grant execute on function app.municipality(), app.domains(), app.system_reason(), app.client() to ${roles}`,
  );
  for (const [name, access] of declaredTables()) {
    const table = `public.${pg.escapeIdentifier(name)}`;
    await client.query(`revoke all on ${table} from public, ${roles}`);
    if (access.kind === 'municipal') {
      const names = [api.name, worker.name, SYSTEM_ROLE, backup.name];
      await client.query('call app.secure_municipal($1, $2, $3, $4, $5)', [table, ...names]);
      if (access.client) await client.query('call app.let_client($1, $2, $3)', [table, api.name, access.client]);
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
