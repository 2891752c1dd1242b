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
