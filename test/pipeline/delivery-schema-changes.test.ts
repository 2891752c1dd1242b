// Announced changes of tables over HTTP: how far ahead, of what, who hears of them; and what two schemas of a table are to whoever reads it.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import pg from 'pg';
import t from 'tap';
import { makeCatalogue } from '../../src/domains/catalogue.ts';
import { type Column, type Domain, defineTable, type Table } from '../../src/domains/definition.ts';
import { prepareDelivery } from '../../src/pipeline/delivery/deliveries/prepare-delivery.ts';
import { scheduleDeliveries } from '../../src/pipeline/delivery/deliveries/schedule-deliveries.ts';
import {
  type ColumnChange,
  changesBetween,
  describeSchema,
  isSameSchema,
  needsNotice,
  permits,
  type SchemaChange,
} from '../../src/pipeline/delivery/schema-changes/rules.ts';
import { addDays, dayOf } from '../../src/platform/time/local-time.ts';
import { schemaHashOf } from '../../src/slices/index.ts';
import { startService } from '../harness/service.ts';
import { openDeliveryScene } from './deliveries-scene.ts';
import { birth, type Json, people } from './packages-scene.ts';
import { MEASURES } from './warehouse-scene.ts';

const TODAY = dayOf(new Date());
const DESCRIPTION = { da: 'Kolonnen udgår', en: 'The column goes' };
const OPERATOR = { municipality: null, clientId: 'the-operator' };
const removed = (column: string) => ({ column, change: 'removed' });
const retyped = (column: string, type: string) => ({ column, change: 'retyped', type });
const added = (column: string, type: string) => ({ column, change: 'added', type });

