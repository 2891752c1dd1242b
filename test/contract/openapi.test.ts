// The interface as documented: the committed files are what the code says, everything is described, and errors are listed both ways.
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { registerAccess, SCOPES, withScope } from '../../src/access/index.ts';
import { buildApp } from '../../src/app.ts';
import { settingsSchema } from '../../src/config-schema.ts';
import { describeDeps } from '../../src/describe-deps.ts';
import { createHttpApp, JSON_BODY_LIMIT } from '../../src/platform/http/app.ts';
import { problemTypes } from '../../src/platform/http/problem.ts';
import { StartFaults } from '../../src/platform/start-faults.ts';
import { describeApi } from '../../src/write-openapi.ts';
import { testLimiter } from '../harness/limits.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const description = await describeApi();

interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly example?: unknown;
  readonly examples?: unknown;
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
  readonly allOf?: Schema[];
  readonly anyOf?: Schema[];
  readonly oneOf?: Schema[];
}

interface Media extends Schema {
  readonly schema: Schema;
}

interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly description?: string }[];
  readonly requestBody?: { readonly content: Record<string, Media> };
  readonly responses: Record<string, { readonly description: string; readonly content?: Record<string, Media> }>;
}

const document = JSON.parse(description.openApi) as {
  info: { license: object };
  paths: Record<string, Record<string, Operation>>;
  tags: { name: string }[];
  components: { schemas: Record<string, Schema> };
};
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));

t.test('the committed files are what the code says (npm run openapi writes them)', async (t) => {
  t.ok((await readFile(`${ROOT}openapi/openapi.json`, 'utf8')) === description.openApi, 'openapi.json');
  t.ok((await readFile(`${ROOT}openapi/errors.md`, 'utf8')) === description.errors, 'errors.md');
});

