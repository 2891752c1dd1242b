// docker-compose.yml stays true without a container engine: it parses, its services hang together, and the settings that it passes are a configuration that the doors accept.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parse } from 'yaml';
import { createSigningKey } from '../../src/access/index.ts';
import { type Door, loadConfig } from '../../src/config.ts';
import { settingsSchema } from '../../src/config-schema.ts';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);

/** What `.env` would hold. */
async function answers(): Promise<Record<string, string>> {
  const { publicJwk } = await createSigningKey();
  return {
    FLIS_OWNER_PASSWORD: 'owner',
    FLIS_API_PASSWORD: 'api',
    FLIS_WORKER_PASSWORD: 'worker',
    FLIS_BACKUP_PASSWORD: 'backup',
    FLIS_PUBLIC_ORIGIN: 'https://flis.example',
    FLIS_ISSUER: 'https://issuer.example',
    FLIS_AUDIENCE: 'https://flis.example',
    FLIS_JWKS: JSON.stringify({ keys: [publicJwk] }),
    FLIS_CONTEXT_SECRET: '1d8f5a3c9e7b2046d1a8f35c7e902b64a1d83f5c6e7b90241d8a3f5c7e9b2046',
    FLIS_ROOT_SECRET: '8f1d5a3c9e7b2046d1a8f35c7e902b64a1d83f5c6e7b90241d8a3f5c7e9b2046',
  };
}

t.test('services hang together', async (t) => {
  t.same(Object.keys(compose.services).sort(), ['api', 'migrate', 'postgres', 'redis', 'worker']);
  t.match(compose.services.postgres?.image, /^postgres:18/);
  for (const [name, service] of services) {
    t.ok(service.image ?? service.build, `${name} has an image or is built`);
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      t.ok(compose.services[other], `${name} depends on ${other}`);
      if (condition === 'service_healthy') t.ok(compose.services[other]?.healthcheck, `${other} tells its health`);
    }
    for (const volume of service.volumes ?? []) t.ok((volume.split(':')[0] ?? '') in compose.volumes, volume);
    const script = service.command?.find((word) => word.startsWith('src/'));
    if (script !== undefined) t.ok(existsSync(join(ROOT, script)), script);
  }
});

t.test('nothing but the public port of the api is published', async (t) => {
  t.same(
    services.flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port.split(':').at(-1)}`)),
    ['api 8080'],
  );
});

t.test('the doors accept the settings', async (t) => {
  const given = await answers();
  for (const door of ['api', 'worker', 'migrate'] satisfies Door[]) {
    const environment = Object.entries(compose.services[door]?.environment ?? {}).map(([name, text]) => [
      name,
      String(text).replace(
        /\$\{([A-Z_]+):(?:\?|-([^}]*))\}/g,
        (_, variable: string, fallback?: string) => given[variable] ?? fallback ?? 'UNKNOWN',
      ),
    ]);
    t.notOk(JSON.stringify(environment).includes('UNKNOWN'), 'every variable is one that a user is told of');
    t.doesNotThrow(() => loadConfig(door, Object.fromEntries(environment)), door);
  }
});

/** What the compose file itself decides: where its services are and where their volumes lie; there is no pgbouncer in it. */
const DECIDED = [
  'FLIS_DATABASE_URL_API',
  'FLIS_DATABASE_URL_WORKER',
  'FLIS_DATABASE_URL_OWNER',
  'FLIS_DATABASE_URL_BACKUP',
  'FLIS_DIRECT_DATABASE_URL_API',
  'FLIS_DIRECT_DATABASE_URL_WORKER',
  'FLIS_REDIS_URL',
  'FLIS_STORAGE_DIR',
  'FLIS_TEMP_DIR',
  'FLIS_HOST',
  'FLIS_PORT',
  'FLIS_METRICS_HOST',
  'FLIS_METRICS_PORT',
  'FLIS_WORKER_METRICS_PORT',
];

t.test('every other setting of .env reaches api and worker, with the same default', async (t) => {
  for (const [name, { default: fallback }] of Object.entries(settingsSchema.properties) as [
    string,
    { default?: string },
  ][]) {
    if (DECIDED.includes(name)) continue;
    for (const service of ['api', 'worker']) {
      const passed = compose.services[service]?.environment?.[name];
      const isNeeded = fallback === undefined && (settingsSchema.required as readonly string[]).includes(name);
      t.equal(passed, `\${${name}:${isNeeded ? '?' : `-${fallback ?? ''}`}}`, `${service} ${name}`);
    }
  }
});

t.test('the settings of the compose file are told in .env.example', async (t) => {
  const example = readFileSync(join(ROOT, '.env.example'), 'utf8');
  for (const name of Object.keys(await answers())) {
    if (!name.endsWith('_PASSWORD')) t.ok(example.includes(`${name}=`), name);
  }
});
