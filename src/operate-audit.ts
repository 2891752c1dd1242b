// The command of auditors: verifies the audit log with the role that reads, the storage folder and a public key; or prints that key. It changes nothing.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import {
  type LogReport,
  listBlockFiles,
  type PublicBlockKey,
  publicBlockKeys,
  readBackup,
  readPublicKeys,
  verifyLog,
  withSnapshot,
} from './access/index.ts';
import { type Config, loadConfig } from './config.ts';
import { createLocalDirectory } from './platform/storage/local-directory.ts';

const USAGE = `audit key                  prints the public keys that verify blocks (needs FLIS_ROOT_SECRET)
audit verify [options]     exits 0 when nothing is wrong, 1 otherwise
  --key <file>             the public keys, as \`audit key\` printed them; else FLIS_ROOT_SECRET
  --backup <folder>        a backup instead of the database of FLIS_DATABASE_URL_BACKUP
  --head <number>:<hash>   a block that is known from elsewhere, which the chain must hold
`;
const HEAD = /^([1-9][0-9]{0,14}):([0-9a-f]{64})$/;

/** `audit verify` and `audit key`. */
export async function runAudit([what, ...args]: readonly string[]): Promise<number> {
  if (what === 'key') {
    print(JSON.stringify({ keys: publicBlockKeys(secretOf(loadConfig('audit'))) }));
    return 0;
  }
  return what === 'verify' ? runVerify(args) : usage();
}

function usage(): number {
  process.stderr.write(USAGE);
  return 2;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function secretOf({ rootSecret }: Config): Buffer {
  if (rootSecret.length === 0) throw Object.assign(new Error(), { code: 'FLIS_ROOT_SECRET is missing' });
  return rootSecret;
}

async function runVerify(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { key: { type: 'string' }, backup: { type: 'string' }, head: { type: 'string' } },
  });
  const [, number, hash] = HEAD.exec(values.head ?? '') ?? [];
  if (values.head !== undefined && hash === undefined) return usage();
  const config = loadConfig('audit');
  const keys =
    values.key === undefined
      ? publicBlockKeys(secretOf(config))
      : (JSON.parse(await readFile(values.key, 'utf8')) as { keys: PublicBlockKey[] }).keys;
  const storage = createLocalDirectory(config.storageFolder);
  const options = {
    storage,
    publicKeys: readPublicKeys(keys),
    remembered: hash === undefined ? undefined : { number: Number(number), hash },
  };
  const { backup: url } = config.database;
  if (values.backup === undefined && url === undefined) return usage();
  const report =
    values.backup === undefined
      ? await withSnapshot(
          url ?? '',
          () => listBlockFiles(storage),
          (source, files) => verifyLog(source, { ...options, files }),
        )
      : await verifyLog(await readBackup(values.backup), { ...options, files: await listBlockFiles(storage) });
  tell(report);
  return report.faults.length === 0 ? 0 : 1;
}

function tell({ faults, blocks, rows, unsealed, head }: LogReport): void {
  for (const { fault, block, log, sealed, found } of faults) {
    const where = [block === null ? '' : `block ${block}`, log === undefined ? '' : `log ${log}`].filter(Boolean);
    const counts = sealed === undefined ? '' : `: ${sealed} rows sealed, ${found} there`;
    print(`${fault}: ${where.join(', ')}${counts}`);
  }
  print(`${rows} rows under the seals of ${blocks} blocks, ${faults.length} faults`);
  print(`${unsealed} rows are not sealed yet: nothing is known of them, nor whether there were more`);
  print(`head ${head.number}:${head.hash}`);
}
