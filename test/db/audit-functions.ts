// The part of the catalogue's audit that reads functions: which there are, whose they are, as whom and how they run, and what they do.
import { readFileSync } from 'node:fs';
import { CONTEXT_ROLE } from '../../db/schema/index.ts';
import type { Ask, Row } from './audit-catalogue.ts';

const QUEUE_FUNCTIONS =
  /^pgboss\.(create_queue|delete_queue|job_now|job_table_format|job_table_run|job_table_run_async)$/;
const OWNER = 'the owner';
const NOBODY_ELSE = '';

/** Each function of ours in one line: whose, as whom it runs, how it may be planned, its settings, and who may call it besides its owner. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  'app.clear_policies': describe({ volatile: 'v', parallel: 'u', callers: 'PUBLIC' }),
  'app.secure_municipal': describe({ volatile: 'v', parallel: 'u', callers: 'PUBLIC' }),
  'app.secure_shared': describe({ volatile: 'v', parallel: 'u', callers: 'PUBLIC' }),
  'app.let_client': describe({ volatile: 'v', parallel: 'u', callers: 'PUBLIC' }),
  'app.municipality': describe({ callers: 'PUBLIC' }),
  'app.client': describe({ callers: 'PUBLIC' }),
  'app.domains': describe({ callers: 'PUBLIC' }),
  'app.system_reason': describe({ callers: 'PUBLIC' }),
  'context.hmac': describe({ owner: CONTEXT_ROLE, volatile: 'i', parallel: 's', callers: NOBODY_ELSE }),
  'context.verified': describe({
    owner: CONTEXT_ROLE,
    definer: 'true',
    settings: 'search_path=pg_catalog, pg_temp',
    callers: 'the runtime roles',
  }),
};

function describe({
  owner = OWNER,
  definer = 'false',
  volatile = 's',
  parallel = 'r',
  settings = '',
  callers = '',
}: Row) {
  return `owner ${owner}, definer ${definer}, ${volatile}${parallel}, settings ${settings}, callers ${callers}`;
}

/** The bodies of the functions of SQL, as PostgreSQL prints them. Those of the other languages are compared with the files that make them. */
const BODIES: Readonly<Record<string, string>> = {
  'app.municipality': `RETURN NULLIF((context.verified())[2], ''::text)`,
  'app.client': `RETURN "substring"(array_to_string((context.verified())[2:5], chr(10)), '^\\n\\n\\n(.+)$'::text)`,
  'app.domains': `RETURN (NULLIF((context.verified())[3], ''::text))::text[]`,
  'app.system_reason': `RETURN NULLIF((context.verified())[4], ''::text)`,
  'context.hmac': 'RETURN sha256((outer_block || sha256((inner_block || message))))',
};

const SOURCES = ['context.sql', 'tenancy.sql'].map((name) =>
  readFileSync(new URL(`../../db/${name}`, import.meta.url), 'utf8'),
);

/** @returns one line per fault; `ask` as the auditor. */
export async function auditFunctions(ask: Ask): Promise<string[]> {
  const functions = await ask(
    `select nspname || '.' || proname as name, nspname, prosecdef::text as definer, provolatile as volatile, proparallel as parallel,
       case proowner when (select nspowner from pg_namespace where nspname = 'app') then '${OWNER}' else pg_get_userbyid(proowner) end as owner,
       coalesce(array_to_string(proconfig, '; '), '') as settings, prosrc as source, coalesce(pg_get_function_sqlbody(p.oid), '') as body,
       coalesce((select string_agg(coalesce(rolname, 'PUBLIC'), ',' order by rolname nulls first)
         from aclexplode(coalesce(proacl, acldefault('f', proowner))) left join pg_roles r on r.oid = grantee where grantee <> proowner), '') as callers
     from pg_proc p join pg_namespace n on n.oid = pronamespace where nspname !~ '^pg_' and nspname <> 'information_schema'`,
  );
  const missing = Object.keys(FUNCTIONS).filter((name) => !functions.some((each) => each.name === name));
  return [...missing.map((name) => `function ${name} is not there`), ...functions.flatMap(auditFunction)];
}

function auditFunction({ name = '', source = '', body = '', callers = '', ...row }: Row): string[] {
  const wanted = FUNCTIONS[name];
  if (wanted === undefined)
    return [
      ...(row.definer === 'true' ? [`function ${name} is security definer`] : []),
      ...(QUEUE_FUNCTIONS.test(name) ? [] : [`function ${name} is not known`]),
    ];
  const found = describe({ ...row, callers: spellCallers(callers) });
  const sound = name in BODIES ? body === BODIES[name] : SOURCES.some((text) => text.includes(`$$${source}$$`));
  return [
    ...(found === wanted ? [] : [`function ${name} is not as declared: ${found}`]),
    ...(sound ? [] : [`function ${name} has another body`]),
  ];
}

function spellCallers(callers: string): string {
  if (callers === 'flis_api,flis_backup,flis_system,flis_worker') return 'the runtime roles';
  return callers.startsWith('PUBLIC') ? 'PUBLIC' : callers;
}
