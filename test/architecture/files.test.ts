// Every file of the repository keeps the habits of file-rules.ts, and each of those rules is shown to fail.
// Prints how long the files are, since a median says more than a limit.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import t from 'tap';
import { loadCatalogue } from '../../src/domains/index.ts';
import { countLines, type FileRule, fileRules, platformRule, type SourceText } from './file-rules.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const FEWEST_FILES = 200;
const P90_LIMIT = 200;

async function readTexts(): Promise<SourceText[]> {
  const found: SourceText[] = [];
  for (const folder of ['src', 'db', 'test']) {
    for (const entry of await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
      const path = relative(ROOT, join(entry.parentPath, entry.name));
      // tap keeps fixtures of running tests beside the tests.
      if (path.includes('/.') || path.includes('/tap-testdir')) continue;
      found.push({ path, text: await readFile(join(ROOT, path), 'utf8') });
    }
  }
  return found;
}

/** Names that platform/ must not know. `packages`, `quality` and `delivery` are also plain English and left out. */
async function wordsOfTheTrade(): Promise<string[]> {
  const { domains } = await loadCatalogue();
  const tables = domains.flatMap((domain) => domain.tables.map(({ name }) => name));
  return ['intake', 'warehouse', 'keyfigures', ...domains.map(({ id }) => id), ...tables];
}

const quantile = (sorted: readonly number[], share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;

t.test('every file keeps the rules', async (t) => {
  const texts = await readTexts();
  t.ok(texts.length >= FEWEST_FILES, `${texts.length} files seen, at least ${FEWEST_FILES}`);
  for (const rule of [...fileRules, platformRule(await wordsOfTheTrade())]) {
    const faults = texts.flatMap((one) => {
      const fault = rule.fault(one);
      return fault === undefined ? [] : [`${one.path}: ${fault}`];
    });
    t.strictSame(faults, [], rule.name);
  }
});

t.test('files are short', async (t) => {
  const texts = await readTexts();
  for (const folders of [['src', 'db'], ['test']]) {
    const chosen = texts.filter(({ path }) => folders.some((folder) => path.startsWith(`${folder}/`)));
    const lines = chosen.map(({ text }) => countLines(text)).sort((a, b) => a - b);
    const p90 = quantile(lines, 0.9);
    t.comment(
      `${folders.join(' and ')}: ${lines.length} files, median ${quantile(lines, 0.5)} lines, p90 ${p90}, longest ${lines.at(-1)}`,
    );
    if (folders.includes('src')) t.ok(p90 <= P90_LIMIT, `p90 is ${p90}, at most ${P90_LIMIT}`);
  }
});

t.test('each rule can fail, and does not fail what is in order', async (t) => {
  const rules: FileRule[] = [...fileRules, platformRule(await wordsOfTheTrade())];
  for (const { name, fault, breaks, keeps } of rules) {
    for (const [index, one] of breaks.entries()) t.ok(fault(one), `${name} finds ${one.path} (${index + 1})`);
    for (const [index, one] of keeps.entries())
      t.equal(fault(one), undefined, `${name} lets ${one.path} be (${index + 1})`);
  }
});
