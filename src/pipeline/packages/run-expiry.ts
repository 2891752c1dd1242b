// Ends what is kept for a time, as long as the worker runs: packages whose files are fetched no more, and access requests. Readers see that a request has
// expired from that moment on; this is so that nothing stays in the database either.
import type pg from 'pg';
import { earlierTime } from '../../platform/postgres/earlier-time.ts';
import { withSystem } from '../../platform/postgres/tenancy.ts';
import { expireRequests } from './access-requests/expire-requests.ts';
import { expirePackages } from './store.ts';

const INTERVAL_MS = 3_600_000;

export interface ExpiryDeps {
  readonly pool: pg.Pool;
  readonly clock: () => Date;
}

/** Ends now and every hour what is over. */
export function startExpiry({ pool, clock }: ExpiryDeps, onError: (error: unknown) => void): { stop(): Promise<void> } {
  let running: Promise<unknown> = Promise.resolve();
  const run = () => {
    running = Promise.all([
      expireRequests(pool, clock),
      withSystem(pool, 'packages whose time is over', async (tx) => expirePackages(tx, await earlierTime(tx, clock))),
    ]).catch(onError);
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
