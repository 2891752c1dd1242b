// The only reader of the process's environment. Reports all faults at once, by the names of variables; never prints a value.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { JSONWebKeySet, JWK } from 'jose';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { type SettingName, type Settings, settingsSchema } from './config-schema.ts';
import type { Limit } from './platform/rate/token-bucket.ts';
import { isStrongSecret } from './platform/strong-secret.ts';

/** The configuration of a process. URLs that its door does not need are `undefined` when they are not set. */
export interface Config {
  readonly database: {
    readonly api: string | undefined;
    readonly worker: string | undefined;
    readonly owner: string | undefined;
    readonly backup: string | undefined;
    /** For the queue: past a transaction pooler. */
    readonly directApi: string | undefined;
    readonly directWorker: string | undefined;
    readonly namedStatements: boolean;
    readonly connections: number;
  };
  readonly storageFolder: string;
  readonly tempFolder: string;
  readonly cache: { readonly bytes: number; readonly redisUrl: string | undefined };
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly publicOrigin: string;
    readonly otherHosts: readonly string[];
    /** Addresses and networks. */
    readonly trustedProxies: readonly string[];
    readonly corsOrigins: readonly string[];
    /** Milliseconds. */
    readonly requestTimeout: number;
    readonly maxConnections: number;
  };
  /** Where a process serves its metrics. */
  readonly metrics: { readonly host: string; readonly apiPort: number; readonly workerPort: number };
  readonly access: { readonly issuer: string; readonly audience: string; readonly keys: JSONWebKeySet };
  readonly rootSecret: Buffer;
  readonly contextSecret: Buffer;
  readonly logLevel: string;
  readonly limits: {
    /** Bytes of a received file as sent, and inflated. */
    readonly maxFileBytes: number;
    readonly maxInflatedBytes: number;
    readonly maxInflationRatio: number;
  };
  readonly rates: {
    /** Requests per second, and as many as may come at once. */
    readonly client: Limit;
    readonly clientMunicipality: Limit;
    readonly address: Limit;
    readonly processes: number;
  };
  readonly duckdbMemoryMb: number;
  readonly workerJobs: number;
}

/** The doors of the service, and what an auditor's command needs. `demo` brings its own settings and needs none from outside. */
export type Door = 'api' | 'worker' | 'migrate' | 'audit';

/** What is wrong with the environment: one line per variable. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`the configuration has ${faults.length} fault(s):\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

const MIB = 1024 * 1024;
const HEX = /^([0-9a-fA-F]{2})+$/;

/** Settings without a default that a door does without. */
const NOT_NEEDED: Record<Door, readonly SettingName[]> = {
  api: ['FLIS_DATABASE_URL_WORKER', 'FLIS_DATABASE_URL_OWNER', 'FLIS_DATABASE_URL_BACKUP'],
  worker: [
    'FLIS_DATABASE_URL_API',
    'FLIS_DATABASE_URL_OWNER',
    'FLIS_DATABASE_URL_BACKUP',
    'FLIS_PUBLIC_ORIGIN',
    'FLIS_AUDIENCE',
  ],
  // An auditor has the role that reads, the storage, and a public key instead of the secret.
  audit: [
    'FLIS_DATABASE_URL_API',
    'FLIS_DATABASE_URL_WORKER',
    'FLIS_DATABASE_URL_OWNER',
    'FLIS_DATABASE_URL_BACKUP',
    'FLIS_PUBLIC_ORIGIN',
    'FLIS_ISSUER',
    'FLIS_AUDIENCE',
    'FLIS_ROOT_SECRET',
    'FLIS_CONTEXT_SECRET',
  ],
  migrate: ['FLIS_STORAGE_DIR', 'FLIS_PUBLIC_ORIGIN', 'FLIS_ISSUER', 'FLIS_AUDIENCE', 'FLIS_ROOT_SECRET'],
};

/**
 * Reads the configuration that `door` needs.
 * @throws ConfigError with every fault there is.
 */