t.test('the document is clean', async (t) => {
  const lint = spawnSync(
    'redocly',
    ['lint', '--config', '.redocly.yaml', '--format', 'summary', 'openapi/openapi.json'],
    {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${ROOT}node_modules/.bin:${process.env.PATH}`, REDOCLY_TELEMETRY: 'off' },
    },
  );
  t.equal(lint.status, 0, lint.stderr.slice(-2000));
});

/** Every named field below a schema has a description, of its own or of what it refers to. */
function checkFields(t: Test, schema: Schema, place: string): void {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    t.ok(field.description ?? field.$ref, `${place}.${name} has a description`);
    checkFields(t, field, `${place}.${name}`);
  }
  if (schema.items !== undefined) checkFields(t, schema.items, `${place}[]`);
  for (const part of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) checkFields(t, part, place);
}

function hasExample(media: Media): boolean {
  return [media.example, media.examples, media.schema.example, media.schema.examples].some(
    (each) => each !== undefined,
  );
}

t.test('the licence is that of the package', async (t) => {
  const { license } = JSON.parse(await readFile(`${ROOT}package.json`, 'utf8'));
  t.strictSame(document.info.license, { name: license, identifier: license });
});

t.test('every operation that can find a body too large says how large it may be', (t) => {
  const limited = operations.filter(({ responses }) => responses['413'] !== undefined);
  t.ok(limited.length >= 4);
  const inGib = (setting: object) => `${Number((setting as { default?: string }).default) / 1024} GiB`;
  const { FLIS_MAX_FILE_MB: file, FLIS_MAX_INFLATED_MB: inflated } = settingsSchema.properties;
  for (const { operationId, description } of limited) {
    const others: Record<string, string[]> = { putSourceFile: [inGib(file), inGib(inflated)], createToken: ['16 KiB'] };
    const limits = others[operationId] ?? [`${JSON_BODY_LIMIT / 1024} KiB`];
    for (const limit of limits) t.ok(description?.includes(limit), `${operationId} names ${limit}`);
  }
  t.end();
});

t.test('every operation is described, with an example', async (t) => {
  t.ok(operations.length >= 20, `${operations.length} operations`);
  t.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length, 'ids are unique');
  const tags = document.tags.map(({ name }) => name);
  for (const operation of operations) {
    const { operationId } = operation;
    t.match(operationId, /^[a-z][A-Za-z]+$/);
    t.ok(operation.summary && operation.description, `${operationId} has texts`);
    t.ok(operation.tags?.length === 1 && tags.includes(operation.tags[0] ?? ''), `${operationId} has a declared tag`);
    for (const each of operation.parameters ?? []) t.ok(each.description, `${operationId}: ${each.in} ${each.name}`);
    const success = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'));
    const answers = success.flatMap(([, { content }]) => Object.entries(content ?? {}));
    // A file of some other format has no example that could be shown.
    const texts = answers.filter(([type]) => /json|^text\//.test(type)).map(([, media]) => media);
    t.ok(
      answers.length > 0 && (texts.length === 0 || texts.some(hasExample)),
      `${operationId} has an example of its answer`,
    );
    const bodies = Object.entries(operation.requestBody?.content ?? {});
    for (const [type, body] of bodies) {
      if (type === 'application/json') t.ok(hasExample(body), `${operationId} has an example of its body`);
      checkFields(t, body.schema, `${operationId} body`);
    }
    for (const each of texts) checkFields(t, each.schema, operationId);
  }
  for (const [name, schema] of Object.entries(document.components.schemas)) checkFields(t, schema, name);
});

t.test('every error code is documented, declared, and answered by some operation', async (t) => {
  for (const code of problemTypes().keys()) {
    t.ok(description.operationsByCode.has(code), `${code} is answered by some operation`);
    t.match(description.errors, `## ${code}\n`);
  }
  for (const code of description.operationsByCode.keys()) t.ok(problemTypes().has(code), `${code} is declared`);
  for (const { operationId, responses, security } of operations) {
    t.ok(responses['500'] && responses['503'], `${operationId} lists what can always happen`);
    if (security.length > 0) t.ok(responses['401'] && responses['403'], `${operationId} lists what a token can lack`);
  }
  for (const type of problemTypes().values()) {
    t.match(type.code, /^[a-z]+(-[a-z0-9]+)*$/);
    t.ok(type.status >= 400 && type.status < 600 && type.title !== '' && type.action.endsWith('.'), type.code);
  }
});

t.test('the pages', async (t) => {
  const deps = await describeDeps(pino({ enabled: false }));
  const app = await buildApp(deps);
  t.teardown(async () => {
    await app.close();
    await deps.close();
  });
  const served = await app.inject('/openapi.json');
  t.same(served.json(), document);
  t.equal(
    (await app.inject({ url: '/openapi.json', headers: { 'if-none-match': served.headers.etag as string } }))
      .statusCode,
    304,
  );
  const page = await app.inject('/docs');
  t.equal(page.statusCode, 200);
  t.match(page.headers['content-security-policy'], "default-src 'none'");
  const sources = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
  t.ok(sources.length > 3);
  for (const source of sources) {
    t.notMatch(source, /^(https?:)?\/\//, 'everything is local');
    t.equal((await app.inject(new URL(source, 'http://x/docs').pathname)).statusCode, 200, source);
  }
  t.notMatch(page.body, /<script>|<style>| on[a-z]+="/, 'no inline script that the policy would stop');
});

const notStarted = (...faults: string[]) => new StartFaults(faults).message;

t.test(
  'a route without scope, with one that is not known, or within two, keeps the server from starting',
  async (t) => {
    const create = () => {
      const options = {
        publicOrigin: 'http://x',
        logger: pino({ enabled: false }),
        requestTimeout: 60_000,
        maxConnections: 1,
      };
      const app = createHttpApp(options);
      const asked = () => Promise.reject(new Error());
      const verifier = { known: () => undefined, verify: asked, watch: asked as never, forget: () => {} };
      registerAccess(app, verifier, testLimiter());
      return app;
    };
    const good = create();
    for (const scope of ['public', ...(Object.keys(SCOPES) as (keyof typeof SCOPES)[])] as const) {
      withScope(good, scope, (scoped) => void scoped.get(`/${scope.replace(':', '/')}`, async () => ''));
    }
    await t.resolves(async () => void (await good.ready()));
    const bare = create();
    bare.get('/planted', async () => '');
    await t.rejects(async () => void (await bare.ready()), {
      message: notStarted('route GET /planted declares no scope', 'route HEAD /planted declares no scope'),
    });
    const plugin = create();
    withScope(plugin, 'public', (scoped) => void scoped.get('/a', async () => ''));
    void plugin.register((scoped, _options, done) => {
      scoped.head('/planted', async () => '');
      done();
    });
    await t.rejects(async () => void (await plugin.ready()), {
      message: notStarted('route HEAD /planted declares no scope'),
    });
    const unknown = create();
    withScope(
      unknown,
      'raw-data:reed' as never,
      (scoped) => void scoped.get('/planted', async () => ''),
      'all' as never,
    );
    const faults = ['GET', 'HEAD'].flatMap((method) =>
      ['raw-data:reed', 'all'].map((scope) => `route ${method} /planted asks for the unknown scope ${scope}`),
    );
    await t.rejects(async () => void (await unknown.ready()), { message: notStarted(...faults) });
    const nested = create();
    withScope(nested, 'operator', (scoped) =>
      withScope(scoped, 'public', (inner) => void inner.get('/planted', async () => '')),
    );
    await t.rejects(async () => void (await nested.ready()), { message: 'route GET /planted is inside two scopes' });
  },
);
