// A thousand ways to tamper with a sealed audit log, for its test: each changes the database (in a transaction that is rolled back) or a copy of storage.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { Readable } from 'node:stream';
import type pg from 'pg';
import { type Block, blockFile, blockKeyOf, blockText, digestRows, readBlock } from '../../src/access/audit/rules.ts';
import { type BlockKey, signText } from '../../src/access/audit/sign-block.ts';
import { LOGS, readRows } from '../../src/access/audit/store-blocks.ts';
import type { ObjectStorage } from '../../src/platform/storage/storage.ts';

/** Files of storage in memory; of its interface only what verification reads. */
export type Files = Map<string, Buffer>;

export function storageOf(files: Files): ObjectStorage {
  const readable: Pick<ObjectStorage, 'stat' | 'read' | 'list'> = {
    stat: async (key) => (files.has(key) ? { bytes: files.get(key)?.length ?? 0 } : undefined),
    read: (key) => Readable.from([files.get(key) ?? Buffer.alloc(0)]),
    async *list(prefix) {
      for (const [key, file] of files)
        if (key.startsWith(prefix)) yield { key, bytes: file.length, modifiedAt: new Date() };
    },
  };
  return readable as ObjectStorage;
}

/** @returns numbers from 0 up to 1 that are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Bench {
  readonly client: pg.ClientBase;
  readonly files: Files;
  readonly blocks: number;
  readonly random: () => number;
}

/** Does one thing. @returns what it did, in words */
export type Tampering = (bench: Bench) => Promise<string>;

const TABLES = ['audit_entry', 'operator_audit_entry'] as const;
const COLUMNS: Record<(typeof TABLES)[number] | 'audit_block', readonly string[]> = {
  audit_entry: [
    ...['municipality_code', 'entry', 'at', 'client_id', 'request_id', 'operation', 'object', 'mandate_id', 'purpose'],
    ...['outcome', 'completes'],
  ],
  operator_audit_entry: ['entry', 'at', 'client_id', 'request_id', 'operation', 'object'],
  audit_block: [
    ...[
      'number',
      'previous',
      'hash',
      'sealed_at',
      'entry_from',
      'entry_to',
      'operator_entry_from',
      'operator_entry_to',
    ],
  ],
};

const pick = <T>({ random }: Pick<Bench, 'random'>, from: readonly T[]): T =>
  from[Math.floor(random() * from.length)] as T;

/** Another value for a column, as SQL over the old one; some leave it as long, or as equal to the eye, as it was. */
function otherValue(bench: Bench, column: string): string {
  const time = [
    `${column} + interval '1 microsecond'`,
    `${column} - interval '3 days'`,
    "'infinity'",
    `'0044-03-15 BC'`,
  ];
  const changes: Record<string, readonly string[]> = {
    ...{ at: time, sealed_at: time },
    municipality_code: [`case ${column} when '615' then '791' else '615' end`, "''", `${column} || ' '`],
    object: [
      `${column} || '{"bytes": 1}'`,
      `${column} - 'domain' - 'release'`,
      `replace(${column}::text, '": 7', '": 7.0')::jsonb || '{"z": null}'`,
      `'[]'`,
    ],
    mandate_id: [`case when ${column} is null then gen_random_uuid() end`],
    purpose: [`case when ${column} is null then '' end`],
    completes: [`case when ${column} is null then -entry end`],
    outcome: [`case ${column} when 'done' then 'nothing-sent' else 'done' end`],
    entry: [`-${column}`, `${column} + 5000000`, `${column} - 100000`],
    number: [`-${column}`, `${column} + 1000`],
  };
  const numbers = [`${column} + 1`, `${column} - 1`, `${column} * 2 + 3`];
  const texts = [`${column} || 'x'`, `translate(${column}, 'e0a1', 'ae10') || ''`, `upper(${column}) || ' '`, "''"];
  return pick(bench, changes[column] ?? (/^(operator_)?entry_/.test(column) ? numbers : texts));
}

async function run({ client }: Bench, text: string, values: unknown[] = []): Promise<number> {
  return (await client.query(text, values)).rowCount ?? 0;
}

async function someRow(bench: Bench, table: string): Promise<string> {
  const { rows } = await bench.client.query(`select ctid::text as id from ${table} order by entry offset $1 limit 1`, [
    Math.floor(bench.random() * (table === 'audit_entry' ? 100 : 16)),
  ]);
  return rows[0].id;
}

