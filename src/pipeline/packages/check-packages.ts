// fsck of packages: what each ready package promises against what a download of it would send, byte for byte, and stored files that no row names.
// It reads everything and changes nothing.
import type pg from 'pg';
import { withSystem } from '../../platform/postgres/tenancy.ts';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import { digestParts, lengthOfPart, WrongBytes } from '../../slices/index.ts';
import { findOrphans, type StorageFault, type StorageReport } from '../warehouse/index.ts';
import { ARCHIVE, CSV_SUFFIX, storageKey } from './rules.ts';
import { type CheckedPackage, listAllPackages, listUnnamedParts, readCheckedPackage } from './store-storage.ts';

export interface CheckPackagesDeps {
  readonly pool: pg.Pool;
  readonly storage: ObjectStorage;
}

type CheckedFile = CheckedPackage['files'][number];

const REASON = 'compare packages and files';

/**
 * Checks all municipalities; run with the worker's role. A file of a package has a fault under the key that it would have as an object of its own.
 * Segments that packages share are read once a file: they are slices' and differences', whose own digests the warehouse checks.
 */
export async function checkPackages(deps: CheckPackagesDeps): Promise<StorageReport> {
  const faults: StorageFault[] = [];
  const known = new Set<string>();
  let bytes = 0;
  for (const { municipality, id } of await withSystem(deps.pool, REASON, listAllPackages, { readOnly: true })) {
    const { checked, unnamed } = await withSystem(
      deps.pool,
      REASON,
      async (tx) => ({
        checked: await readCheckedPackage(tx, municipality, id),
        unnamed: await listUnnamedParts(tx, municipality, id),
      }),
      { readOnly: true, repeatableRead: true },
    );
    if (checked === undefined) continue;
    const keyOf = (name: string) => storageKey(municipality, id, name);
    faults.push(...unnamed.map((key) => ({ key, fault: 'unnamed' }) as const));
    for (const { name, fault } of compareManifest(checked)) faults.push({ key: keyOf(name), fault });
    if (checked.state === 'expired') continue;
    for (const file of checked.files) {
      for (const part of file.parts) if ('key' in part && part.key.startsWith('packages/')) known.add(part.key);
      const fault = await checkFile(deps.storage, file);
      if (fault === undefined) bytes += file.bytes;
      else faults.push({ key: keyOf(file.name), fault });
    }
  }
  return { named: known.size, bytes, faults, ...(await findOrphans(deps.storage, ['packages/'], known)) };
}

/** A package that was ever ready has the files of its manifest with their digests; another has none. */
function compareManifest({ state, manifest, files }: CheckedPackage): { name: string; fault: StorageFault['fault'] }[] {
  if (state === 'building' || state === 'failed' || manifest === null)
    return files.map(({ name }) => ({ name, fault: 'unnamed' }));
  const rows = new Map(files.map((file) => [file.name, file]));
  const promised = manifest.resources.map(({ name, bytes, hash }) => ({ name: `${name}${CSV_SUFFIX}`, bytes, hash }));
  return [...promised, { name: ARCHIVE, ...manifest.archive }].flatMap(({ name, bytes, hash }) => {
    const fault = faultOf(rows.get(name), bytes, hash);
    return fault === undefined ? [] : [{ name, fault }];
  });
}

function faultOf(row: CheckedFile | undefined, bytes: number, hash: unknown): StorageFault['fault'] | undefined {
  if (row === undefined) return 'missing';
  if (row.bytes !== bytes) return 'bytes';
  return `sha256:${row.sha256}` === hash ? undefined : 'digest';
}

async function checkFile(
  storage: ObjectStorage,
  { bytes, sha256, parts }: CheckedFile,
): Promise<StorageFault['fault'] | undefined> {
  for (const part of parts) {
    if (!('key' in part)) continue;
    const stat = await storage.stat(part.key);
    if (stat === undefined) return 'missing';
    // Every part is a whole object: more bytes than are read are as wrong as fewer.
    if (stat.bytes !== part.end + 1) return 'bytes';
  }
  if (parts.reduce((sum, part) => sum + lengthOfPart(part), 0) !== bytes) return 'bytes';
  return digestParts(storage, parts).then(
    (digest) => (digest === sha256 ? undefined : 'digest'),
    (error) => (error instanceof WrongBytes ? 'digest' : 'unreadable'),
  );
}
