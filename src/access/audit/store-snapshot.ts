// Opens the logs for verification with the backup role, which may read everything and write nothing. It holds sealing up for a moment only.
import type pg from 'pg';
import { createPool } from '../../platform/postgres/pool.ts';
import type { Tx } from '../../platform/postgres/tenancy.ts';
import { listBlocks, readRows, SEALING_LOCK } from './store-blocks.ts';
import type { LogSource } from './verify-log.ts';

const STATEMENT_TIMEOUT_MS = 300_000;

/**
 * Runs `fn` on one snapshot of the database of `url`. `before` runs while nobody can seal, just before the snapshot is taken: what it sees in storage and
 * the blocks of the snapshot are of one moment.
 */
export async function withSnapshot<Before, Result>(
  url: string,
  before: () => Promise<Before>,
  fn: (source: LogSource, seen: Before) => Promise<Result>,
): Promise<Result> {
  const pool = createPool({ url, max: 1, statementTimeout: STATEMENT_TIMEOUT_MS, applicationName: 'flis-audit' });
  try {
    const client = await pool.connect();
    try {
      await client.query('select pg_advisory_lock_shared($1)', [SEALING_LOCK]);
      const seen = await before();
      await client.query('begin isolation level repeatable read read only');
      const source = await openSource(client);
      await client.query('select pg_advisory_unlock_shared($1)', [SEALING_LOCK]);
      const result = await fn(source, seen);
      await client.query('commit');
      return result;
    } finally {
      client.release(true);
    }
  } finally {
    await pool.end();
  }
}

/** The logs as the transaction of `client` sees them. */
export async function openSource(client: pg.ClientBase): Promise<LogSource> {
  const tx: Tx = {
    query: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
      (await client.query<Row>(text, [...values])).rows,
  };
  const [now] = await tx.query<{ now: Date }>('select now()');
  return { asOf: now?.now ?? new Date(), blocks: await listBlocks(tx), rows: (log) => readRows(tx, log) };
}
