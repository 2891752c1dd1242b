// The settings of the command `pull`: words after it, before the environment, before a file; read, checked, and explained when they are wrong. The only
// reader of the environment in the client. Asks nobody anything.
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageFault } from '../faults.ts';

export const USAGE = `Usage: flis pull --base-url URL --access-key-file FILE --folder FOLDER
  --base-url URL          address of the service, e.g. https://flis.example      FLIS_PULL_BASE_URL         "baseUrl"
  --access-key-file FILE  a file that holds the access key and only you can read FLIS_PULL_ACCESS_KEY_FILE  "accessKeyFile"
  (the key itself)                                                               FLIS_PULL_ACCESS_KEY       "accessKey"
  --folder FOLDER         where deliveries are put                               FLIS_PULL_FOLDER           "folder"
  --domain DOMAIN         only deliveries of this domain                         FLIS_PULL_DOMAIN           "domain"
  --watch                 go on looking until stopped
  --interval SECONDS      how often --watch looks (300)                          FLIS_PULL_INTERVAL         "interval"
  --config FILE           a JSON file with the names on the right                FLIS_PULL_CONFIG
What stands here counts before the environment, and that before the file.
Exit status: 0 everything is fetched, 1 something could not be, 2 these settings are wrong, 3 the service refuses the key,
4 something is not what the service vouches for (nothing of it is shown), 5 another pull works in the folder, 130 interrupted.
`;

/** What to fetch, where from, where to. */
export interface PullOptions {
  readonly baseUrl: string;
  readonly accessKey: string;
  readonly folder: string;
  readonly domain: string | undefined;
  /** Milliseconds between two looks; undefined: look once. */
  readonly interval: number | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const NAMES = ['baseUrl', 'accessKey', 'accessKeyFile', 'folder', 'domain', 'interval'] as const;
type Name = (typeof NAMES)[number];
type Settings = Partial<Record<Name, string>>;

const LONGEST_INTERVAL_S = 86_400;
const DEFAULT_INTERVAL_S = '300';

/** @throws UsageFault, or an error of `parseArgs` */
export async function readPullOptions(
  args: readonly string[],
  environment: Environment = process.env,
): Promise<PullOptions> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ 'base-url': text, 'access-key-file': text, folder: text, domain: text, interval: text, config: text },
      watch: { type: 'boolean', default: false },
    },
  });
  // A key among the words would be shown to whoever lists the machine's processes.
  const words: Settings = Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = values[flagOf(name) as keyof typeof values];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
  const config = values.config ?? environment.FLIS_PULL_CONFIG;
  const sources = [words, fromEnvironment(environment), config === undefined ? {} : await readConfig(config)];
  const settings = mergeSettings(sources);
  const { baseUrl, folder, domain, interval = DEFAULT_INTERVAL_S } = settings;
  if (baseUrl === undefined || folder === undefined) throw new UsageFault(USAGE);
  if (domain !== undefined && !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(domain)) throw new UsageFault('domain: not a domain id');
  if (!/^[1-9][0-9]{0,4}$/.test(interval) || Number(interval) > LONGEST_INTERVAL_S)
    throw new UsageFault(`interval: expected seconds, 1 to ${LONGEST_INTERVAL_S}`);
  return {
    baseUrl: checkBaseUrl(baseUrl),
    accessKey: await readAccessKey(settings),
    folder: resolve(folder),
    domain,
    interval: values.watch ? Number(interval) * 1000 : undefined,
  };
}

const flagOf = (name: Name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const variableOf = (name: Name) => `FLIS_PULL_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

function fromEnvironment(environment: Environment): Settings {
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = environment[variableOf(name)];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
}

/** The first source that has a setting counts; the key and its file are one setting. */
function mergeSettings(sources: readonly Settings[]): Settings {
  const keyed = sources.find(({ accessKey, accessKeyFile }) => accessKey !== undefined || accessKeyFile !== undefined);
  if (keyed?.accessKey !== undefined && keyed.accessKeyFile !== undefined)
    throw new UsageFault('give either the access key or the file that holds it');
  const { accessKey: _, accessKeyFile: __, ...rest } = Object.assign({}, ...[...sources].reverse()) as Settings;
  const { accessKey, accessKeyFile } = keyed ?? {};
  return {
    ...rest,
    ...(accessKey === undefined ? {} : { accessKey }),
    ...(accessKeyFile === undefined ? {} : { accessKeyFile }),
  };
}

async function readConfig(path: string): Promise<Settings> {
  const settings = parseConfig(path, await readText(path));
  if (settings.accessKey !== undefined) await checkMode(path);
  // Files are named as seen from the file that names them.
  const { accessKeyFile, folder } = settings;
  return {
    ...settings,
    ...(accessKeyFile === undefined ? {} : { accessKeyFile: resolve(dirname(path), accessKeyFile) }),
    ...(folder === undefined ? {} : { folder: resolve(dirname(path), folder) }),
  };
}

function parseConfig(path: string, text: string): Settings {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    // The parser's own text could show the key.
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    throw new UsageFault(`${path}: expected a JSON object`);
  return Object.fromEntries(
    Object.entries(read).map(([name, value]) => {
      if (!NAMES.includes(name as Name)) throw new UsageFault(`${path}: unknown name ${name}`);
      if (typeof value !== 'string' && typeof value !== 'number')
        throw new UsageFault(`${path}: ${name}: expected text`);
      return [name, String(value)];
    }),
  );
}

function checkBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.username !== '')
    throw new UsageFault('base URL: expected https://…');
  if (url.protocol === 'http:' && !/^(localhost|127\.[0-9.]+|\[::1\])$/.test(url.hostname))
    throw new UsageFault('base URL: expected https://…: without it anybody on the way could read the key and the data');
  return (url.origin + url.pathname).replace(/\/+$/, '');
}

async function readAccessKey({ accessKey, accessKeyFile }: Settings): Promise<string> {
  if (accessKeyFile !== undefined) await checkMode(accessKeyFile);
  const key = (accessKeyFile === undefined ? accessKey : await readText(accessKeyFile))?.trim();
  if (key === undefined) throw new UsageFault('no access key is given: name the file that holds it');
  if (!/^[\x21-\x7e]+$/.test(key)) throw new UsageFault('the access key is no key: expected one word');
  return key;
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => {
    throw new UsageFault(`cannot read ${path}`);
  });
}

/** Windows keeps access lists instead, which no mode shows. */
async function checkMode(path: string): Promise<void> {
  const { mode } = await stat(path).catch(() => {
    throw new UsageFault(`cannot read ${path}`);
  });
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw new UsageFault(`${path} holds a key and others can read it: chmod 600 ${path}`);
}