async function editRow(bench: Bench): Promise<string> {
  const table = bench.random() < 0.8 ? 'audit_entry' : 'operator_audit_entry';
  for (;;) {
    const column = pick(bench, COLUMNS[table]);
    const value = otherValue(bench, column);
    const changed = await run(
      bench,
      `update ${table} set ${column} = ${value} where ctid = $1 and ${column}::text is distinct from (${value})::text`,
      [await someRow(bench, table)],
    );
    if (changed === 1) return `${table}.${column} = ${value}`;
  }
}

async function deleteRows(bench: Bench): Promise<string> {
  const table = pick(bench, TABLES);
  const gone = await run(bench, `delete from ${table} where ctid = $1`, [await someRow(bench, table)]);
  return `${gone} of ${table}`;
}

/** A row more, under a free number below a seal or beside another municipality's under the same number. */
async function insertRow(bench: Bench): Promise<string> {
  const columns = COLUMNS.audit_entry.filter(
    (column) => column !== 'entry' && column !== 'municipality_code' && column !== 'completes',
  );
  const [entry, code] = pick(bench, [
    ['entry', `case municipality_code when '615' then '791' else '615' end`],
    ['0', 'municipality_code'],
    ['-9223372036854775808', 'municipality_code'],
    ['(select max(entry) - 1 from audit_entry)', "'147'"],
  ]);
  await run(
    bench,
    `insert into audit_entry (entry, municipality_code, ${columns}) overriding system value
     select ${entry}, ${code}, ${columns} from audit_entry where ctid = $1`,
    [await someRow(bench, 'audit_entry')],
  );
  return `${entry} ${code}`;
}

/** Two rows exchange their numbers, or all that stands under them. */
async function swapRows(bench: Bench): Promise<string> {
  const table = pick(bench, TABLES);
  const [a, b] = [await someRow(bench, table), await someRow(bench, table)];
  const { rows } = await bench.client.query(`select entry from ${table} where ctid = any ($1) order by entry`, [
    [a, b],
  ]);
  const [first, second] = rows;
  if (second === undefined) return swapRows(bench);
  await run(bench, `update ${table} set entry = -1 - entry where entry = any ($1)`, [[first.entry, second.entry]]);
  await run(
    bench,
    `update ${table} set entry = case entry when -1 - $1::bigint then $2::bigint else $1::bigint end where entry < 0`,
    [first.entry, second.entry],
  );
  return `${table} ${first.entry} ${second.entry}`;
}

async function truncateRows(bench: Bench): Promise<string> {
  const table = pick(bench, TABLES);
  const count = 1 + Math.floor(bench.random() * 12);
  await run(
    bench,
    `delete from ${table} where entry in (select entry from ${table} order by entry desc limit ${count})`,
  );
  return `${count} of ${table}`;
}

/** The newest blocks, in the database and in storage, and mostly the rows that they seal: only a block that is known from elsewhere tells. */
async function truncateAll(bench: Bench): Promise<string> {
  const from = bench.blocks - Math.floor(bench.random() * 3);
  const { rows } = await bench.client.query(
    'select entry_from, operator_entry_from from audit_block where number = $1',
    [from],
  );
  const isLeavingRows = bench.random() < 0.3;
  if (!isLeavingRows) {
    await run(bench, 'delete from audit_entry where entry >= $1', [rows[0].entry_from]);
    await run(bench, 'delete from operator_audit_entry where entry >= $1', [rows[0].operator_entry_from]);
  }
  await run(bench, 'delete from audit_block where number >= $1', [from]);
  for (let number = from; number <= bench.blocks; number += 1) bench.files.delete(blockKeyOf(number));
  return `from block ${from}${isLeavingRows ? ', the rows left' : ''}`;
}

const someBlock = ({ random, blocks }: Bench) => 1 + Math.floor(random() * blocks);

async function editFile(bench: Bench): Promise<string> {
  const key = blockKeyOf(someBlock(bench));
  const file = Buffer.from(bench.files.get(key) ?? '');
  const at = Math.floor(bench.random() * file.length);
  const changed = pick(bench, [
    () => file.fill((file[at] ?? 0) ^ (1 << Math.floor(bench.random() * 8)), at, at + 1),
    () => file.subarray(0, at),
    () => Buffer.concat([file, Buffer.from(' ')]),
    () => Buffer.from(file.toString().replace(/"rows":(\d)/, '"rows":1$1')),
  ])();
  bench.files.set(key, changed);
  return `${key} at ${at}`;
}

