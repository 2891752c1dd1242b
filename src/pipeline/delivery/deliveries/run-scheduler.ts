// Looks for what is due and for what ends, as long as the worker runs, and publishes the key that it signs with before it signs anything.
import type { Logger } from 'pino';
import { codeOf } from '../../../platform/error-code.ts';
import { earlierTime } from '../../../platform/postgres/earlier-time.ts';
import { withSystem } from '../../../platform/postgres/tenancy.ts';
import { type Day, dayOf } from '../../../platform/time/local-time.ts';
import { announceEnds } from '../subscriptions/index.ts';
import { type ScheduleDeps, scheduleDeliveries } from './schedule-deliveries.ts';
import { publicJwkOf, type StatementKey } from './sign-statement.ts';
import { insertKey } from './store-totals.ts';

export interface SchedulerDeps extends ScheduleDeps {
  readonly statementKey: StatementKey;
  readonly clock: () => Date;
  readonly log: Logger;
}

/** Deliveries are promised by the hour. */
const INTERVAL_MS = 20_000;

/** Looks now and every 20 seconds. A look that fails is repeated with the next. */
export async function startScheduler(deps: SchedulerDeps): Promise<{ stop(): Promise<void> }> {
  const jwk = await publicJwkOf(deps.statementKey);
  await withSystem(deps.pool, 'the key of manifests', (tx) => insertKey(tx, deps.statementKey.id, jwk, deps.clock()));
  let running: Promise<unknown> = Promise.resolve();
  let isRunning = false;
  let announced: Day | undefined;
  const lookNow = async () => {
    const now = await withSystem(deps.pool, 'what time it is', (tx) => earlierTime(tx, deps.clock));
    await scheduleDeliveries(deps, now);
    if (announced === dayOf(now)) return;
    await announceEnds(deps.pool, now);
    announced = dayOf(now);
  };
  const look = () => {
    if (isRunning) return;
    isRunning = true;
    running = lookNow()
      .catch((error: unknown) => deps.log.error({ code: codeOf(error) }, 'deliveries-not-scheduled'))
      .finally(() => {
        isRunning = false;
      });
  };
  look();
  const timer = setInterval(look, INTERVAL_MS);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
