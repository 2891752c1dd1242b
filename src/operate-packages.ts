// The operator's command on packages: taking one back. It works on the database directly, with the configuration of the worker: no credential of the
// public interface reaches into a municipality for the operator.
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { delivery } from './pipeline/index.ts';
import { municipalityCodeOf } from './platform/tenant.ts';
import { withWorker } from './with-worker.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MOST_REASON = 500;

/**
 * `revoke-package --municipality 615 --package <id> --reason <text>`: its files answer 410 with the reason, whoever subscribes is told, and gets another
 * delivery of the newest revision. When the data itself is wrong, restore an earlier revision first.
 * @returns 1 when there is no such package that is ready, 2 when an option is missing
 */
export function runRevokePackage(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { municipality: { type: 'string' }, package: { type: 'string' }, reason: { type: 'string' } },
  });
  const municipality = municipalityCodeOf(values.municipality ?? '');
  const { package: id = '', reason = '' } = values;
  if (!UUID.test(id) || reason.trim() === '' || reason.length > MOST_REASON) {
    process.stderr.write(
      `revoke-package: --package is an id and --reason a text of at most ${MOST_REASON} characters\n`,
    );
    return Promise.resolve(2);
  }
  return withWorker(async (deps) => {
    const tenant = { municipality, domains: null, clientId: 'operator', requestId: randomUUID() };
    const revoked = await delivery.revokeDelivered(deps, tenant, id, reason.trim());
    process.stdout.write(
      revoked === undefined
        ? 'there is no such package that is ready\n'
        : `revoked; ${revoked.deliveries} deliveries were made of it, ${revoked.replacements} take their place\n`,
    );
    return revoked === undefined ? 1 : 0;
  });
}
