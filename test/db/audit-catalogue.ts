// Reads PostgreSQL's catalogue and lists every departure from the tenancy that the schema declares. Used by its test only.
import type pg from 'pg';
import { CONTEXT_ROLE, SYSTEM_ROLE, type TableAccess } from '../../db/schema/index.ts';
import { auditFunctions } from './audit-functions.ts';

export interface AuditOptions {
  readonly declared: ReadonlyMap<string, TableAccess>;
  readonly roles: { readonly api: string; readonly worker: string; readonly backup: string };
}

export type Row = Record<string, string>;
/** Runs one query of the catalogue. */
export type Ask = (text: string, values?: unknown[]) => Promise<Row[]>;

/** The queue's schema holds ids only; whatever else appears in it is looked at by a person before it is listed here. */
const QUEUE_RELATIONS =
  /^(bam|job|job_common|job_dependency|queue|queue_stats|queue_stats_[0-9]{8}|schedule|subscription|version|warning)$/;
/** What is on record stays: whatever is declared, nobody but the owner may do more than read and add. */
const APPEND_ONLY = [
  ...['audit_block', 'audit_entry', 'operator_audit_entry'],
  ...['capability_change', 'price_list', 'subscription', 'subscription_event', 'subscription_notice'],
  ...['schema_change', 'schema_change_withdrawal', 'schema_version'],
];
const OWN = `nspname !~ '^pg_' and nspname <> 'information_schema'`;
const TENANT = '(municipality_code = (SELECT app.municipality() AS municipality))';
/** The same for a table whose rows have a domain. */
const TENANT_IN_DOMAINS = `(${TENANT} AND COALESCE((domain = ANY ((SELECT app.domains() AS domains)::text[])), true))`;
const SYSTEM = '((SELECT app.system_reason() AS system_reason) IS NOT NULL)';

const CLIENT = '(client_id = (SELECT app.client() AS client))';
/** What a client that works for no municipality may do with rows that name it. */
const CLIENT_POLICIES: Readonly<Record<string, readonly string[]>> = {
  author: [`without_municipality_insert PERMISSIVE API INSERT  ${CLIENT}`],
  party: [
    `without_municipality_select PERMISSIVE API SELECT ${CLIENT} `,
    `without_municipality_insert PERMISSIVE API INSERT  (${CLIENT} AND (approved_at IS NULL) AND (ended_at IS NULL))`,
    `without_municipality_update PERMISSIVE API UPDATE ${CLIENT} (${CLIENT} AND (ended_at IS NOT NULL))`,
  ],
};

/** @returns one line per fault; empty when the database is as declared. */
export async function auditCatalogue(client: pg.Client, options: AuditOptions): Promise<string[]> {
  const ask: Ask = async (text, values = []) => (await client.query(text, values)).rows as Row[];
  const municipal = [...options.declared].filter(([, { kind }]) => kind === 'municipal').map(([name]) => name);
  const parts = [
    auditRelations(ask, options),
    auditKeys(ask, municipal),
    auditForeignKeys(ask, municipal),
    auditRowSecurity(ask, options, municipal),
    auditGrants(ask, options),
    auditRoles(ask, options),
    auditFunctions(ask),
    auditContext(ask, options),
    auditViews(ask),
  ];
  const faults: string[] = [];
  for (const part of parts) faults.push(...(await part));
  return faults.sort();
}

async function auditRelations(ask: Ask, { declared }: AuditOptions): Promise<string[]> {
  const rows = await ask(`select nspname, relname, relkind from pg_class join pg_namespace n on n.oid = relnamespace
    where ${OWN} and relkind in ('r', 'p', 'f', 'v', 'm')`);
  const here = new Set(rows.filter(({ nspname }) => nspname === 'public').map(({ relname }) => relname));
  const faults = [...declared.keys()]
    .filter((name) => !here.has(name))
    .map((name) => `table ${name} is declared and not there`);
  for (const { nspname = '', relname = '', relkind = '' } of rows) {
    const known =
      (nspname === 'public' && relkind === 'r' && declared.has(relname)) ||
      (nspname === 'pgboss' && 'rp'.includes(relkind) && QUEUE_RELATIONS.test(relname)) ||
      (nspname === 'drizzle' && relname === '__drizzle_migrations') ||
      (nspname === 'context' && relname === 'key');
    if (!known) faults.push(`relation ${nspname}.${relname} is not declared`);
  }
  return faults;
}

