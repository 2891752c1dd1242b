// Finds out what is due, and asks for it to be prepared. Any number of workers may do so at once: a due day of a subscription is one row, whoever adds it.
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { appendEvent } from '../../../events/index.ts';
import { type SystemTx, type Tenant, withSystem, withTenant } from '../../../platform/postgres/tenancy.ts';
import type { JobSender } from '../../../platform/queue/queue.ts';
import { municipalityCodeOf } from '../../../platform/tenant.ts';
import { addDays, dayOf } from '../../../platform/time/local-time.ts';
import { PREPARE_DELIVERY } from '../../queues.ts';
import { listActive, termsOn } from '../subscriptions/index.ts';
import { CATCH_UP_DAYS, dueBy, firstToSchedule, LEAD_MS } from './rules.ts';
import { insertDelivery, listUnnotedLate, noteLate, readScheduledUntil, takeOverdue } from './store.ts';

export interface ScheduleDeps {
  readonly pool: pg.Pool;
  readonly jobs: JobSender;
}

/** Whoever was asked to prepare a delivery and has not done it by then is gone. Longer than the queue takes to give a job of a dead worker to another. */
const ASK_AGAIN_MS = 10 * 60_000;

/** What a look found to do. */
export interface Scheduled {
  readonly created: number;
  readonly askedAgain: number;
  readonly late: number;
}

/** One look at all subscriptions. Safe to kill and to repeat. */
export async function scheduleDeliveries(deps: ScheduleDeps, now: Date): Promise<Scheduled> {
  const { created, askedAgain } = await withSystem(deps.pool, 'deliveries that are due', async (tx) => ({
    created: await createDue(tx, deps.jobs, now),
    askedAgain: await askAgain(tx, deps.jobs, now),
  }));
  return { created, askedAgain, late: await noteAllLate(deps.pool, now) };
}

async function createDue(tx: SystemTx, jobs: JobSender, now: Date): Promise<number> {
  const today = dayOf(now);
  const earliest = addDays(today, -CATCH_UP_DAYS);
  const scheduledUntil = await readScheduledUntil(tx);
  let created = 0;
  for (const subscription of await listActive(tx, earliest, dayOf(new Date(now.getTime() + LEAD_MS)))) {
    const { municipality, subscriptionId, domain, startsOn } = subscription;
    const from = firstToSchedule(startsOn, scheduledUntil.get(subscriptionId), today);
    for (const due of dueBy((day) => termsOn(subscription, day), from, now)) {
      const id = randomUUID();
      if (!(await insertDelivery(tx, { municipality, subscriptionId, domain }, id, due, now))) continue;
      await jobs.send(tx, PREPARE_DELIVERY, id, { municipality, domain, deliveryId: id });
      created += 1;
    }
  }
  return created;
}

async function askAgain(tx: SystemTx, jobs: JobSender, now: Date): Promise<number> {
  const overdue = await takeOverdue(tx, new Date(now.getTime() - ASK_AGAIN_MS), now);
  for (const { municipality, domain, id } of overdue) {
    await jobs.send(tx, PREPARE_DELIVERY, id, { municipality, domain, deliveryId: id });
  }
  return overdue.length;
}

async function noteAllLate(pool: pg.Pool, now: Date): Promise<number> {
  const late = await withSystem(pool, 'deliveries that are late', (tx) => listUnnotedLate(tx, now));
  let noted = 0;
  for (const { municipality, id } of late) {
    await withTenant(pool, schedulerTenant(municipality), async (tx) => {
      const delivery = await noteLate(tx, id, now);
      if (delivery?.lateReason == null) return;
      const { subscriptionId: subscription, domain, dueOn, lateReason: reason } = delivery;
      await appendEvent(tx, { type: 'delivery.late', domain, data: { delivery: id, subscription, dueOn, reason } });
      noted += 1;
    });
  }
  return noted;
}

function schedulerTenant(municipality: string): Tenant {
  return { municipality: municipalityCodeOf(municipality), domains: null, clientId: 'worker', requestId: 'schedule' };
}
