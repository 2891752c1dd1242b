// Reads the prices of a day, and when the next ones begin.
import type pg from 'pg';
import { NOT_FOUND, Problem } from '../../../platform/http/problem.ts';
import { withPublished } from '../../../platform/postgres/tenancy.ts';
import { type Day, dayOf } from '../../../platform/time/local-time.ts';
import { type KeptPriceList, listBetween } from './store.ts';

/** @param on today when absent. @throws Problem `not-found` when there were no prices yet */
export async function readPriceList(
  pool: pg.Pool,
  on: Day | undefined,
): Promise<{ readonly list: KeptPriceList; readonly next: KeptPriceList | undefined }> {
  const day = on ?? dayOf(new Date());
  const [list, next] = await withPublished(pool, (tx) => listBetween(tx, day, null), { readOnly: true });
  if (list === undefined || list.validFrom > day) throw new Problem(NOT_FOUND);
  return { list, next };
}
