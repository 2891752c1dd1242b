// The README stays true: what its code map and links name exists, no part of the code is missing from the map, its scripts and commands are real.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const section = (title: string) => readme.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
const exists = (path: string) => statSync(join(ROOT, path), { throwIfNoEntry: false }) !== undefined;
const mapped = [...section('Code map').matchAll(/`((?:src|db|test|openapi)[^`]*)`/g)].map(([, path]) => path ?? '');

t.test('every path of the code map exists', async (t) => {
  t.ok(mapped.length >= 15);
  for (const path of mapped) {
    const concrete = path.includes('<domain>') ? ['borger', 'skole', 'oekonomi'] : [''];
    for (const domain of concrete) t.ok(exists(path.replace('<domain>', domain)), path);
  }
});

t.test('every folder of the source is on the map', async (t) => {
  const folders = ['src', 'src/pipeline'].flatMap((parent) =>
    readdirSync(join(ROOT, parent), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${parent}/${name}`),
  );
  for (const folder of folders) {
    t.ok(
      mapped.some((path) => path.startsWith(folder)),
      folder,
    );
  }
});

t.test('links resolve, scripts exist', async (t) => {
  for (const [, target] of readme.matchAll(/\]\(([^)#]+)\)/g)) t.ok(exists(target ?? ''), `${target}`);
  for (const [, anchor] of readme.matchAll(/\]\(#([^)]+)\)/g)) {
    const headings = [...readme.matchAll(/^#+ (.+)$/gm)].map(([, text]) => text?.toLowerCase().replaceAll(' ', '-'));
    t.ok(headings.includes(anchor), `#${anchor}`);
  }
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  for (const [, script] of readme.matchAll(/npm run ([a-z]+)/g)) t.ok(scripts[script ?? ''], `npm run ${script}`);
});

t.test('decisions are numbered and short', async (t) => {
  const decisions = section('Decisions')
    .split(/^(?=\d+\. )/m)
    .slice(1);
  t.ok(decisions.length >= 6);
  for (const [index, decision] of decisions.entries()) {
    t.ok(decision.startsWith(`${index + 1}. **`));
    t.ok(decision.trim().split('\n').length <= 6, decision.slice(0, 60));
  }
});