t.test('announcing', async (t) => {
  const service = await startService(t);
  const owner = new pg.Client({ connectionString: service.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  const call = async (method: string, path: string, body?: object, caller: object | null = OPERATOR) => {
    const response = await service.call(method, path, { caller, ...(body && { body }) });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Json };
  };
  const announce = (columns: object[], days: number, table = 'bor_bevaegelse') =>
    call('POST', '/v1/schema-changes', {
      ...{ table, columns, effectiveOn: addDays(TODAY, days), description: DESCRIPTION },
    });
  const events = async (municipality: string, count: number): Promise<Json[]> => {
    for (let tries = 0; tries < 400; tries += 1) {
      const { body } = await call('GET', '/v1/events?types=schema.change-planned', undefined, { municipality });
      if (body.items.length >= count) return body.items;
      await delay(50);
    }
    throw new Error(`${municipality} has fewer than ${count} events`);
  };
  const withdraw = (id: string) => call('POST', `/v1/schema-changes/${id}/withdraw`, { reason: 'Den bliver' });

  await t.test('89 days are refused, 90 are enough; a column more can come tomorrow', async (t) => {
    for (const columns of [[removed('alder')], [retyped('alder', 'text')], [added('ny', 'text'), removed('alder')]]) {
      const { status, body } = await announce(columns, 89);
      t.equal(status, 422);
      t.match(body, { code: 'schema-change-notice', earliest: addDays(TODAY, 90), noticeDays: 90 });
    }
    t.match((await announce([added('ny', 'text')], 0)).body, {
      ...{ code: 'schema-change-notice', earliest: addDays(TODAY, 1) },
    });
    t.equal((await announce([added('ny', 'text')], 1)).status, 201);
    const { status, headers, body } = await announce([removed('alder'), retyped('dato', 'text')], 90);
    t.equal(status, 201);
    t.equal(headers.get('location'), `https://flis.example/v1/schema-changes/${body.id}`);
    const change = {
      ...{ domain: 'borger', table: 'bor_bevaegelse', effectiveOn: addDays(TODAY, 90), status: 'planned' },
      columns: [{ ...removed('alder'), type: null }, retyped('dato', 'text')],
      ...{ description: DESCRIPTION, carriedOutOn: null, withdrawal: null },
    };
    t.match(body, change);
    const read = await call('GET', `/v1/schema-changes/${body.id}`, undefined, null);
    t.strictSame([read.status, read.body], [200, body], 'everybody can read it');
  });

  await t.test('what does not fit the table is refused by place', async (t) => {
    for (const [columns, table, places] of [
      [[removed('antal')], 'bor_intet', ['body/table']],
      [[removed('intet')], undefined, ['body/columns/0']],
      [[retyped('fra_kommune', 'text'), retyped('intet', 'text')], undefined, ['body/columns/1']],
      [[added('fra_kommune', 'text')], undefined, ['body/columns/0']],
      [[removed('fra_kommune'), retyped('fra_kommune', 'text')], undefined, ['body/columns/1']],
      [[{ ...removed('fra_kommune'), type: 'text' }], undefined, ['body/columns/0']],
      [[{ column: 'fra_kommune', change: 'retyped' }], undefined, ['body/columns/0']],
      [[removed('kommunekode')], undefined, ['body/columns/0']],
      [[removed('maaned'), removed('antal')], 'bor_befolkning', ['body/columns/0']],
    ] as const) {
      const { status, body } = await announce([...columns], 400, table);
      t.match([status, body.code], [422, 'schema-change-misfit'], JSON.stringify(columns));
      t.same(
        body.faults.map(({ place }: Json) => place),
        places,
      );
    }
    t.equal((await announce([{ column: 'antal', change: 'renamed' }], 400)).body.code, 'invalid-request');
    t.equal((await announce([], 400)).body.code, 'invalid-request');
  });

  await t.test('a table can be given up whole', async (t) => {
    const columns = service.api.deps.catalogue.table('sko_klasse')?.table.columns ?? [];
    const { status, body } = await announce(
      columns.map(({ name }) => removed(name)),
      100,
      'sko_klasse',
    );
    t.equal(status, 201);
    t.equal((await withdraw(body.id)).status, 200);
  });

  await t.test('two changes of a column do not stand beside one another, whoever is quicker', async (t) => {
    await owner.query(`begin; select pg_advisory_xact_lock(hashtextextended('schema changes', 0))`);
    const asked = [100, 101, 102, 103].map((days) => announce([retyped('haendelse', 'text')], days));
    const hasEnded = Promise.race(asked).then(() => true);
    const waiting = async () => {
      const { rows } = await owner.query(`select count(*)::int as count from pg_locks where not granted
        and database = (select oid from pg_database where datname = current_database())`);
      return rows[0].count;
    };
    // All have come to the point where one of them goes on.
    while ((await waiting()) < asked.length)
      if (await Promise.race([hasEnded, delay(20, false)])) throw new Error('one of them did not wait');
    await owner.query('commit');
    const tries = await Promise.all(asked);
    const made = tries.filter(({ status }) => status === 201);
    t.equal(made.length, 1);
    const { id } = made[0]?.body ?? {};
    for (const { body } of tries.filter(({ status }) => status !== 201))
      t.match(body, { status: 409, code: 'schema-change-conflict', schemaChange: id });

    await t.test('and a withdrawn one is out of the way, once', async (t) => {
      const { status, body } = await withdraw(id);
      t.match([status, body], [200, { id, status: 'withdrawn', withdrawal: { reason: 'Den bliver' } }]);
      t.match((await withdraw(id)).body, { status: 409, code: 'schema-change-closed' });
      t.equal((await withdraw(randomUUID())).status, 404);
      t.equal((await announce([retyped('haendelse', 'text')], 100)).status, 201);
    });
  });

  await t.test('everybody hears of each: ids and counts', async (t) => {
    const { body } = await announce([removed('navn'), added('ny', 'text')], 120, 'sko_institution');
    await withdraw(body.id);
    const told = { schemaChange: body.id, effectiveOn: addDays(TODAY, 120), columns: 2 };
    for (const municipality of service.api.deps.catalogue.municipalities.map(({ code }) => code)) {
      const items = await events(municipality, 9);
      t.same(
        items.filter(({ data }) => data.schemaChange === body.id).map(({ domain, data }) => [domain, data]),
        [
          ['skole', { ...told, state: 'planned' }],
          ['skole', { ...told, state: 'withdrawn' }],
        ],
        municipality,
      );
    }
  });

  await t.test('the list can be narrowed and is paged, the latest day first', async (t) => {
    const all = (await call('GET', '/v1/schema-changes', undefined, null)).body.items;
    const days = all.map(({ effectiveOn }: Json) => effectiveOn);
    t.same(days, [...days].sort().reverse());
    t.equal(all.length, 6);
    const paged: Json[] = [];
    for (let path = '/v1/schema-changes?limit=2'; path !== null; ) {
      const { items, next } = (await call('GET', path, undefined, null)).body;
      paged.push(...items);
      path = next?.slice('https://flis.example'.length) ?? null;
    }
    t.strictSame(paged, all);
    const count = async (query: string) => (await call('GET', `/v1/schema-changes?${query}`)).body.items.length;
    t.equal(await count('domain=skole'), 2);
    t.equal(await count('table=sko_institution'), 1);
    t.equal(await count(`from=${addDays(TODAY, 120)}`), 1);
    t.equal((await call('GET', '/v1/schema-changes?cursor=x')).body.code, 'invalid-cursor');
  });

  await t.test('PostgreSQL refuses less than 90 days as well', async (t) => {
    const insert = (columns: object[], days: number) =>
      owner.query(
        `insert into schema_change (schema_change_id, table_name, domain, effective_on, columns, description_da, description_en, announced_at, announced_by)
         values ($1, 'x', 'x', (now() at time zone 'Europe/Copenhagen')::date + $2::int, $3, '', '', now(), 'x')`,
        [randomUUID(), days, JSON.stringify(columns)],
      );
    for (const columns of [[removed('a')], [added('b', 'text'), retyped('a', 'text')]]) {
      await t.rejects(insert(columns, 89), { code: '23514' });
      await insert(columns, 90);
    }
    await insert([added('b', 'text')], 1);
  });

  await t.test('it is the operator’s, and on record', async (t) => {
    const { status } = await call('POST', '/v1/schema-changes', {}, {});
    t.equal(status, 403);
    const { rows } = await owner.query(
      `select operation, count(*)::int as count from operator_audit_entry where client_id = $1 group by 1 order by 1`,
      [OPERATOR.clientId],
    );
    t.same(rows, [
      { operation: 'createSchemaChange', count: 6 },
      { operation: 'withdrawSchemaChange', count: 3 },
    ]);
  });
});

const { key: KEY, columns: COLUMNS, ...MEASURED } = MEASURES;
const OWN = COLUMNS.slice(1);
const withColumns = (columns: readonly Column[], key = KEY.slice(1)) => defineTable({ ...MEASURED, columns, key });
const changed = (name: string, change: Partial<Column>) =>
  withColumns(OWN.map((column) => (column.name === name ? { ...column, ...change } : column)));
const changes = (table: Table | undefined) => changesBetween(describeSchema(MEASURES), describeSchema(table));

t.test('what is to a reader another table', async (t) => {
  const type = (type: string) => ({ column: 'beloeb', change: 'retyped', type });
  t.same(changes(changed('beloeb', { type: { type: 'decimal', precision: 15, scale: 2 } })), [type('decimal')]);
  t.same(changes(changed('beloeb', { unit: '1.000 kr' })), [type('money')]);
  t.same(changes(changed('antal', { nullable: true })), [retyped('antal', 'integer')]);
  t.same(changes(withColumns(OWN, ['maaned', 'sted', 'art'])), [retyped('art', 'code')], 'rows are told apart by more');
  const decimals = (scale: number) =>
    describeSchema(changed('antal', { type: { type: 'decimal', precision: 9, scale } }));
  t.same(changesBetween(decimals(1), decimals(2)), [retyped('antal', 'decimal')]);
  t.same(changes(withColumns(OWN.filter(({ name }) => name !== 'art'))), [{ ...removed('art'), type: null }]);
  t.equal(changes(undefined).length, COLUMNS.length, 'given up');

  const harmless = [
    changed('beloeb', { unit: 'kr' }),
    changed('beloeb', { nullable: false }),
    changed('antal', { type: { type: 'integer', minimum: -5, maximum: 5_000_000 } }),
    changed('sted', { title: { da: 'x', en: 'x' }, sensitivity: 'personal' }),
    withColumns([...OWN].reverse()),
    withColumns([...OWN, { ...(OWN[0] as Column), name: 'ny' }]),
  ];
  for (const table of harmless) t.notOk(changes(table).some(needsNotice));
  t.same(changes(harmless.at(-1)), [added('ny', 'month')]);
  t.ok(isSameSchema(describeSchema(MEASURES), describeSchema(harmless[0])), 'an amount is in kroner');
});

t.test('an announcement permits what it says, from its day on, once for each column', async (t) => {
  const announced: SchemaChange = {
    ...{ id: randomUUID(), table: 'toy_maal', domain: 'toy', effectiveOn: '2027-04-01', description: DESCRIPTION },
    columns: [retyped('antal', 'text'), removed('art')].map((each) => ({ type: null, ...each }) as ColumnChange),
    ...{ announcedAt: new Date('2027-01-01T10:00:00Z'), withdrawal: null, carriedOut: [], carriedOutOn: null },
  };
  const [wanted, other] = announced.columns as [ColumnChange, ColumnChange];
  const withdrawal = { at: new Date('2027-02-01T00:00:00Z'), reason: '' };
  t.ok(permits(announced, wanted, '2027-04-01'));
  t.notOk(permits(announced, wanted, '2027-03-31'), 'not before');
  t.notOk(permits(announced, { ...wanted, type: 'decimal' }, '2027-04-01'), 'not as something else');
  t.notOk(permits(announced, { ...wanted, column: 'beloeb' }, '2027-04-01'));
  t.notOk(permits({ ...announced, withdrawal }, wanted, '2027-04-01'));
  t.notOk(permits({ ...announced, carriedOut: ['antal'] }, wanted, '2027-05-01'));
  t.ok(permits({ ...announced, carriedOut: ['antal'] }, other, '2027-05-01'));
  await fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 800 }), (ahead, later) => {
      const day = dayOf(announced.announcedAt);
      const one = { ...announced, effectiveOn: addDays(day, ahead) };
      return permits(one, wanted, addDays(day, later)) === (ahead >= 90 && later >= ahead);
    }),
  );
});

