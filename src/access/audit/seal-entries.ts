// Seals the audit logs: closed ranges of both become blocks, each linked to the one before, signed, and written create-only to storage. One chain for
// all municipalities and the operator: one head to remember, one order of everything, a block a minute instead of 98, and nobody's log can be cut short
// alone. A municipality's rows have a digest of their own in each block. It never changes a row and never takes a block back.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { codeOf } from '../../platform/error-code.ts';
import { type SystemTx, withSystem } from '../../platform/postgres/tenancy.ts';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import { type Block, blockFile, blockKeyOf, blockText, digestRows, follows, type Head, readBlock } from './rules.ts';
import { type BlockKey, isSigned, signText } from './sign-block.ts';
import {
  findHead,
  findRangeEnd,
  insertBlock,
  LOGS,
  listWriters,
  lockSealing,
  type Marks,
  readMarks,
  readRows,
} from './store-blocks.ts';

export interface SealDeps {
  readonly pool: pg.Pool;
  readonly storage: ObjectStorage;
  readonly key: BlockKey;
}

export interface SealOptions {
  /** Nothing is sealed while the newest block is younger: any number of workers then make no more blocks than one. */
  readonly minimumAgeMs?: number;
  readonly mostRows?: number;
  readonly signal?: AbortSignal;
}

/** A block that was made, and the digest that whoever remembers it can hold against the chain. */
export interface SealedBlock {
  readonly number: number;
  readonly hash: string;
}

const REASON = 'seal the audit log';
/** Rows of each log in a block at most: a backlog becomes several blocks. */
const MOST_ROWS = 50_000;

/** What lies where the next block must be written is not the block that follows: somebody put it there. */
export class ForeignBlock extends Error {
  readonly code = 'audit-block-foreign';
}

/** Seals what is closed now; waits for the transactions that may still add to it. @returns the blocks that it made */
export async function sealEntries(deps: SealDeps, options: SealOptions = {}): Promise<SealedBlock[]> {
  const { minimumAgeMs = 0, mostRows = MOST_ROWS, signal } = options;
  const marks = await readClosedMarks(deps.pool, signal);
  const made: SealedBlock[] = [];
  for (let age = minimumAgeMs; ; age = 0) {
    const block = await withSystem(deps.pool, REASON, (tx) => sealNext(tx, deps, marks, age, mostRows));
    if (block === undefined) return made;
    made.push(block);
  }
}

/**
 * Rows become visible in another order than that of their numbers: a number below one that can be seen may belong to a transaction that has not ended.
 * So the numbers up to the highest visible one are closed when all transactions have ended that were writing when it was seen.
 */
async function readClosedMarks(pool: pg.Pool, signal: AbortSignal | undefined): Promise<Marks> {
  const marks = await withSystem(pool, REASON, readMarks);
  let writers = await withSystem(pool, REASON, listWriters);
  for (let pause = 10; writers.length > 0; pause = Math.min(2 * pause, 500)) {
    await delay(pause, undefined, signal === undefined ? {} : { signal });
    const running = new Set(await withSystem(pool, REASON, listWriters));
    writers = writers.filter((writer) => running.has(writer));
  }
  return marks;
}

async function sealNext(
  tx: SystemTx,
  deps: SealDeps,
  marks: Marks,
  minimumAgeMs: number,
  mostRows: number,
): Promise<SealedBlock | undefined> {
  await lockSealing(tx);
  const { head: known, ageMs } = await findHead(tx);
  // One from a time to come was sealed while a clock ran ahead: how old it is, nobody knows.
  if (ageMs >= 0 && ageMs < minimumAgeMs) return undefined;
  const head = await adoptBlocks(tx, deps, known);
  const to = {
    entries: await findRangeEnd(tx, 'entries', head.entries.to, marks.entries, mostRows),
    operatorEntries: await findRangeEnd(
      tx,
      'operatorEntries',
      head.operatorEntries.to,
      marks.operatorEntries,
      mostRows,
    ),
  };
  if (LOGS.every((log) => to[log] === head[log].to)) return undefined;
  const digests = digestRows();
  for (const log of LOGS) {
    for await (const row of readRows(tx, log, { after: head[log].to, to: to[log] })) digests.add(row.log, row.line);
  }
  const block: Block = {
    ...{ format: 1, number: head.number + 1, previous: head.hash },
    ...{ sealedAt: new Date().toISOString(), key: deps.key.id },
    entries: { from: head.entries.to + 1, to: to.entries },
    operatorEntries: { from: head.operatorEntries.to + 1, to: to.operatorEntries },
    parts: digests.parts(),
  };
  const text = blockText(block);
  const file = blockFile(text, signText(deps.key, text));
  const hash = createHash('sha256').update(file).digest('hex');
  // The file first: a row never names what is not there. A file without a row is taken up by the next sealer.
  const stored = await deps.storage.put(blockKeyOf(block.number), Readable.from([file]));
  if (stored.sha256 !== hash) throw new ForeignBlock('another block has this number');
  await insertBlock(tx, block, hash);
  return { number: block.number, hash };
}

/**
 * Takes up the blocks that storage has and the database has not: of a sealer that was killed between the two, or sealed after the backup that was restored.
 * @returns the end of the chain then
 */
async function adoptBlocks(tx: SystemTx, { storage, key }: SealDeps, known: Head): Promise<Head> {
  let head = known;
  for (;;) {
    const storageKey = blockKeyOf(head.number + 1);
    if ((await storage.stat(storageKey)) === undefined) return head;
    const read = readBlock(Buffer.concat(await storage.read(storageKey).toArray()));
    if (read === undefined || !follows(read.block, head) || !isSigned(key.publicKey, read.text, read.signature)) {
      throw new ForeignBlock('what lies in the place of the next block does not follow');
    }
    await insertBlock(tx, read.block, read.hash);
    head = { ...read.block, hash: read.hash };
  }
}

/** What to say of sealing that goes on in the background. */
export interface SealLog {
  info(fields: Record<string, unknown>, event: string): void;
  error(fields: Record<string, unknown>, event: string): void;
}

/** Between two runs: with the least age of a block, an entry waits for its seal 50 s at most, unless a transaction that wrote to the log goes on. */
const INTERVAL_MS = 25_000;
const MINIMUM_AGE_MS = 20_000;

/** Seals again and again, until it is stopped. The log line of each block holds its digest: kept elsewhere, it shows when the end of a chain is cut off. */
export function startSealing(deps: SealDeps, log: SealLog): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const run = async () => {
    while (!signal.aborted) {
      try {
        for (const { number, hash } of await sealEntries(deps, { minimumAgeMs: MINIMUM_AGE_MS, signal }))
          log.info({ block: number, digest: hash }, 'audit-sealed');
      } catch (error) {
        if (!signal.aborted) log.error({ code: codeOf(error) }, 'audit-not-sealed');
      }
      await delay(INTERVAL_MS, undefined, { signal }).catch(() => {});
    }
  };
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