async function auditKeys(ask: Ask, municipal: readonly string[]): Promise<string[]> {
  const columns = await ask(
    `select relname from pg_class join pg_attribute on attrelid = pg_class.oid and attname = 'municipality_code' and attnotnull
     where relnamespace = 'public'::regnamespace`,
  );
  const indexes = await ask(
    `select t.relname, i.relname as index, indisprimary::text as primary,
       exists (select from pg_attribute a where a.attrelid = t.oid and a.attnum = any (indkey) and a.attname = 'municipality_code')::text as has
     from pg_index join pg_class t on t.oid = indrelid join pg_class i on i.oid = indexrelid
     where t.relnamespace = 'public'::regnamespace and indisunique`,
  );
  return municipal.flatMap((name) => [
    ...(columns.some(({ relname }) => relname === name) ? [] : [`table ${name} has no municipality_code not null`]),
    ...(indexes.some(({ relname, primary }) => relname === name && primary === 'true')
      ? []
      : [`table ${name} has no primary key`]),
    ...indexes
      .filter(({ relname, has }) => relname === name && has === 'false')
      .map(({ index }) => `unique index ${index} of ${name} has no municipality_code`),
  ]);
}

/** A foreign key between municipal tables compares both municipalities, or one could point into the other's rows. */
async function auditForeignKeys(ask: Ask, municipal: readonly string[]): Promise<string[]> {
  const rows = await ask(
    `select conname, t.relname, r.relname as target,
       exists (select from unnest(conkey, confkey) as pair(a, b)
         join pg_attribute x on x.attrelid = conrelid and x.attnum = a and x.attname = 'municipality_code'
         join pg_attribute y on y.attrelid = confrelid and y.attnum = b and y.attname = 'municipality_code')::text as same
     from pg_constraint join pg_class t on t.oid = conrelid join pg_class r on r.oid = confrelid
     where contype = 'f' and t.relnamespace = 'public'::regnamespace`,
  );
  return rows
    .filter(
      ({ relname = '', target = '', same }) =>
        (municipal.includes(relname) || municipal.includes(target)) && same === 'false',
    )
    .map(({ conname, relname }) => `foreign key ${conname} of ${relname} does not compare municipality_code`);
}

async function auditRowSecurity(
  ask: Ask,
  { declared, roles }: AuditOptions,
  municipal: readonly string[],
): Promise<string[]> {
  const tables =
    await ask(`select relname, relrowsecurity::text as enabled, relforcerowsecurity::text as forced from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r'`);
  const policies = await ask(`select tablename, policyname, permissive, array_to_string(roles, ',') as roles, cmd,
    coalesce(qual, '') as qual, coalesce(with_check, '') as with_check from pg_policies where schemaname = 'public' order by 1, 2`);
  const inDomains =
    await ask(`select relname, attnotnull::text as never_null from pg_class join pg_attribute on attrelid = pg_class.oid
    where relnamespace = 'public'::regnamespace and relkind = 'r' and attname = 'domain' and not attisdropped`);
  const expected = (relname: string) => {
    const tenant = inDomains.some((each) => each.relname === relname) ? TENANT_IN_DOMAINS : TENANT;
    return [
      `backup PERMISSIVE ${roles.backup} SELECT true `,
      `system PERMISSIVE ${SYSTEM_ROLE} ALL ${SYSTEM} ${SYSTEM}`,
      `tenant PERMISSIVE ${[roles.api, roles.worker].sort()} ALL ${tenant} ${tenant}`,
      ...(CLIENT_POLICIES[declared.get(relname)?.client ?? 'none'] ?? []).map((policy) =>
        policy.replace('API', roles.api),
      ),
    ];
  };
  return tables.flatMap(({ relname = '', enabled, forced }) => {
    if (!declared.has(relname)) return [];
    const isMunicipal = municipal.includes(relname);
    const found = policies.filter(({ tablename }) => tablename === relname).map(describePolicy);
    const wanted = isMunicipal ? expected(relname) : [];
    const on = String(isMunicipal);
    return [
      ...inDomains
        .filter((each) => isMunicipal && each.relname === relname && each.never_null === 'false')
        .map(() => `table ${relname} has a domain that may be null`),
      ...(enabled === on && forced === on
        ? []
        : [`row security of ${relname} is enabled ${enabled}, forced ${forced}`]),
      ...wanted.filter((each) => !found.includes(each)).map((each) => `${relname} lacks policy ${each.split(' ')[0]}`),
      ...found.filter((each) => !wanted.includes(each)).map((each) => `${relname} has another policy: ${each}`),
    ];
  });
}

