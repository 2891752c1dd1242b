// Reads the calendar of a municipality: the deliveries that there are, and those that are to come under its subscriptions.
import type pg from 'pg';
import { Problem } from '../../../platform/http/problem.ts';
import { type Tenant, type TenantTx, withTenant } from '../../../platform/postgres/tenancy.ts';
import { type Day, dayOf } from '../../../platform/time/local-time.ts';
import { readScheduledUntil } from '../deliveries/store.ts';
import { listFrom } from '../subscriptions/index.ts';
import { CALENDAR_SPAN } from './errors.ts';
import { comingOf, type Entry, inOrder, type Span, spanOf } from './rules.ts';
import { listDelivered } from './store.ts';

/** One snapshot: a delivery that is created meanwhile would otherwise be there twice, or not at all. */
export const SNAPSHOT = { readOnly: true, repeatableRead: true } as const;

export interface CalendarQuery {
  readonly from?: Day;
  readonly to?: Day;
  readonly domain?: string;
}

/** @returns the days that were meant, and what is due on them, in order. @throws Problem `calendar-span` */
export async function readCalendar(
  pool: pg.Pool,
  tenant: Tenant,
  { domain, ...days }: CalendarQuery,
  now: Date,
): Promise<Span & { readonly entries: readonly Entry[] }> {
  const span = spanOf(days, dayOf(now));
  if (span === undefined) throw new Problem(CALENDAR_SPAN);
  const entries = await withTenant(pool, tenant, (tx) => listEntries(tx, span, domain, now), SNAPSHOT);
  return { ...span, entries };
}

/** @param domain undefined: of every one that the transaction may see. @returns what is due in the span, in order */
export async function listEntries(
  tx: TenantTx,
  span: Span,
  domain: string | undefined,
  now: Date,
): Promise<readonly Entry[]> {
  const scheduledUntil = await readScheduledUntil(tx);
  const delivered = await listDelivered(tx, span, domain);
  const agreed = await listFrom(tx, domain, span.from);
  const today = dayOf(now);
  const coming = agreed.flatMap((one) => comingOf(one, scheduledUntil.get(one.subscriptionId), span, today));
  return inOrder([...delivered, ...coming]);
}
