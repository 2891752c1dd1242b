// What events need done while time passes: nationwide ones are given to every municipality, old ones are forgotten. In the worker.
import type pg from 'pg';
import { withSystem } from '../platform/postgres/tenancy.ts';
import { distributeEvents } from './distribute-events.ts';
import { deleteOldEvents } from './store.ts';

/** Days for which events are kept. */
export const KEEP_DAYS = 90;
const DISTRIBUTE_MS = 1000;
const FORGET_MS = 3_600_000;

/** What the worker's part of events needs. */
export interface EventDeps {
  readonly pool: pg.Pool;
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
  { pool, catalogue }: EventDeps,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  const codes = catalogue.municipalities.map(({ code }) => code);
  const distributing = repeat(() => distributeEvents(pool, codes), DISTRIBUTE_MS, onError);
  const forgetting = repeat(
    () => withSystem(pool, 'forget old events', (tx) => deleteOldEvents(tx, KEEP_DAYS)),
    FORGET_MS,
    onError,
  );
  return {
    async stop() {
      await distributing.stop();
      await forgetting.stop();
    },
  };
}
