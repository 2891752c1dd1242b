// Tidies up after intake: files that no row names because an upload was refused or cut off, and answers kept long enough.
// Only what is older than a day: an upload that is still running cannot be, so nothing that is about to get a row is taken.
import type pg from 'pg';
import { withSystem } from '../../platform/postgres/tenancy.ts';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import { forgetAnswers, namedKeys } from './store-sweep.ts';

export interface SweptIntake {
  readonly files: number;
  readonly answers: number;
}

const DAY_MS = 24 * 3600 * 1000;
const BATCH = 1000;
const REASON = 'sweep received files and remembered answers';

/** Sweeps with the worker's pool. @returns how much was taken away. */
export async function sweepIntake(deps: {
  readonly pool: pg.Pool;
  readonly storage: ObjectStorage;
}): Promise<SweptIntake> {
  const { pool, storage } = deps;
  const before = new Date(Date.now() - DAY_MS);
  let files = 0;
  const sweep = async (keys: readonly string[]) => {
    const named = await withSystem(pool, REASON, (tx) => namedKeys(tx, keys), { readOnly: true });
    const orphans = keys.filter((key) => !named.has(key));
    for (const key of orphans) await storage.delete(key);
    files += orphans.length;
  };
  const old: string[] = [];
  for await (const { key, modifiedAt } of storage.list('received/')) {
    if (modifiedAt < before) old.push(key);
    if (old.length === BATCH) await sweep(old.splice(0));
  }
  if (old.length > 0) await sweep(old);
  return { files, answers: await withSystem(pool, REASON, (tx) => forgetAnswers(tx, before)) };
}
