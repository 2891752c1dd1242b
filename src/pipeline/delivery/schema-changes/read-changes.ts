// Reads announced changes of tables for everybody: a page of them, or one.
import type pg from 'pg';
import { INVALID_CURSOR } from '../../../platform/http/errors.ts';
import { decodeCursor, encodeCursor, PAGE_OF_LIST } from '../../../platform/http/paging.ts';
import { NOT_FOUND, Problem } from '../../../platform/http/problem.ts';
import { withPublished } from '../../../platform/postgres/tenancy.ts';
import { type Day, isDay } from '../../../platform/time/local-time.ts';
import type { SchemaChange } from './rules.ts';
import { type ChangeFilter, findChange, listChanges } from './store.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface ChangeQuery extends ChangeFilter {
  readonly limit?: string | undefined;
  readonly cursor?: string | undefined;
}

function decodePlace(cursor: string | undefined): [Day, string] | null {
  if (cursor === undefined) return null;
  const [day = '', id = ''] = decodeCursor(cursor, 2);
  if (!isDay(day) || !UUID.test(id)) throw new Problem(INVALID_CURSOR);
  return [day, id];
}

/** @returns a page of changes, the latest day first, and the cursor of the next page. @throws Problem `invalid-cursor` */
export async function readChanges(
  pool: pg.Pool,
  { limit: text, cursor, ...filter }: ChangeQuery,
): Promise<{ readonly items: SchemaChange[]; readonly cursor: string | null }> {
  const limit = Number(text ?? PAGE_OF_LIST.items);
  const after = decodePlace(cursor);
  const rows = await withPublished(pool, (tx) => listChanges(tx, filter, after, limit + 1), { readOnly: true });
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, cursor: more ? encodeCursor([last.effectiveOn, last.id]) : null };
}

/** @throws Problem `not-found` */
export async function readChange(pool: pg.Pool, id: string): Promise<SchemaChange> {
  const change = await withPublished(pool, (tx) => findChange(tx, id), { readOnly: true });
  if (change === undefined) throw new Problem(NOT_FOUND);
  return change;
}
