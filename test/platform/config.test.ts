// Configuration: every fault is told at once, by name and never by value; `.env.example` says what the schema says.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { createSigningKey } from '../../src/access/index.ts';
import { ConfigError, type Door, loadConfig } from '../../src/config.ts';
import { describeSettings, settingsSchema } from '../../src/config-schema.ts';

const { publicJwk, privateJwk } = await createSigningKey();
const SECRET = '8f3a1c5e7b9d0246e8ac13579bdf02468ace13f5790b2d4f6a8c0e1f3b5d7924';
const OTHER_SECRET = '1d8f5a3c9e7b2046d1a8f35c7e902b64a1d83f5c6e7b90241d8a3f5c7e9b2046';
const complete = {
  FLIS_DATABASE_URL_API: 'postgres://api:pw@localhost:5432/flis',
  FLIS_DATABASE_URL_WORKER: 'postgres://worker:pw@localhost:5432/flis',
  FLIS_DATABASE_URL_OWNER: 'postgres://owner:pw@localhost:5432/flis',
  FLIS_DATABASE_URL_BACKUP: 'postgres://backup:pw@localhost:5432/flis',
  FLIS_STORAGE_DIR: '/var/lib/flis',
  FLIS_PUBLIC_ORIGIN: 'https://flis.example',
  FLIS_ISSUER: 'https://issuer.example',
  FLIS_AUDIENCE: 'urn:flis:api',
  FLIS_JWKS: JSON.stringify({ keys: [publicJwk] }),
  FLIS_ROOT_SECRET: SECRET,
  FLIS_CONTEXT_SECRET: OTHER_SECRET,
};

