// fsck of received files, slices and differences: compares what rows name with what storage holds, both ways, and every byte with its digest.
// It reads everything and changes nothing. Files of packages are a later stage's.
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { withSystem } from '../../platform/postgres/tenancy.ts';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import { type ReceivedFileSecrets, readReceivedFile } from '../intake/index.ts';
import { listNamedObjects, listOwners, type NamedObject } from './store-storage.ts';

/** What is wrong with what a row names. */
export interface StorageFault {
  readonly key: string;
  /** `missing`: no such object. `bytes`: another size. `digest`: other bytes. `unreadable`: cannot be read or decrypted. `unnamed`: a package reads what no slice names. */
  readonly fault: 'missing' | 'bytes' | 'digest' | 'unreadable' | 'unnamed';
}

export interface StorageReport {
  /** Objects that rows name. */
  readonly named: number;
  /** Bytes that were read and digested. */
  readonly bytes: number;
  readonly faults: readonly StorageFault[];
  /** Objects older than a day that no row names; the sweep takes them away. */
  readonly orphans: readonly string[];
  /** Objects younger than a day that no row names: work in progress, or what a killed job left. */
  readonly young: number;
}

/** Below this age an object may be about to get its row. */
export const ORPHAN_AGE_MS = 24 * 3600 * 1000;
const PREFIXES = ['slices/', 'identity/', 'diffs/', 'received/'] as const;
const REASON = 'compare rows and files';

export interface CheckStorageDeps {
  readonly pool: pg.Pool;
  readonly storage: ObjectStorage;
  readonly secrets: ReceivedFileSecrets;
}

/**
 * Checks all municipalities; run with the worker's role. Rows are read first, so whatever they name must be there, while objects that
 * appear meanwhile count as young.
 */
export async function checkStorage(deps: CheckStorageDeps): Promise<StorageReport> {
  const faults: StorageFault[] = [];
  const known = new Set<string>();
  let bytes = 0;
  const owners = await withSystem(deps.pool, REASON, listOwners, { readOnly: true });
  for (const municipality of owners) {
    const objects = await withSystem(deps.pool, REASON, (tx) => listNamedObjects(tx, municipality), { readOnly: true });
    for (const object of objects) {
      known.add(object.key);
      const fault = await checkObject(deps, object);
      if (fault === undefined) bytes += object.bytes;
      else faults.push({ key: object.key, fault });
    }
  }
  return { named: known.size, bytes, faults, ...(await findOrphans(deps.storage, PREFIXES, known)) };
}

async function checkObject(deps: CheckStorageDeps, object: NamedObject): Promise<StorageFault['fault'] | undefined> {
  const stat = await deps.storage.stat(object.key);
  if (stat === undefined) return 'missing';
  const { key, encrypted } = object;
  if (encrypted === 'none' && stat.bytes !== object.bytes) return 'bytes';
  const file = {
    municipality: object.municipality,
    storageKey: key,
    bytes: object.bytes,
    encrypted,
    compression: 'none',
  } as const;
  const stream = encrypted === 'none' ? deps.storage.read(key) : readReceivedFile(deps.storage, deps.secrets, file);
  const digest = await digestOf(stream).catch(() => undefined);
  if (digest === undefined) return 'unreadable';
  if (digest.bytes !== object.bytes) return 'bytes';
  return digest.sha256 === object.sha256 ? undefined : 'digest';
}

async function digestOf(stream: AsyncIterable<Buffer>): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** @returns the objects under `prefixes` that are not in `known`: those older than a day, and how many are younger. */
export async function findOrphans(
  storage: ObjectStorage,
  prefixes: readonly string[],
  known: ReadonlySet<string>,
): Promise<Pick<StorageReport, 'orphans' | 'young'>> {
  const orphans: string[] = [];
  let young = 0;
  const before = Date.now() - ORPHAN_AGE_MS;
  for (const prefix of prefixes) {
    for await (const { key, modifiedAt } of storage.list(prefix)) {
      if (known.has(key)) continue;
      if (modifiedAt.getTime() < before) orphans.push(key);
      else young += 1;
    }
  }
  return { orphans: orphans.sort(), young };
}
