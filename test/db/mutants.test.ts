// Mutants of the database's own protection, generated from its catalogue: every policy dropped or weakened, every table laid bare, every privilege taken or
// given, every function of the tenancy made to say something else. Each must be found by the audit; those of policies and functions also by what a
// statement without WHERE then sees, as the api's role in a context of one municipality.
import pg from 'pg';
import t from 'tap';
import { declaredTables, SYSTEM_ROLE } from '../../db/schema/index.ts';
import { plantMunicipality } from '../access/plant-municipality.ts';
import { createTestDatabase } from '../harness/database.ts';
import { auditCatalogue } from './audit-catalogue.ts';
import { contextFor, placeOf, say } from './context-scene.ts';

const roles = { api: 'flis_api', worker: 'flis_worker', backup: 'flis_backup' };
const OWN = '615';
const OTHER = '791';
const PRIVILEGES = ['select', 'insert', 'update', 'delete'] as const;

interface Mutant {
  readonly name: string;
  readonly sql: string;
  /** Whether somebody then sees or changes what is another's, so that statements alone must show it. */
  readonly leaks: boolean;
}

/** The mutants of policies and row security. */
async function policyMutants(owner: pg.Client): Promise<Mutant[]> {
  const { rows } = await owner.query<{ table: string; policy: string; cmd: string; roles: string }>(
    `select tablename as table, policyname as policy, cmd, array_to_string(roles, ',') as roles from pg_policies where schemaname = 'public' order by 1, 2`,
  );
  const tables = [...new Set(rows.map(({ table }) => table))];
  return [
    ...rows.flatMap(({ table, policy, cmd, roles: to }) => {
      const label = `${policy} of ${table}`;
      const isApis = to.split(',').includes(roles.api) && declaredTables().get(table)?.api.includes('select') === true;
      const reads = cmd === 'ALL' || cmd === 'SELECT' || cmd === 'UPDATE';
      const writes = cmd === 'ALL' || cmd === 'INSERT' || cmd === 'UPDATE';
      return [
        { name: `${label} dropped`, sql: `drop policy ${policy} on ${table}`, leaks: false },
        ...(reads && policy !== 'backup'
          ? [
              {
                name: `${label} lets all be seen`,
                sql: `alter policy ${policy} on ${table} using (true)`,
                leaks: isApis && cmd !== 'UPDATE',
              },
            ]
          : []),
        ...(writes
          ? [
              {
                name: `${label} lets all be written`,
                sql: `alter policy ${policy} on ${table} with check (true)`,
                leaks: false,
              },
            ]
          : []),
        { name: `${label} for everybody`, sql: `alter policy ${policy} on ${table} to public`, leaks: false },
      ];
    }),
    ...tables.flatMap((table) => [
      {
        name: `${table} without row security`,
        sql: `alter table ${table} disable row level security`,
        leaks: declaredTables().get(table)?.api.includes('select') === true,
      },
      { name: `${table} not forced`, sql: `alter table ${table} no force row level security`, leaks: false },
      {
        name: `${table} with one policy more`,
        sql: `create policy more on ${table} using (true)`,
        leaks: declaredTables().get(table)?.api.includes('select') === true,
      },
    ]),
  ];
}

/** A privilege given for each that is not declared, and one taken for each that is. */
function grantMutants(): Mutant[] {
  return [...declaredTables()].flatMap(([table, access]) =>
    (
      [
        [roles.api, access.api],
        [roles.worker, access.worker],
        [SYSTEM_ROLE, access.worker],
        [roles.backup, ['select']],
      ] as const
    ).flatMap(([role, has]) =>
      PRIVILEGES.map((privilege) =>
        (has as readonly string[]).includes(privilege)
          ? {
              name: `${role} may not ${privilege} ${table}`,
              sql: `revoke ${privilege} on ${table} from ${role}`,
              leaks: false,
            }
          : {
              name: `${role} may ${privilege} ${table}`,
              sql: `grant ${privilege} on ${table} to ${role}`,
              leaks: false,
            },
      ),
    ),
  );
}

