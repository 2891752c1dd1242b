// Puts transfers of files on record: a row that is committed before the first byte leaves, and one that tells the end. It decides nothing about who may have
// what, and never counts bytes itself. Many small ranges of a file become one pair of rows: the first of them opens it, in the name of the whole file.
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { codeOf } from '../../platform/error-code.ts';
import { type Tenant, type TenantTx, withTenant } from '../../platform/postgres/tenancy.ts';
import { type AuditObject, insertEntry } from './store.ts';

/** How the sending of an answer ended. */
export interface TransferEnd {
  /** Handed to the connection: the client has at most so many. */
  readonly bytes: number;
  readonly complete: boolean;
}

/** One answer. `ended` must be called once, whatever happens, or its row stays without an end. */
export interface Transfer {
  /**
   * In the transaction that let the caller see the file. Adds the row unless one is open that this answer belongs to; when it throws, nothing may leave.
   * @param sends whether bytes of the file will leave
   */
  record(tx: TenantTx, object: AuditObject, sends: boolean): Promise<void>;
  /** The transaction has committed; bytes may leave from now on. */
  committed(): void;
  ended(end: TransferEnd): void;
}

export interface TransferLog {
  /** Begins an answer about `file` (an id that no other file of the municipality has). Ranges of it that follow one another are one transfer. */
  begin(tenant: Tenant, operation: string, file: string, isRange: boolean): Transfer;
  /** Ends what is open and waits until it is written. Call it when no answer is being sent any more. */
  close(): Promise<void>;
}

export interface TransferLimits {
  /** A transfer in ranges ends when none was asked for during so long. */
  readonly quietMs: number;
  /** And after so long, or so many answers, in any case. */
  readonly longestMs: number;
  readonly mostAnswers: number;
  /** Transfers that are kept open at once; beyond it each range has rows of its own. */
  readonly mostOpen: number;
  /** Before each further try to write the end of a transfer. */
  readonly retriesMs: readonly number[];
}

const LIMITS: TransferLimits = {
  quietMs: 30_000,
  longestMs: 15 * 60_000,
  mostAnswers: 10_000,
  mostOpen: 10_000,
  retriesMs: [1_000, 5_000, 30_000],
};

/** A row that tells of a start, and what has happened since. */
interface Open {
  readonly tenant: Tenant;
  readonly operation: string;
  readonly entry: number;
  readonly since: number;
  running: number;
  answers: number;
  bytes: number;
  complete: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** @param onError is told when the end of a transfer could not be written; its first row then stays without one */
export function createTransferLog(
  pool: pg.Pool,
  onError: (error: unknown) => void,
  limits: TransferLimits = LIMITS,
): TransferLog {
  const open = new Map<string, Open>();
  /** Files that were asked about without getting any of them, for which there is a row already. */
  const asked = new LRUCache<string, true>({ max: limits.mostOpen, ttl: limits.longestMs });
  const writing = new Set<Promise<void>>();
  const closing = new AbortController();

  const join = (key: string): Open | undefined => {
    const found = open.get(key);
    if (found === undefined) return undefined;
    if (found.answers + found.running >= limits.mostAnswers || Date.now() - found.since >= limits.longestMs) {
      open.delete(key);
      if (found.running === 0) finish(found);
      return undefined;
    }
    clearTimeout(found.timer);
    found.running += 1;
    return found;
  };

  const leave = (key: string, transfer: Open): void => {
    transfer.running -= 1;
    if (transfer.running > 0) return;
    if (open.get(key) !== transfer) {
      finish(transfer);
      return;
    }
    transfer.timer = setTimeout(() => {
      open.delete(key);
      finish(transfer);
    }, limits.quietMs).unref();
  };

  function finish(transfer: Open): void {
    clearTimeout(transfer.timer);
    const written = writeEnd(pool, transfer, limits.retriesMs, closing.signal)
      .catch(onError)
      .finally(() => writing.delete(written));
    writing.add(written);
  }

  return {
    begin(tenant, operation, file, isRange) {
      const key = JSON.stringify([tenant.municipality, tenant.clientId, tenant.mandate?.id, operation, file]);
      let mine = isRange ? join(key) : undefined;
      let inserted: number | undefined;
      let isAsking = false;
      return {
        async record(tx, object, sends) {
          if (sends && mine === undefined) inserted = await insertEntry(tx, { operation, object, outcome: 'started' });
          if (!sends && !asked.has(key)) {
            await insertEntry(tx, { operation, object, outcome: 'nothing-sent' });
            isAsking = true;
          }
        },
        committed() {
          if (isAsking) asked.set(key, true);
          if (inserted === undefined) return;
          mine = {
            ...{ tenant, operation, entry: inserted, since: Date.now(), running: 1 },
            ...{ answers: 0, bytes: 0, complete: true, timer: undefined },
          };
          if (isRange && !open.has(key) && open.size < limits.mostOpen) open.set(key, mine);
        },
        ended({ bytes, complete }) {
          if (mine === undefined) return;
          mine.answers += 1;
          mine.bytes += bytes;
          mine.complete &&= complete;
          leave(key, mine);
        },
      };
    },
    async close() {
      closing.abort();
      for (const transfer of open.values()) finish(transfer);
      open.clear();
      await Promise.all(writing);
    },
  };
}

/** PostgreSQL's code for a second end of one transfer: the first try was committed, and only its answer was lost. */
const ENDED_BEFORE = '23505';

/** Tries again, because the bytes have left already; without pauses once `closing` aborts. */
async function writeEnd(
  pool: pg.Pool,
  transfer: Open,
  retriesMs: readonly number[],
  closing: AbortSignal,
): Promise<void> {
  const { tenant, operation, entry, bytes, answers, complete } = transfer;
  const end = {
    ...{ operation, object: { bytes, answers }, completes: entry },
    outcome: complete ? ('complete' as const) : ('broken-off' as const),
  };
  for (let attempt = 0; ; attempt += 1) {
    try {
      await withTenant(pool, tenant, (tx) => insertEntry(tx, end));
      return;
    } catch (error) {
      if (codeOf(error) === ENDED_BEFORE) return;
      const pause = retriesMs[attempt];
      if (pause === undefined) throw error;
      await delay(pause, undefined, { signal: closing }).catch(() => {});
    }
  }
}
