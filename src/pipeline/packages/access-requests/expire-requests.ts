// Deletes access requests whose time is over.
import type pg from 'pg';
import { withSystem } from '../../../platform/postgres/tenancy.ts';
import { deleteExpired } from './store.ts';

/** @returns how many were deleted, of every municipality. */
export function expireRequests(pool: pg.Pool): Promise<number> {
  return withSystem(pool, 'forget expired access requests', deleteExpired);
}
