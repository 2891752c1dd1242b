// Reads the review of a month for the municipality whose log it is; that reading is on record too. The review is worked out from the log each time:
// of a month that is over the log does not change any more, so neither does its review.
import type pg from 'pg';
import { INVALID_REQUEST } from '../../platform/http/errors.ts';
import { Problem } from '../../platform/http/problem.ts';
import { type Tenant, withTenant } from '../../platform/postgres/tenancy.ts';
import { writeAudit } from '../audit/index.ts';
import { LOOK_BACK_DAYS, listUnusualDays, type ReviewLine, sumLines, type UnusualDay } from './rules.ts';
import { findMonth, type MonthBounds, sumDays } from './store.ts';

export interface Review extends Pick<MonthBounds, 'from' | 'to' | 'isFinal'> {
  readonly month: string;
  readonly municipality: string;
  readonly lines: readonly ReviewLine[];
  readonly unusual: readonly UnusualDay[];
}

/** @param month `YYYY-MM`. @throws Problem `invalid-request` for a month that has not begun */
export function readReview(pool: pg.Pool, tenant: Tenant, month: string): Promise<Review> {
  return withTenant(pool, tenant, async (tx) => {
    const bounds = await findMonth(tx, month, LOOK_BACK_DAYS);
    if (!bounds.hasBegun) {
      const faults = [{ place: 'params/month', expected: 'a month that has begun' }];
      throw new Problem(INVALID_REQUEST, undefined, { faults });
    }
    const days = await sumDays(tx, bounds);
    const lines = sumLines(days, month);
    await writeAudit(tx, 'getAuditReview', { period: month, rows: lines.length });
    const { from, to, isFinal } = bounds;
    const { municipality } = tenant;
    return { month, municipality, from, to, isFinal, lines, unusual: listUnusualDays(days, month) };
  });
}
