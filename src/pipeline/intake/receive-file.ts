// Takes one table's file into an open source delivery: checks, streams to storage, then makes it visible with one row.
// No database connection is held while bytes flow; an upload that is cut off or refused, or whose sender loses the right to it on the way, leaves nothing
// that anyone can see.
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type pg from 'pg';
import { holdRights, type Watched, writeAudit } from '../../access/index.ts';
import type { Table } from '../../domains/definition.ts';
import type { Catalogue } from '../../domains/index.ts';
import { NOT_FOUND, Problem } from '../../platform/http/problem.ts';
import { type Tenant, type TenantTx, withTenant } from '../../platform/postgres/tenancy.ts';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import { DELIVERY_NOT_OPEN, SPAN_CUTS_PERIOD, TABLE_NOT_DELIVERABLE } from './errors.ts';
import { type Inspected, inspectUpload } from './inspect-upload.ts';
import { encryptReceivedFile, type ReceivedFileSecrets } from './open-received-file.ts';
import type { Upload } from './read-upload.ts';
import { refuseOtherSource } from './refuse-other-source.ts';
import { deliverableTables, expectedColumns, holdsPersons, spanInstead } from './rules.ts';
import { findDelivery, putFile, type SourceDelivery, type SourceFile } from './store.ts';

export interface ReceiveFileDeps {
  readonly pool: pg.Pool;
  readonly storage: ObjectStorage;
  readonly catalogue: Catalogue;
  readonly secrets: ReceivedFileSecrets;
  readonly limits: { readonly maxFileBytes: number };
}

/** A file on its way in. */
export interface ReceiveFileRequest {
  readonly deliveryId: string;
  readonly table: string;
  readonly upload: Upload;
  readonly body: Readable;
  /** Whoever sends it, since before it was verified that it may. */
  readonly watched: Watched;
}

async function openDelivery(tx: TenantTx, id: string, lock: boolean): Promise<SourceDelivery> {
  const delivery = await findDelivery(tx, id, { lock });
  if (delivery === undefined) throw new Problem(NOT_FOUND);
  if (delivery.state !== 'open') throw new Problem(DELIVERY_NOT_OPEN, undefined, { state: delivery.state });
  return delivery;
}

function tableOf(catalogue: Catalogue, delivery: SourceDelivery, name: string): Table {
  const domain = catalogue.domain(delivery.domain);
  const tables = domain === undefined ? [] : deliverableTables(domain, delivery.sourceSystem);
  const table = domain?.tables.find((candidate) => candidate.name === name);
  if (table === undefined || !tables.includes(name)) throw new Problem(TABLE_NOT_DELIVERABLE, undefined, { tables });
  return table;
}

function refuseCutPeriod({ kind, periodFrom, periodTo }: SourceDelivery, table: Table): void {
  const instead = kind === 'total' ? spanInstead(table, { from: periodFrom, to: periodTo }) : undefined;
  if (instead === undefined) return;
  throw new Problem(SPAN_CUTS_PERIOD, undefined, { periodFrom: instead.from, periodTo: instead.to });
}

/**
 * Receives the file of `table`; a second one takes the place of the first.
 * @returns the file's row, and whether there was one before. @throws Problem for everything that the sender can put right.
 */
export async function receiveFile(
  deps: ReceiveFileDeps,
  tenant: Tenant,
  request: ReceiveFileRequest,
): Promise<{ readonly file: SourceFile; readonly created: boolean }> {
  const { pool, catalogue } = deps;
  const { upload } = request;
  const delivery = await withTenant(pool, tenant, async (tx) => {
    const found = await openDelivery(tx, request.deliveryId, false);
    refuseCutPeriod(found, tableOf(catalogue, found, request.table));
    await refuseOtherSource(tx, found, [request.table]);
    return found;
  });
  const table = tableOf(catalogue, delivery, request.table);
  const storageKey = `received/municipality=${tenant.municipality}/${delivery.id}/${table.name}-${randomUUID()}`;
  const facts = await storeBytes(deps, tenant, { delivery, table, storageKey }, request);
  return keepFile(deps, tenant, request, {
    ...facts,
    table: table.name,
    storageKey,
    encrypted: holdsPersons(table) ? 'aes-256-gcm' : 'none',
    compression: upload.compression,
    announcedRows: upload.announcedRows,
  });
}

async function storeBytes(
  deps: ReceiveFileDeps,
  tenant: Tenant,
  target: { readonly delivery: SourceDelivery; readonly table: Table; readonly storageKey: string },
  { upload, body, watched: { signal } }: ReceiveFileRequest,
): Promise<Inspected> {
  const { delivery, table, storageKey } = target;
  const columns = expectedColumns(table, delivery.kind);
  const inspection = inspectUpload(body, {
    ...{ ...upload, columns, maxBytes: deps.limits.maxFileBytes, signal },
  });
  const bytes = holdsPersons(table)
    ? encryptReceivedFile(deps.secrets, tenant.municipality, storageKey, inspection.bytes)
    : inspection.bytes;
  await deps.storage.put(storageKey, bytes);
  return inspection.facts();
}

async function keepFile(
  deps: ReceiveFileDeps,
  tenant: Tenant,
  { deliveryId, watched }: ReceiveFileRequest,
  file: Parameters<typeof putFile>[2],
): Promise<{ readonly file: SourceFile; readonly created: boolean }> {
  try {
    const kept = await withTenant(deps.pool, tenant, async (tx) => {
      await openDelivery(tx, deliveryId, true);
      await holdRights(tx, watched);
      const { table, bytes, sha256 } = file;
      await writeAudit(tx, 'putSourceFile', { sourceDelivery: deliveryId, table, bytes, sha256 });
      return putFile(tx, deliveryId, file);
    });
    // No row names the first file any more; should deleting fail, the sweep takes it.
    if (kept.replaced !== undefined) await deps.storage.delete(kept.replaced).catch(() => {});
    return { file: kept.file, created: kept.replaced === undefined };
  } catch (error) {
    // A refusal is certain to have rolled back. After any other error the commit may have happened: leave the bytes to the sweep.
    if (error instanceof Problem) await deps.storage.delete(file.storageKey).catch(() => {});
    throw error;
  }
}
