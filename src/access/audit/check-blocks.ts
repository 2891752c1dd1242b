// fsck of the blocks that seal the audit log: what the database names against what storage holds, both ways. Whether they seal anything is said by verify-log.ts.
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { withSystem } from '../../platform/postgres/tenancy.ts';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import { BLOCK_PREFIX, blockKeyOf } from './rules.ts';
import { listBlocks } from './store-blocks.ts';

export interface BlockFault {
  readonly key: string;
  readonly fault: 'missing' | 'digest' | 'unnamed';
}

export interface BlockReport {
  readonly named: number;
  readonly bytes: number;
  readonly faults: readonly BlockFault[];
  /** Nothing under the prefix is ever swept. */
  readonly orphans: readonly string[];
  /** Younger than a day and without a row: of a sealer that was killed, or sealed after the backup; the next sealer takes them up. */
  readonly young: number;
}

const YOUNG_MS = 24 * 3600 * 1000;

/** Checks all blocks with the worker's pool. Rows are read first, so what they name must be there. */
export async function checkBlocks(deps: {
  readonly pool: pg.Pool;
  readonly storage: ObjectStorage;
}): Promise<BlockReport> {
  const rows = await withSystem(deps.pool, 'compare blocks and files', listBlocks, { readOnly: true });
  const faults: BlockFault[] = [];
  const named = new Set<string>();
  let bytes = 0;
  for (const { number, hash } of rows) {
    const key = blockKeyOf(number);
    named.add(key);
    if ((await deps.storage.stat(key)) === undefined) {
      faults.push({ key, fault: 'missing' });
      continue;
    }
    const file = Buffer.concat(await deps.storage.read(key).toArray());
    if (createHash('sha256').update(file).digest('hex') === hash) bytes += file.length;
    else faults.push({ key, fault: 'digest' });
  }
  let young = 0;
  for await (const { key, modifiedAt } of deps.storage.list(BLOCK_PREFIX)) {
    if (named.has(key)) continue;
    if (Date.now() - modifiedAt.getTime() < YOUNG_MS) young += 1;
    else faults.push({ key, fault: 'unnamed' });
  }
  return { named: named.size, bytes, faults, orphans: [], young };
}
