// Reads a municipality's access keys.
import type pg from 'pg';
import { decodeCursor, encodeCursor, PAGE_OF_LIST } from '../../platform/http/paging.ts';
import { type Tenant, withTenant } from '../../platform/postgres/tenancy.ts';
import { type AccessKey, listAccessKeys } from './store.ts';

/** @returns a page of access keys by id, and the cursor of the next page. @throws Problem `invalid-cursor` */
export async function readAccessKeys(
  pool: pg.Pool,
  tenant: Tenant,
  cursor: string | undefined,
): Promise<{ readonly items: AccessKey[]; readonly cursor: string | null }> {
  const after = cursor === undefined ? '' : (decodeCursor(cursor, 1)[0] ?? '');
  const rows = await withTenant(pool, tenant, (tx) => listAccessKeys(tx, after, PAGE_OF_LIST.items + 1), {
    readOnly: true,
  });
  const items = rows.slice(0, PAGE_OF_LIST.items);
  const last = items.at(-1);
  return { items, cursor: rows.length > PAGE_OF_LIST.items && last ? encodeCursor([last.accessKeyId]) : null };
}
