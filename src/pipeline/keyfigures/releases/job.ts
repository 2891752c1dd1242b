// The job that publishes a requested release.
import { withPublished, withSystem } from '../../../platform/postgres/tenancy.ts';
import type { JobHandler } from '../../../platform/queue/queue.ts';
import { PUBLISH_RELEASE } from '../../queues.ts';
import type { ComputeDeps } from '../formulas/compute-formulas.ts';
import { publishRelease } from './publish-release.ts';
import { findRelease, markFailed } from './store.ts';

type Payload = NonNullable<(typeof PUBLISH_RELEASE)['payload']>;

/** A release that finally cannot be published gets the state `failed`; a new one can be requested. */
export function publishJob(deps: ComputeDeps): JobHandler<Payload> {
  return {
    queue: PUBLISH_RELEASE,
    async run({ releaseId }, { jobId, signal }) {
      const release = await withPublished(deps.pool, (tx) => findRelease(tx, releaseId));
      if (release?.state === 'requested') await publishRelease(deps, release, jobId, signal);
    },
    async failed({ releaseId }) {
      await withSystem(deps.pool, 'release: failed', (tx) => markFailed(tx, releaseId));
    },
  };
}
