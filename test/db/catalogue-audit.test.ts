// The catalogue of a migrated database is exactly what the schema declares; every planted departure is found.
import pg from 'pg';
import t from 'tap';
import { declaredTables } from '../../db/schema/index.ts';
import { createTestDatabase } from '../harness/database.ts';
import { auditCatalogue } from './audit-catalogue.ts';

const roles = { api: 'flis_api', worker: 'flis_worker', backup: 'flis_backup' };

/** What is planted → what the audit must say, among other things. */
const PLANTS: Record<string, readonly [sql: string, fault: string | RegExp]> = {
  'a missing policy': ['drop policy tenant on finding', 'finding lacks policy tenant'],
  'a missing backup policy': ['drop policy backup on revision', 'revision lacks policy backup'],
  'a policy that lets everything through': [
    'create policy extra on finding using (true)',
    /finding has another policy: extra PERMISSIVE public ALL true/,
  ],
  'a weakened policy': [
    'alter policy tenant on finding using (municipality_code = (select app.municipality()) or period is null)',
    'finding lacks policy tenant',
  ],
  'a policy for a role more': [
    'alter policy system on finding to flis_api, flis_worker',
    'finding lacks policy system',
  ],
  'a check that is gone': ['alter policy tenant on finding with check (true)', 'finding lacks policy tenant'],
  'row security off': ['alter table slice disable row level security', /row security of slice is enabled false/],
  'row security not forced': ['alter table slice no force row level security', /row security of slice .* forced false/],
  'an undeclared table': ['create table planted (a int)', 'relation public.planted is not declared'],
  'a table in a schema of its own': [
    'create schema other create table planted (a int)',
    'relation other.planted is not declared',
  ],
  'a table in the queue schema': ['create table pgboss.planted (a int)', 'relation pgboss.planted is not declared'],
  'a missing table': ['drop table audit_entry', 'table audit_entry is declared and not there'],
  'a unique index across municipalities': [
    'create unique index planted on source_file (storage_key)',
    'unique index planted of source_file has no municipality_code',
  ],
  'a foreign key across municipalities': [
    `alter table source_delivery add constraint whole unique (source_delivery_id);
     alter table finding add constraint planted foreign key (source_delivery_id) references source_delivery (source_delivery_id)`,
    'foreign key planted of finding does not compare municipality_code',
  ],
  'a missing primary key': [
    'alter table delta_sequence drop constraint delta_sequence_municipality_code_domain_source_system_pk',
    'table delta_sequence has no primary key',
  ],
  'the system role for the api': ['grant flis_system to flis_api', 'role flis_api is a member of another role'],
  'the system role inherited': [
    'grant flis_system to flis_worker with inherit true',
    'role flis_worker is a member of another role',
  ],
  'a grant too many': ['grant delete on revision to flis_api', 'granted: delete on public.revision to flis_api'],
  'a log that the worker can change': [
    'grant update on audit_entry to flis_worker',
    'audit_entry lets flis_worker update',
  ],
  'a log that can be cut off': [
    'grant truncate on audit_block to flis_system',
    'audit_block lets flis_system truncate',
  ],
  'a grant to everyone': [
    'grant select on released_value to public',
    'granted: select on public.released_value to PUBLIC',
  ],
  'a grant on a column': ['grant update (state) on release to flis_api', 'granted on a column: release.state'],
  'a grant too few': [
    'revoke select on finding from flis_worker',
    'not granted: select on public.finding to flis_worker',
  ],
  'a schema to create in': [
    'grant create on schema public to flis_api',
    'granted: CREATE on schema public to flis_api',
  ],
  'privileges for tables to come': [
    'alter default privileges grant select on tables to flis_api',
    /^default privileges/,
  ],
  'a view': ['create view planted as select * from finding', 'view public.planted without security_invoker'],
  'a materialised view': ['create materialized view planted as select 1 as a', 'materialised view public.planted'],
  'a security definer': [
    `create function app.planted() returns int language sql security definer return 1`,
    'function app.planted is security definer',
  ],
  'an unknown function': [
    'create function public.planted() returns int language sql return 1',
    'function public.planted is not known',
  ],
  'a runtime role that owns': ['alter table slice_diff owner to flis_worker', 'role flis_worker owns slice_diff'],
  'a runtime role with power': ['alter role flis_api bypassrls', 'role flis_api has more power than logging in'],
  'a runtime role in another': ['grant pg_read_all_data to flis_api', 'role flis_api is a member of another role'],
  'a domain that restricts no more': [
    'alter policy tenant on slice using (municipality_code = (select app.municipality())) with check (municipality_code = (select app.municipality()))',
    'slice lacks policy tenant',
  ],
  'a table that has a domain now, and no policy for it': [
    'alter table finding add column domain text',
    'finding lacks policy tenant',
  ],
  'a domain that may be absent': [
    'alter table slice alter column domain drop not null',
    'table slice has a domain that may be null',
  ],
  'a municipality that is not verified': [
    `create or replace function app.municipality() returns text language sql stable parallel restricted
       return nullif(current_setting('app.municipality', true), '')`,
    'function app.municipality has another body',
  ],
  'a domain that is not verified': [
    `create or replace function app.domains() returns text[] language sql stable parallel restricted return null::text[]`,
    'function app.domains has another body',
  ],
  'a reason that is not verified': [
    `create or replace function app.system_reason() returns text language sql stable parallel restricted return 'x'`,
    'function app.system_reason has another body',
  ],
  'a function that verifies nothing': [
    `create or replace function context.verified() returns text[] language plpgsql stable parallel restricted security definer
       set search_path = pg_catalog, pg_temp as $$ begin return string_to_array(current_setting('app.context', true), chr(10)); end $$`,
    'function context.verified has another body',
  ],
  'another HMAC': [
    `create or replace function context.hmac(message bytea, inner_block bytea, outer_block bytea) returns bytea
       language sql immutable parallel safe return sha256(message)`,
    'function context.hmac has another body',
  ],
  'a search_path that is open': [
    'alter function context.verified() reset search_path',
    /^function context.verified is not as declared/,
  ],
  'a search_path that is another': [
    'alter function context.verified() set search_path = public, pg_catalog',
    /^function context.verified is not as declared/,
  ],
  'verifying as the caller': [
    'alter function context.verified() security invoker',
    /^function context.verified is not as declared/,
  ],
  'verifying in parallel workers': [
    'alter function context.verified() parallel safe',
    /^function context.verified is not as declared/,
  ],
  'verifying by the owner of the schema': [
    'alter function context.verified() owner to current_user',
    /^function context.verified is not as declared: owner the owner/,
  ],
  'HMAC for everyone': [
    'grant execute on function context.hmac(bytea, bytea, bytea) to public',
    /^function context.hmac is not as declared/,
  ],
  'no function that verifies': ['drop function context.verified() cascade', 'function context.verified is not there'],
  'another function beside it': [
    'create function context.sign(text) returns text language sql security definer return $1',
    'function context.sign is security definer',
  ],
  'an overload': [
    'create function context.verified(text) returns text[] language sql return array[$1]',
    'function context.verified has another body',
  ],
  'a key that the api reads': ['grant select on context.key to flis_api', 'granted: select on context.key to flis_api'],
  'a column of the key that the worker reads': [
    'grant select (inner_block) on context.key to flis_worker',
    'granted on a column: key.inner_block',
  ],
  'a key that belongs to another': [
    'grant create on schema context to flis_worker; alter table context.key owner to flis_worker',
    'wrong owner: table key belongs to flis_worker',
  ],
  'a schema of the key that belongs to another': [
    'alter schema context owner to flis_api',
    'wrong owner: schema context belongs to flis_api',
  ],
  'a table more in that schema': ['create table context.copy (a int)', 'relation context.copy is not declared'],
  'the role of the key for the worker': [
    'grant flis_context to flis_worker',
    'role flis_worker is a member of flis_context',
  ],
  'the role of the key logging in': ['alter role flis_context login', 'role flis_context can log in'],
  'the role of the key with power': [
    'alter role flis_context bypassrls',
    'role flis_context has more power than logging in',
  ],
  'the role of the key in another': [
    'grant pg_read_all_data to flis_context',
    'role flis_context is a member of another role',
  ],
  'temporary tables': [
    `do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$`,
    'role flis_api may create temporary tables',
  ],
  'a publication': ['create publication planted for all tables', 'publication or foreign server planted'],
};

