// Reads a municipality's events after a number. What is read is on record; asking in vain is not, for a poll every few seconds would bury the log.
import type pg from 'pg';
import { writeAudit } from '../access/index.ts';
import { INVALID_REQUEST } from '../platform/http/errors.ts';
import { PAGE_OF_LIST } from '../platform/http/paging.ts';
import { Problem } from '../platform/http/problem.ts';
import { type Tenant, withTenant } from '../platform/postgres/tenancy.ts';
import { EVENTS_GONE } from './errors.ts';
import { listEvents, type NumberedEvent, readReach } from './store.ts';
import { isEventType } from './types.ts';

export interface EventQuery {
  readonly after?: string | undefined;
  readonly types?: string | undefined;
  readonly limit?: string | undefined;
}

/** A page of events, the number to go on after, and whether more is there already. */
export interface EventPage {
  readonly items: readonly NumberedEvent[];
  readonly after: number;
  readonly hasMore: boolean;
}

/** @throws Problem `events-gone`; `invalid-request` for a type or a number that does not exist */
export async function readEvents(pool: pg.Pool, tenant: Tenant, query: EventQuery): Promise<EventPage> {
  const types = query.types?.split(',') ?? null;
  if (types?.some((type) => !isEventType(type))) throw invalid('types', 'types of events with commas in between');
  const limit = Number(query.limit ?? PAGE_OF_LIST.items);
  return withTenant(
    pool,
    tenant,
    async (tx) => {
      const { last, goneUntil } = await readReach(tx);
      const after = query.after === undefined ? goneUntil : Number(query.after);
      if (after < goneUntil) throw new Problem(EVENTS_GONE, undefined, { after: goneUntil });
      if (after > last) throw invalid('after', 'a number that was given out');
      const rows = await listEvents(tx, after, types, limit + 1);
      const items = rows.slice(0, limit);
      if (items.length > 0) await writeAudit(tx, 'listEvents', { rows: items.length, after });
      // One snapshot: no event up to `last` can turn up later, so who was shown all of what is theirs goes on from there.
      const hasMore = rows.length > limit;
      return { items, after: hasMore ? (items.at(-1)?.sequence ?? after) : last, hasMore };
    },
    { repeatableRead: true },
  );
}

function invalid(parameter: string, expected: string): Problem {
  return new Problem(INVALID_REQUEST, undefined, { faults: [{ place: `query/${parameter}`, expected }] });
}
