// Commands of the operator on who may ask: registering a client (the first operator has nobody to ask), and revoking a signing key.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createClient, isClientKind, isScope, revokeSigningKey } from './access/index.ts';
import { withWorker } from './with-worker.ts';

/**
 * `client --kind operator --name … --contact … --scope "operator" --keys jwks.json [--municipality 615]`: registers a client with its public keys
 * and prints its id.
 */
export async function runClient(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kind: { type: 'string', default: 'operator' },
      name: { type: 'string' },
      contact: { type: 'string' },
      scope: { type: 'string', default: 'operator' },
      keys: { type: 'string' },
      municipality: { type: 'string' },
    },
  });
  const { kind, name, contact, keys, municipality } = values;
  const scopes = values.scope.split(' ').filter(isScope);
  if (!isClientKind(kind) || !name || !contact || !keys || scopes.length !== values.scope.split(' ').length) {
    process.stderr.write(
      'client: --kind, --name, --contact, known scopes and --keys (a file with a JWKS) are needed\n',
    );
    return 2;
  }
  const keySet = JSON.parse(await readFile(keys, 'utf8')) as { keys: Record<string, unknown>[] };
  return withWorker(async (deps) => {
    const { catalogue, pool } = deps;
    const by = { municipality: null, domains: null, clientId: 'operator', requestId: randomUUID() };
    const register = {
      pool,
      domainIds: catalogue.domains.map(({ id }) => id),
      municipalityCodes: new Set(catalogue.municipalities.map(({ code }) => code as string)),
    };
    const named = municipality === undefined ? {} : { municipality };
    const { clientId } = await createClient(register, by, { kind, name, contact, scopes, ...named }, keySet.keys);
    process.stdout.write(`${clientId}\n`);
    return 0;
  });
}

/** `revoke-signing-key --key <kid>`: takes a signing key out of use within 5 s, with every token it has signed. @returns 1 when there is no such key */
export async function runRevokeSigningKey(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { key: { type: 'string', default: '' } } });
  return withWorker(async (deps) => {
    const revoked = await revokeSigningKey(deps, values.key, 'operator');
    process.stdout.write(revoked ? 'revoked; another key signs from now on\n' : 'there is no such key in use\n');
    return revoked ? 0 : 1;
  });
}
