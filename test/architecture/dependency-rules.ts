// The dependency rule of the design as rules for dependency-cruiser, each with a smallest import that breaks it.
// Paths are relative to the repository. The order of the stages is the way the data goes.
import type { IForbiddenRuleType } from 'dependency-cruiser';

const STAGES = ['intake', 'quality', 'warehouse', 'keyfigures', 'packages', 'delivery'] as const;

/** Files directly in src/: the doors and what builds the service for them. */
const ROOT = '^src/[^/]+\\.ts$';

/** A rule and the files (path → text) that break it when they are added to a sound tree; `breaks` names the file at fault. */
export interface ProvenRule {
  readonly rule: IForbiddenRuleType & { readonly name: string };
  readonly breaks: string;
  readonly plant: Readonly<Record<string, string>>;
}

const imports = (path: string) => `import '${path}';\n`;

function forbid(
  name: string,
  rule: IForbiddenRuleType,
  breaks: string,
  text: string,
  more: Readonly<Record<string, string>> = {},
): ProvenRule {
  return { rule: { ...rule, name, severity: 'error' }, breaks, plant: { [breaks]: text, ...more } };
}

/** `folder` may import itself, what stands below it, and packages. */
function layer(folder: string, below: readonly string[], plant: string): ProvenRule {
  const allowed = [`src/${folder}/`, ...below].join('|');
  return forbid(
    `layer-${folder}`,
    { from: { path: `^src/${folder}/` }, to: { path: '^(src|db)/', pathNot: `^(${allowed})` } },
    `src/${folder}/planted-upward.ts`,
    imports(plant),
  );
}

const BELOW_SLICES = ['src/access/', 'src/domains/', 'src/platform/', 'db/schema/'];
/** Below whatever writes events, and above what they rest on. */
const EVENTS = 'src/events/';
const BELOW_STAGES = ['src/slices/', EVENTS, ...BELOW_SLICES];

const layers: readonly ProvenRule[] = [
  layer('platform', ['db/schema/'], '../domains/index.ts'),
  layer('domains', ['src/platform/'], '../slices/index.ts'),
  layer('access', ['src/platform/', 'db/schema/'], '../domains/index.ts'),
  layer('events', ['src/access/', 'src/platform/', 'db/schema/'], '../domains/index.ts'),
  layer('slices', [EVENTS, ...BELOW_SLICES], '../pipeline/queues.ts'),
  layer('pipeline', BELOW_STAGES, '../catalogue/routes.ts'),
  layer('catalogue', BELOW_STAGES, '../pipeline/queues.ts'),
  layer('feeds', ['src/pipeline/', ...BELOW_STAGES], '../deps.ts'),
  layer('demo', ['src/pipeline/', 'src/client/', 'db/migrate', ...BELOW_STAGES], '../app.ts'),
  // The client speaks HTTP like anybody's: it must be possible to hand it out alone.
  layer('client', [], '../platform/tenant.ts'),
];

const oneWay = STAGES.slice(0, -1).map((stage, index) => {
  const later = STAGES.slice(index + 1);
  return forbid(
    `one-way-${stage}`,
    { from: { path: `^src/pipeline/${stage}/` }, to: { path: `^src/pipeline/(${later.join('|')})/` } },
    `src/pipeline/${stage}/planted-forward.ts`,
    imports(`../${later[0]}/index.ts`),
  );
});

const doors: readonly ProvenRule[] = [
  forbid(
    'doors-are-not-imported',
    { from: {}, to: { path: '^src/(main|worker|cli|client/flis)\\.ts$' } },
    'src/planted-door.ts',
    imports('./main.ts'),
  ),
  forbid(
    'client-only-from-doors-and-demo',
    { from: { pathNot: ['^src/client/', '^src/demo/', ROOT] }, to: { path: '^src/client/' } },
    'src/access/planted-client.ts',
    imports('../client/index.ts'),
  ),
  forbid(
    'database-folder-stands-alone',
    { from: { path: '^db/' }, to: { path: '^src/' } },
    'db/planted-upward.ts',
    imports('../src/platform/tenant.ts'),
  ),
  forbid(
    'events-by-their-face',
    { from: { pathNot: '^src/events/' }, to: { path: '^src/events/', pathNot: '^src/events/index\\.ts$' } },
    'src/catalogue/planted-events.ts',
    imports('../events/store.ts'),
  ),
  forbid(
    'no-tests-in-service',
    { from: { path: '^(src|db)/' }, to: { path: '^test/' } },
    'src/slices/planted-test.ts',
    imports('../../test/harness.ts'),
  ),
];

const stages: readonly ProvenRule[] = [
  forbid(
    'stage-face-between-stages',
    {
      from: { path: '^src/pipeline/([^/]+)/' },
      to: { path: '^src/pipeline/[^/]+/', pathNot: ['^src/pipeline/$1/', '^src/pipeline/[^/]+/index\\.ts$'] },
    },
    'src/pipeline/warehouse/planted-inside.ts',
    imports('../intake/store.ts'),
  ),
  forbid(
    'stage-face-from-outside',
    { from: { pathNot: '^src/pipeline/[^/]+/' }, to: { path: '^src/pipeline/[^/]+/', pathNot: '/index\\.ts$' } },
    'src/feeds/planted-inside.ts',
    imports('../pipeline/intake/store.ts'),
  ),
  forbid(
    'stage-not-to-reading-list',
    { from: { path: '^src/pipeline/[^/]+/' }, to: { path: '^src/pipeline/index\\.ts$' } },
    'src/pipeline/packages/planted-list.ts',
    imports('../index.ts'),
  ),
];

