// The options of the command `deliver`: read, checked, and explained when they are wrong. Sends nothing.
import { access, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { UsageFault } from './faults.ts';
import { type Mapping, readMapping } from './mapping.ts';

const USAGE = `Usage: flis deliver --base-url URL --tokens tokens.json --mapping mapping.json --file data.csv
  --base-url URL   address of the service, e.g. https://flis.example
  --tokens FILE    JSON: municipality code → access token, e.g. {"615": "…"}
  --mapping FILE   JSON: which columns of the file become which columns of the table
  --file FILE      the CSV file, with a header line
  --gzip           compress before sending
  --sequence N     number of the delta, when the mapping says kind delta
  --parallel N     deliveries at a time (4)
`;

/** What to send, where to, and with which tokens (municipality code → token). */
export interface DeliverOptions {
  readonly baseUrl: string;
  readonly tokens: Readonly<Record<string, string>>;
  readonly mapping: Mapping;
  readonly file: string;
  readonly gzip: boolean;
  readonly sequence: number | undefined;
  readonly parallel: number;
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => {
    throw new UsageFault(`cannot read ${path}`);
  });
}

function readTokens(text: string): Record<string, string> {
  try {
    const tokens: unknown = JSON.parse(text);
    if (
      typeof tokens === 'object' &&
      tokens !== null &&
      Object.values(tokens).every((token) => typeof token === 'string')
    ) {
      return tokens as Record<string, string>;
    }
  } catch {
    // Told below; the parser's own text could show a token.
  }
  throw new UsageFault('--tokens: expected a JSON object of municipality codes and tokens');
}

/** Reads the words after `deliver` and the files they name. @throws UsageFault, MappingFault, or an error of `parseArgs`. */
export async function readOptions(args: readonly string[]): Promise<DeliverOptions> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'base-url': { type: 'string' },
      tokens: { type: 'string' },
      mapping: { type: 'string' },
      file: { type: 'string' },
      gzip: { type: 'boolean', default: false },
      sequence: { type: 'string' },
      parallel: { type: 'string', default: '4' },
    },
  });
  const { 'base-url': baseUrl, tokens, mapping, file, sequence, parallel } = values;
  if (baseUrl === undefined || tokens === undefined || mapping === undefined || file === undefined) {
    throw new UsageFault(USAGE);
  }
  if (!/^https?:\/\/[^/]/.test(baseUrl)) throw new UsageFault('--base-url: expected http://… or https://…');
  for (const number of [sequence ?? '1', parallel]) {
    if (!/^[1-9][0-9]{0,8}$/.test(number)) throw new UsageFault('--sequence and --parallel: expected a number from 1');
  }
  await access(file).catch(() => {
    throw new UsageFault(`cannot read ${file}`);
  });
  return {
    baseUrl: baseUrl.replace(/\/+$/, ''),
    tokens: readTokens(await readText(tokens)),
    mapping: readMapping(await readText(mapping)),
    file,
    gzip: values.gzip,
    sequence: sequence === undefined ? undefined : Number(sequence),
    parallel: Number(parallel),
  };
}
