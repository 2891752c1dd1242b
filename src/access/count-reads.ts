// Counts reads of released values per client and minute. A read costs an addition in memory; PostgreSQL hears of it once a minute and when the
// process stops. A process that is killed loses at most its last minute. Reads of a municipality's own data are not counted but audited one by one.
import type pg from 'pg';
import { withPublished } from '../platform/postgres/tenancy.ts';
import type { Principal } from './principal.ts';
import { insertReads } from './store.ts';

export interface ReadCounter {
  /** @param object a key figure, or a release that is read as a whole */
  count(reader: Pick<Principal, 'clientId' | 'municipality'>, object: string): void;
  /** Writes down what was counted so far; what cannot be written is kept for the next time. Never throws. */
  flush(): Promise<void>;
}

const MINUTE = 60_000;

/** @param onError is told when the counts could not be written down */
export function createReadCounter(pool: pg.Pool, onError: (error: unknown) => void): ReadCounter {
  /** By `client municipality object`, none of which has a space in it. */
  let counts = new Map<string, { reads: number }>();
  /** The same by the reader itself: joining and hashing texts at each read costs more than the addition. */
  let known = new WeakMap<object, Map<string, { reads: number }>>();
  let began = 0;
  let timer: NodeJS.Timeout | undefined;

  const add = (key: string, reads: number): { reads: number } => {
    if (timer === undefined) {
      began = Date.now();
      timer = setTimeout(flush, MINUTE - (began % MINUTE)).unref();
    }
    const count = counts.get(key) ?? { reads: 0 };
    count.reads += reads;
    counts.set(key, count);
    return count;
  };

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const taken = counts;
    counts = new Map();
    known = new WeakMap();
    if (taken.size === 0) return;
    const rows = [...taken].map(([key, { reads }]) => {
      const [clientId = '', reader = '', object = ''] = key.split(' ');
      return { clientId, reader: reader === '' ? null : reader, object, reads };
    });
    const minute = new Date(began - (began % MINUTE));
    await withPublished(pool, (tx) => insertReads(tx, minute, rows)).catch((error: unknown) => {
      for (const [key, { reads }] of taken) add(key, reads);
      onError(error);
    });
  }

  return {
    count(reader, object) {
      const ofReader = known.get(reader);
      const count = ofReader?.get(object);
      if (count !== undefined) {
        count.reads += 1;
        return;
      }
      const added = add(`${reader.clientId} ${reader.municipality ?? ''} ${object}`, 1);
      known.set(reader, (ofReader ?? new Map()).set(object, added));
    },
    flush,
  };
}
