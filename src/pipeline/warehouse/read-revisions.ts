// Reads revisions for the municipality that owns them: the list, newest first, and one with its slices.
import type pg from 'pg';
import { INVALID_CURSOR } from '../../platform/http/errors.ts';
import { decodeCursor, encodeCursor, PAGE_OF_LIST } from '../../platform/http/paging.ts';
import { NOT_FOUND, Problem } from '../../platform/http/problem.ts';
import { readTime } from '../../platform/http/wire-forms.ts';
import { type Tenant, withTenant } from '../../platform/postgres/tenancy.ts';
import { type HeldSlice, readRevision } from '../../slices/index.ts';
import { findRevision, listRevisions, type Revision } from './store.ts';

const NUMBER = /^[1-9][0-9]{0,8}$/;

export interface RevisionQuery {
  readonly asOf?: string | undefined;
  readonly limit?: string | undefined;
  readonly cursor?: string | undefined;
}

/** @returns a page of revisions, newest first, and the cursor of the next page. @throws Problem `invalid-cursor` */
export async function readRevisionPage(
  pool: pg.Pool,
  tenant: Tenant,
  domain: string,
  query: RevisionQuery,
): Promise<{ readonly items: Revision[]; readonly cursor: string | null }> {
  const limit = Number(query.limit ?? PAGE_OF_LIST.items);
  const before = query.cursor === undefined ? undefined : decodeCursor(query.cursor, 1)[0];
  if (before !== undefined && !NUMBER.test(before)) throw new Problem(INVALID_CURSOR);
  const filter = {
    before: before === undefined ? undefined : Number(before),
    asOf: query.asOf === undefined ? undefined : readTime(query.asOf, 'query/asOf'),
  };
  const rows = await withTenant(pool, tenant, (tx) => listRevisions(tx, domain, filter, limit + 1), { readOnly: true });
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, cursor: rows.length > limit && last !== undefined ? encodeCursor([String(last.revision)]) : null };
}

/** @returns a revision and the slices that hold at it, without identity pairs. @throws Problem `not-found` */
export function readOneRevision(
  pool: pg.Pool,
  tenant: Tenant,
  domain: string,
  number: number,
): Promise<{ readonly revision: Revision; readonly slices: HeldSlice[] }> {
  return withTenant(
    pool,
    tenant,
    async (tx) => {
      const revision = await findRevision(tx, domain, number);
      if (revision === undefined) throw new Problem(NOT_FOUND);
      return { revision, slices: await readRevision(tx, domain, number) };
    },
    { readOnly: true, repeatableRead: true },
  );
}
