// A transaction restricted to domains sees and writes rows of those only, in every table whose rows have a domain; and indexes serve it as before.
import t from 'tap';
import { declaredTables } from '../../db/schema/index.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { type Tx, withTenant } from '../../src/platform/postgres/tenancy.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { TEST_CONTEXT } from '../harness/database.ts';
import { contextFor, OWN, openContextScene, placeOf, rolledBack, say } from './context-scene.ts';

const tenant = (domains: readonly string[] | null) => ({
  ...{ municipality: municipalityCodeOf(OWN), clientId: 'c', requestId: 'r' },
  domains,
});
const domainsOf = async (tx: Tx) =>
  (await tx.query<{ domain: string }>('select domain from source_delivery order by 1')).map(({ domain }) => domain);
const insert = (tx: Tx, domain: string) =>
  tx.query(
    `insert into source_delivery (municipality_code, source_delivery_id, domain, kind, source_system, period_from, period_to, client_id)
     values ('${OWN}', gen_random_uuid(), $1, 'total', 's', '2024-01', '2024-12', 'c')`,
    [domain],
  );

t.test('a transaction restricted to domains', async (t) => {
  const { database, owner, connectApi } = await openContextScene(t);
  const pool = createPool({
    url: database.apiUrl,
    max: 2,
    statementTimeout: 15_000,
    applicationName: 'test',
    context: TEST_CONTEXT,
  });
  t.teardown(() => pool.end());

  await t.test('sees rows of its domains only', async (t) => {
    for (const [domains, expected] of [
      [null, ['a', 'b']],
      [['a'], ['a']],
      [['b', 'c'], ['b']],
      [
        ['a', 'b'],
        ['a', 'b'],
      ],
      [['c'], []],
      [[], []],
      [['a,b', '{a}', '"a"', 'NULL', 'A', ' a'], []],
    ] as const)
      t.same(await withTenant(pool, tenant(domains), domainsOf), expected, JSON.stringify(domains));
  });

  await t.test('writes rows of its domains only', async (t) => {
    const refused = { code: '42501', message: /row-level security/ };
    await t.rejects(
      withTenant(pool, tenant(['a']), (tx) => insert(tx, 'b')),
      refused,
    );
    await t.rejects(
      withTenant(pool, tenant(['a']), (tx) => tx.query(`update source_delivery set domain = 'b'`)),
      refused,
    );
    await t.rejects(
      withTenant(pool, tenant([]), (tx) => insert(tx, 'a')),
      refused,
    );
    await withTenant(pool, tenant(['a']), (tx) => tx.query(`update source_delivery set failure = 'x'`));
    const { rows } = await owner.query(
      'select municipality_code, domain from source_delivery where failure is not null',
    );
    t.same(rows, [{ municipality_code: OWN, domain: 'a' }]);
  });

  await t.test('of every municipal table with a domain: another domain is another world', async (t) => {
    const { rows: columns } = await owner.query(
      `select table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'domain'`,
    );
    const tables = columns
      .map(({ name }) => String(name))
      .filter((name) => declaredTables().get(name)?.kind === 'municipal')
      // What the api may not read at all, it cannot read of another domain either.
      .filter((name) => declaredTables().get(name)?.api.includes('select'));
    t.ok(tables.length >= 9, `${tables.length} tables`);
    const api = await connectApi();
    for (const name of tables) {
      await owner.query(`alter table ${name} disable trigger all`);
      const { rows: needed } = await owner.query(
        `select column_name, data_type from information_schema.columns where table_name = $1 and table_schema = 'public' and is_nullable = 'NO'
           and column_default is null and is_identity = 'NO' and column_name not in ('municipality_code', 'domain')`,
        [name],
      );
      const values = needed.map(({ column_name, data_type }) => someValue(column_name, data_type));
      const names = needed.map(({ column_name }) => `, ${column_name}`).join('');
      await owner.query(
        `insert into ${name} (municipality_code, domain${names}) values ('${OWN}', 'canary'${values.map((value) => `, ${value}`).join('')})`,
      );
      for (const [domains, expected] of [
        [['a', 'b'], 0],
        [['canary'], 1],
      ] as const)
        await rolledBack(api, async () => {
          await say(api, contextFor(await placeOf(api), { municipality: OWN, domains, client: 'c' }));
          const { rows } = await api.query(`select count(*)::int as n from ${name} where domain = 'canary'`);
          t.equal(rows[0].n, expected, `${name} ${domains}`);
        });
    }
  });

  await t.test('indexes serve it: of many rows only those asked for are touched', async (t) => {
    await owner.query(`insert into revision (municipality_code, domain, revision, kind, slices_changed)
      select m::text, d, n, 'total', 0 from generate_series(101, 198) m, unnest('{a,b,c}'::text[]) d, generate_series(1, 100) n`);
    await owner.query(`insert into revision (municipality_code, domain, revision, kind, slices_changed)
      select '${OWN}', d, n, 'total', 0 from unnest('{a,b,c}'::text[]) d, generate_series(1, 100) n`);
    await owner.query('analyze revision');
    const api = await connectApi();
    for (const domains of [null, ['a', 'b']])
      await rolledBack(api, async () => {
        await say(api, contextFor(await placeOf(api), { municipality: OWN, domains, client: 'c' }));
        const { rows } = await api.query(
          `explain (analyze, costs off, timing off, summary off) select * from revision where domain = 'a' and revision > 90 order by revision`,
        );
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        t.match(plan, /Index (Only )?Scan (using|on) revision_\w+_pk/, JSON.stringify(domains));
        t.match(plan, /Index Cond: \(\(municipality_code = \(InitPlan \d+\)\.col1\) AND \(domain = 'a'/);
        t.match(plan, /rows=10\.?0* loops=1/);
        t.notMatch(plan, /Seq Scan on revision|Rows Removed by Filter: \d{2,}/, plan);
      });
  });
});

/** Any value that a column takes. */
function someValue(column: string, type: string): string {
  if (type === 'uuid') return 'gen_random_uuid()';
  if (type === 'jsonb') return `'{}'`;
  if (/int|numeric/.test(type)) return '1';
  if (type.startsWith('timestamp')) return 'now()';
  if (type === 'date') return 'current_date';
  if (type === 'ARRAY' || type.endsWith('[]')) return `'{}'`;
  if (column === 'kind') return `'total'`;
  return /character$/.test(type) ? `repeat('0', 7)` : `'x'`;
}
