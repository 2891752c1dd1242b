// The scripts of the README that fetch deliveries with curl, Python and R are run as they stand there, also over a connection that breaks. That in PowerShell
// is not: it is on no machine of this project.
import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { digestsIn, manyPeople, openPullScene } from '../client/pull-scene.ts';
import { skipWithout } from '../harness/skip-without.ts';
import { birth, type Json } from '../pipeline/packages-scene.ts';

const run = promisify(execFile);
const readme = await readFile(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
const section = readme.split('\n### Fetching deliveries: the puller\n')[1]?.split('\n### ')[0] ?? '';
/** The last block of a language in that section. */
const blockIn = (language: string) => section.split(`\n\`\`\`${language}\n`).at(-1)?.split('\n```\n')[0] ?? '';

/** R is large, so `.ci/run` does not install it either. */
const LOAD_R = ['-e', 'for (name in c("curl", "jsonlite", "openssl")) library(name, character.only = TRUE)'];
const skipR = spawnSync('Rscript', LOAD_R).status !== 0 && 'R with curl, jsonlite and openssl is not on this machine';

t.test('the scripts of the README fetch a delivery', async (t) => {
  const { proxy, home, keyFile, deliver, subscribe, lookAt, readyOn, call } = await openPullScene(t);
  await deliver(manyPeople('2025', 20_000, 1), [birth(1, '2025-01-05')]);
  const subscription = await subscribe({ formats: ['csv.gz', 'zip'] });
  const scripts = [
    ['curl', ['/bin/sh', 'script'], blockIn('sh'), skipWithout('curl')],
    ['python3', ['python3', 'script'], blockIn('python'), skipWithout('python3')],
    ['Rscript', ['Rscript', 'script'], blockIn('r'), skipR],
  ] as const;
  for (const [index, [program, [shell, file], text, skip]] of scripts.entries()) {
    await t.test(program, { skip }, async (t) => {
      const day = `2026-03-0${index + 1}`;
      await lookAt(`${day}T04:00:00Z`);
      const { id, files } = await readyOn(subscription, day);
      const folder = await mkdtemp(join(home, 'script-'));
      await writeFile(join(folder, file), text);
      await cp(keyFile, join(folder, 'key.txt'));
      await writeFile(
        join(folder, 'header.txt'),
        `Authorization: Bearer ${(await readFile(keyFile, 'utf8')).trim()}\n`,
      );
      const start = () => run(shell, [file], { cwd: folder, env: { ...process.env, FLIS: proxy.url } });
      const shown = async () => (await readdir(folder)).filter((name) => name === id);
      proxy.sent = 0;
      proxy.cuts = [200_000];
      await start().catch(async () => {
        t.same(await shown(), [], 'what is not whole is not shown');
        await start();
      });
      t.same(proxy.cuts, [], 'the connection did break');
      t.ok(proxy.sent < 600_000, `${proxy.sent} bytes: what had arrived was not sent again`);
      const digests = await digestsIn(join(folder, id));
      for (const { name, sha256 } of files) t.equal(digests[name], sha256, name);
      const { state } = (await call('GET', `/v1/deliveries/${id}`)).json as Json;
      t.equal(state, 'acknowledged');
      await start();
      t.same((await readdir(folder)).sort(), ['header.txt', 'key.txt', 'script', id].sort(), 'again: nothing to do');
    });
  }
});