export function loadConfig(door: Door, environment: NodeJS.ProcessEnv = process.env): Config {
  const faults: string[] = [];
  const settings = readSettings(door, environment, faults);
  const number = (name: SettingName) => Number(settings[name]);
  const port = (name: SettingName) => readPort(name, number(name), faults);
  const limit = (name: SettingName) => ({ rate: number(name), burst: number(name) * number('FLIS_RATE_BURST_S') });
  const config: Config = {
    database: {
      api: settings.FLIS_DATABASE_URL_API,
      worker: settings.FLIS_DATABASE_URL_WORKER,
      owner: settings.FLIS_DATABASE_URL_OWNER,
      backup: settings.FLIS_DATABASE_URL_BACKUP,
      directApi: settings.FLIS_DIRECT_DATABASE_URL_API ?? settings.FLIS_DATABASE_URL_API,
      directWorker: settings.FLIS_DIRECT_DATABASE_URL_WORKER ?? settings.FLIS_DATABASE_URL_WORKER,
      namedStatements: settings.FLIS_NAMED_STATEMENTS === 'on',
      connections: number('FLIS_DATABASE_CONNECTIONS'),
    },
    storageFolder: settings.FLIS_STORAGE_DIR ?? '',
    tempFolder: settings.FLIS_TEMP_DIR ?? '',
    cache: { bytes: number('FLIS_CACHE_MB') * MIB, redisUrl: settings.FLIS_REDIS_URL },
    http: {
      host: settings.FLIS_HOST ?? '',
      port: port('FLIS_PORT'),
      publicOrigin: settings.FLIS_PUBLIC_ORIGIN ?? '',
      otherHosts: listOf(settings.FLIS_OTHER_HOSTS),
      trustedProxies: readNetworks(settings.FLIS_TRUSTED_PROXIES, faults),
      corsOrigins: readOrigins(settings.FLIS_CORS_ORIGINS, faults),
      requestTimeout: readRequestTimeout(number('FLIS_REQUEST_TIMEOUT_S'), faults),
      maxConnections: number('FLIS_MAX_CONNECTIONS'),
    },
    metrics: {
      host: settings.FLIS_METRICS_HOST ?? '',
      apiPort: port('FLIS_METRICS_PORT'),
      workerPort: port('FLIS_WORKER_METRICS_PORT'),
    },
    access: {
      issuer: settings.FLIS_ISSUER ?? '',
      audience: settings.FLIS_AUDIENCE ?? '',
      keys: readKeySet(settings.FLIS_JWKS, faults),
    },
    rootSecret: readSecret(settings, 'FLIS_ROOT_SECRET', faults),
    contextSecret: readSecret(settings, 'FLIS_CONTEXT_SECRET', faults),
    logLevel: settings.FLIS_LOG_LEVEL ?? '',
    limits: {
      maxFileBytes: number('FLIS_MAX_FILE_MB') * MIB,
      maxInflatedBytes: number('FLIS_MAX_INFLATED_MB') * MIB,
      maxInflationRatio: number('FLIS_MAX_INFLATION_RATIO'),
    },
    rates: {
      client: limit('FLIS_CLIENT_RATE'),
      clientMunicipality: limit('FLIS_CLIENT_MUNICIPALITY_RATE'),
      address: limit('FLIS_FAILURE_RATE'),
      processes: number('FLIS_API_PROCESSES'),
    },
    duckdbMemoryMb: number('FLIS_DUCKDB_MEMORY_MB'),
    workerJobs: number('FLIS_WORKER_JOBS'),
  };
  const { rootSecret, contextSecret } = config;
  if (rootSecret.length > 0 && rootSecret.equals(contextSecret))
    faults.push('FLIS_CONTEXT_SECRET is the same as FLIS_ROOT_SECRET. Make another with `openssl rand -hex 32`.');
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/** Takes each variable, or its default; an empty one counts as absent, as compose files pass them so. */
function readSettings(door: Door, environment: NodeJS.ProcessEnv, faults: string[]): Partial<Settings> {
  const settings: Partial<Settings> = {};
  const required: readonly string[] = settingsSchema.required;
  for (const [name, schema] of Object.entries(settingsSchema.properties) as unknown as [SettingName, SettingSchema][]) {
    const value = environment[name] || schema.default;
    if (value === undefined) {
      if (required.includes(name) && !NOT_NEEDED[door].includes(name))
        faults.push(`${name} is missing. ${schema.description}`);
    } else if (Value.Check(schema, value)) {
      settings[name] = value;
    } else {
      faults.push(`${name} is not of the right form. ${schema.description}`);
    }
  }
  return settings;
}

/** What is read of a setting's schema, which TypeBox's own types do not tell. */
type SettingSchema = TSchema & { readonly description: string; readonly default?: string };

function listOf(text = ''): string[] {
  return text.split(',').filter((each) => each !== '');
}

/** An origin in any other spelling than a browser's would never match. */
function readOrigins(text: string | undefined, faults: string[]): string[] {
  const origins = listOf(text);
  const isSpeltAsSent = (origin: string) => URL.canParse(origin) && new URL(origin).origin === origin;
  if (!origins.every(isSpeltAsSent))
    faults.push('FLIS_CORS_ORIGINS is not as browsers send origins: in lower case, without the port 443.');
  return origins;
}

/** A network of everybody is none: who trusts all proxies believes any caller whatever it claims. */
function readNetworks(text: string | undefined, faults: string[]): string[] {
  const networks = listOf(text);
  const isNetwork = (network: string) => {
    const [address = '', bits] = network.split('/');
    const most = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
    return most > 0 && (bits === undefined || (Number(bits) > 0 && Number(bits) <= most));
  };
  if (!networks.every(isNetwork))
    faults.push(
      'FLIS_TRUSTED_PROXIES holds what is no address and no network such as 10.0.0.0/8, or a network of everybody.',
    );
  return networks;
}

function readPort(name: SettingName, port: number, faults: string[]): number {
  if (port > 65_535) faults.push(`${name} is not of the right form. A port is at most 65535.`);
  return port;
}

/** Node takes no request time-out below that of the headers (15 s): it would silently use the longer one. */
function readRequestTimeout(seconds: number, faults: string[]): number {
  if (seconds < 16) faults.push('FLIS_REQUEST_TIMEOUT_S is too short. Headers alone may take 15 seconds.');
  return seconds * 1000;
}

function readKeySet(text: string | undefined, faults: string[]): JSONWebKeySet {
  if (text === undefined) return { keys: [] };
  try {
    const parsed = JSON.parse(text.startsWith('/') ? readFileSync(text, 'utf8') : text) as JSONWebKeySet;
    if (Array.isArray(parsed.keys) && parsed.keys.length > 0 && parsed.keys.every(isPublicKey)) return parsed;
    faults.push('FLIS_JWKS has no keys, or keys that are not public P-256 or Ed25519 keys.');
  } catch {
    faults.push('FLIS_JWKS is no JSON, or its file cannot be read.');
  }
  return { keys: [] };
}

function isPublicKey(key: JWK | null): boolean {
  if (typeof key !== 'object' || key === null || 'd' in key) return false;
  return (key.kty === 'EC' && key.crv === 'P-256') || (key.kty === 'OKP' && key.crv === 'Ed25519');
}

function readSecret(settings: Partial<Settings>, name: SettingName, faults: string[]): Buffer {
  const text = settings[name];
  if (text === undefined) return Buffer.alloc(0);
  const bytes = Buffer.from(text, HEX.test(text) ? 'hex' : 'base64');
  if (!isStrongSecret(bytes)) {
    faults.push(`${name} is too weak. Make one with \`openssl rand -hex 32\`.`);
  }
  return bytes;
}
