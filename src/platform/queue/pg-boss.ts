// The queue on PostgreSQL (pg-boss): a sender that joins the caller's transaction, and a runner for the worker.
// A finally failed job is told to its handler and removed, because in a strict queue it would block its key for ever.
import { type JobWithMetadata, PgBoss, type Queue } from 'pg-boss';
import { Histogram, type Registry } from 'prom-client';
import { isNoRoom } from '../error-code.ts';
import type { Tx } from '../postgres/tenancy.ts';
import { mendTimes } from './mend-times.ts';
import type { AnyJobHandler, JobContext, JobHandler, JobSender, QueueDeclaration } from './queue.ts';

const SCHEMA = 'pgboss';
/** With pg-boss's defaults a killed worker's job waits 45 s and more; with these, 11 s (measured). */
const HEARTBEAT_SECONDS = 10;
const SUPERVISE_SECONDS = 5;

/**
 * An attempt that died with its worker (killed, out of memory, cut off when stopping) says nothing about the job: it does not count as one that threw.
 * Yet a job that kills every worker must come to an end: a job has so many attempts besides those that may throw, some twelve minutes of dying.
 */
const LOST_ATTEMPTS = 10;
/** A job that finds no room on a disk waits for it, however long: that is no fault of the job's, and nobody need start it again when there is room. */
const ONE_MORE_ATTEMPT = `update ${SCHEMA}.job set retry_limit = retry_limit + 1 where name = $1 and id = $2`;
/**
 * Seconds before the next attempt: 1 to 2 at first, doubled each time. Half of it is chance, so that a job that kills its worker
 * does not meet the same neighbours again and again.
 */
const RETRY = { retryDelay: 1, retryBackoff: true, retryDelayMax: 60 } as const;
/** The handler of a stuck job is told to end first; only one that does not listen is cut off by the queue. */
const GRACE_SECONDS = 60;
/** A job waits for as long as it takes; the queue would forget it after two weeks. Sixty years, as an integer of PostgreSQL holds no century. */
const WAITING_SECONDS = 60 * 365 * 24 * 3600;

/** Seconds that attempts take: a package that is there already a few milliseconds, a large load minutes. */
const BUCKETS = [0.05, 0.25, 1, 5, 15, 60, 300, 1800];

/** What to say of things that go on in the background: an event name and ids, never a payload or a library's text. */
export interface QueueLog {
  info(fields: Record<string, unknown>, event: string): void;
  error(fields: Record<string, unknown>, event: string): void;
}

/** pg-boss's settings for a declared queue, for `migrate`. */
export function queueSettings(declaration: QueueDeclaration<object>): Queue {
  return {
    name: declaration.name,
    policy: 'key_strict_fifo',
    retryLimit: declaration.retryLimit + LOST_ATTEMPTS,
    ...RETRY,
    expireInSeconds: declaration.expireInSeconds + GRACE_SECONDS,
    heartbeatSeconds: HEARTBEAT_SECONDS,
    retentionSeconds: WAITING_SECONDS,
    deleteAfterSeconds: 24 * 3600,
    notify: true,
  };
}

interface BossOptions {
  /** A direct connection (not through a transaction pooler): LISTEN needs a session of its own. */
  readonly url: string;
  readonly applicationName: string;
  readonly log: QueueLog;
}

function createBoss(options: BossOptions, worker: boolean): PgBoss {
  const boss = new PgBoss({
    connectionString: options.url,
    application_name: options.applicationName,
    schema: SCHEMA,
    migrate: false,
    createSchema: false,
    schedule: false,
    supervise: worker,
    superviseIntervalSeconds: SUPERVISE_SECONDS,
    monitorIntervalSeconds: SUPERVISE_SECONDS,
    useListenNotify: worker,
    max: worker ? 6 : 2,
  });
  boss.on('error', (error) => options.log.error({ code: codeOf(error) }, 'queue-error'));
  return boss;
}

/** An error's class for the log: its SQLSTATE or name, never its text (PostgreSQL's details print values). */
function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return String(code ?? name ?? 'unknown');
}

/** Starts a sender. Sending uses the caller's transaction only. */
export async function startJobSender(options: BossOptions): Promise<JobSender & { stop(): Promise<void> }> {
  const boss = createBoss(options, false);
  await boss.start();
  return {
    async send<Payload extends object>(tx: Tx, queue: QueueDeclaration<Payload>, key: string, payload: Payload) {
      const db = { executeSql: async (text: string, values?: unknown[]) => ({ rows: await tx.query(text, values) }) };
      const id = await boss.send(queue.name, payload, { singletonKey: key, db });
      if (id === null) throw new Error(`job for queue ${queue.name} was not enqueued`);
    },
    stop: () => boss.stop({ graceful: false }),
  };
}

export interface JobRunner {
  /** Stops fetching, waits up to `timeout` ms for running jobs, then aborts their signals. */
  stop(timeout: number): Promise<void>;
}

