// Verifies the audit logs against their blocks: every row in a sealed range, every block in storage and in the database, the chain and the signatures.
// It reads everything and changes nothing, needs no secret, and works on a live database, a restored one or a backup folder alike.
import type { KeyObject } from 'node:crypto';
import type { ObjectStorage } from '../../platform/storage/storage.ts';
import {
  BLOCK_PREFIX,
  type Block,
  blockKeyOf,
  digestRows,
  follows,
  type Head,
  NO_HEAD,
  OPERATOR_LOG,
  readBlock,
} from './rules.ts';
import { isSigned } from './sign-block.ts';
import { type BlockRow, blockRowOf, LOGS, type Log, type LogRow } from './store-blocks.ts';

/** The logs and blocks as the database or a backup has them, as of one moment. */
export interface LogSource {
  readonly asOf: Date;
  readonly blocks: readonly BlockRow[];
  /** All rows of a log, by their numbers. */
  rows(log: Log): AsyncIterable<LogRow>;
}

export interface LogFault {
  /**
   * `file-missing`, `file-damaged`, `signature`, `chain`: of a block in storage. `row-missing`, `row-differs`: of what the database says of it.
   * `foreign-file`: no block and in their place. `rows`: the rows of a log are not those that were sealed. `head`: the block that is known from elsewhere is
   * not in the chain. `unsealed`: rows wait for their seal for too long.
   */
  readonly fault:
    | 'file-missing'
    | 'file-damaged'
    | 'signature'
    | 'chain'
    | 'row-missing'
    | 'row-differs'
    | 'foreign-file'
    | 'rows'
    | 'head'
    | 'unsealed';
  readonly block: number | null;
  readonly log?: string;
  /** Rows that were sealed, and that are there. */
  readonly sealed?: number;
  readonly found?: number;
}

export interface LogReport {
  readonly faults: readonly LogFault[];
  readonly blocks: number;
  /** Rows under a seal. */
  readonly rows: number;
  /** Rows that are not sealed yet: nothing can be said of them. */
  readonly unsealed: number;
  /** The end of the chain, to be remembered elsewhere. */
  readonly head: { readonly number: number; readonly hash: string };
}

/** A sealer that works seals within a minute; a transaction may write to the log for some minutes. */
const LONGEST_UNSEALED_MS = 15 * 60_000;
const DIGITS = /\/(\d{12})\.json$/;

/** @returns the numbers of the blocks in storage, and how many other files lie in their place. Call it before the rows are read. */
export async function listBlockFiles(storage: ObjectStorage): Promise<{ numbers: Set<number>; foreign: number }> {
  const numbers = new Set<number>();
  let foreign = 0;
  for await (const { key } of storage.list(BLOCK_PREFIX)) {
    const number = Number(DIGITS.exec(key)?.[1]);
    if (blockKeyOf(number) === key && number > 0) numbers.add(number);
    else foreign += 1;
  }
  return { numbers, foreign };
}

export interface VerifyOptions {
  readonly storage: ObjectStorage;
  readonly files: Awaited<ReturnType<typeof listBlockFiles>>;
  readonly publicKeys: ReadonlyMap<string, KeyObject>;
  /** A block that is known from elsewhere: the chain must hold it. */
  readonly remembered?: { readonly number: number; readonly hash: string } | undefined;
}

/** Verifies everything there is. */
export async function verifyLog(source: LogSource, options: VerifyOptions): Promise<LogReport> {
  const faults: LogFault[] = Array.from({ length: options.files.foreign }, () => ({
    fault: 'foreign-file',
    block: null,
  }));
  const { chain, hashes, head } = await verifyChain(source, options, faults);
  const { remembered } = options;
  if (remembered !== undefined && hashes.get(remembered.number) !== remembered.hash)
    faults.push({ fault: 'head', block: remembered.number });
  let rows = 0;
  let unsealed = 0;
  for (const log of LOGS) {
    const counted = await verifyRows(source, log, chain, faults);
    rows += counted.rows;
    unsealed += counted.unsealed;
  }
  return { faults, blocks: chain.length, rows, unsealed, head };
}

