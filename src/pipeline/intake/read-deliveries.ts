// Reads source deliveries and findings for the municipality that owns them; pages end with a cursor, or null on the last.
import type pg from 'pg';
import { writeAudit } from '../../access/index.ts';
import type { Severity } from '../../domains/definition.ts';
import { INVALID_CURSOR } from '../../platform/http/errors.ts';
import { decodeCursor, encodeCursor, PAGE_OF_LIST } from '../../platform/http/paging.ts';
import { NOT_FOUND, Problem } from '../../platform/http/problem.ts';
import { type Tenant, type TenantTx, withTenant } from '../../platform/postgres/tenancy.ts';
import {
  type DeliveryFilter,
  findDelivery,
  listDeliveries,
  listFiles,
  type SourceDelivery,
  type SourceFile,
} from './store.ts';
import { countFindings, type Finding, type FindingCount, listFindings } from './store-findings.ts';

/** A page of rows and the cursor of the next one. */
export interface Read<Row> {
  readonly items: readonly Row[];
  readonly cursor: string | null;
}

type Paging = { readonly limit?: string | undefined; readonly cursor?: string | undefined };
type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

const SNAPSHOT = { readOnly: true, repeatableRead: true };
const MICROSECONDS = /^[0-9]{1,16}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NUMBER = /^[0-9]{1,9}$/;

/** Reads one row more than the page holds, to know whether there is a next one. */
function cutPage<Row>(rows: readonly Row[], limit: number, keyOf: (row: Row) => string[]): Read<Row> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, cursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null };
}

function decodeKey(cursor: string | undefined, ...patterns: readonly RegExp[]): string[] | undefined {
  if (cursor === undefined) return undefined;
  const values = decodeCursor(cursor, patterns.length);
  if (!patterns.every((pattern, index) => pattern.test(values[index] ?? ''))) throw new Problem(INVALID_CURSOR);
  return values;
}

/** @returns deliveries, newest first. */
export async function readDeliveries(
  pool: pg.Pool,
  tenant: Tenant,
  query: Optional<DeliveryFilter> & Paging,
): Promise<Read<SourceDelivery>> {
  const limit = Number(query.limit ?? PAGE_OF_LIST.items);
  const after = decodeKey(query.cursor, MICROSECONDS, UUID) as [string, string] | undefined;
  const { domain, kind, state, from, to } = query;
  const rows = await withTenant(
    pool,
    tenant,
    (tx) => listDeliveries(tx, { domain, kind, state, from, to }, after, limit + 1),
    { readOnly: true },
  );
  return cutPage(rows, limit, (row) => [row.cursor, row.id]);
}

async function mustFind(tx: TenantTx, id: string): Promise<SourceDelivery> {
  const delivery = await findDelivery(tx, id);
  if (delivery === undefined) throw new Problem(NOT_FOUND);
  return delivery;
}

/** @returns a delivery with its files and counts, as of one moment. @throws Problem `not-found`. */
export function readDelivery(
  pool: pg.Pool,
  tenant: Tenant,
  id: string,
): Promise<{ delivery: SourceDelivery; files: SourceFile[]; counts: FindingCount[] }> {
  return withTenant(
    pool,
    tenant,
    async (tx) => ({
      delivery: await mustFind(tx, id),
      files: await listFiles(tx, id),
      counts: await countFindings(tx, id),
    }),
    SNAPSHOT,
  );
}

/** @returns findings in the order found; the reading is audited, because findings point at rows of raw data. @throws Problem `not-found`. */
export async function readFindings(
  pool: pg.Pool,
  tenant: Tenant,
  id: string,
  query: { readonly severity?: Severity; readonly rule?: string; readonly table?: string } & Paging,
): Promise<Read<Finding>> {
  const limit = Number(query.limit ?? PAGE_OF_LIST.items);
  const after = Number(decodeKey(query.cursor, NUMBER)?.[0] ?? 0);
  const { severity, rule, table } = query;
  const rows = await withTenant(pool, tenant, async (tx) => {
    await mustFind(tx, id);
    await writeAudit(tx, 'listFindings', { sourceDelivery: id });
    return listFindings(tx, id, { severity, rule, table }, after, limit + 1);
  });
  return cutPage(rows, limit, (row) => [String(row.number)]);
}