t.test('a delivery says which schema each of its tables has, and it is that of its files', async (t) => {
  const { subscribe, lookAt, deliver, readyOn, call, flis } = await openDeliveryScene(t);
  const deps = flis.workerDeps;
  if (deps === undefined) throw new Error('no worker');
  await deliver([people('2025-01', 30, 100)], [birth(1, '2025-01-05')]);
  const subscription = await subscribe();
  await lookAt('2026-03-01T04:00:00Z');
  const { manifest } = await readyOn(subscription, '2026-03-01');
  const borger = deps.catalogue.domain('borger') as Domain;
  const hashes = borger.tables.map((table) => [table.name, schemaHashOf(table)]);
  t.same(
    manifest.tables.map(({ name, schemaHash }: Json) => [name, schemaHash]),
    hashes,
  );
  t.match(manifest.schemaHash, /^[0-9a-f]{64}$/);

  // The next one is due while another version of the service has started and not yet brought the data to its tables.
  const columns = (borger.tables[0] as Table).columns;
  const extra: Column = { ...(columns.at(-1) as Column), name: 'ny', nullable: true };
  const tables = borger.tables.map((table, index) =>
    index === 0 ? { ...table, columns: [...columns, extra] } : table,
  );
  const newer = { ...deps, catalogue: makeCatalogue([{ ...borger, tables }]) };
  const sent: string[] = [];
  const jobs = { send: async (_tx: unknown, _queue: unknown, key: string) => void sent.push(key) };
  await scheduleDeliveries({ ...deps, jobs }, new Date('2026-03-02T04:00:00Z'));
  const [id = ''] = sent;
  const tenant = { municipality: '615', domains: null, clientId: 'worker', requestId: 'x' } as never;
  const prepare = (version: typeof deps) => prepareDelivery(version, tenant, id, new AbortController().signal);
  await t.rejects(prepare(newer));
  t.match((await call('GET', `/v1/deliveries/${id}`)).json, { state: 'scheduled', manifest: null });
  await prepare(deps);
  t.match((await call('GET', `/v1/deliveries/${id}`)).json.manifest, { schemaHash: manifest.schemaHash });
});
