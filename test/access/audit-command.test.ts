// `audit verify` and `audit key` as an auditor runs them: the role that reads, the storage folder and a public key, and no secret.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { backupDatabase } from '../../db/backup.ts';
import { openAuditScene, ROOT_SECRET } from './audit-scene.ts';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

t.test('an auditor verifies without the secret', async (t) => {
  const scene = await openAuditScene(t);
  const run = async (args: readonly string[], environment: Record<string, string>) =>
    promisify(execFile)(process.execPath, [CLI, 'audit', ...args], { env: environment }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }) as { code: number; stdout: string; stderr: string },
    );
  const folder = join(scene.folder, 'storage');
  const auditor = { FLIS_DATABASE_URL_BACKUP: scene.database.backupUrl, FLIS_STORAGE_DIR: folder };
  const holder = { FLIS_ROOT_SECRET: ROOT_SECRET.toString('hex'), FLIS_STORAGE_DIR: folder };
  await scene.write('615');
  await scene.write('791');
  const [sealed] = await scene.seal();
  await scene.write('615');

  const { stdout: keys } = await run(['key'], holder);
  t.match(JSON.parse(keys), { keys: [{ kty: 'OKP', crv: 'Ed25519', kid: 'audit-1', x: /^[A-Za-z0-9_-]{43}$/ }] });
  t.notOk('d' in JSON.parse(keys).keys[0], 'the public half only');
  const key = join(scene.folder, 'key.json');
  await writeFile(key, keys);
  const head = `${sealed?.number}:${sealed?.hash}`;

  const good = await run(['verify', '--key', key, '--head', head], auditor);
  t.equal(good.code, 0, good.stderr);
  t.match(good.stdout, '2 rows under the seals of 1 blocks, 0 faults\n1 rows are not sealed yet');
  t.match(good.stdout, `head ${head}\n`);
  t.match(await run(['verify', '--key', key, '--head', `1:${'0'.repeat(64)}`], auditor), {
    code: 1,
    stdout: /^head: block 1\n/,
  });

  const backup = join(scene.folder, 'backup');
  await backupDatabase(scene.database.backupUrl, backup);
  const offline = { FLIS_STORAGE_DIR: folder };
  t.match(await run(['verify', '--key', key, '--backup', backup], offline), { code: 0, stdout: /^2 rows under/ });

  await scene.owner.query(`update audit_entry set client_id = 'nobody' where municipality_code = '615' and entry = 1`);
  t.match(await run(['verify', '--key', key], auditor), {
    code: 1,
    stdout: /^rows: block 1, log 615: 1 rows sealed, 1 there\n1 rows under the seals of 1 blocks, 1 faults\n/,
  });

  t.match(await run(['verify'], auditor), { code: 1, stderr: /FLIS_ROOT_SECRET is missing/ });
  t.match(await run(['verify', '--key', key, '--head', 'x'], auditor), { code: 2, stderr: /audit verify/ });
});
