// Commands of the operator: they work on the database and the storage directly, with the configuration of migrate or of the worker.
import { migrate, type RoleCredentials } from '../db/migrate.ts';
import { loadConfig } from './config.ts';
import { QUEUES } from './pipeline/queues.ts';
import { queueSettings } from './platform/queue/pg-boss.ts';

/** `migrate`: schema, roles, tenancy and queues; roles and passwords are those of the configured URLs. */
export async function runMigrate(): Promise<number> {
  const { database } = loadConfig('migrate');
  await migrate({
    ownerUrl: database.owner ?? '',
    api: credentialsOf(database.api),
    worker: credentialsOf(database.worker),
    backup: credentialsOf(database.backup),
    queues: QUEUES.map(queueSettings),
  });
  return 0;
}

function credentialsOf(url = ''): RoleCredentials {
  const { username, password } = new URL(url);
  return { name: decodeURIComponent(username), password: decodeURIComponent(password) };
}
