// Reads the audit log for the municipality whose log it is; that reading is on record too.
import type pg from 'pg';
import { INVALID_CURSOR } from '../../platform/http/errors.ts';
import { decodeCursor, encodeCursor, PAGE_OF_LIST } from '../../platform/http/paging.ts';
import { Problem } from '../../platform/http/problem.ts';
import { readTime } from '../../platform/http/wire-forms.ts';
import { type Tenant, withTenant } from '../../platform/postgres/tenancy.ts';
import { type AuditEntry, listEntries, writeAudit } from './store.ts';

export interface EntryQuery {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly client?: string | undefined;
  readonly operation?: string | undefined;
  readonly domain?: string | undefined;
  readonly limit?: string | undefined;
  readonly cursor?: string | undefined;
}

const NUMBER = /^[1-9][0-9]{0,15}$/;

/** @returns a page of entries, newest first, and the cursor of the next one. @throws Problem `invalid-cursor`, `invalid-request` */
export async function readEntries(
  pool: pg.Pool,
  tenant: Tenant,
  query: EntryQuery,
): Promise<{ readonly items: readonly AuditEntry[]; readonly cursor: string | null }> {
  const { client, operation, domain } = query;
  const limit = Number(query.limit ?? PAGE_OF_LIST.items);
  const before = query.cursor === undefined ? undefined : numberFrom(query.cursor);
  const from = query.from === undefined ? undefined : readTime(query.from, 'query/from');
  const to = query.to === undefined ? undefined : readTime(query.to, 'query/to');
  const rows = await withTenant(pool, tenant, async (tx) => {
    // Read first: a page does not show the reading of it.
    const found = await listEntries(tx, { from, to, client, operation, domain }, before, limit + 1);
    await writeAudit(tx, 'listAuditLog', { rows: Math.min(found.length, limit) });
    return found;
  });
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, cursor: rows.length > limit && last !== undefined ? encodeCursor([String(last.entry)]) : null };
}

function numberFrom(cursor: string): number {
  const [number = ''] = decodeCursor(cursor, 1);
  if (!NUMBER.test(number)) throw new Problem(INVALID_CURSOR);
  return Number(number);
}
