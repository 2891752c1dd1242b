// PostgreSQL of sealing: which numbers are closed, the rows behind them as text, and the chain of blocks. It adds blocks and changes nothing.
import type { SystemTx, Tx } from '../../platform/postgres/tenancy.ts';
import { type Block, type Head, NO_HEAD, OPERATOR_LOG } from './rules.ts';

/** The two numberings that a block holds a range of. */
export const LOGS = ['entries', 'operatorEntries'] as const;
export type Log = (typeof LOGS)[number];

/** The highest number that is visible in each log; 0 when there is none. */
export type Marks = Readonly<Record<Log, number>>;

/**
 * What is digested of a row: every column, as text that does not depend on settings of the session. Another column gets another place at the end
 * of a format of its own, because what is sealed must read the same for ever.
 */
const ROWS: Record<Log, { readonly table: string; readonly log: string; readonly line: string }> = {
  entries: {
    table: 'audit_entry',
    log: 'municipality_code',
    line: `array[entry::text, municipality_code, extract(epoch from at)::text, client_id, mandate_id::text, purpose, request_id, operation,
                 outcome, completes::text, object::text]`,
  },
  operatorEntries: {
    table: 'operator_audit_entry',
    log: `'${OPERATOR_LOG}'`,
    line: 'array[entry::text, extract(epoch from at)::text, client_id, request_id, operation, object::text]',
  },
};

/** Any number that nothing else in the database locks. */
export const SEALING_LOCK = 7_126_530_418;
const PAGE = 5000;

/** Lets one sealer at a time go on, until the end of its transaction. */
export async function lockSealing(tx: SystemTx): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1)', [SEALING_LOCK]);
}

export async function readMarks(tx: SystemTx): Promise<Marks> {
  const [marks] = await tx.query<Marks>(
    `select (select coalesce(max(entry), 0) from audit_entry) as entries,
            (select coalesce(max(entry), 0) from operator_audit_entry) as "operatorEntries"`,
  );
  return marks ?? { entries: 0, operatorEntries: 0 };
}

/**
 * The transactions that have written to either log, or are about to, and have not ended. A statement takes this lock before it draws a number and
 * its transaction keeps it to the end; it is gone only when what was written can be seen. CREATE INDEX CONCURRENTLY waits in the same way.
 */
export async function listWriters(tx: SystemTx): Promise<string[]> {
  const rows = await tx.query<{ writer: string }>(
    `select distinct concat_ws(' ', pid, virtualtransaction) as writer from pg_locks
      where locktype = 'relation' and granted and relation in ('audit_entry'::regclass, 'operator_audit_entry'::regclass)
        and database = (select oid from pg_database where datname = current_database())
        and mode in ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')`,
  );
  return rows.map(({ writer }) => writer);
}

/** @returns the end of the range that begins after `from`: `mark`, or the number of its `most`th row where there are more. */
export async function findRangeEnd(tx: SystemTx, log: Log, from: number, mark: number, most: number): Promise<number> {
  const [row] = await tx.query<{ last: number | null }>(
    `select entry as last from ${ROWS[log].table} where entry > $1 and entry <= $2 order by entry offset $3 limit 1`,
    [from, mark, most - 1],
  );
  return row?.last ?? Math.max(mark, from);
}

export interface LogRow {
  readonly entry: number;
  /** The municipality, or the operator. */
  readonly log: string;
  readonly line: string;
}

const LEAST = '-9223372036854775808';
const MOST = '9223372036854775807';

/** The rows of a log by their numbers, those above `after` and up to `to`; all of them without. */
export async function* readRows(
  tx: Tx,
  log: Log,
  { after, to }: { readonly after?: number; readonly to?: number } = {},
): AsyncGenerator<LogRow> {
  const { table, log: name, line } = ROWS[log];
  const first = after === undefined ? LEAST : after + 1;
  let last: LogRow | undefined;
  for (;;) {
    // One number stands for two municipalities' rows only where somebody tampered; none of them must be passed over.
    const rows = await tx.query<LogRow>(
      `select entry, ${name} as log, to_json(${line})::text as line from ${table}
        where entry >= $1 and entry <= $2 and ($3::text is null or (entry, ${name}) > ($1, $3))
        order by entry, log limit ${PAGE}`,
      [last?.entry ?? first, to ?? MOST, last?.log ?? null],
    );
    yield* rows;
    last = rows.at(-1);
    if (rows.length < PAGE) return;
  }
}

/** A block as the database names it: what its file says, and the file's digest. */
export interface BlockRow {
  readonly number: number;
  readonly previous: string;
  readonly hash: string;
  /** Milliseconds, with six decimals. */
  readonly sealedMs: string;
  readonly entryFrom: number;
  readonly entryTo: number;
  readonly operatorEntryFrom: number;
  readonly operatorEntryTo: number;
}

const BLOCK = `number, previous, hash, (extract(epoch from sealed_at) * 1000)::text as "sealedMs", entry_from as "entryFrom", entry_to as "entryTo",
  operator_entry_from as "operatorEntryFrom", operator_entry_to as "operatorEntryTo"`;

/** @returns the row of a block whose file has digest `hash`. */
export function blockRowOf({ number, previous, sealedAt, entries, operatorEntries }: Block, hash: string): BlockRow {
  return {
    ...{ number, previous, hash, sealedMs: `${Date.parse(sealedAt)}.000000` },
    ...{ entryFrom: entries.from, entryTo: entries.to },
    ...{ operatorEntryFrom: operatorEntries.from, operatorEntryTo: operatorEntries.to },
  };
}

/** @returns all blocks, in order. */
export function listBlocks(tx: Tx): Promise<BlockRow[]> {
  return tx.query<BlockRow>(`select ${BLOCK} from audit_block order by number`);
}

/** @returns the end of the chain, and how long ago it was sealed. */
export async function findHead(tx: SystemTx): Promise<{ readonly head: Head; readonly ageMs: number }> {
  const [row] = await tx.query<BlockRow & { ageMs: number }>(
    `select ${BLOCK}, extract(epoch from clock_timestamp() - sealed_at)::float8 * 1000 as "ageMs"
       from audit_block order by number desc limit 1`,
  );
  if (row === undefined) return { head: NO_HEAD, ageMs: Number.POSITIVE_INFINITY };
  const { number, hash, ageMs } = row;
  const entries = { from: row.entryFrom, to: row.entryTo };
  const operatorEntries = { from: row.operatorEntryFrom, to: row.operatorEntryTo };
  return { head: { number, hash, entries, operatorEntries }, ageMs };
}

export async function insertBlock(tx: SystemTx, block: Block, hash: string): Promise<void> {
  const { number, previous, sealedAt, entries, operatorEntries } = block;
  await tx.query(
    `insert into audit_block (number, previous, hash, sealed_at, entry_from, entry_to, operator_entry_from, operator_entry_to)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [number, previous, hash, sealedAt, entries.from, entries.to, operatorEntries.from, operatorEntries.to],
  );
}
