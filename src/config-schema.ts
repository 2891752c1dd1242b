// Every setting of the service as an environment variable: name, form, default and what it is for. Reads nothing; config.ts does.
import Type, { type Static } from 'typebox';

const SECRET = '^(([0-9a-fA-F]{2}){32,}|[A-Za-z0-9+/_-]{43,}={0,2})$';
const HOST = '[A-Za-z0-9_][A-Za-z0-9._-]*(:[0-9]{1,5})?';
const ORIGIN = 'https://[A-Za-z0-9.-]+(:[0-9]{1,5})?';
const NETWORK = '[0-9A-Fa-f.:]{2,45}(/[0-9]{1,3})?';
const LISTEN_HOST = '^[0-9A-Za-z.:_-]+$';
const POSTGRES_URL = '^postgres(ql)?://[^:/@\\s]+:[^@\\s]+@[^\\s]+/[^/\\s]+$';

function setting(description: string, pattern: string, fallback?: string) {
  return Type.String({ description, pattern, ...(fallback === undefined ? {} : { default: fallback }) });
}

function count(description: string, fallback: number) {
  return setting(`${description} A whole number above 0.`, '^[1-9][0-9]{0,14}$', String(fallback));
}

function port(description: string, fallback: string) {
  return setting(`${description}, 0 to 65535; 0 picks a free one.`, '^[0-9]{1,5}$', fallback);
}

