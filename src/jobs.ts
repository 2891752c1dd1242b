// Everything that the worker does: the job handlers of every stage, in the order of the road.
import type { WorkerDeps } from './deps.ts';
import { delivery, keyfigures, packages, warehouse } from './pipeline/index.ts';
import type { AnyJobHandler } from './platform/queue/queue.ts';

/** @returns one handler per queue. */
export function jobHandlers(deps: WorkerDeps): AnyJobHandler[] {
  return [
    ...warehouse.warehouseJobs(deps),
    ...keyfigures.keyfigureJobs(deps),
    ...packages.packageJobs(deps),
    delivery.deliveryJob(deps),
  ];
}
