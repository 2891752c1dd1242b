// Jobs: one thing that happens next, enqueued in the transaction of the change that calls for it. Payloads hold ids only.
import type { Tx } from '../postgres/tenancy.ts';

/** A declared queue. Jobs with the same key run one at a time, in order of arrival. */
export interface QueueDeclaration<Payload extends object> {
  readonly name: string;
  /** Seconds after which a job counts as stuck although its heartbeat goes on: its signal aborts. */
  readonly expireInSeconds: number;
  /** How many times a job is tried again when its handler throws. Attempts that died with their worker, or found no room on a disk, are not counted among these. */
  readonly retryLimit: number;
  /** Only for the compiler: the payload's type. */
  readonly payload?: Payload;
}

/** Sends jobs inside a transaction of the caller. */
export interface JobSender {
  /** Enqueues a job of `queue` under `key` (e.g. municipality and domain); it becomes visible with the caller's commit. */
  send<Payload extends object>(
    tx: Tx,
    queue: QueueDeclaration<Payload>,
    key: string,
    payload: NoInfer<Payload>,
  ): Promise<void>;
}

/** What a job handler is given. `signal` aborts when the worker stops, the job was taken away or is stuck; a handler must then not publish. */
export interface JobContext {
  readonly jobId: string;
  readonly attempt: number;
  readonly lastAttempt: boolean;
  readonly signal: AbortSignal;
}

/** A handler of one queue, registered by the worker. `failed` runs when the last attempt threw: it records the failure where users see it. */
export interface JobHandler<Payload extends object> {
  readonly queue: QueueDeclaration<Payload>;
  run(payload: Payload, context: JobContext): Promise<void>;
  failed(payload: Payload, error: unknown): Promise<void>;
}

/** A handler of whatever payload, for lists of handlers. */
export interface AnyJobHandler {
  readonly queue: QueueDeclaration<object>;
  run(payload: never, context: JobContext): Promise<void>;
  failed(payload: never, error: unknown): Promise<void>;
}
