// Whether a process may start: looks at the database as the process will meet it, at the tables as they are declared, and at the routes. Every door runs it
// before it opens anything else; it changes nothing. `npm run flis -- check` tells the same without starting.
import pg from 'pg';
import type { Logger } from 'pino';
import { readDeclaredTables } from '../db/schema/declared.ts';
import { SYSTEM_ROLE } from '../db/schema/roles.ts';
import { buildApp } from './app.ts';
import { type Config, loadConfig } from './config.ts';
import type { DepsOptions } from './deps.ts';
import { describeDeps } from './describe-deps.ts';
import { type Catalogue, loadCatalogue } from './domains/index.ts';
import { delivery } from './pipeline/index.ts';
import { createLog } from './platform/log.ts';
import { findRoleFaults } from './platform/postgres/check-roles.ts';
import { findContextFaults, findMigrationFaults, findRowSecurityFaults } from './platform/postgres/check-tenancy.ts';
import type { Tx } from './platform/postgres/tenancy.ts';
import { StartFaults } from './platform/start-faults.ts';
import { type Day, dayOf } from './platform/time/local-time.ts';

/** A process that works on the database. */
type CheckedDoor = 'api' | 'worker';

const CONNECT_TIMEOUT_MS = 10_000;

/** @throws StartFaults with all that is wrong; what PostgreSQL reports when it cannot be reached */
export async function refuseFaults(
  config: Config,
  door: CheckedDoor,
  log: Logger,
  options: DepsOptions = {},
): Promise<void> {
  const faults = await findDatabaseFaults(config, door, options);
  // The routes are looked at again when they are all there; here only so that one message tells everything.
  if (faults.length > 0) throw new StartFaults([...faults, ...(door === 'api' ? await findRouteFaults(log) : [])]);
}

/** Over each connection that the process will use: past a pooler, it may be another role's. */
async function findDatabaseFaults(
  { database, contextSecret }: Config,
  door: CheckedDoor,
  { domainFolders, clock = () => new Date() }: DepsOptions,
): Promise<string[]> {
  const catalogue = await loadCatalogue(domainFolders);
  const urls = door === 'api' ? [database.api, database.directApi] : [database.worker, database.directWorker];
  const faults = new Set<string>();
  for (const url of new Set(urls)) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
    client.on('error', () => {});
    await client.connect();
    try {
      const tables = readDeclaredTables();
      const mayBecome = door === 'worker' ? [SYSTEM_ROLE] : [];
      const migrations = await findMigrationFaults(client);
      for (const fault of [
        ...migrations,
        ...(await findRoleFaults(client, { grantsOf: door, mayBecome, tables })),
        ...(await findRowSecurityFaults(client, tables, door === 'api')),
        ...(await findContextFaults(client, contextSecret)),
        // An older database does not have what this looks at.
        ...(migrations.length === 0 ? await findSchemaFaults(client, catalogue, dayOf(clock())) : []),
      ])
        faults.add(fault);
    } finally {
      await client.end();
    }
  }
  return [...faults];
}

function findSchemaFaults(client: pg.ClientBase, catalogue: Catalogue, today: Day): Promise<string[]> {
  const query: Tx['query'] = async (text, values = []) => (await client.query(text, [...values])).rows;
  return delivery.findSchemaFaults({ query }, catalogue, today);
}

async function findRouteFaults(log: Logger): Promise<readonly string[]> {
  const deps = await describeDeps(log);
  const app = await buildApp(deps);
  try {
    await app.ready();
    return [];
  } catch (error) {
    if (error instanceof StartFaults) return error.faults;
    throw error;
  } finally {
    await app.close();
    await deps.close();
  }
}

/** `check [api|worker]`: prints what would keep that process from starting. @returns 0 when nothing would */
export async function runCheck([door = 'api']: readonly string[]): Promise<number> {
  if (door !== 'api' && door !== 'worker') {
    process.stderr.write('check: api or worker\n');
    return 2;
  }
  const config = loadConfig(door);
  const log = createLog({ service: 'command', level: config.logLevel });
  const faults = [
    ...(await findDatabaseFaults(config, door, {})),
    ...(door === 'api' ? await findRouteFaults(log) : []),
  ];
  process.stdout.write(faults.map((fault) => `${fault}\n`).join('') || 'nothing keeps it from starting\n');
  return faults.length === 0 ? 0 : 1;
}