t.test('catalogue', async (t) => {
  const { ownerUrl } = await createTestDatabase(t);
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  t.teardown(() => client.end());
  const audit = () => auditCatalogue(client, { declared: declaredTables(), roles });

  await t.test('is as declared', async (t) => {
    t.same(await audit(), []);
    t.ok(
      [...declaredTables().values()].filter(({ kind }) => kind === 'municipal').length >= 12,
      'and there is something to audit',
    );
  });

  for (const [name, [sql, fault]] of Object.entries(PLANTS)) {
    await t.test(`finds ${name}`, async (t) => {
      await client.query('begin');
      try {
        await client.query(sql);
        const faults = await audit();
        t.ok(
          faults.some((each) => (typeof fault === 'string' ? each === fault : fault.test(each))),
          faults.join('; '),
        );
      } finally {
        await client.query('rollback');
      }
    });
  }

  await t.test('a log that is declared to be changed is found, though the database is as declared', async (t) => {
    const declared = new Map(declaredTables());
    declared.set('operator_audit_entry', { kind: 'system', api: ['insert'], worker: ['select', 'insert', 'delete'] });
    await client.query('begin');
    await client.query('grant delete on operator_audit_entry to flis_worker, flis_system');
    t.same(await auditCatalogue(client, { declared, roles }), [
      'operator_audit_entry lets flis_system delete',
      'operator_audit_entry lets flis_worker delete',
    ]);
    await client.query('rollback');
  });

  await t.test('is as declared after all', async (t) => t.same(await audit(), []));
});
