// Looks whether the role that a process connects as can do more than it was declared to: every power that would make row-level security or the
// append-only log a matter of good behaviour. Reads PostgreSQL's catalogue and changes nothing.
import type pg from 'pg';
import type { DeclaredTable } from '../../../db/schema/declared.ts';

export interface RoleExpectations {
  /** Whose grants of the declared tables count. */
  readonly grantsOf: 'api' | 'worker';
  /** Roles that it may take on; what they can do counts as its own. */
  readonly mayBecome: readonly string[];
  readonly tables: Readonly<Record<string, DeclaredTable>>;
}

interface Named {
  readonly role: string;
  readonly what: string;
}

const QUEUE_SCHEMA = 'pgboss';
const QUEUE_PRIVILEGES = ['select', 'insert', 'update', 'delete', 'usage'];

const POWERS = `select rolname as role, what from pg_roles cross join lateral (values
    (rolsuper, 'is a superuser'), (rolbypassrls, 'bypasses row-level security'), (rolcreaterole, 'may create roles'),
    (rolcreatedb, 'may create databases'), (rolreplication, 'may replicate')) as power(has, what)
  where rolname = any ($1) and has`;

const MEMBERSHIPS = `select current_user as role, rolname as what from pg_roles
  where rolname <> current_user and pg_has_role(current_user, oid, 'member') and rolname <> all ($1) order by rolname`;

const OWNED = `select pg_get_userbyid(owner) as role, string_agg(name, ', ' order by name) as what from (
    select relowner as owner, 'relation ' || oid::regclass as name from pg_class where relkind in ('r', 'p', 'v', 'm', 'S', 'f')
    union all select proowner, 'function ' || oid::regproc from pg_proc
    union all select nspowner, 'schema ' || nspname from pg_namespace
    union all select datdba, 'database ' || datname from pg_database where datname = current_database()) as owned
  where pg_get_userbyid(owner) = any ($1) group by owner`;

/** Every grant to one of the roles or to everybody; what everybody may do in PostgreSQL's own schemas is left out. */
const GRANTS = `select nspname as schema, relname as relation, lower(privilege_type) as privilege, coalesce(rolname, 'everybody') as role
  from pg_class c join pg_namespace n on n.oid = relnamespace
  cross join lateral (select * from aclexplode(relacl) union all
    select e.* from pg_attribute cross join aclexplode(attacl) e where attrelid = c.oid and attacl is not null) as acl
  left join pg_roles r on r.oid = grantee
  where (rolname = any ($1) or (grantee = 0 and nspname !~ '^pg_' and nspname <> 'information_schema')) and grantee <> relowner
  order by 1, 2, 3`;

const CREATION = `select rolname as role, what from unnest($1::text[]) rolname cross join lateral (
    select 'create in schema ' || nspname as what from pg_namespace where nspname !~ '^pg_(temp|toast)' and has_schema_privilege(rolname, oid, 'create')
    union all select 'create schemas' where has_database_privilege(rolname, current_database(), 'create')
    union all select 'create temporary tables' where has_database_privilege(rolname, current_database(), 'temporary')) as creation`;

/** Functions that run as their owner, and functions of PostgreSQL's own that a role was given by name. */
const FUNCTIONS = `select rolname as role, 'call ' || p.oid::regproc as what from unnest($1::text[]) rolname cross join pg_proc p join pg_namespace n on n.oid = pronamespace
  where (prosecdef and nspname !~ '^pg_' and not (nspname = 'context' and proname = 'verified') and has_function_privilege(rolname, p.oid, 'execute'))
    or (nspname = 'pg_catalog' and exists (select from aclexplode(proacl) where grantee = to_regrole(rolname)))`;

/** @returns one line for each power too many; `client` is connected as the role in question */
export async function findRoleFaults(client: pg.ClientBase, expected: RoleExpectations): Promise<string[]> {
  const ask = async <Row extends object>(text: string, values: unknown[]) =>
    (await client.query<Row>(text, values)).rows;
  const [self] = await ask<{ name: string }>('select current_user as name where $1', [true]);
  const roles = [self?.name ?? '', ...expected.mayBecome];
  const powers = (await ask<Named>(POWERS, [roles])).map(({ role, what }) => `role ${role} ${what}`);
  // A superuser may do all of the rest, which would only hide what matters.
  if (powers.some((fault) => fault.endsWith('superuser'))) return powers;
  const memberships = await ask<Named>(MEMBERSHIPS, [expected.mayBecome]);
  const owned = await ask<Named>(OWNED, [roles]);
  const doing = [...(await ask<Named>(CREATION, [roles])), ...(await ask<Named>(FUNCTIONS, [roles]))];
  return [
    ...powers,
    ...memberships.map(({ role, what }) => `role ${role} may act as role ${what}`),
    ...owned.map(({ role, what }) => `role ${role} owns ${what}`),
    ...doing.map(({ role, what }) => `role ${role} may ${what}`),
    ...(await ask<Grant>(GRANTS, [roles])).filter((grant) => !isDeclared(grant, expected)).map(describeGrant),
  ];
}

interface Grant {
  readonly schema: string;
  readonly relation: string;
  readonly privilege: string;
  readonly role: string;
}

function isDeclared({ schema, relation, privilege, role }: Grant, { tables, grantsOf }: RoleExpectations): boolean {
  if (role === 'everybody') return false;
  if (schema === QUEUE_SCHEMA) return QUEUE_PRIVILEGES.includes(privilege);
  return (
    schema === 'public' && (tables[relation]?.[grantsOf] as readonly string[] | undefined)?.includes(privilege) === true
  );
}

function describeGrant({ schema, relation, privilege, role }: Grant): string {
  return `${role === 'everybody' ? role : `role ${role}`} may ${privilege} on ${schema}.${relation}`;
}
