// The habits of files that the design asks for, as pure functions over a path and its text, each with a file that breaks it.
// What an import may reach is the matter of dependency-rules.ts.
import { basename } from 'node:path';
import ts from 'typescript';

/** A TypeScript file of the repository; `path` is relative to it. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
}

/** `fault` says what is wrong with a file, or nothing. `breaks` are files that each must be faulted, `keeps` files that must not. */
export interface FileRule {
  readonly name: string;
  readonly fault: (file: SourceText) => string | undefined;
  readonly breaks: readonly SourceText[];
  readonly keeps: readonly SourceText[];
}

const file = (path: string, text = '// What it is for.\n'): SourceText => ({ path, text });
const isTest = (path: string) => path.startsWith('test/');

/** @returns the number of lines, a last line feed not counting. */
export function countLines(text: string): number {
  return text.replace(/\n$/, '').split('\n').length;
}

function parse({ path, text }: SourceText): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** Text of every string and template of a file; what is filled into a template stands as `?`. */
function literals(source: SourceText): string[] {
  const found: string[] = [];
  walk(parse(source), (node) => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) found.push(node.text);
    if (ts.isTemplateExpression(node)) {
      found.push(node.head.text + node.templateSpans.map((span) => `?${span.literal.text}`).join(''));
    }
  });
  return found;
}

const LONGEST = { service: 300, test: 400 };
const linesOf = (count: number) => '// What it is for.\n'.repeat(count);

const size: FileRule = {
  name: 'size',
  fault: ({ path, text }) => {
    const lines = countLines(text);
    return lines > (isTest(path) ? LONGEST.test : LONGEST.service) ? `${lines} lines` : undefined;
  },
  breaks: [file('src/slices/long.ts', linesOf(301)), file('test/slices/long.test.ts', linesOf(401))],
  keeps: [file('src/slices/long.ts', linesOf(300)), file('test/slices/long.test.ts', linesOf(400))],
};

