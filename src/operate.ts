// Commands of the operator: they work on the database and the storage directly, with the configuration of migrate or of the worker.
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { backupDatabase, restoreDatabase } from '../db/backup.ts';
import type { RoleCredentials } from '../db/roles.ts';
import { checkBlocks } from './access/index.ts';
import { loadConfig } from './config.ts';
import { intake, packages, warehouse } from './pipeline/index.ts';
import { QUEUES } from './pipeline/queues.ts';
import { queueSettings } from './platform/queue/pg-boss.ts';
import { municipalityCodeOf } from './platform/tenant.ts';
import { withWorker } from './with-worker.ts';

/** `migrate`: schema, roles, tenancy and queues; roles and passwords are those of the configured URLs. */
export async function runMigrate(): Promise<number> {
  const { database, contextSecret } = loadConfig('migrate');
  // Loaded here alone: the tables bring drizzle-orm with them, a second that no other command waits for.
  const { migrate } = await import('../db/migrate.ts');
  await migrate({
    ownerUrl: database.owner ?? '',
    api: credentialsOf(database.api),
    worker: credentialsOf(database.worker),
    backup: credentialsOf(database.backup),
    contextSecret,
    queues: QUEUES.map(queueSettings),
  });
  return 0;
}

function credentialsOf(url = ''): RoleCredentials {
  const { username, password } = new URL(url);
  return { name: decodeURIComponent(username), password: decodeURIComponent(password) };
}

/** `backup <folder>`: all rows as of one moment into a new folder. Copy the storage folder afterwards (db/README.md). */
export async function runBackup([folder = '']: readonly string[]): Promise<number> {
  if (folder === '') return usage('backup: the new folder is missing');
  await backupDatabase(loadConfig('migrate').database.backup ?? '', folder);
  return 0;
}

/** `restore <folder>`: a backup into the empty, migrated database of the owner. */
export async function runRestore([folder = '']: readonly string[]): Promise<number> {
  if (folder === '') return usage('restore: the folder of the backup is missing');
  await restoreDatabase(loadConfig('migrate').database.owner ?? '', folder);
  return 0;
}

function usage(line: string): number {
  process.stderr.write(`${line}\n`);
  return 2;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** `fsck`: prints what it compared and every fault. @returns 0 when rows and files agree, 1 otherwise. */
export function runFsck(): Promise<number> {
  return withWorker(async (deps) => {
    const report = joinReports([
      await warehouse.checkStorage(deps),
      await packages.checkPackages(deps),
      await checkBlocks(deps),
    ]);
    for (const { key, fault } of report.faults) print(`${fault}: ${key}`);
    print(`${report.named} files named by rows, ${report.bytes} bytes read, ${report.faults.length} faults`);
    print(
      `${report.orphans.length} files without a row are older than 24 h (sweep deletes them), ${report.young} are younger`,
    );
    return report.faults.length === 0 ? 0 : 1;
  });
}

function joinReports(reports: readonly warehouse.StorageReport[]): warehouse.StorageReport {
  return {
    named: reports.reduce((sum, { named }) => sum + named, 0),
    bytes: reports.reduce((sum, { bytes }) => sum + bytes, 0),
    faults: reports.flatMap(({ faults }) => faults),
    orphans: reports.flatMap(({ orphans }) => orphans),
    young: reports.reduce((sum, { young }) => sum + young, 0),
  };
}

/** `sweep`: deletes what nothing names: files older than 24 h and remembered answers. */
export function runSweep(): Promise<number> {
  return withWorker(async (deps) => {
    const received = await intake.sweepIntake(deps);
    const files = (await warehouse.sweepStorage(deps)) + (await packages.sweepPackages(deps));
    print(`${files + received.files} files and ${received.answers} remembered answers deleted`);
    return 0;
  });
}

/** `retry --municipality 615 --source-delivery <id>`: loads a delivery in state `failed` again. @returns 1 when it is not in that state. */
export function runRetry(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { municipality: { type: 'string' }, 'source-delivery': { type: 'string' } },
  });
  const municipality = municipalityCodeOf(values.municipality ?? '');
  const id = values['source-delivery'] ?? '';
  return withWorker(async (deps) => {
    const tenant = { municipality, domains: null, clientId: 'operator', requestId: randomUUID() };
    const enqueued = await warehouse.retryDelivery(deps, tenant, id);
    print(enqueued ? 'enqueued' : 'there is no such source delivery in state failed');
    return enqueued ? 0 : 1;
  });
}
