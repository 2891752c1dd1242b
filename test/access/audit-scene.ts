// The audit logs on a database and a storage of their own, with short ways to write, seal and verify. No service around them.
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  deriveBlockKey,
  listBlockFiles,
  publicBlockKeys,
  readPublicKeys,
  sealEntries,
  verifyLog,
  withSnapshot,
  writeAudit,
  writeOperatorAudit,
} from '../../src/access/index.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { withPublished, withTenant } from '../../src/platform/postgres/tenancy.ts';
import { createLocalDirectory } from '../../src/platform/storage/local-directory.ts';
import type { ObjectStorage } from '../../src/platform/storage/storage.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { createTestDatabase, TEST_CONTEXT, type TestScope } from '../harness/database.ts';

export const ROOT_SECRET = createHash('sha256').update('a root secret for tests of the audit log').digest();
export const PUBLIC_KEYS = readPublicKeys(publicBlockKeys(ROOT_SECRET));

export async function openAuditScene(t: TestScope) {
  const database = await createTestDatabase(t);
  const folder = await mkdtemp(join(tmpdir(), 'flis-audit-'));
  const poolOf = (url: string, max: number) =>
    createPool({ url, max, statementTimeout: 20_000, applicationName: 'test', context: TEST_CONTEXT });
  const worker = poolOf(database.workerUrl, 4);
  const api = poolOf(database.apiUrl, 10);
  const owners = poolOf(database.ownerUrl, 1);
  const owner = await owners.connect();
  t.teardown(async () => {
    owner.release();
    await Promise.all([worker.end(), api.end(), owners.end()]);
    await rm(folder, { recursive: true, force: true });
  });
  const storage = createLocalDirectory(join(folder, 'storage'));
  const deps = { pool: worker, storage, key: deriveBlockKey(ROOT_SECRET) };
  const tenantOf = (municipality: string) => ({
    ...{ municipality: municipalityCodeOf(municipality), domains: null },
    ...{ clientId: `client-${municipality}`, requestId: randomUUID() },
  });
  return {
    ...{ database, folder, worker, api, owner, storage, deps, tenantOf },
    /** An entry of a municipality, in a transaction of its own. */
    write: (municipality: string, object = {}) =>
      withTenant(api, tenantOf(municipality), (tx) => writeAudit(tx, 'createPackage', { domain: 'borger', ...object })),
    writeOperator: (release: string) =>
      withPublished(api, (tx) =>
        writeOperatorAudit(tx, { clientId: 'operator', requestId: randomUUID() }, 'createRelease', { release }),
      ),
    seal: (options = {}) => sealEntries(deps, options),
    verify: (remembered?: { number: number; hash: string }, from: ObjectStorage = storage) =>
      withSnapshot(
        database.backupUrl,
        () => listBlockFiles(from),
        (source, files) => verifyLog(source, { storage: from, files, publicKeys: PUBLIC_KEYS, remembered }),
      ),
  };
}

export type AuditScene = Awaited<ReturnType<typeof openAuditScene>>;