const packages: readonly ProvenRule[] = [
  forbid(
    'fastify-at-the-edge',
    {
      from: {
        path: '^src/',
        pathNot: ['/routes\\.ts$', '^src/(app|openapi|document-answers)\\.ts$', '^src/platform/http/', '^src/access/'],
      },
      to: { path: 'node_modules/(fastify|fastify-plugin|@fastify/[^/]+)/' },
    },
    'src/pipeline/intake/planted-fastify.ts',
    `import type { FastifyInstance } from 'fastify';\nexport type Planted = FastifyInstance;\n`,
  ),
  forbid(
    // The puller is installed where nothing of the service is.
    'client-without-packages',
    { from: { path: '^src/client/' }, to: { path: 'node_modules/' } },
    'src/client/planted-package.ts',
    `import type { FastifyInstance } from 'fastify';\nexport type Planted = FastifyInstance;\n`,
  ),
  forbid(
    'declarations-do-no-io',
    {
      from: { path: '^src/domains/' },
      to: { path: ['^src/platform/(postgres|duckdb|storage|queue|cache|http)/', 'node_modules/(pg|ioredis|@duckdb)/'] },
    },
    'src/domains/planted-io.ts',
    imports('../platform/postgres/pool.ts'),
  ),
  forbid(
    'resolvable',
    { from: {}, to: { couldNotResolve: true } },
    'src/slices/planted-nowhere.ts',
    imports('./nowhere.ts'),
  ),
];

const shape: readonly ProvenRule[] = [
  forbid(
    'no-cycles',
    { from: {}, to: { circular: true } },
    'src/slices/planted-cycle-a.ts',
    `import type { B } from './planted-cycle-b.ts';\nexport type A = B[];\n`,
    { 'src/slices/planted-cycle-b.ts': `import type { A } from './planted-cycle-a.ts';\nexport type B = A | null;\n` },
  ),
  forbid(
    // A file that nothing imports is dead, unless it is a door, the configuration of a tool, or a declaration found by its folder.
    'no-orphans',
    {
      module: {
        path: '^(src|db)/',
        pathNot: [
          '^src/(main|worker|cli|client/flis)\\.ts$',
          '^db/drizzle\\.config\\.ts$',
          '^src/domains/[^/]+/(domain|relations|rules|synthetic)\\.ts$',
          '^src/domains/[^/]+/(tables|key-figures)/[^/]+\\.ts$',
        ],
        numberOfDependentsLessThan: 1,
      },
      from: { path: '^(src|db)/' },
    },
    'src/platform/planted-orphan.ts',
    'export const PLANTED = 1;\n',
  ),
];

export const dependencyRules: readonly ProvenRule[] = [
  ...layers,
  ...oneWay,
  ...doors,
  ...stages,
  ...packages,
  ...shape,
];

/** A smallest sound tree in which every planted import finds its target. */
export const soundTree: Readonly<Record<string, string>> = {
  'package.json': '{ "type": "module", "dependencies": { "fastify": "5" } }\n',
  'src/main.ts': [
    './app.ts',
    './deps.ts',
    './catalogue/routes.ts',
    './demo/run-demo.ts',
    './client/index.ts',
    './pipeline/index.ts',
    '../db/migrate.ts',
  ]
    .map(imports)
    .join(''),
  'src/app.ts': `import type { FastifyInstance } from 'fastify';\nexport type App = FastifyInstance;\n`,
  'src/deps.ts': imports('./platform/postgres/pool.ts') + imports('./access/index.ts'),
  'src/client/index.ts': 'export const CLIENT = 1;\n',
  'src/demo/run-demo.ts': imports('../client/index.ts') + imports('../pipeline/queues.ts'),
  'src/catalogue/routes.ts': imports('../domains/index.ts') + imports('../slices/index.ts'),
  'src/pipeline/index.ts': STAGES.map((stage) => imports(`./${stage}/index.ts`)).join(''),
  'src/pipeline/queues.ts': 'export const QUEUES = 1;\n',
  ...Object.fromEntries(
    STAGES.map((stage, index) => [
      `src/pipeline/${stage}/index.ts`,
      imports('../queues.ts') + (index > 0 ? imports(`../${STAGES[index - 1]}/index.ts`) : imports('./store.ts')),
    ]),
  ),
  'src/pipeline/intake/store.ts': imports('../../slices/index.ts'),
  'src/slices/index.ts': imports('../domains/index.ts') + imports('../access/index.ts') + imports('../events/index.ts'),
  'src/events/index.ts': imports('./store.ts'),
  'src/events/store.ts': imports('../access/index.ts'),
  'src/access/index.ts': imports('../platform/tenant.ts'),
  'src/domains/index.ts': imports('../platform/tenant.ts'),
  'src/domains/toy/domain.ts': imports('../index.ts'),
  'src/domains/toy/key-figures/toy01.ts': imports('../../index.ts'),
  'src/platform/tenant.ts': imports('../../db/schema/index.ts'),
  'src/platform/postgres/pool.ts': imports('../tenant.ts'),
  'db/schema/index.ts': 'export const TABLES = 1;\n',
  'db/migrate.ts': imports('./schema/index.ts'),
  'test/harness.ts': 'export const HARNESS = 1;\n',
};
