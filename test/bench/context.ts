// What the signed tenant context costs a transaction: the same statements on the same rows, signed as the service does it, and beside it in the
// same run as it would be with a plain setting. Direct connections on one machine; behind a network, a transaction waits one round trip more.
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../db/migrate.ts';
import { startEmbeddedPostgres } from '../../src/platform/postgres/embedded.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { withTenant } from '../../src/platform/postgres/tenancy.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { migrateOptions, TEST_CONTEXT, urlAs } from '../harness/database.ts';
import { alternate, type Ratio, secondsOf } from './measure.ts';

const HORSENS = municipalityCodeOf('615');
/** Pairs of transactions, signed and plain in turn: what else the machine does meets both alike. */
const PAIRS = 3000;
const WARM_UP = 300;
/** A read by its key, as most are. */
const STATEMENT = 'select * from TABLE where municipality_code = $1 and domain = $2 and number = $3';

/** Two tables alike but for their policies; the one that is not signed has the policy that a plain setting would need. */
const TABLES = `
  create table signed (municipality_code text, domain text, number int, primary key (municipality_code, domain, number));
  insert into signed select m::text, d, n from generate_series(101, 198) m, unnest('{a,b,c}'::text[]) d, generate_series(1, 100) n
    union all select '615', 'a', n from generate_series(1, 100) n;
  create table plain (like signed including all);
  insert into plain select * from signed;
  analyze signed, plain;
  grant select on signed, plain to flis_api;
  call app.secure_municipal('signed', 'flis_api', 'flis_worker', 'flis_system', 'flis_backup');
  alter table plain enable row level security;
  create policy tenant on plain to flis_api using (municipality_code = (select nullif(current_setting('app.municipality', true), '')));`;

/** Measures transactions of one statement and of five, of a client of all domains and of one restricted to two. */
export async function benchContext(folder: string): Promise<Ratio[]> {
  const server = await startEmbeddedPostgres({ folder: join(folder, 'postgres') });
  try {
    await migrate(migrateOptions(server.url));
    const owner = new pg.Client({ connectionString: server.url });
    await owner.connect();
    await owner.query(TABLES);
    await owner.end();
    const options = { max: 1, statementTimeout: 15_000, applicationName: 'bench', context: TEST_CONTEXT };
    const pool = createPool({ ...options, url: urlAs(server.url, 'api') });
    const ratios = [];
    for (const [name, domains, statements] of [
      ['context-ms', null, 1],
      ['context-ms-five-statements', null, 5],
      ['context-ms-domains', ['a', 'b'], 1],
    ] as const)
      ratios.push(await measure(pool, name, domains, statements));
    await pool.end();
    return ratios;
  } finally {
    await server.stop();
    await server.remove();
  }
}

async function measure(pool: pg.Pool, name: string, domains: readonly string[] | null, statements: number) {
  const tenant = { municipality: HORSENS, domains, clientId: 'bench', requestId: 'bench' };
  const numbers = Array.from({ length: statements }, (_, index) => index + 1);
  const signed = () =>
    withTenant(pool, tenant, async (tx) => {
      for (const number of numbers) rowOf(await tx.query(STATEMENT.replace('TABLE', 'signed'), ['615', 'a', number]));
    });
  const plain = () => inPlainTransaction(pool, numbers);
  const timed = (transaction: () => Promise<void>) => async () => (await secondsOf(transaction)) * 1000;
  await alternate(WARM_UP, timed(signed), timed(plain));
  const { subject, yardstick, subjects, yardsticks } = await alternate(PAIRS, timed(signed), timed(plain));
  return {
    name,
    value: subject - yardstick,
    goal: { atMost: 0.5 },
    figures: `median ms a transaction: signed ${subject.toFixed(3)}, plain setting ${yardstick.toFixed(3)}; the fastest tenth: ${tenth(subjects)}, ${tenth(yardsticks)}; ${statements} statement(s), ${domains === null ? 'all domains' : `${domains.length} domains`}`,
  };
}

/** What an undisturbed transaction takes, on a machine that does other things too. */
function tenth(values: readonly number[]): string {
  return ([...values].sort((a, b) => a - b)[Math.floor(values.length / 10)] ?? Number.NaN).toFixed(3);
}

/** What `withTenant` did before contexts were signed. */
async function inPlainTransaction(pool: pg.Pool, numbers: readonly number[]): Promise<void> {
  const client = await pool.connect();
  await client.query(`begin; select set_config('app.municipality', '615', true)`);
  const text = STATEMENT.replace('TABLE', 'plain');
  for (const number of numbers) {
    rowOf((await client.query({ name: 'plain', text, values: ['615', 'a', number] })).rows);
  }
  await client.query('commit');
  client.release();
}

function rowOf(rows: readonly object[]): void {
  if (rows.length !== 1) throw new Error(`${rows.length} rows instead of one`);
}
