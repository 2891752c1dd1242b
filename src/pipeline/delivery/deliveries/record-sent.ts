// Keeps count of which bytes of a delivery were sent, ranges added up, and notes when it was all of them. A count that cannot be written is tried again; a
// process that is killed right after sending loses it, and the receiver's acknowledgement says the same.
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { writeAudit } from '../../../access/index.ts';
import { appendEvent } from '../../../events/index.ts';
import type { SentRange } from '../../../platform/http/send-file.ts';
import { type Tenant, withTenant } from '../../../platform/postgres/tenancy.ts';
import { findDelivery } from './store.ts';
import { addSent, markFetched } from './store-files.ts';

export interface SentLog {
  /** Adds what was sent of a file. Never throws. */
  add(tenant: Tenant, deliveryId: string, name: string, range: SentRange): void;
  /** Waits until all is written. Call it when nothing is being sent any more. */
  close(): Promise<void>;
}

const RETRIES_MS = [1_000, 5_000, 30_000];

/** @param onError is told when a count could not be written */
export function createSentLog(pool: pg.Pool, clock: () => Date, onError: (error: unknown) => void): SentLog {
  const writing = new Set<Promise<void>>();
  const closing = new AbortController();

  async function write(tenant: Tenant, deliveryId: string, name: string, range: SentRange): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await recordSent(pool, tenant, deliveryId, name, range, clock());
        return;
      } catch (error) {
        const pause = RETRIES_MS[attempt];
        if (pause === undefined) throw error;
        await delay(pause, undefined, { signal: closing.signal }).catch(() => {});
      }
    }
  }

  return {
    add(tenant, deliveryId, name, range) {
      const written = write(tenant, deliveryId, name, range)
        .catch(onError)
        .finally(() => writing.delete(written));
      writing.add(written);
    },
    async close() {
      closing.abort();
      await Promise.all(writing);
    },
  };
}

/** Adding the same bytes again changes nothing. */
async function recordSent(
  pool: pg.Pool,
  tenant: Tenant,
  deliveryId: string,
  name: string,
  { start, end }: SentRange,
  now: Date,
): Promise<void> {
  await withTenant(pool, tenant, async (tx) => {
    // Two files that end at once must not both find the other one missing.
    const delivery = await findDelivery(tx, deliveryId, { lock: true });
    if (delivery === undefined) return;
    await addSent(tx, deliveryId, name, start, end);
    if (await markFetched(tx, deliveryId, now)) {
      const { subscriptionId: subscription, domain, dueOn } = delivery;
      await writeAudit(tx, 'noteDeliveryFetched', { delivery: deliveryId, domain });
      await appendEvent(tx, { type: 'delivery.fetched', domain, data: { delivery: deliveryId, subscription, dueOn } });
    }
  });
}
