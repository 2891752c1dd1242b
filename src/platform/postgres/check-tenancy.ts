// Looks whether the database itself keeps municipalities apart, as a process that starts finds it: row-level security on every municipal table, the
// policies as declared, a signed context that only the known secret can make, and migrations that are no older than the code.
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { type DeclaredTable, newestMigration } from '../../../db/schema/declared.ts';
import { SYSTEM_ROLE } from '../../../db/schema/roles.ts';
import { codeOf } from '../error-code.ts';
import { OPERATOR_CODE } from '../tenant.ts';
import { type Claims, createSignContext, PLACE } from './context.ts';

const TENANT = '(municipality_code = (SELECT app.municipality() AS municipality))';
/** The same for a table whose rows have a domain. */
const TENANT_IN_DOMAINS = `(${TENANT} AND COALESCE((domain = ANY ((SELECT app.domains() AS domains)::text[])), true))`;
const SYSTEM = '((SELECT app.system_reason() AS system_reason) IS NOT NULL)';
const CLIENT = '(client_id = (SELECT app.client() AS client))';
/** What a client that works for no municipality may do with rows that name it: policies of the api alone. */
const OF_CLIENTS: Readonly<Record<NonNullable<DeclaredTable['client']>, Readonly<Record<string, string>>>> = {
  author: { without_municipality_insert: `PERMISSIVE INSERT - ${CLIENT}` },
  party: {
    without_municipality_select: `PERMISSIVE SELECT ${CLIENT} -`,
    without_municipality_insert: `PERMISSIVE INSERT - (${CLIENT} AND (approved_at IS NULL) AND (ended_at IS NULL))`,
    without_municipality_update: `PERMISSIVE UPDATE ${CLIENT} (${CLIENT} AND (ended_at IS NOT NULL))`,
  },
};
const NOT_VALID = '42501';
/** Seconds; it is used at once. */
const LIFETIME = 60;

interface TableState {
  readonly name: string;
  readonly enabled: boolean;
  readonly forced: boolean;
  readonly has_domain: boolean;
}

interface Policy {
  readonly table_name: string;
  readonly policy: string;
  readonly role: string;
  readonly shape: string;
}

const TABLES = `select relname as name, relrowsecurity as enabled, relforcerowsecurity as forced,
    exists (select from pg_attribute where attrelid = c.oid and attname = 'domain' and not attisdropped) as has_domain
  from pg_class c where relnamespace = 'public'::regnamespace and relkind = 'r' and relname = any ($1)`;

/** Of the roles that the process is or may become, and of everybody: one row for each role. */
const POLICIES = `select tablename as table_name, policyname as policy, role,
    concat_ws(' ', permissive, cmd, coalesce(qual, '-'), coalesce(with_check, '-')) as shape
  from pg_policies cross join unnest(roles) as role
  where schemaname = 'public' and tablename = any ($1) and role in (current_user, '${SYSTEM_ROLE}', 'public') order by 1, 2, 3`;

/** @returns one line for each fault of a municipal table that is not protected as declared */
export async function findRowSecurityFaults(
  client: pg.ClientBase,
  declared: Readonly<Record<string, DeclaredTable>>,
  isApi: boolean,
): Promise<string[]> {
  const municipal = Object.entries(declared).filter(([, { kind }]) => kind === 'municipal');
  const names = municipal.map(([name]) => name);
  const { rows: tables } = await client.query<TableState>(TABLES, [names]);
  const { rows: policies } = await client.query<Policy>(POLICIES, [names]);
  return municipal.flatMap(([name, { client: part }]) => {
    const table = tables.find((each) => each.name === name);
    if (table === undefined) return [`table ${name} is not there`];
    const tenant = table.has_domain ? TENANT_IN_DOMAINS : TENANT;
    const wanted: Readonly<Record<string, string>> = {
      ...{ tenant: `PERMISSIVE ALL ${tenant} ${tenant}`, system: `PERMISSIVE ALL ${SYSTEM} ${SYSTEM}` },
      ...(part !== undefined && isApi ? OF_CLIENTS[part] : {}),
    };
    const own = policies.filter((each) => each.table_name === name);
    const isDeclared = ({ policy, role, shape }: Policy) =>
      plain(shape) === wanted[policy] && (role === SYSTEM_ROLE) === (policy === 'system') && role !== 'public';
    return [
      ...(table.enabled ? [] : [`row-level security of ${name} is not enabled`]),
      ...(table.forced ? [] : [`row-level security of ${name} is not forced`]),
      ...(own.some((each) => each.policy === 'tenant' && each.role !== 'public')
        ? []
        : [`${name} has no policy tenant`]),
      ...own
        .filter((each) => !isDeclared(each))
        .map(({ policy, role }) => `policy ${policy} of ${name} for ${role} is not as declared`),
    ];
  });
}

/** One spelling for an expression: PostgreSQL may print the column with a cast and other white space. */
function plain(shape: string): string {
  return shape.replaceAll('( SELECT', '(SELECT').replaceAll('(municipality_code)::text', 'municipality_code');
}

/** @returns what is wrong with the signed context: it must be good with `secret`, and with nothing else */
export async function findContextFaults(client: pg.ClientBase, secret: Uint8Array): Promise<string[]> {
  const signed = await municipalityWith(client, secret);
  const forged = await municipalityWith(client, randomBytes(32));
  const none = await municipalityWith(client, undefined);
  return [
    ...(signed === OPERATOR_CODE ? [] : ['the database does not know the context secret: run `migrate` with it']),
    ...(forged === NOT_VALID ? [] : ['the database takes a context that another secret has signed']),
    ...(none === null ? [] : ['the database sees a municipality where no context was given']),
  ];
}

/** @returns the municipality that the database believes in under a context signed with `secret`, or the code of its refusal */
async function municipalityWith(client: pg.ClientBase, secret: Uint8Array | undefined): Promise<string | null> {
  await client.query('begin read only');
  try {
    const { rows: places } = await client.query<{ place: string }>(PLACE);
    const claims: Claims = { municipality: OPERATOR_CODE, domains: null, client: 'check' };
    const context =
      secret === undefined ? '' : createSignContext({ secret, lifetime: LIFETIME })(places[0]?.place ?? '', claims);
    await client.query(`select set_config('app.context', $1, true)`, [context]);
    const { rows } = await client.query<{ code: string | null }>('select app.municipality() as code');
    return rows[0]?.code ?? null;
  } catch (error) {
    return codeOf(error);
  } finally {
    await client.query('rollback');
  }
}

/** @returns a line when `migrate` of this code, or of newer code, has not been run to its end */
export async function findMigrationFaults(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ migrated: string | null }>(
    `select obj_description(to_regnamespace('app'), 'pg_namespace') as migrated`,
  );
  const migrated = rows[0]?.migrated ?? '';
  const wanted = newestMigration();
  return numberOf(migrated) >= numberOf(wanted)
    ? []
    : [`the database is migrated to ${migrated || 'nothing'}, the code needs ${wanted}: run \`migrate\``];
}

/** Migrations are numbered in order: `0004_name`. */
function numberOf(migration: string): number {
  return migration === '' ? -1 : Number.parseInt(migration, 10);
}
