// Builds a connection pool whose rows are plain JavaScript values.
import pg from 'pg';
import { type ContextOptions, ContextPool } from './context.ts';

const INT8 = 20;
const DATE = 1082;

export interface PoolOptions {
  readonly url: string;
  readonly max: number;
  /** Milliseconds after which PostgreSQL ends a statement. */
  readonly statementTimeout: number;
  readonly applicationName: string;
  /** Absent for a role that works for nobody: a pool without it can make no transaction of a tenant. */
  readonly context?: ContextOptions;
  /** False behind a transaction pooler: it gives each transaction another session, which does not know the statement. Default true. */
  readonly namedStatements?: boolean;
}

/** A client that sends every statement unnamed. */
class UnnamedClient extends pg.Client {
  override query = ((statement: unknown, ...rest: unknown[]) => {
    const named = typeof statement === 'object' && statement !== null && 'name' in statement && 'text' in statement;
    const unnamed = named ? { ...statement, name: undefined } : statement;
    return (pg.Client.prototype.query as (...args: unknown[]) => unknown).call(this, unnamed, ...rest);
  }) as pg.Client['query'];
}

/** @returns a pool; int8 is parsed to number (no counter here reaches 2^53), dates stay text, numeric stays text. */
export function createPool(options: PoolOptions): pg.Pool {
  const settings: pg.PoolConfig = {
    connectionString: options.url,
    ...(options.namedStatements === false ? { Client: UnnamedClient } : {}),
    max: options.max,
    // A statement is sent without waiting for the answer to the one before; answers come in the same order.
    pipeline: true,
    application_name: options.applicationName,
    statement_timeout: options.statementTimeout,
    idle_in_transaction_session_timeout: 60_000,
    connectionTimeoutMillis: 10_000,
    types: {
      getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
        if (oid === INT8) return Number;
        if (oid === DATE) return (text: string) => text;
        return pg.types.getTypeParser(oid, format as 'text');
      }) as typeof pg.types.getTypeParser,
    },
  };
  const pool = options.context === undefined ? new pg.Pool(settings) : new ContextPool(settings, options.context);
  // A connection that breaks is replaced at the next use, and what was running on it hears so from its query. Without listeners, on the idle ones and on those in
  // use, it would end the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}
