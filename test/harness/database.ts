// Gives each test file a database of its own: a clone of one migrated template on an embedded PostgreSQL that all files of a run share.
import { createHash, randomUUID } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { QUEUES } from '../../src/pipeline/queues.ts';
import { startEmbeddedPostgres } from '../../src/platform/postgres/embedded.ts';
import { queueSettings } from '../../src/platform/queue/pg-boss.ts';

/** The secret of the signed context of every test database. */
export const CONTEXT_SECRET = createHash('sha256').update('a context secret for tests').digest();
/** How the pools of tests sign. */
export const TEST_CONTEXT = { secret: CONTEXT_SECRET, lifetime: 600 };

/** URLs of one database for the three roles, and of the superuser. */
export interface TestDatabase {
  readonly name: string;
  readonly ownerUrl: string;
  readonly apiUrl: string;
  readonly workerUrl: string;
  readonly backupUrl: string;
}

/** What a test file gives for clean-up: tap's `t`. */
export interface TestScope {
  teardown(fn: () => unknown): void;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Memory as a file system, where there is room in it: making and deleting the files of databases was a fifth of a run (measured). */
const MEMORY = '/dev/shm';
const ROOM = 2 * 1024 ** 3;
const IN_MEMORY = roomIn(MEMORY) >= ROOM;
const FOLDER = join(IN_MEMORY ? MEMORY : tmpdir(), `flis-test-${process.getuid?.() ?? 0}-${digest(ROOT)}`);
/** Passwords of roles in a cluster that only listens on this machine and holds synthetic data only. */
const ROLES = { api: 'flis_api', worker: 'flis_worker', backup: 'flis_backup' } as const;
const PASSWORD = digest(`${ROOT} roles`);

/** @returns free bytes; 0 where there is no such folder */
function roomIn(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** Starts or adopts the shared server. Durability is off: a crash of the machine loses nothing but test data. */
function startServer() {
  return startEmbeddedPostgres({
    folder: FOLDER,
    ...(IN_MEMORY ? { reachable: MEMORY } : {}),
    settings: {
      fsync: 'off',
      full_page_writes: 'off',
      synchronous_commit: 'off',
      max_connections: '300',
      shared_buffers: '128MB',
    },
  });
}

/** The server that the files of a run share. */
export interface TestServer {
  readonly url: string;
  /** The migrated database that each file gets a clone of. */
  readonly template: string;
}

/** Where a run tells its files, each a process, of the server that it has prepared. */
export const PREPARED = 'FLIS_TEST_SERVER';

/** Starts the shared server and makes the template; called before a run, and by a file that is run alone. */
export async function prepareTestServer(): Promise<TestServer> {
  const prepared = process.env[PREPARED];
  if (prepared !== undefined) return JSON.parse(prepared);
  return underLock(async () => {
    const server = await startServer();
    const template = `flis_template_${await schemaDigest()}`;
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      const { rows } = await client.query('select datistemplate from pg_database where datname = $1', [template]);
      if (rows[0]?.datistemplate === true) return { url: server.url, template };
      if (rows.length > 0) await client.query(`drop database ${template} with (force)`);
      await client.query(`create database ${template}`);
      // Loaded by the one file that needs it: the tables bring drizzle-orm with them, a second of CPU.
      const { migrate } = await import('../../db/migrate.ts');
      await migrate({ ...migrateOptions(withDatabase(server.url, template)) });
      await client.query(`alter database ${template} is_template true`);
    } finally {
      await client.end();
    }
    return { url: server.url, template };
  });
}

/** Options for `migrate` with the roles of the test server. */
export function migrateOptions(ownerUrl: string) {
  return {
    ownerUrl,
    api: { name: ROLES.api, password: PASSWORD },
    worker: { name: ROLES.worker, password: PASSWORD },
    backup: { name: ROLES.backup, password: PASSWORD },
    contextSecret: CONTEXT_SECRET,
    queues: QUEUES.map(queueSettings),
  };
}

/** Ends the shared server; called after a run. Its files stay for a quicker next start, unless they take up memory. */
export async function removeTestServer(): Promise<void> {
  await underLock(async () => {
    const server = await startServer();
    await server.stop();
    if (IN_MEMORY) await server.remove();
  });
  if (IN_MEMORY) await rm(FOLDER, { recursive: true, force: true });
}

/** A fresh database; dropped when the test ends. */
export async function createTestDatabase(t: TestScope): Promise<TestDatabase> {
  const { url, template } = await prepareTestServer();
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  // Rights to a database are not copied with it.
  await runAsOwner(
    url,
    `create database ${name} template ${template} strategy file_copy`,
    `revoke temporary on database ${name} from public`,
  );
  t.teardown(() => runAsOwner(url, `drop database if exists ${name} with (force)`));
  return databaseUrls(url, name);
}

/** An empty database without schema, for tests of migration and restore. */
export async function createEmptyDatabase(t: TestScope): Promise<TestDatabase> {
  const { url } = await prepareTestServer();
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  await runAsOwner(url, `create database ${name}`);
  t.teardown(() => runAsOwner(url, `drop database if exists ${name} with (force)`));
  return databaseUrls(url, name);
}

/** An empty database on a server of its own whose owner is an ordinary role with the rights that db/README.md names. `adminUrl` is the superuser's. */
export async function createOrdinaryDatabase(t: TestScope): Promise<TestDatabase & { readonly adminUrl: string }> {
  const server = await startOwnServer(t);
  await runAsOwner(server.url, `create role ordinary login createrole password '${PASSWORD}'`);
  await runAsOwner(server.url, 'create database flis owner ordinary');
  const ownerUrl = withDatabase(server.url, 'flis', 'ordinary');
  return { ...databaseUrls(server.url, 'flis'), ownerUrl, adminUrl: withDatabase(server.url, 'flis') };
}

/** A migrated database on a server of its own that has further environment variables. */
export async function createDatabaseIn(
  t: TestScope,
  environment: Readonly<Record<string, string>>,
): Promise<TestDatabase> {
  const server = await startOwnServer(t, { ...process.env, ...environment });
  await runAsOwner(server.url, 'create database flis');
  const { migrate } = await import('../../db/migrate.ts');
  await migrate(migrateOptions(withDatabase(server.url, 'flis')));
  return databaseUrls(server.url, 'flis');
}

async function startOwnServer(t: TestScope, environment?: Readonly<Record<string, string | undefined>>) {
  const folder = await mkdtemp(join(tmpdir(), 'flis-server-'));
  const server = await startEmbeddedPostgres({
    folder,
    settings: { fsync: 'off' },
    ...(environment && { environment }),
  });
  t.teardown(async () => {
    await server.stop();
    await server.remove();
    await rm(folder, { recursive: true, force: true });
  });
  return server;
}

/** `url` for one of the runtime roles of a server that `migrateOptions` prepared. */
export function urlAs(url: string, role: keyof typeof ROLES): string {
  return withDatabase(url, new URL(url).pathname.slice(1), ROLES[role]);
}

function databaseUrls(url: string, name: string): TestDatabase {
  return {
    name,
    ownerUrl: withDatabase(url, name),
    apiUrl: withDatabase(url, name, ROLES.api),
    workerUrl: withDatabase(url, name, ROLES.worker),
    backupUrl: withDatabase(url, name, ROLES.backup),
  };
}

function withDatabase(url: string, database: string, role?: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  if (role !== undefined) {
    changed.username = role;
    changed.password = PASSWORD;
  }
  return changed.href;
}

async function runAsOwner(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Changes whenever anything that makes the schema changes. */
async function schemaDigest(): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of ['db', 'db/schema', 'db/migrations']) {
    for (const entry of (await readdir(join(ROOT, folder), { withFileTypes: true })).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      if (entry.isFile()) hash.update(entry.name).update(await readFile(join(ROOT, folder, entry.name)));
    }
  }
  hash.update(JSON.stringify(QUEUES.map(queueSettings)));
  return hash.digest('hex').slice(0, 12);
}

/** Test files are processes: only one at a time may start the server or make the template. */
async function underLock<T>(fn: () => Promise<T>): Promise<T> {
  await mkdir(FOLDER, { recursive: true });
  const path = join(FOLDER, 'lock');
  for (;;) {
    try {
      const lock = await open(path, 'wx');
      await lock.close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      // A lock older than a minute belongs to a run that was killed.
      const age = await stat(path).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
      if (age > 60_000) await rm(path, { force: true });
      await delay(25);
    }
  }
  try {
    return await fn();
  } finally {
    await rm(path, { force: true });
  }
}
