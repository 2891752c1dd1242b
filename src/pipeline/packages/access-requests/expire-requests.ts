// Deletes access requests whose time is over.
import type pg from 'pg';
import { earlierTime } from '../../../platform/postgres/earlier-time.ts';
import { withSystem } from '../../../platform/postgres/tenancy.ts';
import { deleteExpired } from './store.ts';

/** @returns how many were deleted, of every municipality. */
export function expireRequests(pool: pg.Pool, clock: () => Date): Promise<number> {
  return withSystem(pool, 'forget expired access requests', async (tx) =>
    deleteExpired(tx, await earlierTime(tx, clock)),
  );
}
