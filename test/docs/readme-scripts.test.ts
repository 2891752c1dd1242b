// The scripts of the README that fetch deliveries with curl and with Python are run as they stand there, also over a connection that breaks. Those in R and
// PowerShell are not: neither is on the machines of this project.
import { execFile } from 'node:child_process';
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

t.test('the scripts of the README fetch a delivery', async (t) => {
  const { proxy, home, keyFile, deliver, subscribe, lookAt, readyOn, call } = await openPullScene(t);
  await deliver(manyPeople('2025', 20_000, 1), [birth(1, '2025-01-05')]);
  const subscription = await subscribe({ formats: ['csv.gz', 'zip'] });
  const scripts = [
    ['curl', ['/bin/sh', 'script'], blockIn('sh')],
    ['python3', ['python3', 'script'], blockIn('python')],
  ] as const;
  for (const [index, [program, [shell, file], text]] of scripts.entries()) {
    await t.test(program, { skip: skipWithout(program) }, async (t) => {
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