/** A setting without default is needed by the processes that its description names; `Optional` ones by none. */
export const settingsSchema = Type.Object({
  FLIS_DATABASE_URL_API: setting(
    'Connection of the api process: postgres://role:password@host:port/database. May lead through pgbouncer.',
    POSTGRES_URL,
  ),
  FLIS_DATABASE_URL_WORKER: setting(
    'Connection of the worker process, in the same form. May lead through pgbouncer.',
    POSTGRES_URL,
  ),
  FLIS_DATABASE_URL_OWNER: setting(
    'Connection of the owner of the schema, in the same form. Only for `migrate` and `restore`.',
    POSTGRES_URL,
  ),
  FLIS_DATABASE_URL_BACKUP: setting(
    'Connection of the role that backups read with, in the same form. Only for `migrate`, which makes the role.',
    POSTGRES_URL,
  ),
  FLIS_DIRECT_DATABASE_URL_API: Type.Optional(
    setting(
      'Connection of the api process past pgbouncer, for the queue. Only when FLIS_DATABASE_URL_API leads through it.',
      POSTGRES_URL,
    ),
  ),
  FLIS_DIRECT_DATABASE_URL_WORKER: Type.Optional(
    setting(
      'Connection of the worker process past pgbouncer, for the queue. Only when FLIS_DATABASE_URL_WORKER leads through it.',
      POSTGRES_URL,
    ),
  ),
  FLIS_NAMED_STATEMENTS: setting(
    '`on` or `off`. Off behind pgbouncer in transaction mode, which knows no named statements.',
    '^(on|off)$',
    'on',
  ),
  FLIS_DATABASE_CONNECTIONS: count('Connections that a process opens to the database at most.', 10),
  FLIS_STORAGE_DIR: setting('Folder of the object storage, shared by all processes. An absolute path.', '^/.+'),
  FLIS_TEMP_DIR: setting(
    'Folder for the temporary files of jobs on this machine, never shared. An absolute path. They hold person data.',
    '^/.+',
    '/tmp/flis',
  ),
  FLIS_REDIS_URL: Type.Optional(
    setting(
      'Second level of the cache: redis://host:port/database. Answers are the same without it.',
      '^rediss?://[^\\s]+$',
    ),
  ),
  FLIS_CACHE_MB: count('Memory for cached answers of the api process, in MiB.', 128),
  FLIS_HOST: setting('Address that the api listens on.', LISTEN_HOST, '127.0.0.1'),
  FLIS_PORT: port('Port that the api listens on', '8080'),
  FLIS_METRICS_HOST: setting(
    'Address that api and worker serve their metrics on, for Prometheus alone: whoever reaches it may read them.',
    LISTEN_HOST,
    '127.0.0.1',
  ),
  FLIS_METRICS_PORT: port('Port of the metrics of the api', '9464'),
  FLIS_WORKER_METRICS_PORT: port('Port of the metrics of the worker', '9465'),
  FLIS_PUBLIC_ORIGIN: setting(
    'Address under which users reach the api, for links in answers: https://host, without a path or a slash at the end.',
    '^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$',
  ),
  FLIS_OTHER_HOSTS: Type.Optional(
    setting(
      'Further hosts under which the api is reached, as requests name them: host or host:port, separated by commas. The one of FLIS_PUBLIC_ORIGIN and the IP address and port that a connection comes in on are taken anyway; requests for others are refused.',
      `^${HOST}(,${HOST})*$`,
    ),
  ),
  FLIS_TRUSTED_PROXIES: Type.Optional(
    setting(
      'Addresses of the reverse proxies in front of the api, or networks (10.0.0.0/8), separated by commas. What they add to X-Forwarded-For is believed, as the address of a caller, and no other of their headers. Without it each connection is its own caller.',
      `^${NETWORK}(,${NETWORK})*$`,
    ),
  ),
  FLIS_CORS_ORIGINS: Type.Optional(
    setting(
      'Web sites whose scripts may read answers in a browser (CORS): exact origins such as https://bi.example, separated by commas. Without it there are none; `*` is not taken.',
      `^${ORIGIN}(,${ORIGIN})*$`,
    ),
  ),
  FLIS_ISSUER: setting('Issuer of access tokens: the value of their claim `iss`.', '^\\S{1,200}$'),
  FLIS_AUDIENCE: setting('This service as tokens name it: the value of their claim `aud`.', '^\\S{1,200}$'),
  FLIS_JWKS: Type.Optional(
    setting(
      'Public keys of another issuer of tokens that this service trusts as it does its own, for development and trials: a JSON Web Key Set, or the absolute path of a file that holds one. ES256 and Ed25519 keys.',
      '^(/|\\s*\\{)',
    ),
  ),
  FLIS_ROOT_SECRET: setting(
    'Secret from which pseudonyms and file keys are derived: 32 random bytes or more, as hex or base64. Never change it: every pseudonym would change. Make one with `openssl rand -hex 32`.',
    SECRET,
  ),
  FLIS_CONTEXT_SECRET: setting(
    'Secret with which transactions sign for PostgreSQL for whom they run: 32 random bytes or more, as hex or base64. The same for all processes and for `migrate`, which tells the database its key. Make one with `openssl rand -hex 32`.',
    SECRET,
  ),
  FLIS_LOG_LEVEL: setting(
    'Least severe log lines to write: debug, info, warn or error.',
    '^(debug|info|warn|error)$',
    'info',
  ),
  FLIS_REQUEST_TIMEOUT_S: count('Seconds for a whole request, an upload included; 16 or more.', 3600),
  FLIS_MAX_CONNECTIONS: count('Open connections of users at a time; more are refused.', 2000),
  FLIS_CLIENT_RATE: count('Requests per second of one client, whomever it works for.', 100),
  FLIS_CLIENT_MUNICIPALITY_RATE: count('Requests per second of one client for one municipality.', 50),
  FLIS_FAILURE_RATE: count('Failed authentications per second from one remote address, at one api process.', 50),
  FLIS_RATE_BURST_S: count('Seconds of each of these rates that may come at once after a pause.', 10),
  FLIS_API_PROCESSES: count(
    'Api processes that run. While they cannot share the rates through Redis, each keeps to its part of them.',
    1,
  ),
  FLIS_MAX_FILE_MB: count('Size of one received file as it is sent, in MiB.', 4096),
  FLIS_MAX_INFLATED_MB: count('Size of one received file when it is inflated, in MiB.', 20480),
  FLIS_MAX_INFLATION_RATIO: count('Bytes that one compressed byte may become.', 200),
  FLIS_DUCKDB_MEMORY_MB: count('Memory of DuckDB for one job, in MiB.', 512),
  FLIS_WORKER_JOBS: count('Jobs of one queue that a worker runs at a time.', 2),
});

/** The settings as text. */
export type Settings = Static<typeof settingsSchema>;

/** The name of a setting. */
export type SettingName = keyof Settings;

/** @returns the text of `.env.example`: every setting with its meaning; those that have a default or can be absent are commented out. */
export function describeSettings(): string {
  const lines = ['# Settings of the service. Copy to `.env` and fill in; lines that start with # show the default.'];
  for (const [name, schema] of Object.entries(settingsSchema.properties)) {
    const { description, default: fallback } = schema as unknown as { description: string; default?: string };
    const optional = !settingsSchema.required.includes(name as never);
    lines.push('', `# ${description}`, `${fallback === undefined && !optional ? '' : '#'}${name}=${fallback ?? ''}`);
  }
  return `${lines.join('\n')}\n`;
}
