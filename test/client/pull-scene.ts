// A service with deliveries, a read-only access key for it, a proxy before it that can break what it sends, and folders to pull into.
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { runPull } from '../../src/client/index.ts';
import type { TestScope } from '../harness/database.ts';
import { openDeliveryScene } from '../pipeline/deliveries-scene.ts';
import { startFaultProxy } from './fault-proxy.ts';

/** `rows` rows of one year that compress badly; `seed` decides the counts. */
export function manyPeople(year: string, rows: number, seed: number): string[] {
  return Array.from({ length: rows }, (_, index) => {
    const hash = createHash('sha1').update(`${seed}/${year}/${index}`).digest('hex');
    return `615,${year}-01,ialt,30,30,ialt,ialt,ialt,${index}-${hash.slice(0, 8)},${Number.parseInt(hash.slice(8, 12), 16)}`;
  });
}

export async function openPullScene(t: TestScope) {
  const proxy = await startFaultProxy(t);
  const scene = await openDeliveryScene(t, { settings: { FLIS_OTHER_HOSTS: proxy.host } });
  const { flis } = scene;
  proxy.target = flis.url;
  const home = await mkdtemp(join(tmpdir(), 'flis-pull-test-'));
  t.teardown(() => rm(home, { recursive: true, force: true }));

  const post = async (path: string, body: object) =>
    (await (await flis.call('POST', path, { body })).json()) as Record<string, string>;

  /** An access key that only reads raw data, as a puller should have. */
  const newKeyFile = async (scopes = ['raw-data:read']): Promise<string> => {
    const client = { kind: 'municipality', name: 'puller', contact: 'bi@example.dk', scopes };
    const { clientId } = await post('/v1/clients', client);
    const expiresAt = new Date(Date.now() + 30 * 86_400_000).toISOString();
    const { key } = await post('/v1/access-keys', { clientId, name: 'nightly', scopes, expiresAt });
    const path = join(home, `key-${randomUUID()}`);
    await writeFile(path, `${key}\n`, { mode: 0o600 });
    return path;
  };
  const keyFile = await newKeyFile();

  const newFolder = () => mkdtemp(join(home, 'folder-'));

  /** Runs the command in this process, through the proxy. */
  const pull = async (folder: string, ...words: string[]) => {
    let [out, err] = ['', ''];
    const args = ['--base-url', proxy.url, '--access-key-file', keyFile, '--folder', folder, ...words];
    const status = await runPull(args, { write: (text) => (out += text) }, { write: (text) => (err += text) }, {});
    return { status, out, err };
  };

  /** Runs SQL as the owner of the database. */
  const sql = async (text: string, values: unknown[] = []) => {
    const owner = new pg.Client({ connectionString: flis.database.ownerUrl });
    await owner.connect();
    try {
      return (await owner.query(text, values)).rows;
    } finally {
      await owner.end();
    }
  };

  return { ...scene, proxy, home, keyFile, newKeyFile, newFolder, pull, sql };
}

/** The visible files of a folder that was pulled into: path → sha256. */
export async function digestsIn(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
    if (!entry.isFile() || path.startsWith('.flis')) continue;
    found[path] = createHash('sha256')
      .update(await readFile(join(folder, path)))
      .digest('hex');
  }
  return found;
}
