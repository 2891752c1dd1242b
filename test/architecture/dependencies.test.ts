// The dependency rule of the design, checked by dependency-cruiser, and the proof that each of its rules can fail.
// A cruise that sees nothing would be clean too, so the number of modules is asserted.
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import t from 'tap';
import ts from 'typescript';
import { dependencyRules, soundTree } from './dependency-rules.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Fewer modules than this were not looked at properly. */
const FEWEST_MODULES = 150;

/** Cruises src/ and db/ under `root`. Imports of types count: a type from a layer above is a dependency on it. */
async function violationsIn(root: string): Promise<{ modules: number; violations: string[] }> {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { output } = await cruise(
    ['src', 'db'],
    {
      baseDir: root,
      validate: true,
      ruleSet: { forbidden: dependencyRules.map(({ rule }) => rule) },
      tsPreCompilationDeps: true,
      doNotFollow: { path: 'node_modules' },
    },
    { extensions: ['.ts', '.mjs', '.js'], exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
    { tsConfig: config },
  );
  const { modules, summary } = output as ICruiseResult;
  return {
    modules: modules.filter(({ source }) => /^(src|db)\//.test(source)).length,
    violations: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`).sort(),
  };
}

async function writeTree(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

t.test('the service keeps the dependency rule', async (t) => {
  const { modules, violations } = await violationsIn(ROOT);
  t.comment(`${modules} modules seen`);
  t.ok(modules >= FEWEST_MODULES, `${modules} modules seen, at least ${FEWEST_MODULES}`);
  t.strictSame(violations, []);
});

t.test('a sound tree is clean, and each rule finds its planted violation', async (t) => {
  const root = t.testdir({});
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  await writeTree(root, soundTree);
  t.strictSame((await violationsIn(root)).violations, []);

  for (const { plant } of dependencyRules) await writeTree(root, plant);
  const { violations } = await violationsIn(root);
  for (const { rule, breaks } of dependencyRules) {
    t.ok(
      violations.some((violation) => violation.startsWith(`${rule.name}: ${breaks} →`)),
      `${rule.name} finds ${breaks}`,
    );
  }
});

t.test('the version of TypeScript is one that dependency-cruiser can read', async (t) => {
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  t.equal(manifest.devDependencies.typescript, ts.version, 'pinned exactly: a newer one makes every cruise empty');
});