/** @returns the blocks that can be read and are signed, in order. */
async function verifyChain(source: LogSource, { storage, files, publicKeys }: VerifyOptions, faults: LogFault[]) {
  const known = new Map(source.blocks.map((row) => [row.number, row]));
  const last = Math.max(0, ...known.keys(), ...files.numbers);
  const chain: Block[] = [];
  const hashes = new Map<number, string>();
  let head: Head | undefined = NO_HEAD;
  let end = { number: 0, hash: NO_HEAD.hash };
  for (const number of [...known.keys()].filter((each) => each < 1))
    faults.push({ fault: 'foreign-file', block: number });
  for (let number = 1; number <= last; number += 1) {
    const fail = (fault: LogFault['fault']) => faults.push({ fault, block: number });
    const row = known.get(number);
    if (row === undefined) fail('row-missing');
    const file = await readFile(storage, number);
    const read = file === undefined ? undefined : readBlock(file);
    const publicKey = publicKeys.get(read?.block.key ?? '');
    if (file === undefined) fail('file-missing');
    else if (read === undefined) fail('file-damaged');
    else if (publicKey === undefined || !isSigned(publicKey, read.text, read.signature)) fail('signature');
    else {
      if (head !== undefined && !follows(read.block, head)) fail('chain');
      if (row !== undefined && !isSameRow(row, blockRowOf(read.block, read.hash))) fail('row-differs');
      chain.push(read.block);
      hashes.set(number, read.hash);
      end = { number, hash: read.hash };
      head = { ...read.block, hash: read.hash };
      continue;
    }
    // What follows a block that cannot be trusted has nothing to be held against.
    head = undefined;
  }
  return { chain, hashes, head: end };
}

async function readFile(storage: ObjectStorage, number: number): Promise<Buffer | undefined> {
  const key = blockKeyOf(number);
  if ((await storage.stat(key)) === undefined) return undefined;
  return Buffer.concat(await storage.read(key).toArray());
}

function isSameRow(a: BlockRow, b: BlockRow): boolean {
  return (Object.keys(b) as (keyof BlockRow)[]).every((name) => a[name] === b[name]);
}

/** Holds the rows of a log against the blocks, in one pass over both. */
async function verifyRows(source: LogSource, log: Log, chain: readonly Block[], faults: LogFault[]) {
  const isOfLog = (name: string) => (name === OPERATOR_LOG) === (log === 'operatorEntries');
  let index = 0;
  let digests = digestRows();
  let rows = 0;
  let unsealed = 0;
  let oldest = Number.POSITIVE_INFINITY;
  const endBlock = () => {
    const block = chain[index];
    if (block === undefined) return;
    const sealed = new Map(block.parts.filter((part) => isOfLog(part.log)).map((part) => [part.log, part]));
    const found = new Map(digests.parts().map((part) => [part.log, part]));
    for (const name of new Set([...sealed.keys(), ...found.keys()])) {
      const [a, b] = [sealed.get(name), found.get(name)];
      if (a?.sha256 === b?.sha256 && a?.rows === b?.rows) rows += a?.rows ?? 0;
      else faults.push({ fault: 'rows', block: block.number, log: name, sealed: a?.rows ?? 0, found: b?.rows ?? 0 });
    }
    digests = digestRows();
    index += 1;
  };
  for await (const row of source.rows(log)) {
    for (let block = chain[index]; block !== undefined && row.entry > block[log].to; block = chain[index]) endBlock();
    const block = chain[index];
    if (block === undefined) {
      unsealed += 1;
      oldest = Math.min(oldest, timeOf(log, row));
    } else if (row.entry >= block[log].from || block.number === 1) {
      // Nothing has a number below the first block's; what does belongs to it and is found there.
      digests.add(row.log, row.line);
    }
    // Else a block before this one is missing or worthless, which was said; its rows cannot be judged.
  }
  while (index < chain.length) endBlock();
  if (source.asOf.getTime() - oldest > LONGEST_UNSEALED_MS)
    faults.push({ fault: 'unsealed', block: null, found: unsealed });
  return { rows, unsealed };
}

/** Milliseconds; the place of the time in a line is that of `ROWS` in store-blocks.ts. */
function timeOf(log: Log, { line }: LogRow): number {
  return Number((JSON.parse(line) as string[])[log === 'entries' ? 2 : 1]) * 1000;
}
