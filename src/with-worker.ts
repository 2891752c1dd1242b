// What commands of the operator work with: the dependencies of a worker, opened for one command and closed after it.
import { loadConfig } from './config.ts';
import { openWorkerDeps, type WorkerDeps } from './deps.ts';
import { createLog } from './platform/log.ts';

/** Runs `run` with the configuration of the worker. @throws ConfigError; what `run` throws */
export async function withWorker(run: (deps: WorkerDeps) => Promise<number>): Promise<number> {
  const config = loadConfig('worker');
  const deps = await openWorkerDeps(config, createLog({ service: 'command', level: config.logLevel }));
  try {
    return await run(deps);
  } finally {
    await deps.close();
  }
}