function faultsOf(environment: NodeJS.ProcessEnv, door: Door = 'api'): readonly string[] {
  try {
    loadConfig(door, environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

const names = (faults: readonly string[]) => faults.map((fault) => fault.split(' ')[0]);

t.test('a complete environment', async (t) => {
  const config = loadConfig('api', { ...complete, FLIS_REDIS_URL: '', FLIS_NAMED_STATEMENTS: 'off' });
  t.equal(config.database.api, complete.FLIS_DATABASE_URL_API);
  t.equal(config.database.directApi, complete.FLIS_DATABASE_URL_API, 'direct unless said otherwise');
  t.equal(config.database.namedStatements, false);
  t.equal(config.http.port, 8080, 'a default');
  t.same(config.metrics, { host: '127.0.0.1', apiPort: 9464, workerPort: 9465 });
  t.equal(config.cache.redisUrl, undefined, 'empty counts as absent');
  t.same(config.rootSecret, Buffer.from(SECRET, 'hex'));
  t.equal(config.access.keys.keys.length, 1);
  const base64 = Buffer.from(SECRET, 'hex').toString('base64');
  t.same(loadConfig('api', { ...complete, FLIS_ROOT_SECRET: base64 }).rootSecret, config.rootSecret);
  const direct = 'postgres://api:pw@db:5432/flis';
  t.equal(loadConfig('api', { ...complete, FLIS_DIRECT_DATABASE_URL_API: direct }).database.directApi, direct);
});

t.test('keys from a file', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'flis-config-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, 'jwks.json');
  await writeFile(path, complete.FLIS_JWKS);
  t.same(loadConfig('api', { ...complete, FLIS_JWKS: path }).access.keys.keys, [publicJwk]);
  t.same(names(faultsOf({ ...complete, FLIS_JWKS: join(folder, 'absent') })), ['FLIS_JWKS']);
});

t.test('all faults at once, by name, without a value', async (t) => {
  const bad = {
    FLIS_DATABASE_URL_API: 'postgres://api:topsecret@localhost',
    FLIS_STORAGE_DIR: 'relative/path',
    FLIS_PORT: '99999',
    FLIS_METRICS_PORT: '99999',
    FLIS_WORKER_METRICS_PORT: '65536',
    FLIS_PUBLIC_ORIGIN: 'https://flis.example/path',
    FLIS_JWKS: '{"keys":[{"kty":"RSA","n":"topsecret"}]}',
    FLIS_ROOT_SECRET: 'topsecret',
    FLIS_CONTEXT_SECRET: 'topsecret',
    FLIS_LOG_LEVEL: 'topsecret',
    FLIS_REQUEST_TIMEOUT_S: '5',
    FLIS_MAX_FILE_MB: '-1',
  };
  const faults = faultsOf(bad);
  t.same([...names(faults)].sort(), [...Object.keys(bad), 'FLIS_ISSUER', 'FLIS_AUDIENCE'].sort());
  t.notMatch(faults.join('\n'), /topsecret|99999|65536|relative|\/path/);
});

t.test('each door asks for what it needs only', async (t) => {
  t.same(
    names(faultsOf({}, 'migrate')).sort(),
    Object.keys(complete)
      .filter((name) => name.includes('DATABASE') || name === 'FLIS_CONTEXT_SECRET')
      .sort(),
  );
  t.same(names(faultsOf({}, 'worker')).sort(), [
    ...['FLIS_CONTEXT_SECRET', 'FLIS_DATABASE_URL_WORKER', 'FLIS_ISSUER', 'FLIS_ROOT_SECRET', 'FLIS_STORAGE_DIR'],
  ]);
  t.notOk(names(faultsOf({}, 'api')).includes('FLIS_DATABASE_URL_OWNER'));
});

t.test('weak secrets and private keys are refused', async (t) => {
  const text = Buffer.from('correct horse battery staple, correct horse').toString('base64');
  const weak = [
    '0'.repeat(64),
    '0123456789abcdef'.repeat(4),
    Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('hex'),
    text,
    SECRET.slice(2),
  ];
  for (const secret of weak)
    for (const name of ['FLIS_ROOT_SECRET', 'FLIS_CONTEXT_SECRET'])
      t.same(names(faultsOf({ ...complete, [name]: secret })), [name]);
  for (const keys of [[privateJwk], [], [null], [publicJwk, { kty: 'oct', k: 'AAAA' }]]) {
    t.same(names(faultsOf({ ...complete, FLIS_JWKS: JSON.stringify({ keys }) })), ['FLIS_JWKS']);
  }
});

t.test('two secrets are two', async (t) => {
  t.same(names(faultsOf({ ...complete, FLIS_CONTEXT_SECRET: SECRET })), ['FLIS_CONTEXT_SECRET']);
  const base64 = Buffer.from(SECRET, 'hex').toString('base64');
  t.same(names(faultsOf({ ...complete, FLIS_CONTEXT_SECRET: base64 }, 'worker')), ['FLIS_CONTEXT_SECRET']);
});

t.test('hosts and origins are exact', async (t) => {
  const { http } = loadConfig('api', {
    ...complete,
    FLIS_OTHER_HOSTS: 'flis-api:8080,flis.internal',
    FLIS_CORS_ORIGINS: 'https://bi.example,https://bi.example:8443',
  });
  t.same(http.otherHosts, ['flis-api:8080', 'flis.internal']);
  t.same(http.corsOrigins, ['https://bi.example', 'https://bi.example:8443']);
  for (const bad of [
    '*',
    'https://*.example',
    'null',
    'http://bi.example',
    'https://bi.example/',
    'https://BI.example',
  ])
    t.same(names(faultsOf({ ...complete, FLIS_CORS_ORIGINS: bad })), ['FLIS_CORS_ORIGINS'], bad);
  for (const bad of ['https://a.example,*', 'https://bi.example:443', 'https://user@bi.example'])
    t.same(names(faultsOf({ ...complete, FLIS_CORS_ORIGINS: bad })), ['FLIS_CORS_ORIGINS'], bad);
  for (const bad of ['*', 'https://flis.example', 'a/b', 'a@b', 'a:b', ' '])
    t.same(names(faultsOf({ ...complete, FLIS_OTHER_HOSTS: bad })), ['FLIS_OTHER_HOSTS'], bad);
});

t.test('proxies are trusted by address or network, and never all of them', async (t) => {
  const given = '10.0.0.0/8,192.0.2.7,2001:db8::/32,::1';
  const { http } = loadConfig('api', { ...complete, FLIS_TRUSTED_PROXIES: given });
  t.same(http.trustedProxies, given.split(','));
  t.same(loadConfig('api', complete).http.trustedProxies, []);
  for (const bad of [
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    '10.0.0',
    '300.1.1.1',
    '2001:db8::/129',
    '*',
    'true',
    'loopback',
    '10.0.0.1,',
    ' ',
  ])
    t.same(names(faultsOf({ ...complete, FLIS_TRUSTED_PROXIES: bad })), ['FLIS_TRUSTED_PROXIES'], bad);
});

t.test('.env.example is the schema', async (t) => {
  t.equal(await readFile(new URL('../../.env.example', import.meta.url), 'utf8'), describeSettings());
  for (const name of Object.keys(settingsSchema.properties))
    t.match(describeSettings(), new RegExp(`^#?${name}=`, 'm'));
});
