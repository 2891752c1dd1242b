// The only way to a municipality's rows: a transaction that has told PostgreSQL for whom it runs.
// Forgetting a WHERE in a store does not leak: row-level security compares every row with that setting.
import type pg from 'pg';
import { SYSTEM_ROLE } from '../../../db/schema/roles.ts';
import type { MunicipalityCode } from '../tenant.ts';

/** A statement runner. Rows come with int8 as number, numeric as text, timestamps as Date. */
export interface Tx {
  /** Runs one statement and returns its rows. What differs from call to call belongs into `values`: a text is prepared once a connection. */
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

declare const tenantBrand: unique symbol;
declare const systemBrand: unique symbol;
declare const publishedBrand: unique symbol;

/** For whom a transaction runs: the verified municipality, and the client for the audit log. */
export interface Tenant {
  readonly municipality: MunicipalityCode;
  /** The domains whose rows it may see; null: all of them. */
  readonly domains: readonly string[] | null;
  readonly clientId: string;
  readonly requestId: string;
}

/** A transaction of one municipality; only `withTenant` makes one. */
export interface TenantTx extends Tx {
  readonly [tenantBrand]: true;
  readonly tenant: Tenant;
}

/** A transaction over several municipalities, worker only; only `withSystem` makes one. */
export interface SystemTx extends Tx {
  readonly [systemBrand]: true;
}

/** A transaction that sees no municipality's rows: published and reference tables only. */
export interface PublishedTx extends Tx {
  readonly [publishedBrand]: true;
}

export interface TxOptions {
  /** One snapshot for all statements of the transaction. */
  readonly repeatableRead?: boolean;
  readonly readOnly?: boolean;
}

function runner(client: pg.PoolClient): Tx {
  return {
    async query<Row extends object>(text: string, values: readonly unknown[] = []) {
      const name = nameOf(text);
      const result = await client.query<Row>({ text, values: [...values], ...(name === undefined ? {} : { name }) });
      return result.rows;
    },
  };
}

/** More texts than the stores have; a text that varies without end would otherwise fill every connection with prepared statements. */
const MOST_NAMES = 500;
const names = new Map<string, string>();

/** The name under which a text is prepared: parsing and planning small statements costs PostgreSQL more than running them. */
function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= MOST_NAMES) return known;
  const name = `statement_${names.size}`;
  names.set(text, name);
  return name;
}

function beginStatement(options: TxOptions): string {
  return `begin${options.repeatableRead ? ' isolation level repeatable read' : ''}${options.readOnly ? ' read only' : ''}`;
}

/** The one statement that tells PostgreSQL for whom the transaction runs. `quote` is the driver's own. */
type Setting = (quote: (text: string) => string) => string;

function forMunicipality(municipality: string): Setting {
  return (quote) =>
    `select set_config('app.municipality', ${quote(municipality)}, true), set_config('app.system_reason', '', true)`;
}

function forSystem(reason: string): Setting {
  return (quote) =>
    `select set_config('app.municipality', '', true), set_config('app.system_reason', ${quote(reason)}, true), set_config('role', ${quote(SYSTEM_ROLE)}, true)`;
}

async function inTransaction<T>(
  pool: pg.Pool,
  options: TxOptions,
  setting: Setting,
  fn: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    // In one message: every transaction waits one round trip less, and there is no moment between the two.
    await client.query(`${beginStatement(options)}; ${setting((text) => client.escapeLiteral(text))}`);
    const result = await fn(client);
    await client.query('commit');
    return result;
  } catch (error) {
    // A connection that cannot even roll back is thrown away, never handed to the next caller.
    await client.query('rollback').catch((fault: Error) => {
      broken = fault;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Runs `fn` in a transaction that sees exactly `tenant.municipality`'s rows; commits when it resolves, rolls back when it throws. */
export function withTenant<T>(
  pool: pg.Pool,
  tenant: Tenant,
  fn: (tx: TenantTx) => Promise<T>,
  options: TxOptions = {},
): Promise<T> {
  return inTransaction(pool, options, forMunicipality(tenant.municipality), (client) =>
    fn({ ...runner(client), tenant } as TenantTx),
  );
}

/** Runs `fn` over several municipalities, in a role that only the worker may take on (42501 for the api). `reason` is for the reader. */
export function withSystem<T>(
  pool: pg.Pool,
  reason: string,
  fn: (tx: SystemTx) => Promise<T>,
  options: TxOptions = {},
): Promise<T> {
  return inTransaction(pool, options, forSystem(reason), (client) => fn(runner(client) as SystemTx));
}

/** Runs `fn` on published and reference tables; municipal tables look empty. */
export function withPublished<T>(
  pool: pg.Pool,
  fn: (tx: PublishedTx) => Promise<T>,
  options: TxOptions = {},
): Promise<T> {
  return inTransaction(pool, options, forMunicipality(''), (client) => fn(runner(client) as PublishedTx));
}
