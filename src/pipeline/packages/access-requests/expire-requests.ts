// Deletes access requests whose time is over, as long as the worker runs. Readers do not see them from the moment they expire; this is so that nothing
// stays in the database either.
import type pg from 'pg';
import { withSystem } from '../../../platform/postgres/tenancy.ts';
import { deleteExpired } from './store.ts';

const INTERVAL_MS = 3_600_000;

/** @returns how many were deleted, of every municipality. */
export function expireRequests(pool: pg.Pool): Promise<number> {
  return withSystem(pool, 'forget expired access requests', deleteExpired);
}

/** Deletes now and every hour. */
export function startExpiry(pool: pg.Pool, onError: (error: unknown) => void): { stop(): Promise<void> } {
  let running: Promise<unknown> = Promise.resolve();
  const run = () => {
    running = expireRequests(pool).catch(onError);
  };
  run();
  const timer = setInterval(run, INTERVAL_MS);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
