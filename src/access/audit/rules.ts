// What a block is, byte by byte: how rows become a digest, how a block is written, read and linked to the one before. No database, no storage, no key.
import { createHash, type Hash } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';

/** The rows of one log in a block: a municipality's, or the operator's. */
export const OPERATOR_LOG = 'operator';
/** In place of the hash of a block before the first. */
export const NO_BLOCK = '0'.repeat(64);
/** Everything under it is a block; nothing there is ever deleted. */
export const BLOCK_PREFIX = 'audit/';

const digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
const count = Type.Integer({ minimum: 0 });
const closed = { additionalProperties: false };
/** Both ends inclusive; `to` is `from` − 1 when there is nothing in it. */
const range = Type.Object({ from: count, to: count }, closed);

const blockSchema = Type.Object(
  {
    format: Type.Literal(1),
    number: Type.Integer({ minimum: 1 }),
    previous: digest,
    sealedAt: Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' }),
    key: Type.String({ pattern: '^audit-[1-9][0-9]*$' }),
    entries: range,
    operatorEntries: range,
    parts: Type.Array(
      Type.Object({ log: Type.String({ pattern: '^([0-9]{3}|operator)$' }), rows: count, sha256: digest }, closed),
    ),
  },
  closed,
);

/** A block. All rows of a log in the block's range are digested in the order of their numbers. */
export type Block = Static<typeof blockSchema>;

export type NumberRange = Block['entries'];

/** How far a chain has come: what its next block follows. */
export type Head = Pick<Block, 'number' | 'entries' | 'operatorEntries'> & { readonly hash: string };

/** Before the first block. */
export const NO_HEAD: Head = {
  number: 0,
  hash: NO_BLOCK,
  entries: { from: 0, to: 0 },
  operatorEntries: { from: 0, to: 0 },
};

/** Where block `number` lies in storage: a thousand to a folder. */
export function blockKeyOf(number: number): string {
  const digits = String(number).padStart(12, '0');
  return `${BLOCK_PREFIX}blocks=${digits.slice(0, 9)}/${digits}.json`;
}

/** @returns the text that is signed: one line of JSON, its members in this order. */
export function blockText({ format, number, previous, sealedAt, key, entries, operatorEntries, parts }: Block): string {
  const rangeOf = ({ from, to }: NumberRange) => ({ from, to });
  return JSON.stringify({
    ...{ format, number, previous, sealedAt, key },
    ...{ entries: rangeOf(entries), operatorEntries: rangeOf(operatorEntries) },
    parts: parts.map(({ log, rows, sha256 }) => ({ log, rows, sha256 })),
  });
}

/** @returns the file of a block: the text and its signature, a line each. */
export function blockFile(text: string, signature: string): Buffer {
  return Buffer.from(`${text}\n${signature}\n`);
}

export interface ReadBlock {
  readonly block: Block;
  readonly text: string;
  readonly signature: string;
  readonly hash: string;
}

/** @returns what is in the file of a block, or undefined when it is not one, to the byte. The signature is not verified here. */
export function readBlock(file: Buffer): ReadBlock | undefined {
  const [text = '', signature = ''] = file.toString().split('\n');
  if (!blockFile(text, signature).equals(file)) return undefined;
  try {
    const block: unknown = JSON.parse(text);
    if (!Value.Check(blockSchema, block) || blockText(block) !== text) return undefined;
    return { block, text, signature, hash: createHash('sha256').update(file).digest('hex') };
  } catch {
    return undefined;
  }
}

/** Whether `block` goes on where `head` ends: the next number, the hash, and both ranges without gap or overlap. */
export function follows(block: Block, head: Head): boolean {
  const goesOn = (before: NumberRange, { from, to }: NumberRange) => from === before.to + 1 && to >= before.to;
  return (
    block.number === head.number + 1 &&
    block.previous === head.hash &&
    goesOn(head.entries, block.entries) &&
    goesOn(head.operatorEntries, block.operatorEntries)
  );
}

/** Digests the rows of each log, a line each, in the order in which they come. */
export interface RowDigests {
  add(log: string, line: string): void;
  /** By log, in binary order. */
  parts(): Block['parts'];
}

export function digestRows(): RowDigests {
  const logs = new Map<string, { rows: number; hash: Hash }>();
  return {
    add(log, line) {
      const digests = logs.get(log) ?? { rows: 0, hash: createHash('sha256') };
      logs.set(log, digests);
      digests.rows += 1;
      digests.hash.update(`${line}\n`);
    },
    parts: () =>
      [...logs]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([log, { rows, hash }]) => ({ log, rows, sha256: hash.copy().digest('hex') })),
  };
}
