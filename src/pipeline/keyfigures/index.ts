// The face of stage keyfigures: its routes, its jobs, and what they need.
import type { App } from '../../platform/http/app.ts';
import type { JobHandler } from '../../platform/queue/queue.ts';
import type { ComputeDeps } from './formulas/compute-formulas.ts';
import { computeJob } from './formulas/job.ts';
import { publishJob } from './releases/job.ts';
import { registerReleaseRoutes } from './releases/routes.ts';
import { registerValueRoutes, type ValueDeps } from './values/routes.ts';

export type { ComputeDeps as KeyfigureJobDeps } from './formulas/compute-formulas.ts';
export { enqueueComputations } from './formulas/enqueue-computations.ts';

/** What the routes of the stage need. */
export type KeyfigureDeps = ValueDeps & Parameters<typeof registerReleaseRoutes>[1];

/** Registers every route of the stage. */
export function registerKeyfigureRoutes(app: App, deps: KeyfigureDeps): void {
  registerReleaseRoutes(app, deps);
  registerValueRoutes(app, deps);
}

/** The stage's job handlers, for the worker. */
export function keyfigureJobs(deps: ComputeDeps): JobHandler<never>[] {
  return [computeJob(deps), publishJob(deps)] as JobHandler<never>[];
}
