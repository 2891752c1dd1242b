// Starts the api or the worker in this process and tells how to stop it. The doors, the demo and the tests all start them here.
import type { Logger } from 'pino';
import { deriveBlockKey, startAccessUpkeep, startSealing } from './access/index.ts';
import { buildApp } from './app.ts';
import { refuseFaults } from './check-start.ts';
import type { Config } from './config.ts';
import { type ApiDeps, type DepsOptions, openApiDeps, openWorkerDeps, type WorkerDeps } from './deps.ts';
import { appendEvent, type SenderOptions, startEvents } from './events/index.ts';
import { jobHandlers } from './jobs.ts';
import { delivery, keyfigures, packages, warehouse } from './pipeline/index.ts';
import { REVISE } from './pipeline/queues.ts';
import { sweepTempFolders } from './platform/duckdb/duckdb.ts';
import { codeOf } from './platform/error-code.ts';
import type { App } from './platform/http/app.ts';
import { createMetrics } from './platform/http/observe.ts';
import { type MetricsListener, serveMetrics } from './platform/http/serve-metrics.ts';
import { startJobRunner } from './platform/queue/pg-boss.ts';
import { StartFaults } from './platform/start-faults.ts';

/** Milliseconds within which a stopping process has ended. */
export const STOP_DEADLINE = 30_000;
/** Running requests and jobs may go on for so long; the rest of the deadline is for closing connections. */
const DRAIN = 25_000;

export interface RunningApi {
  readonly app: App;
  readonly deps: ApiDeps;
  /** Where it listens, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Where it serves its metrics, without the path. */
  readonly metricsUrl: string;
  /** Takes no new connection, waits for running requests, then closes what it opened. */
  stop(): Promise<void>;
}

/** Looks whether it may start, opens the dependencies, builds the app and listens. @throws StartFaults; when any of it fails; nothing is left open then. */
export async function startApi(config: Config, log: Logger, options: DepsOptions = {}): Promise<RunningApi> {
  await refuseFaults(config, 'api', log, options);
  const deps = await openApiDeps(config, log, options);
  let stopping = false;
  let listener: MetricsListener | undefined;
  try {
    const app = await buildApp(deps, () => stopping);
    const { host, apiPort } = config.metrics;
    const served = await listen('FLIS_METRICS_HOST and FLIS_METRICS_PORT', () =>
      serveMetrics(deps.metrics, host, apiPort),
    );
    listener = served;
    const url = await listen('FLIS_HOST and FLIS_PORT', () =>
      app.listen({ host: config.http.host, port: config.http.port }),
    );
    return {
      app,
      deps,
      url,
      metricsUrl: served.url,
      async stop() {
        stopping = true;
        const cut = setTimeout(() => app.server.closeAllConnections(), DRAIN);
        await app.close();
        clearTimeout(cut);
        await served.stop();
        await deps.close();
      },
    };
  } catch (error) {
    await listener?.stop();
    await deps.close();
    throw error;
  }
}

/** @param settings the names of those that say where. @throws StartFaults when the system refuses the address */
async function listen<Listening>(settings: string, start: () => Promise<Listening>): Promise<Listening> {
  try {
    return await start();
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    const reason = code === 'EADDRINUSE' ? 'another process listens there' : `it is refused with ${code}`;
    throw new StartFaults([`the address of ${settings} cannot be listened on: ${reason}`]);
  }
}

export interface RunningWorker {
  readonly deps: WorkerDeps;
  /** Where it serves its metrics, without the path. */
  readonly metricsUrl: string;
  /** Fetches no new job, waits for running ones, then closes what it opened. */
  stop(): Promise<void>;
}

export interface WorkerOptions extends DepsOptions {
  /** How webhooks are sent, for whoever runs receivers of their own; configuration cannot say any of it. */
  readonly webhooks?: SenderOptions;
}

/** Looks whether it may start, opens the dependencies and starts fetching jobs. @throws StartFaults; when any of it fails; nothing is left open then. */
export async function startWorker(config: Config, log: Logger, options: WorkerOptions = {}): Promise<RunningWorker> {
  await refuseFaults(config, 'worker', log, options);
  const deps = await openWorkerDeps(config, log, options);
  const metrics = createMetrics();
  let listener: MetricsListener | undefined;
  try {
    const { host, workerPort } = config.metrics;
    const served = await listen('FLIS_METRICS_HOST and FLIS_WORKER_METRICS_PORT', () =>
      serveMetrics(metrics, host, workerPort),
    );
    listener = served;
    // A killed worker leaves temporary files, which hold person data; a new version can bring new declarations, which are noted before a slice is written.
    await sweepTempFolders(config.tempFolder);
    await delivery.recordSchemas(deps);
    await warehouse.enqueueReslices(deps);
    await keyfigures.enqueueComputations(deps);
    const accessUpkeep = await startAccessUpkeep(
      deps,
      (tx, data) => appendEvent(tx, { type: 'access-key.expiring', data }),
      (error) => log.error({ code: codeOf(error) }, 'access-not-kept'),
    );
    const events = startEvents(deps, options.webhooks ?? {}, (error) =>
      log.error({ code: codeOf(error) }, 'events-not-kept'),
    );
    const runner = await startJobRunner({
      url: config.database.directWorker ?? '',
      applicationName: 'flis-worker-jobs',
      log,
      metrics,
      handlers: jobHandlers(deps),
      // Loads are many and slow; of everything else one at a time keeps up, and memory stays bounded.
      concurrency: (queue) => (queue === REVISE.name ? config.workerJobs : 1),
    });
    const sealing = startSealing({ ...deps, key: deriveBlockKey(config.rootSecret) }, log);
    const scheduler = await delivery.startScheduler(deps);
    const expiry = packages.startExpiry(deps, (error) => log.error({ code: codeOf(error) }, 'not-expired'));
    return {
      deps,
      metricsUrl: served.url,
      async stop() {
        await sealing.stop();
        await expiry.stop();
        await scheduler.stop();
        await runner.stop(DRAIN);
        await accessUpkeep.stop();
        await events.stop();
        await served.stop();
        await deps.close();
      },
    };
  } catch (error) {
    await listener?.stop();
    await deps.close();
    throw error;
  }
}