async function editBlockRow(bench: Bench): Promise<string> {
  for (;;) {
    const column = pick(bench, COLUMNS.audit_block);
    const value = otherValue(bench, column);
    const changed = await run(
      bench,
      `update audit_block set ${column} = ${value} where number = $1 and ${column}::text is distinct from (${value})::text`,
      [someBlock(bench)],
    );
    if (changed === 1) return `audit_block.${column} = ${value}`;
  }
}

async function removeBlock(bench: Bench): Promise<string> {
  const where = pick(bench, ['storage', 'database', 'both']);
  // The newest one gone from both places is an end cut off, which is a kind of its own.
  const number = where === 'both' ? someBlock({ ...bench, blocks: bench.blocks - 1 }) : someBlock(bench);
  if (where !== 'database') bench.files.delete(blockKeyOf(number));
  if (where !== 'storage') await run(bench, 'delete from audit_block where number = $1', [number]);
  return `${number} from ${where}`;
}

async function swapFiles(bench: Bench): Promise<string> {
  const a = someBlock(bench);
  const b = 1 + (a % bench.blocks);
  const [one, two] = [bench.files.get(blockKeyOf(a)), bench.files.get(blockKeyOf(b))];
  bench.files.set(blockKeyOf(a), two as Buffer).set(blockKeyOf(b), one as Buffer);
  return `${a} and ${b}`;
}

async function addFile(bench: Bench): Promise<string> {
  const file = bench.files.get(blockKeyOf(someBlock(bench))) as Buffer;
  const key = pick(bench, [
    blockKeyOf(bench.blocks + 1),
    blockKeyOf(bench.blocks + 7),
    'audit/other.json',
    `${blockKeyOf(1)}.old`,
  ]);
  bench.files.set(key, file);
  return key;
}

/** The digests of what stands in the ranges of a block now. */
async function digestNow({ client }: Bench, block: Block): Promise<Block['parts']> {
  const tx = {
    query: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
      (await client.query<Row>(text, [...values])).rows,
  };
  const digests = digestRows();
  for (const log of LOGS) {
    const { from, to } = block[log];
    for await (const row of readRows(tx, log, { after: from - 1, to })) digests.add(row.log, row.line);
  }
  return digests.parts();
}

/**
 * The hand of somebody who owns the database and the storage and has not the key: a row is edited, and the block over it and all that follow are made anew,
 * with the right digests and hashes, in both places. Only the signatures tell.
 */
async function forgeChain(bench: Bench): Promise<string> {
  const key: BlockKey = { id: 'audit-1', ...generateKeyPairSync('ed25519') };
  const from = someBlock(bench);
  const isSigning = bench.random() < 0.5;
  let previous: string | undefined;
  for (let number = from; number <= bench.blocks; number += 1) {
    const read = readBlock(bench.files.get(blockKeyOf(number)) as Buffer);
    if (read === undefined) throw new Error('no block');
    if (number === from)
      await run(bench, `update audit_entry set client_id = 'somebody-else' where entry = $1`, [read.block.entries.to]);
    const parts = await digestNow(bench, read.block);
    const block: Block = { ...read.block, parts, previous: previous ?? read.block.previous };
    const text = blockText(block);
    const file = blockFile(text, isSigning ? signText(key, text) : read.signature);
    previous = createHash('sha256').update(file).digest('hex');
    bench.files.set(blockKeyOf(number), file);
    const values = [number, previous, block.previous];
    await run(bench, 'update audit_block set hash = $2, previous = $3 where number = $1', values);
  }
  return `from ${from}, ${isSigning ? 'signed with another key' : 'with the old signatures'}`;
}

export const TAMPERINGS: Readonly<Record<string, readonly [weight: number, tamper: Tampering]>> = {
  'a column of a row edited': [8, editRow],
  'a row deleted': [3, deleteRows],
  'a row inserted': [3, insertRow],
  'two rows swapped': [3, swapRows],
  'the last rows deleted': [2, truncateRows],
  'the end of the chain cut off everywhere': [1, truncateAll],
  'the file of a block edited': [4, editFile],
  'the row of a block edited': [4, editBlockRow],
  'a block removed': [3, removeBlock],
  'two files swapped': [1, swapFiles],
  'a file added': [1, addFile],
  'the chain forged without the key': [2, forgeChain],
};
