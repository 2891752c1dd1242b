// Reads the register of clients: one municipality's, or those that belong to none.
import type pg from 'pg';
import { decodeCursor, encodeCursor, PAGE_OF_LIST } from '../../platform/http/paging.ts';
import { NOT_FOUND, Problem } from '../../platform/http/problem.ts';
import { type Tenant, withTenant } from '../../platform/postgres/tenancy.ts';
import { type Client, findClient, listClients } from './store.ts';

/** @returns a page of clients by id, and the cursor of the next page. @throws Problem `invalid-cursor` */
export async function readClients(
  pool: pg.Pool,
  tenant: Tenant,
  cursor: string | undefined,
): Promise<{ readonly items: Client[]; readonly cursor: string | null }> {
  const after = cursor === undefined ? '' : (decodeCursor(cursor, 1)[0] ?? '');
  const rows = await withTenant(pool, tenant, (tx) => listClients(tx, after, PAGE_OF_LIST.items + 1), {
    readOnly: true,
  });
  const items = rows.slice(0, PAGE_OF_LIST.items);
  const last = items.at(-1);
  return { items, cursor: rows.length > PAGE_OF_LIST.items && last ? encodeCursor([last.clientId]) : null };
}

/** @throws Problem `not-found` */
export async function readClient(pool: pg.Pool, tenant: Tenant, clientId: string): Promise<Client> {
  const client = await withTenant(pool, tenant, (tx) => findClient(tx, clientId), { readOnly: true });
  if (client === undefined) throw new Problem(NOT_FOUND);
  return client;
}
