// What the tests of the signed context share: rows of two municipalities, bare connections, and contexts made right or wrong on purpose.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { type Claims, createSignContext, PLACE } from '../../src/platform/postgres/context.ts';
import { createTestDatabase, TEST_CONTEXT, type TestDatabase, type TestScope } from '../harness/database.ts';

/** A municipality with rows in domains a and b, and one that nobody in these tests may become. */
export const OWN = '615';
export const FOREIGN = '791';
export const OWN_CLAIMS: Claims = { municipality: OWN, domains: null, client: 'client-1' };

const INSERT = `insert into source_delivery (municipality_code, source_delivery_id, domain, kind, source_system, period_from, period_to, client_id)
  values ($1, $2, $3, 'total', 's', '2024-01', '2024-12', 'c')`;

/** A database with one delivery in each of domains a and b of both municipalities. */
export async function openContextScene(t: TestScope) {
  const database = await createTestDatabase(t);
  const owner = await connect(t, database.ownerUrl);
  for (const municipality of [OWN, FOREIGN])
    for (const domain of ['a', 'b']) await insertDelivery(owner, municipality, domain);
  return { database, owner, connectApi: () => connect(t, database.apiUrl) };
}

/** A connection that ends with the test; `url` as one of `database`. */
export async function connect(t: TestScope, url: TestDatabase['apiUrl']): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  t.teardown(() => client.end());
  return client;
}

/** Adds a delivery with whatever rights `client` has at this moment. */
export async function insertDelivery(client: pg.Client, municipality: string, domain = 'a'): Promise<void> {
  await client.query(INSERT, [municipality, randomUUID(), domain]);
}

/** Where the running transaction of `client` takes place. */
export async function placeOf(client: pg.Client): Promise<string> {
  return (await client.query<{ place: string }>(PLACE)).rows[0]?.place ?? '';
}

/** A context as the service makes it; another secret or lifetime makes a wrong one. */
export function contextFor(place: string, claims: Claims = OWN_CLAIMS, options = TEST_CONTEXT): string {
  return createSignContext(options)(place, claims);
}

/** Says for whom the running transaction of `client` runs. */
export async function say(client: pg.Client, context: string): Promise<void> {
  await client.query(`select set_config('app.context', $1, true)`, [context]);
}

/** `<municipality> <domain>` of every delivery that a statement without WHERE sees. */
export async function seenBy(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query('select municipality_code, domain from source_delivery order by 1, 2');
  return rows.map(({ municipality_code, domain }) => `${municipality_code} ${domain}`);
}

/** Runs `fn` in a transaction that is rolled back, whatever happens. */
export async function rolledBack<T>(client: pg.Client, fn: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    return await fn();
  } finally {
    await client.query('rollback');
  }
}