/** Every function that policies ask, saying something else; and the one that verifies, believing all. */
async function functionMutants(owner: pg.Client): Promise<Mutant[]> {
  const { rows } = await owner.query<{ name: string; type: string }>(
    `select p.oid::regprocedure::text as name, prorettype::regtype::text as type from pg_proc p
     where pronamespace = 'app'::regnamespace and prokind = 'f' order by 1`,
  );
  const saying: Record<string, readonly (readonly [string, boolean])[]> = {
    'app.municipality()': [
      [`'${OTHER}'`, true],
      [`current_setting('app.municipality', true)`, true],
    ],
    'app.domains()': [
      ['null', false],
      [`'{borger,skole,oekonomi}'`, false],
    ],
    'app.system_reason()': [[`'x'`, false]],
    'app.client()': [[`'000.canary0000000000'`, true]],
  };
  return [
    ...rows.flatMap(({ name, type }) =>
      (saying[name] ?? []).map(([text, leaks]) => ({
        name: `${name} says ${text}`,
        sql: `create or replace function ${name} returns ${type} language sql stable parallel restricted return (${text})::${type}`,
        leaks,
      })),
    ),
    ...rows
      .filter(({ name }) => saying[name] === undefined)
      .map(({ name }) => ({ name: `${name} has no mutant`, sql: 'select 1', leaks: false })),
    {
      name: 'context.verified() believes what it is told',
      sql: `create or replace function context.verified() returns text[] language sql stable
        return string_to_array(substr(current_setting('app.context', true), 75), chr(10))`,
      leaks: false,
    },
  ];
}

t.test('mutants of the database', async (t) => {
  const database = await createTestDatabase(t);
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  const formula = { id: 'f', version: 1, period: '2025', hash: 'x' };
  await plantMunicipality(owner, OTHER, formula, Buffer.alloc(32, 1));
  const audit = () => auditCatalogue(owner, { declared: declaredTables(), roles });
  const readable = [...declaredTables()]
    .filter(([, { kind, api }]) => kind === 'municipal' && api.includes('select'))
    .map(([name]) => name);

  /** Tables of which the api, working for one municipality, sees rows of another; in the transaction that holds the mutant. */
  const leaking = async (): Promise<string[]> => {
    const found: string[] = [];
    await owner.query('savepoint probe');
    await owner.query(`set local role ${roles.api}`);
    await say(owner, contextFor(await placeOf(owner), { municipality: OWN, domains: null, client: 'c' }));
    // What SQL that finds its way in can say.
    await owner.query(`select set_config('app.municipality', '${OTHER}', true)`);
    for (const table of readable) {
      const { rows } = await owner.query(`select 1 from ${table} where municipality_code <> '${OWN}' limit 1`);
      if (rows.length > 0) found.push(table);
    }
    await owner.query('rollback to probe');
    return found;
  };

  await t.test('without a mutant nothing is found', async (t) => {
    t.same(await audit(), []);
    await owner.query('begin');
    t.same(await leaking(), []);
    const { rows } = await owner.query(
      readable.map((table) => `select '${table}' as name, count(*)::int as rows from ${table}`).join(' union all '),
    );
    t.same(
      rows.filter((row) => row.rows === 0).map((row) => row.name),
      [],
      'and every table has something to be seen',
    );
    await owner.query('rollback');
  });

  const mutants = [...(await policyMutants(owner)), ...grantMutants(), ...(await functionMutants(owner))];
  const survivors: string[] = [];
  const unseen: string[] = [];
  for (const { name, sql, leaks } of mutants) {
    await owner.query('begin');
    await owner.query(sql);
    if ((await audit()).length === 0) survivors.push(name);
    if (leaks && (await leaking()).length === 0) unseen.push(name);
    await owner.query('rollback');
  }

  await t.test('every mutant is found', async (t) => {
    t.ok(mutants.length > 500);
    t.same(survivors, []);
    t.same(unseen, [], 'and each that opens rows to the api is found by looking');
    t.comment(
      `mutants of the database killed: ${mutants.length - survivors.length} / ${mutants.length}, ${mutants.filter(({ leaks }) => leaks).length} of them by statements as well`,
    );
  });
});
