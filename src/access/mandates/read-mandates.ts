// Reads mandates, as either side sees them: a municipality those on its data, a vendor its own.
import type pg from 'pg';
import { INVALID_CURSOR } from '../../platform/http/errors.ts';
import { decodeCursor, encodeCursor } from '../../platform/http/paging.ts';
import { NOT_FOUND, Problem } from '../../platform/http/problem.ts';
import { type ClientTx, type TenantTx, withClient, withTenant } from '../../platform/postgres/tenancy.ts';
import type { Party } from './manage-mandates.ts';
import type { MandateStatus } from './rules.ts';
import { findMandate, listMandates, type Mandate } from './store.ts';

const PAGE_SIZE = 100;
const MICROSECONDS = /^[0-9]{1,16}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function decodePlace(cursor: string | undefined): [string, string] | undefined {
  if (cursor === undefined) return undefined;
  const [time = '', id = ''] = decodeCursor(cursor, 2);
  if (!MICROSECONDS.test(time) || !UUID.test(id)) throw new Problem(INVALID_CURSOR);
  return [time, id];
}

function reading<T>(pool: pg.Pool, party: Party, read: (tx: TenantTx | ClientTx) => Promise<T>): Promise<T> {
  return party.side === 'municipality'
    ? withTenant(pool, party.tenant, read, { readOnly: true })
    : withClient(pool, party.client, read, { readOnly: true });
}

/** @returns a page of mandates, newest first, and the cursor of the next page. @throws Problem `invalid-cursor` */
export async function readMandates(
  pool: pg.Pool,
  party: Party,
  { status, cursor }: { readonly status?: MandateStatus | undefined; readonly cursor?: string | undefined },
): Promise<{ readonly items: Mandate[]; readonly cursor: string | null }> {
  const after = decodePlace(cursor);
  const rows = await reading(pool, party, (tx) => listMandates(tx, status, after, PAGE_SIZE + 1));
  const items = rows.slice(0, PAGE_SIZE);
  const last = items.at(-1);
  return { items, cursor: rows.length > PAGE_SIZE && last ? encodeCursor([last.position, last.mandateId]) : null };
}

/** @throws Problem `not-found` */
export async function readMandate(pool: pg.Pool, party: Party, mandateId: string): Promise<Mandate> {
  const mandate = await reading(pool, party, (tx) => findMandate(tx, mandateId));
  if (mandate === undefined) throw new Problem(NOT_FOUND);
  return mandate;
}
