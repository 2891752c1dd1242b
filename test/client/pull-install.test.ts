// The package of the puller as users get it: packed, installed offline into an empty folder, and run there by `npx` on whichever Node the machine has.
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { birth, people } from '../pipeline/packages-scene.ts';
import { digestsIn, openPullScene } from './pull-scene.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);
/** Without the Node that this repository brings along: users have their own. */
const PATH = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
const env = {
  ...process.env,
  PATH: PATH.join(delimiter),
  npm_config_offline: 'true',
  npm_config_update_notifier: 'false',
};

t.test('packed, installed and run', async (t) => {
  const { flis, keyFile, home, newFolder, deliver, subscribe, lookAt, readyOn } = await openPullScene(t);
  await deliver([people('2025-01', 30, 100)], [birth(1, '2025-01-05')]);
  const subscription = await subscribe();
  await lookAt('2026-03-01T04:00:00Z');
  const { id, files } = await readyOn(subscription, '2026-03-01');

  const packed = await run('npm', ['pack', './puller', '--json', '--pack-destination', home], { cwd: ROOT, env });
  const [{ filename, size, files: names }] = JSON.parse(packed.stdout);
  t.comment(`${filename}: ${size} bytes, ${names.length} files`);
  t.ok(size < 50_000);
  for (const { path } of names as { path: string }[])
    t.match(path, /^(package\.json|LICENSE|README\.md|dist\/[a-z/-]+\.js)$/, path);

  const place = join(home, 'installed');
  await mkdir(place);
  await writeFile(join(place, 'package.json'), '{ "private": true }');
  await run('npm', ['install', '--no-audit', '--no-fund', join(home, filename)], { cwd: place, env });
  t.same(
    (await readdir(join(place, 'node_modules'))).filter((name) => !name.startsWith('.')),
    ['flis'],
    'it brings nothing along',
  );
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  t.equal(JSON.parse(await readFile(join(place, 'node_modules/flis/package.json'), 'utf8')).version, version);

  t.comment(`on Node ${(await run('node', ['--version'], { env })).stdout.trim()}`);
  const folder = await newFolder();
  const settings = { FLIS_PULL_BASE_URL: flis.url, FLIS_PULL_ACCESS_KEY_FILE: keyFile, FLIS_PULL_FOLDER: folder };
  const { stdout } = await run('npx', ['flis', 'pull'], { cwd: place, env: { ...env, ...settings } });
  t.match(stdout, /\ndeliveries: 1 fetched and acknowledged, 0 not; /);
  const digests = await digestsIn(join(folder, 'borger', `2026-03-01_${id}`));
  for (const { name, sha256 } of files) t.equal(digests[name], sha256, name);
  await t.rejects(run('npx', ['flis', 'pull', '--folder', folder], { cwd: place, env }), {
    code: 2,
    stderr: /^Usage: /,
  });
});
