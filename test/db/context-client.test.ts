// The context of a client that works for no municipality: it sees the rows that name it and nothing else, and whatever SQL runs in it approves nothing.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import t from 'tap';
import { declaredTables } from '../../db/schema/index.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { type ClientTx, type TenantTx, withClient, withTenant } from '../../src/platform/postgres/tenancy.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { createTestDatabase, TEST_CONTEXT } from '../harness/database.ts';

const VENDOR = '000.vendor0000000000';
const OTHER = '000.other00000000000';
const asking = { clientId: VENDOR, requestId: 'x' };

t.test('a client of no municipality', async (t) => {
  const database = await createTestDatabase(t);
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  const options = { max: 1, statementTimeout: 10_000, applicationName: 'test', context: TEST_CONTEXT };
  const pool = createPool({ ...options, url: database.apiUrl });
  t.teardown(() => pool.end());
  const insertMandate = async (clientId: string, municipality: string, more: Record<string, unknown> = {}) => {
    const mandateId = randomUUID();
    const row = {
      ...{ municipality_code: municipality, mandate_id: mandateId, client_id: clientId, vendor: 'v', contact: 'c' },
      ...{ domains: ['borger'], scopes: ['raw-data:read'], purpose: 'p', ends_on: '2099-12-31', ...more },
    };
    const marks = Object.keys(row).map((_, index) => `$${index + 1}`);
    await owner.query(`insert into mandate (${Object.keys(row)}) values (${marks})`, Object.values(row));
    return mandateId;
  };
  const mine = [await insertMandate(VENDOR, '615'), await insertMandate(VENDOR, '791')];
  const theirs = await insertMandate(OTHER, '615');
  const ended = await insertMandate(VENDOR, '751', { ended_at: new Date(), approved_at: new Date() });
  await owner.query(
    `insert into audit_entry (municipality_code, client_id, request_id, operation, object) values ('615', $1, 'x', 'x', '{}')`,
    [VENDOR],
  );
  await owner.query(
    `insert into client (municipality_code, client_id, kind, name, contact, scopes, status, created_by)
     values ('000', $1, 'vendor', 'v', 'c', '{raw-data:read}', 'active', 'x')`,
    [VENDOR],
  );
  const asVendor = <T>(fn: (tx: ClientTx) => Promise<T>) => withClient(pool, asking, fn);
  const refused = async (statement: string, values: unknown[], name: string) =>
    t.rejects(
      asVendor((tx) => tx.query(statement, values)),
      { code: '42501' },
      name,
    );
  const ids = (rows: { mandate_id: string }[]) => rows.map(({ mandate_id: id }) => id).sort();

  await t.test('sees its own, in every municipality, and of other tables nothing', async (t) => {
    t.same(ids(await asVendor((tx) => tx.query('select mandate_id from mandate'))), [...mine, ended].sort());
    let tables = 0;
    for (const [name, { kind, api }] of declaredTables()) {
      if (kind !== 'municipal' || name === 'mandate' || !api.includes('select')) continue;
      t.same(await asVendor((tx) => tx.query(`select count(*) as count from ${name}`)), [{ count: 0 }], name);
      tables += 1;
    }
    t.ok(tables > 15, `${tables} tables`);
  });

  await t.test('a context of a municipality is no such context, whoever its client is', async (t) => {
    const tenant = { ...asking, municipality: municipalityCodeOf('101'), domains: null };
    const seen = (tx: TenantTx) => tx.query<{ mandate_id: string }>('select mandate_id from mandate');
    t.same(await withTenant(pool, tenant, seen), []);
    t.same(ids(await withTenant(pool, { ...tenant, municipality: municipalityCodeOf('791') }, seen)), [mine[1]]);
    t.same(
      await asVendor((tx) => tx.query('select app.municipality() as m, app.domains() as d, app.system_reason() as r')),
      [{ m: null, d: null, r: null }],
    );
  });

  const columns = 'municipality_code, mandate_id, client_id, vendor, contact, domains, scopes, purpose, ends_on';
  const values = (clientId: string) => [
    '615',
    randomUUID(),
    clientId,
    'v',
    'c',
    '{borger}',
    '{cpr:read}',
    'p',
    '2099-12-31',
  ];
  const nine = '$1, $2, $3, $4, $5, $6, $7, $8, $9';
  await t.test('adds proposals of its own, and no approval', async () => {
    await asVendor((tx) => tx.query(`insert into mandate (${columns}) values (${nine})`, values(VENDOR)));
    await refused(`insert into mandate (${columns}) values (${nine})`, values(OTHER), 'in another’s name');
    await refused(`insert into mandate (${columns}, approved_at) values (${nine}, now())`, values(VENDOR), 'approved');
    await refused(`insert into mandate (${columns}, ended_at) values (${nine}, now())`, values(VENDOR), 'ended');
    await refused('update mandate set approved_at = now(), approved_by = $1', ['615.x'], 'approving');
    await refused('update mandate set ended_at = null where mandate_id = $1', [ended], 'reviving');
    await refused(`update mandate set scopes = '{cpr:read}' where mandate_id = $1`, [mine[0]], 'widening');
    await refused('update mandate set client_id = $1, ended_at = now()', [OTHER], 'giving away');
  });

  await t.test('ends its own alone', async (t) => {
    const end = 'update mandate set ended_at = now() where mandate_id = $1 returning mandate_id';
    t.same(ids(await asVendor((tx) => tx.query<{ mandate_id: string }>(end, [mine[0]]))), [mine[0]]);
    t.same(await asVendor((tx) => tx.query(end, [theirs])), []);
    await refused('delete from mandate', [], 'deleting');
  });

  await t.test('adds to the log under its own name, and reads none of it', async (t) => {
    const insert = `insert into audit_entry (municipality_code, client_id, request_id, operation, object) values ('615', $1, 'x', 'x', '{}')`;
    await asVendor((tx) => tx.query(insert, [VENDOR]));
    await refused(insert, [OTHER], 'in another’s name');
    await refused(`${insert} returning entry`, [VENDOR], 'reading back');
    t.same(await asVendor((tx) => tx.query('select 1 from audit_entry')), []);
    await refused(`update audit_entry set purpose = 'x'`, [], 'changing');
  });
});