/** Starts fetching jobs for `handlers`; `concurrency(queue)` says how many of a queue run at once in this process. */
export async function startJobRunner(
  options: BossOptions & {
    readonly handlers: readonly AnyJobHandler[];
    readonly concurrency: (queue: string) => number;
    readonly metrics: Registry;
  },
): Promise<JobRunner> {
  const boss = createBoss(options, true);
  await boss.start();
  const watch = { log: options.log, durations: measureAttempts(options.metrics) };
  for (const handler of options.handlers as readonly JobHandler<object>[]) {
    for (let slot = 0; slot < options.concurrency(handler.queue.name); slot += 1) await startSlot(boss, handler, watch);
  }
  const sweeper = setInterval(() => {
    void sweepFailed(boss, options.handlers as readonly JobHandler<object>[], options.log);
    mendTimes(boss, SCHEMA).catch((error) => options.log.error({ code: codeOf(error) }, 'queue-error'));
  }, SUPERVISE_SECONDS * 1000);
  return {
    async stop(timeout) {
      clearInterval(sweeper);
      await boss.stop({ graceful: true, timeout });
    },
  };
}

/** What operators see of attempts. */
interface Watch {
  readonly log: QueueLog;
  readonly durations: Histogram<'queue' | 'outcome'>;
}

function measureAttempts(metrics: Registry): Watch['durations'] {
  return new Histogram({
    name: 'flis_job_seconds',
    help: 'Time that an attempt at a job took, in seconds, by queue and by whether it was done or threw.',
    labelNames: ['queue', 'outcome'],
    buckets: BUCKETS,
    registers: [metrics],
  });
}

async function startSlot(boss: PgBoss, handler: JobHandler<object>, watch: Watch): Promise<void> {
  const options = {
    includeMetadata: true,
    batchSize: 1,
    pollingIntervalSeconds: 0.5,
    notifyPollingIntervalSeconds: 2,
  } as const;
  const worker = await boss.work<object, void, typeof options>(handler.queue.name, options, async ([job]) => {
    if (job === undefined) return;
    try {
      await runJob(boss, handler, job, watch);
    } finally {
      // Fetch again at once: between jobs pg-boss would wait out its polling interval (measured: 0.5 s a job).
      boss.notifyWorker(worker);
    }
  });
}

/** What the queue keeps of an attempt that threw: how many have in a row, and never the error itself, whose text may print values. */
class AttemptThrew extends Error {
  readonly threw: number;
  readonly code: string;

  constructor(threw: number, error: unknown) {
    super('the handler threw');
    this.threw = threw;
    this.code = codeOf(error);
  }
}

/** Attempts that threw since the first one or since a worker died; a lost attempt leaves another output. */
function threwBefore({ output }: JobWithMetadata<object>): number {
  return (output as Partial<AttemptThrew> | null)?.threw ?? 0;
}

async function runJob(
  boss: PgBoss,
  handler: JobHandler<object>,
  job: JobWithMetadata<object>,
  { log, durations }: Watch,
): Promise<void> {
  const { name, retryLimit, expireInSeconds } = handler.queue;
  const threw = threwBefore(job) + 1;
  const context: JobContext = {
    jobId: job.id,
    attempt: job.retryCount + 1,
    lastAttempt: threw > retryLimit || job.retryCount >= job.retryLimit,
    signal: AbortSignal.any([job.signal, AbortSignal.timeout(expireInSeconds * 1000)]),
  };
  const fields = { queue: name, key: job.singletonKey, attempt: context.attempt };
  const measure = durations.startTimer({ queue: name });
  try {
    await handler.run(job.data, context);
    measure({ outcome: 'done' });
    log.info(fields, 'job-done');
  } catch (error) {
    measure({ outcome: 'threw' });
    log.error({ ...fields, code: codeOf(error) }, 'job-threw');
    // The worker is stopping, or the job is somebody else's by now: the queue has taken it back, and what is thrown here changes nothing.
    if (job.signal.aborted) throw new AttemptThrew(threw - 1, error);
    if (isNoRoom(error)) {
      await boss.getDb().executeSql(ONE_MORE_ATTEMPT, [name, job.id]);
      throw new AttemptThrew(threw - 1, error);
    }
    if (!context.lastAttempt) throw new AttemptThrew(threw, error);
    await handler.failed(job.data, error);
  }
}

/** Jobs whose last attempt died with its worker: nobody was left to tell the handler. */
async function sweepFailed(boss: PgBoss, handlers: readonly JobHandler<object>[], log: QueueLog): Promise<void> {
  for (const handler of handlers) {
    try {
      for (const key of await boss.getBlockedKeys(handler.queue.name)) {
        const jobs = await boss.findJobs<object>(handler.queue.name, { key });
        for (const job of jobs.filter(({ state }) => state === 'failed')) {
          await handler.failed(job.data, new Error('the worker died in the last attempt'));
          await boss.deleteJob(handler.queue.name, job.id);
          log.error({ queue: handler.queue.name, key, code: 'worker-died' }, 'job-failed');
        }
      }
    } catch (error) {
      log.error({ queue: handler.queue.name, code: codeOf(error) }, 'queue-error');
    }
  }
}
