// The only way to a municipality's rows: a transaction that has told PostgreSQL for whom it runs, signed (context.ts).
// Forgetting a WHERE in a store does not leak: row-level security compares every row with what was told.
import type pg from 'pg';
import { SYSTEM_ROLE } from '../../../db/schema/roles.ts';
import type { MunicipalityCode } from '../tenant.ts';
import { type Claims, ContextPool, PLACE } from './context.ts';

/** A statement runner. Rows come with int8 as number, numeric as text, timestamps as Date. */
export interface Tx {
  /** Runs one statement and returns its rows. What differs from call to call belongs into `values`: a text is prepared once a connection. */
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

declare const tenantBrand: unique symbol;
declare const clientBrand: unique symbol;
declare const systemBrand: unique symbol;
declare const publishedBrand: unique symbol;

/** For whom a transaction runs: the verified municipality, and the client for the audit log. */
export interface Tenant {
  readonly municipality: MunicipalityCode;
  /** The domains whose rows it may see; null: all of them. */
  readonly domains: readonly string[] | null;
  readonly clientId: string;
  readonly requestId: string;
  /** Under which mandate the client works for the municipality, and what for; absent for its own clients. */
  readonly mandate?: { readonly id: string; readonly purpose: string };
}

/** A transaction of one municipality; only `withTenant` makes one. */
export interface TenantTx extends Tx {
  readonly [tenantBrand]: true;
  readonly tenant: Tenant;
}

/** A client that works for no municipality: it sees the rows that name it, whosever they are. */
export interface LoneClient {
  readonly clientId: string;
  readonly requestId: string;
}

/** A transaction of such a client; only `withClient` makes one. */
export interface ClientTx extends Tx {
  readonly [clientBrand]: true;
  readonly client: LoneClient;
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

/** The driver knows this mode, its types do not. */
type SingleStatement = pg.QueryConfig & { readonly queryMode: 'extended' };

function runner(client: pg.PoolClient): Tx {
  return {
    async query<Row extends object>(text: string, values: readonly unknown[] = []) {
      // In this mode PostgreSQL takes one statement and refuses more: what is injected cannot prepare something for the connection's next user.
      const statement: SingleStatement = { ...named(text), values: [...values], queryMode: 'extended' };
      const result = await client.query<Row>(statement);
      return result.rows;
    },
  };
}

/** More texts than the stores have; a text that varies without end would otherwise fill every connection with prepared statements. */
const MOST_NAMES = 500;
const names = new Map<string, string>();

/**
 * The statement with a name under which it is prepared: parsing and planning small statements costs PostgreSQL more than running them. The pool
 * drops the name where the configuration turns named statements off.
 */
function named(text: string): { readonly text: string; readonly name?: string } {
  const known = names.get(text);
  if (known !== undefined) return { text, name: known };
  if (names.size >= MOST_NAMES) return { text };
  const name = `statement_${names.size}`;
  names.set(text, name);
  return { text, name };
}

function beginStatement(options: TxOptions): string {
  return `begin${options.repeatableRead ? ' isolation level repeatable read' : ''}${options.readOnly ? ' read only' : ''}`;
}

/** What a transaction says before its first statement; nothing is said for one that sees no municipality's rows. */
interface Setting {
  readonly claims: Claims;
  readonly statement: string;
}

const SET_CONTEXT = `select set_config('app.context', $1, true)`;

function forMunicipality({ municipality, domains, clientId }: Tenant): Setting {
  return { claims: { municipality, domains, client: clientId }, statement: SET_CONTEXT };
}

function forClient({ clientId }: LoneClient): Setting {
  return { claims: { client: clientId }, statement: SET_CONTEXT };
}

function forSystem(reason: string): Setting {
  return { claims: { reason }, statement: `${SET_CONTEXT}, set_config('role', '${SYSTEM_ROLE}', true)` };
}

/**
 * Begins a transaction, asks where it takes place, and tells for whom it runs. The place is asked for each time: behind a transaction pooler the
 * backend changes, and the start of the transaction ties the context to this one alone. The context travels as a value and not in the text of the
 * statement, which `pg_stat_activity` shows to every connection of the same role. The first statement of the work follows without waiting for the answer
 * (the pool pipelines): a transaction that could not be told is aborted, and so runs nothing.
 */
async function begin(
  pool: pg.Pool,
  client: pg.PoolClient,
  options: TxOptions,
  setting: Setting | undefined,
): Promise<{ readonly told: Promise<unknown> }> {
  const start = beginStatement(options);
  if (setting === undefined) {
    // What a transaction before may have left for the whole session is covered.
    await client.query(`${start}; select set_config('app.context', '', true)`);
    return { told: Promise.resolve() };
  }
  if (!(pool instanceof ContextPool)) throw new Error('this pool cannot say for whom a transaction runs');
  const answers: unknown = await client.query(`${start}; ${PLACE}`);
  const place = (answers as pg.QueryResult<{ place: string }>[])[1]?.rows[0]?.place;
  if (place === undefined) throw new Error('PostgreSQL did not say where the transaction takes place');
  const { claims, statement } = setting;
  return { told: client.query({ ...named(statement), values: [pool.sign(place, claims)] }) };
}

async function inTransaction<T>(
  pool: pg.Pool,
  options: TxOptions,
  setting: Setting | undefined,
  fn: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    const { told } = await begin(pool, client, options, setting);
    const [telling, work] = await Promise.allSettled([told, fn(client)]);
    if (telling.status === 'rejected') throw telling.reason;
    if (work.status === 'rejected') throw work.reason;
    await client.query('commit');
    return work.value;
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

/** Runs `fn` in a transaction that sees exactly `tenant.municipality`'s rows, of `tenant.domains` where rows have a domain; commits when it resolves, rolls back when it throws. */
export function withTenant<T>(
  pool: pg.Pool,
  tenant: Tenant,
  fn: (tx: TenantTx) => Promise<T>,
  options: TxOptions = {},
): Promise<T> {
  return inTransaction(pool, options, forMunicipality(tenant), (client) =>
    fn({ ...runner(client), tenant } as TenantTx),
  );
}

/** Runs `fn` for a client that works for no municipality: it sees rows that name it, of the few tables that let it, and adds to them. */
export function withClient<T>(
  pool: pg.Pool,
  client: LoneClient,
  fn: (tx: ClientTx) => Promise<T>,
  options: TxOptions = {},
): Promise<T> {
  return inTransaction(pool, options, forClient(client), (connection) =>
    fn({ ...runner(connection), client } as ClientTx),
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
  return inTransaction(pool, options, undefined, (client) => fn(runner(client) as PublishedTx));
}
