// Asks for the computations that are due without a new revision: after formulas were added or raised, or when a job finally failed.
import type pg from 'pg';
import type { Catalogue } from '../../../domains/index.ts';
import { withSystem } from '../../../platform/postgres/tenancy.ts';
import type { JobSender } from '../../../platform/queue/queue.ts';
import { COMPUTE_KEY_FIGURES } from '../../queues.ts';
import { formulasHashOf } from './rules.ts';
import { readBehind } from './store-behind.ts';

/** Run at worker start; a job whose work is done by then costs nothing. @returns how many jobs were enqueued. */
export async function enqueueComputations(deps: {
  readonly pool: pg.Pool;
  readonly jobs: JobSender;
  readonly catalogue: Catalogue;
}): Promise<number> {
  const hashes = new Map(deps.catalogue.domains.map(({ id }) => [id, formulasHashOf(deps.catalogue.formulas(id))]));
  return withSystem(deps.pool, 'key figures: what is not computed', async (tx) => {
    const behind = await readBehind(tx, hashes);
    for (const { municipality, domain } of behind) {
      await deps.jobs.send(tx, COMPUTE_KEY_FIGURES, `${municipality}:${domain}`, { municipality, domain });
    }
    return behind.length;
  });
}
