// What events need done while time passes: nationwide ones are given to every municipality, webhooks are sent theirs, old ones are forgotten. In the worker.
import type pg from 'pg';
import { earlierTime } from '../platform/postgres/earlier-time.ts';
import { withSystem } from '../platform/postgres/tenancy.ts';
import { distributeEvents } from './distribute-events.ts';
import { deleteOldEvents } from './store.ts';
import {
  createDelivering,
  createSender,
  type DeliverDeps,
  deleteOldAttempts,
  LONGEST,
  mendWaits,
  type SenderOptions,
} from './webhooks/index.ts';

/** Days for which events are kept, and what is known of attempts to send them. */
const KEEP_DAYS = { events: 90, attempts: 30 } as const;
const DISTRIBUTE_MS = 1000;
/** How often is looked for what is due. A notification at every commit would make all commits of the database wait for each other. */
const DELIVER_MS = 500;
const FORGET_MS = 3_600_000;
const MEND_MS = 15_000;
const DAY_MS = 24 * 3_600_000;

/** What the worker's part of events needs. */
export interface EventDeps extends DeliverDeps {
  readonly pool: pg.Pool;
  readonly clock: () => Date;
  readonly catalogue: { readonly municipalities: readonly { readonly code: string }[] };
}

/** Runs `task` now and every `interval` milliseconds, never twice at once. */
function repeat(task: () => Promise<unknown>, interval: number, onError: (error: unknown) => void) {
  let running: Promise<unknown> | undefined;
  const run = () => {
    running ??= task()
      .catch(onError)
      .finally(() => {
        running = undefined;
      });
  };
  run();
  const timer = setInterval(run, interval);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

/** Keeps events in order for as long as the worker runs. */
export function startEvents(
  deps: EventDeps,
  sending: SenderOptions,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  const { pool, catalogue, clock } = deps;
  const codes = catalogue.municipalities.map(({ code }) => code);
  const distributing = repeat(() => distributeEvents(pool, codes), DISTRIBUTE_MS, onError);
  const delivering = createDelivering(deps, createSender(sending), onError);
  const looking = repeat(() => delivering.run(), DELIVER_MS, onError);
  const forgetting = repeat(
    () =>
      withSystem(pool, 'forget old events', async (tx) => {
        const now = await earlierTime(tx, clock);
        const before = (days: number) => new Date(now.getTime() - days * DAY_MS);
        await deleteOldEvents(tx, before(KEEP_DAYS.events), now);
        await deleteOldAttempts(tx, before(KEEP_DAYS.attempts), now);
      }),
    FORGET_MS,
    onError,
  );
  const mending = repeat(
    () => withSystem(pool, 'webhooks: what waits for too long', (tx) => mendWaits(tx, LONGEST)),
    MEND_MS,
    onError,
  );
  return {
    async stop() {
      await distributing.stop();
      await forgetting.stop();
      await mending.stop();
      await looking.stop();
      await delivering.stop();
    },
  };
}