const opening: FileRule = {
  name: 'opening-comment',
  fault: ({ text }) =>
    /^(#!.*\n)?(\/\/ \S.{14,}|\/\*\*?\s[\s*]*\S.{14,})/.test(text) ? undefined : 'does not open with what it is for',
  breaks: [file('src/slices/bare.ts', 'export const BARE = 1;\n'), file('src/slices/bare.ts', '// Slice.\n')],
  keeps: [
    file('src/cli.ts', '#!/usr/bin/env node\n// The command line.\n'),
    file('src/a.ts', '/** What it is for. */\n'),
  ],
};

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const KEY_FIGURE_ID = /^[A-Z]{2}[0-9]{2}$/;

const names: FileRule = {
  name: 'kebab-case',
  fault: ({ path }) => {
    const folders = path.split('/').slice(0, -1);
    const stem = basename(path).replace(/(\.(test|config))?\.ts$/, '');
    const isId = path.includes('/key-figures/') && KEY_FIGURE_ID.test(stem);
    if (folders.some((folder) => !KEBAB.test(folder))) return 'a folder is not in kebab-case';
    return KEBAB.test(stem) || isId ? undefined : 'the name is not in kebab-case';
  },
  breaks: [file('src/slices/readParts.ts'), file('src/Slices/read.ts'), file('src/slices/OK01.ts')],
  keeps: [file('src/domains/oekonomi/key-figures/OK01.ts'), file('db/drizzle.config.ts'), file('test/a/b-c.test.ts')],
};

const emptyWords: FileRule = {
  name: 'empty-words',
  fault: ({ path }) =>
    /(^|\/)((services?|types?|shared)\/|(utils?|helpers?|common|misc)(\/|\.ts$))/.test(path)
      ? 'a name that says nothing'
      : undefined,
  breaks: [file('src/utils/text.ts'), file('src/slices/helpers.ts'), file('src/services/read.ts')],
  keeps: [file('src/slices/text.ts'), file('test/harness/service.ts')],
};

const defaultExports: FileRule = {
  name: 'named-exports',
  fault: (source) => {
    // Tools that read a configuration file ask for its default export.
    if (source.path.endsWith('.config.ts')) return undefined;
    let found = false;
    walk(parse(source), (node) => {
      if (ts.isExportAssignment(node)) found = true;
      if (node.kind === ts.SyntaxKind.DefaultKeyword && ts.isFunctionLike(node.parent)) found = true;
      if (node.kind === ts.SyntaxKind.DefaultKeyword && ts.isClassDeclaration(node.parent)) found = true;
      if (ts.isExportSpecifier(node) && node.name.text === 'default') found = true;
    });
    return found ? 'has a default export' : undefined;
  },
  breaks: [
    file('src/a.ts', 'export default 1;\n'),
    file('src/a.ts', 'export default function read() {}\n'),
    file('src/a.ts', 'const a = 1;\nexport { a as default };\n'),
  ],
  keeps: [
    file('db/drizzle.config.ts', 'export default 1;\n'),
    file('src/a.ts', '// no export default\nexport const A = 1;\n'),
  ],
};

/** The service's configuration, and the puller's, which must not import it. */
const READS_ENVIRONMENT = ['src/config.ts', 'src/client/pull/options.ts'];

const environment: FileRule = {
  name: 'environment',
  fault: (source) => {
    if (READS_ENVIRONMENT.includes(source.path) || isTest(source.path)) return undefined;
    let found = false;
    walk(parse(source), (node) => {
      if (ts.isPropertyAccessExpression(node) && node.name.text === 'env' && node.expression.getText() === 'process')
        found = true;
      if (ts.isElementAccessExpression(node) && /^process\[['"]env/.test(node.getText())) found = true;
      if (
        ts.isBindingElement(node) &&
        /\benv\b/.test(node.getText()) &&
        /=\s*process\b/.test(node.parent.parent.getText())
      )
        found = true;
      if (ts.isImportDeclaration(node) && /^['"](node:)?process['"]$/.test(node.moduleSpecifier.getText()))
        found = true;
    });
    return found ? 'reads the environment' : undefined;
  },
  breaks: [
    file('src/deps.ts', 'export const A = process.env.HOME;\n'),
    file('src/deps.ts', `export const A = process['env'].HOME;\n`),
    file('src/deps.ts', 'export const { env } = process;\n'),
    file('src/deps.ts', `import { env } from 'node:process';\nexport const A = env;\n`),
  ],
  keeps: [file('src/config.ts', 'export const A = process.env.HOME;\n'), file('src/a.ts', '// not process.env\n')],
};

/** The beginnings of statements of SQL; sentences of English begin differently. */
const SQL =
  /^\s*(select\b[\s\S]*\bfrom\b|with \w+ as \(|insert into\b|update [\w".?]+ (as \w+ )?set\b|delete from\b|truncate\b|merge into\b|copy [(\w"?]+.* (from|to)\b|(create|alter|drop)( or replace)?( unique)?( temp| temporary)? (table|index|view|macro|schema|role|policy)\b|(set|reset) (local|session|role|variable)\b|(listen|unlisten|notify) \S+$|begin$|commit$|rollback$)/i;
/** The catalogue shows the SQL of declarations to its readers; it has no connection to run any. */
const MAY_HOLD_SQL = /^(db\/|src\/platform\/|src\/domains\/|src\/catalogue\/|src\/(.+\/)?store[^/]*\.ts$)/;

const sql: FileRule = {
  name: 'sql',
  fault: (source) => {
    if (isTest(source.path) || MAY_HOLD_SQL.test(source.path)) return undefined;
    const statement = literals(source).find((text) => SQL.test(text));
    return statement === undefined ? undefined : `holds SQL: ${statement.trim().replace(/\s+/g, ' ').slice(0, 40)}`;
  },
  breaks: [
    file('src/pipeline/intake/routes.ts', 'const q = `select a from b`;\n'),
    file('src/pipeline/intake/read-deliveries.ts', `tx.query('insert into a values ($1)');\n`),
    file('src/slices/write-slices.ts', 'const q = `copy (\x24{query}) to \x24{path}`;\n'),
    file('src/access/verify-token.ts', `tx.query('update a set b = 1');\n`),
    file('src/demo/run-demo.ts', 'const q = `\\n  with a as (select 1)`;\n'),
  ],
  keeps: [
    file('src/pipeline/intake/store-findings.ts', 'const q = `select a from b`;\n'),
    file('src/domains/toy/rules.ts', 'const q = `select a from b`;\n'),
    file('src/access/scopes.ts', `const text = 'Pick one with care, update it, and copy it';\n`),
  ],
};

/** File names of a stage. A use-case is `<verb>-<noun>`; a long schemas, rules or store file is split by a noun. */
const FIXED = /^(index|routes|errors|store-duckdb|(schemas|rules|store|job)(-[a-z0-9]+)*)$/;
const VERBS = [
  ...[
    'accept',
    'acknowledge',
    'announce',
    'apply',
    'assemble',
    'build',
    'cancel',
    'check',
    'collect',
    'compare',
    'complete',
    'compute',
    'count',
    'create',
    'decide',
    'derive',
    'digest',
    'download',
    'enqueue',
  ],
  ...['describe', 'diff', 'expire', 'fetch', 'find', 'inspect', 'join', 'list', 'load', 'make', 'materialise', 'merge'],
  ...[
    'open',
    'parse',
    'plan',
    'prepare',
    'present',
    'propose',
    'publish',
    'purge',
    'quote',
    'read',
    'receive',
    'recompute',
    'record',
    'refuse',
    'reject',
  ],
  ...[
    'release',
    'remember',
    'request',
    'reslice',
    'resolve',
    'restore',
    'retry',
    'revise',
    'revoke',
    'run',
    'schedule',
    'send',
    'serve',
    'sign',
  ],
  ...['stage', 'submit', 'suppress', 'sweep', 'upload', 'verify', 'withdraw', 'write'],
];

const stageNames: FileRule = {
  name: 'stage-file-names',
  fault: ({ path }) => {
    const match = /^src\/pipeline\/(?:intake|quality|warehouse|keyfigures|packages|delivery)\/(.+)\.ts$/.exec(path);
    if (match === null) {
      return /^src\/pipeline\/(?!(index|queues)\.ts$)/.test(path)
        ? 'is neither a stage nor index.ts nor queues.ts'
        : undefined;
    }
    const parts = (match[1] ?? '').split('/');
    const name = parts.at(-1) ?? '';
    if (parts.length > 2) return 'is deeper than stage and resource';
    const [verb = '', ...noun] = name.split('-');
    return FIXED.test(name) || (VERBS.includes(verb) && noun.length > 0) ? undefined : 'is no file name of a stage';
  },
  breaks: [
    file('src/pipeline/intake/dialect.ts'),
    file('src/pipeline/intake/manager-delivery.ts'),
    file('src/pipeline/packages/files/zip/routes.ts'),
    file('src/pipeline/extra/routes.ts'),
    file('src/pipeline/read.ts'),
  ],
  keeps: [
    file('src/pipeline/queues.ts'),
    file('src/pipeline/intake/store-findings.ts'),
    file('src/pipeline/keyfigures/releases/publish-release.ts'),
  ],
};

const UNFINISHED = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`);

const finished: FileRule = {
  name: 'finished',
  fault: ({ text }) => (UNFINISHED.test(text) ? 'announces unfinished work' : undefined),
  breaks: [file('src/a.ts', `// ${'TO' + 'DO'}: later\n`)],
  keeps: [file('src/a.ts', '// Everything to do is done.\n')],
};

export const fileRules: readonly FileRule[] = [
  size,
  opening,
  names,
  emptyWords,
  defaultExports,
  environment,
  sql,
  stageNames,
  finished,
];

/** The rule that platform/ has no word of the trade in its code: `words` are the names of domains, tables and stages. */
export function platformRule(words: readonly string[]): FileRule {
  const pattern = new RegExp(`(?<![a-z])(${words.join('|')})(?![a-z])`, 'i');
  const [word = ''] = words;
  return {
    name: 'platform-words',
    fault: ({ path, text }) => {
      const found = path.startsWith('src/platform/') ? pattern.exec(text) : null;
      return found === null ? undefined : `says '${found[0]}'`;
    },
    breaks: [file('src/platform/log.ts', `// About ${word} files.\n`)],
    keeps: [
      file('src/slices/log.ts', `// About ${word} files.\n`),
      file('src/platform/log.ts', `// About pre${word}s.\n`),
    ],
  };
}
