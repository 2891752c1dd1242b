// Reads deliveries for the municipality that they are for: the list, one with its manifest and receipt, and how punctual they were.
import type pg from 'pg';
import { writeAudit } from '../../../access/index.ts';
import { INVALID_CURSOR } from '../../../platform/http/errors.ts';
import { decodeCursor, encodeCursor, PAGE_OF_LIST } from '../../../platform/http/paging.ts';
import { NOT_FOUND, Problem } from '../../../platform/http/problem.ts';
import { type Tenant, type TenantTx, withTenant } from '../../../platform/postgres/tenancy.ts';
import { addMonthsToDay, type Day, dayOf, isDay } from '../../../platform/time/local-time.ts';
import { findFile, findPackage, type PackageFile, refuseGone } from '../../packages/index.ts';
import { DELIVERY_NOT_READY } from './errors.ts';
import {
  type Delivery,
  type DeliveryState,
  findDelivery,
  listDeliveries,
  type Punctuality,
  readPunctuality,
} from './store.ts';
import { type Acknowledgement, type DeliveryFile, findAcknowledgement, listDeliveryFiles } from './store-files.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DEFAULT_MONTHS = 12;

export interface DeliveryQuery {
  readonly domain?: string | undefined;
  readonly subscriptionId?: string | undefined;
  readonly state?: DeliveryState | undefined;
  readonly from?: Day | undefined;
  readonly to?: Day | undefined;
  readonly limit?: string | undefined;
  readonly cursor?: string | undefined;
}

function decodePlace(cursor: string | undefined): [string, string] | undefined {
  if (cursor === undefined) return undefined;
  const [day = '', id = ''] = decodeCursor(cursor, 2);
  if (!isDay(day) || !UUID.test(id)) throw new Problem(INVALID_CURSOR);
  return [day, id];
}

/** @returns a page of deliveries, the latest due day first, and the cursor of the next page. @throws Problem `invalid-cursor` */
export async function readDeliveries(
  pool: pg.Pool,
  tenant: Tenant,
  { limit: text, cursor, domain, subscriptionId, state, from, to }: DeliveryQuery,
): Promise<{ readonly items: Delivery[]; readonly cursor: string | null }> {
  const limit = Number(text ?? PAGE_OF_LIST.items);
  const after = decodePlace(cursor);
  const filter = { domain, subscriptionId, state, from, to };
  const rows = await withTenant(pool, tenant, (tx) => listDeliveries(tx, filter, after, limit + 1), { readOnly: true });
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, cursor: more ? encodeCursor([last.dueOn, last.id]) : null };
}

/** A delivery with what belongs to it. */
export interface WholeDelivery {
  readonly delivery: Delivery;
  readonly files: readonly DeliveryFile[];
  readonly acknowledgement: Acknowledgement | undefined;
}

/** @throws Problem `not-found` */
export function readDelivery(pool: pg.Pool, tenant: Tenant, id: string): Promise<WholeDelivery> {
  return withTenant(pool, tenant, async (tx) => {
    const delivery = await findDelivery(tx, id);
    if (delivery === undefined) throw new Problem(NOT_FOUND);
    await writeAudit(tx, 'getDelivery', { delivery: id, domain: delivery.domain });
    return { delivery, files: await listDeliveryFiles(tx, id), acknowledgement: await findAcknowledgement(tx, id) };
  });
}

/** @returns the package that a file of a delivery is to be sent from. @throws Problem `not-found`, `delivery-not-ready` */
export function findPackageOfFile(pool: pg.Pool, tenant: Tenant, id: string, name: string): Promise<string> {
  return withTenant(pool, tenant, async (tx) => (await findHolder(tx, id, name)).packageId, { readOnly: true });
}

async function findHolder(tx: TenantTx, id: string, name: string): Promise<Delivery & { readonly packageId: string }> {
  const delivery = await findDelivery(tx, id);
  if (delivery === undefined) throw new Problem(NOT_FOUND);
  const { readyAt, packageId } = delivery;
  if (readyAt === null || packageId === null) throw new Problem(DELIVERY_NOT_READY);
  const files = await listDeliveryFiles(tx, id);
  if (!files.some((file) => file.name === name)) throw new Problem(NOT_FOUND);
  return { ...delivery, packageId };
}

/** @returns the file as it was assembled. @throws Problem `not-found`, `delivery-not-ready`, `package-revoked`, `package-expired` */
export function readAssembly(pool: pg.Pool, tenant: Tenant, id: string, name: string): Promise<PackageFile> {
  return withTenant(pool, tenant, async (tx) => {
    const { packageId, domain } = await findHolder(tx, id, name);
    const [made, file] = [await findPackage(tx, packageId), await findFile(tx, packageId, name, [])];
    if (made === undefined || file === undefined) throw new Problem(NOT_FOUND);
    refuseGone(made);
    await writeAudit(tx, 'getDeliveryFileSegments', { delivery: id, domain, file: name });
    return file;
  });
}

/** @returns by domain and month; without days, of the last twelve months. */
export function readHistory(
  pool: pg.Pool,
  tenant: Tenant,
  { from, to }: { readonly from?: Day | undefined; readonly to?: Day | undefined },
  now: Date,
): Promise<Punctuality[]> {
  const until = to ?? dayOf(now);
  const since = from ?? addMonthsToDay(until, -DEFAULT_MONTHS);
  return withTenant(pool, tenant, (tx) => readPunctuality(tx, since, until, now), { readOnly: true });
}
