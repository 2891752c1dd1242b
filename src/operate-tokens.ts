// Commands that make keys and tokens for development and trials. A live service trusts its issuer and needs neither.
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createSigningKey, isScope, type SigningKey, signToken } from './access/index.ts';
import { loadCatalogue } from './domains/index.ts';

/** `keys --out key.json`: writes the key pair (readable by its owner only) and prints the public key set for FLIS_JWKS. */
export async function runKeys(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { out: { type: 'string', default: 'signing-key.json' } } });
  const key = await createSigningKey();
  await writeFile(values.out, JSON.stringify(key), { mode: 0o600, flag: 'wx' });
  process.stdout.write(`${JSON.stringify({ keys: [key.publicJwk] })}\n`);
  return 0;
}

/**
 * `token --key key.json --issuer … --audience … --client bi --scope "raw-data:read key-figures:read" --municipality 615 [--hours 1]`
 * prints a token; with `--all` instead of a municipality, a JSON object with a token for each of the 98, as `deliver --tokens` reads it.
 */
export async function runToken(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      key: { type: 'string', default: 'signing-key.json' },
      issuer: { type: 'string' },
      audience: { type: 'string' },
      client: { type: 'string', default: 'development' },
      scope: { type: 'string', default: 'key-figures:read raw-data:read' },
      municipality: { type: 'string' },
      all: { type: 'boolean', default: false },
      hours: { type: 'string', default: '1' },
    },
  });
  const { issuer, audience } = values;
  const scopes = values.scope.split(' ').filter(isScope);
  const lifetime = Number(values.hours) * 3600;
  if (!issuer || !audience || scopes.length !== values.scope.split(' ').length || !(lifetime > 0)) {
    process.stderr.write('token: --issuer, --audience, known scopes and a positive number of hours are needed\n');
    return 2;
  }
  const key = JSON.parse(await readFile(values.key, 'utf8')) as SigningKey;
  const sign = (municipality?: string) =>
    signToken(
      { issuer, audience, key },
      { clientId: values.client, scopes, lifetime, ...(municipality === undefined ? {} : { municipality }) },
    );
  if (!values.all) {
    process.stdout.write(`${await sign(values.municipality)}\n`);
    return 0;
  }
  const { municipalities } = await loadCatalogue();
  const tokens: Record<string, string> = {};
  for (const { code, synthetic } of municipalities) if (!synthetic) tokens[code] = await sign(code);
  process.stdout.write(`${JSON.stringify(tokens)}\n`);
  return 0;
}