/** One spelling for an expression: PostgreSQL may print the column with a cast and other white space. */
function describePolicy({ policyname, permissive, roles = '', cmd, qual = '', with_check = '' }: Row): string {
  const plain = (text: string) =>
    text
      .replace(/\( SELECT/g, '(SELECT')
      .replace('(municipality_code)::text', 'municipality_code')
      .replace('(app.municipality())::bpchar', 'app.municipality()');
  return `${policyname} ${permissive} ${roles.split(',').sort()} ${cmd} ${plain(qual)} ${plain(with_check)}`;
}

async function auditGrants(ask: Ask, { declared, roles }: AuditOptions): Promise<string[]> {
  const rows =
    await ask(`select nspname, relname, relkind, coalesce(rolname, 'PUBLIC') as grantee, lower(privilege_type) as privilege
    from pg_class join pg_namespace n on n.oid = relnamespace cross join aclexplode(relacl) left join pg_roles r on r.oid = grantee
    where ${OWN} and nspname <> 'pgboss' and grantee <> relowner`);
  const wanted = [...declared].flatMap(([name, { api, worker }]) => [
    ...api.map((privilege) => `${privilege} on public.${name} to ${roles.api}`),
    ...worker.map((privilege) => `${privilege} on public.${name} to ${roles.worker}`),
    ...worker.map((privilege) => `${privilege} on public.${name} to ${SYSTEM_ROLE}`),
    `select on public.${name} to ${roles.backup}`,
  ]);
  const found = rows.map(
    ({ nspname, relname, grantee, privilege }) => `${privilege} on ${nspname}.${relname} to ${grantee}`,
  );
  const changing = rows
    .filter(({ relname = '', privilege = '' }) => APPEND_ONLY.includes(relname) && !/^(select|insert)$/.test(privilege))
    .map(({ relname, grantee, privilege }) => `${relname} lets ${grantee} ${privilege}`);
  const columns = await ask(`select relname, attname from pg_attribute join pg_class c on c.oid = attrelid
    join pg_namespace n on n.oid = relnamespace where ${OWN} and attacl is not null`);
  const schemas = await ask(
    `select nspname, coalesce(rolname, 'PUBLIC') as grantee, privilege_type from pg_namespace
    cross join aclexplode(nspacl) left join pg_roles r on r.oid = grantee
    where ${OWN} and grantee <> nspowner and not (privilege_type = 'USAGE' and rolname = any ($1) and nspname in ('public', 'app', 'pgboss', 'context'))
    and not (nspname = 'context' and privilege_type = 'USAGE' and grantee = (select nspowner from pg_namespace where nspname = 'app'))`,
    [[...Object.values(roles), SYSTEM_ROLE]],
  );
  const defaults = await ask(`select defaclobjtype from pg_default_acl`);
  return [
    ...wanted.filter((each) => !found.includes(each)).map((each) => `not granted: ${each}`),
    ...found.filter((each) => !wanted.includes(each)).map((each) => `granted: ${each}`),
    ...changing,
    ...columns.map(({ relname, attname }) => `granted on a column: ${relname}.${attname}`),
    ...schemas.map(
      ({ nspname, grantee, privilege_type }) => `granted: ${privilege_type} on schema ${nspname} to ${grantee}`,
    ),
    ...defaults.map(({ defaclobjtype }) => `default privileges for ${defaclobjtype}`),
  ];
}

async function auditRoles(ask: Ask, { roles }: AuditOptions): Promise<string[]> {
  const names = [...Object.values(roles), SYSTEM_ROLE, CONTEXT_ROLE];
  const logins = await ask('select rolname from pg_roles where rolname = any ($1) and rolcanlogin', [
    [SYSTEM_ROLE, CONTEXT_ROLE],
  ]);
  const powers = await ask(
    `select rolname from pg_roles where rolname = any ($1)
     and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication or rolinherit)`,
    [names],
  );
  // The worker may take on the system role for a transaction, and inherits nothing of it.
  const memberships = await ask(
    `select m.rolname from pg_auth_members a join pg_roles m on m.oid = member join pg_roles r on r.oid = roleid
     where m.rolname = any ($1) and not (m.rolname = $2 and r.rolname = $3 and not inherit_option and not admin_option)`,
    [names, roles.worker, SYSTEM_ROLE],
  );
  const owned = await ask(
    `select o.relname as name, pg_get_userbyid(o.relowner) as owner from pg_class o where pg_get_userbyid(o.relowner) = any ($1)
     union select proname, pg_get_userbyid(proowner) from pg_proc where pg_get_userbyid(proowner) = any ($1)
     union select nspname, pg_get_userbyid(nspowner) from pg_namespace where pg_get_userbyid(nspowner) = any ($1)
     union select datname, pg_get_userbyid(datdba) from pg_database where pg_get_userbyid(datdba) = any ($1)`,
    [[...Object.values(roles), SYSTEM_ROLE]],
  );
  return [
    ...logins.map(({ rolname }) => `role ${rolname} can log in`),
    ...powers.map(({ rolname }) => `role ${rolname} has more power than logging in`),
    ...memberships.map(({ rolname }) => `role ${rolname} is a member of another role`),
    ...owned.map(({ name, owner }) => `role ${owner} owns ${name}`),
  ];
}

/** The key of the signed context is one role's, which nobody else is; and no temporary table can hide a real one. */
async function auditContext(ask: Ask, { roles }: AuditOptions): Promise<string[]> {
  const owned = await ask(
    `select o.relname as name from pg_class o where relowner = to_regrole($1) and (relnamespace <> to_regnamespace('context') or relkind not in ('r', 'i', 't'))
       and relnamespace <> 'pg_toast'::regnamespace
     union select 'table key belongs to ' || pg_get_userbyid(relowner) from pg_class where oid = to_regclass('context.key') and relowner <> to_regrole($1)
     union select 'schema context belongs to ' || pg_get_userbyid(nspowner) from pg_namespace where nspname = 'context' and nspowner <> to_regrole($1)`,
    [CONTEXT_ROLE],
  );
  const members = await ask(
    `select m.rolname from pg_auth_members join pg_roles m on m.oid = member
     where roleid = to_regrole($1) and member <> (select nspowner from pg_namespace where nspname = 'app')
       and not (admin_option and not inherit_option and not set_option)`,
    [CONTEXT_ROLE],
  );
  const temporary = await ask(
    `select rolname from unnest($1::text[]) rolname where has_database_privilege(rolname, current_database(), 'temporary')`,
    [[...Object.values(roles), SYSTEM_ROLE]],
  );
  return [
    ...owned.map(({ name }) => `wrong owner: ${name}`),
    ...members.map(({ rolname }) => `role ${rolname} is a member of ${CONTEXT_ROLE}`),
    ...temporary.map(({ rolname }) => `role ${rolname} may create temporary tables`),
  ];
}

async function auditViews(ask: Ask): Promise<string[]> {
  const views =
    await ask(`select nspname || '.' || relname as name, relkind, coalesce(array_to_string(reloptions, ','), '') as options
    from pg_class join pg_namespace n on n.oid = relnamespace where ${OWN} and relkind in ('v', 'm')`);
  const triggers = await ask(`select tgname from pg_trigger join pg_class c on c.oid = tgrelid
    where not tgisinternal and relnamespace = 'public'::regnamespace`);
  const extensions = await ask(`select extname from pg_extension where extname <> 'plpgsql'`);
  const outlets = await ask(
    'select pubname as name from pg_publication union all select srvname from pg_foreign_server',
  );
  return [
    ...views.filter(({ relkind }) => relkind === 'm').map(({ name }) => `materialised view ${name}`),
    ...views
      .filter(({ relkind, options = '' }) => relkind === 'v' && !/security_invoker=(true|on|1)/.test(options))
      .map(({ name }) => `view ${name} without security_invoker`),
    ...triggers.map(({ tgname }) => `trigger ${tgname}`),
    ...extensions.map(({ extname }) => `extension ${extname}`),
    ...outlets.map(({ name }) => `publication or foreign server ${name}`),
  ];
}
