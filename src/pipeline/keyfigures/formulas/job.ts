// The job that follows a revision: computes the formulas that it can have changed.
import type { JobHandler } from '../../../platform/queue/queue.ts';
import { COMPUTE_KEY_FIGURES } from '../../queues.ts';
import { type ComputeDeps, computeFormulas } from './compute-formulas.ts';
import { workerTenant } from './make-tenant.ts';

type Payload = NonNullable<(typeof COMPUTE_KEY_FIGURES)['payload']>;

/** Nothing is recorded when it finally fails: the progress stays behind, so the next revision or release computes it again. */
export function computeJob(deps: ComputeDeps): JobHandler<Payload> {
  return {
    queue: COMPUTE_KEY_FIGURES,
    async run({ municipality, domain }, { jobId, signal }) {
      await computeFormulas(deps, workerTenant(municipality, jobId), domain, signal);
    },
    async failed() {},
  };
}
