// The warehouse end to end below HTTP: totals, deltas, identical re-deliveries, rejections, rules, identity pairs, and what a retry may do.
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import t from 'tap';
import { type Column, defineTable, type Table } from '../../src/domains/definition.ts';
import { retryDelivery, warehouseJobs } from '../../src/pipeline/warehouse/index.ts';
import type { AnyJobHandler } from '../../src/platform/queue/queue.ts';
import { latestRevision, readRevision } from '../../src/slices/index.ts';
import { MEASURES, measureChanges, measures, openScene, redeclared, type Scene } from './warehouse-scene.ts';

const JAN = ['2025-01,A,a,10,1.50', '2025-01,B,b,20,'];
const FEB = ['2025-02,A,a,11,2.00'];

const slices = (scene: Scene, revision?: number, identity = false) =>
  scene.read(async (tx) => readRevision(tx, 'toy', revision ?? (await latestRevision(tx, 'toy')), { identity }));

async function rowsOf(scene: Scene, period: string): Promise<string> {
  const slice = (await slices(scene)).find((each) => each.period === period);
  if (slice === undefined) return 'no slice';
  const { inflateRawSync, constants } = await import('node:zlib');
  return inflateRawSync(await readFile(await scene.storage.localPath(slice.segmentKey)), {
    finishFlush: constants.Z_SYNC_FLUSH,
  }).toString();
}

const objects = async (scene: Scene) => {
  const keys: string[] = [];
  for (const prefix of ['slices/', 'identity/', 'diffs/'])
    for await (const { key } of scene.storage.list(prefix)) keys.push(key);
  return keys.sort();
};

t.test('a total fills every period of its span, and the same files again change nothing', async (t) => {
  const scene = await openScene(t);
  const first = await scene.deliver({ to: '2025-03', files: { toy_maal: measures([...JAN, ...FEB]) } });
  t.match(first, { state: 'accepted', revision: 1 });
  t.same(
    (await slices(scene)).map(({ table, period, rows }) => [table, period, rows]),
    [
      ['toy_maal', '2025-01', 2],
      ['toy_maal', '2025-02', 1],
      ['toy_maal', '2025-03', 0],
    ],
    'delivered zero is a slice',
  );
  t.equal(await rowsOf(scene, '2025-01'), '615,2025-01,A,a,10,1.50\n615,2025-01,B,b,20,\n');
  t.same(
    scene.sent.map(({ queue, key }) => [queue, key]),
    [['compute-key-figures', '615:toy']],
  );

  const stored = await objects(scene);
  const again = await scene.deliver({
    to: '2025-03',
    files: { toy_maal: measures([FEB[0], JAN[1], JAN[0]] as string[]) },
  });
  t.match(again, { state: 'accepted', revision: 2 });
  t.same(await objects(scene), stored, 'no slice bytes are written');
  const { rows } = await scene.owner.query(
    'select revision, kind, slices_changed::int as changed from revision order by 1',
  );
  t.same(rows, [
    { revision: 1, kind: 'total', changed: 3 },
    { revision: 2, kind: 'total', changed: 0 },
  ]); // prettier-ignore
  t.same(
    (await slices(scene)).map(({ revision }) => revision),
    [1, 1, 1],
  );
  const { rows: counted } = await scene.owner.query('select distinct rows::int from source_file');
  t.same(counted, [{ rows: 3 }]);
});

t.test('a total replaces only the tables and periods that were sent', async (t) => {
  const scene = await openScene(t);
  await scene.deliver({
    to: '2025-03',
    files: {
      toy_maal: measures([...JAN, ...FEB]),
      toy_sted: 'kommunekode;sted;navn\n615;A;Ærø "skole"\n615;B;"to\nlinjer"',
    },
  });
  await scene.deliver({ from: '2025-02', to: '2025-02', files: { toy_maal: measures(['2025-02,C,b,1,0.10']) } });
  t.same(
    (await slices(scene)).map(({ table, period, rows, revision }) => [table, period, rows, revision]),
    [
      ['toy_maal', '2025-01', 2, 1],
      ['toy_maal', '2025-02', 1, 2],
      ['toy_maal', '2025-03', 0, 1],
      ['toy_sted', 'all', 2, 1],
    ],
  );
  t.equal(await rowsOf(scene, '2025-02'), '615,2025-02,C,b,1,0.10\n');
  t.equal(await rowsOf(scene, 'all'), '615,A,"Ærø ""skole"""\n615,B,"to\nlinjer"\n');
});

/** The measures, kept by another period. */
function measuresBy(period: Table['period'], key: readonly string[] = MEASURES.key.slice(1)) {
  const type = { type: 'integer', minimum: 2000, maximum: 2099 } as const;
  const year = { ...(MEASURES.columns[0] as Column), name: 'aar', type };
  const columns = [...MEASURES.columns.slice(1), ...(key.includes('aar') ? [year] : [])];
  return { ...redeclared(defineTable({ ...MEASURES, columns, key, period })), rules: [] };
}

t.test('property: a total replaces the months of its span and no others, wherever it cuts periods', async (t) => {
  const scene = await openScene(t, measuresBy({ kind: 'schoolYear', from: 'maaned' }));
  const months = ['2024-06', '2024-07', '2024-08', '2024-11', '2025-03', '2025-07', '2025-08', '2025-09'];
  const total = fc.record({
    ends: fc.tuple(fc.constantFrom(...months), fc.constantFrom(...months)),
    sent: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 8, maxLength: 8 }),
    stray: fc.integer({ min: 0, max: 3 }),
  });
  const held = new Map<string, string>();
  let rejected = 0;
  // One total after another into the same warehouse: each finds what those before it left.
  for (const [round, { ends, sent, stray }] of fc.sample(total, { numRuns: 30, seed: 615 }).entries()) {
    const [from = '', to = ''] = [...ends].sort();
    const lines = new Map(months.map((month, index) => [month, `${month},A,a,${round * 4 + (sent[index] ?? 0)},`]));
    const within = months.filter((month, index) => month >= from && month <= to && sent[index] !== 0);
    const outside = stray === 0 ? months.filter((month) => month < from || month > to).slice(0, 1) : [];
    const file = measures([...within, ...outside].map((month) => lines.get(month) as string));
    const delivery = await scene.deliver({ from, to, files: { toy_maal: file } });
    if (outside.length > 0) {
      t.match(delivery, { state: 'rejected', findings: { 'outside-span': 1 } }, `${outside} is outside ${from}–${to}`);
      rejected += 1;
      continue;
    }
    for (const month of held.keys()) if (month >= from && month <= to) held.delete(month);
    for (const month of within) held.set(month, `615,${lines.get(month)}\n`);
    const texts = [];
    for (const year of ['2023-2024', '2024-2025', '2025-2026']) texts.push(await rowsOf(scene, year));
    const expected = [...held.keys()].sort().map((month) => held.get(month));
    t.equal(texts.filter((text) => text !== 'no slice').join(''), expected.join(''), `${from}–${to}`);
  }
  t.ok(rejected > 1 && rejected < 20, `${rejected} of 30 rejected`);
});

t.test('where rows tell no month, a span that cuts a held period fails and loses nothing', async (t) => {
  const scene = await openScene(t, measuresBy({ kind: 'year', from: 'aar' }, ['aar', 'maaned', 'sted']));
  const file = 'kommunekode,aar,maaned,sted,art,antal,beloeb\n615,2025,2025-09,A,a,1,';
  await scene.deliver({ files: { toy_maal: file } });
  // Intake refuses such a span; a declaration may change after it has looked.
  const id = await scene.submit({ to: '2025-08', files: { toy_maal: file.replace('2025-09', '2025-08') } });
  await t.rejects(scene.load(id), /tell no month/);
  t.equal(await rowsOf(scene, '2025'), '615,2025-09,A,a,1,,2025\n');
});

t.test('a delta changes the rows it names', async (t) => {
  const scene = await openScene(t);
  await scene.deliver({ to: '2025-03', files: { toy_maal: measures([...JAN, ...FEB]) } });
  const delta = await scene.deliver({
    kind: 'delta',
    sequence: 1,
    files: {
      toy_maal: measureChanges([
        'U,2025-01,A,b,12,',
        'U,2025-01,C,a,1,1.00',
        'D,2025-02,A,,,',
        'D,2025-03,X,,,',
        'D,2025-07,X,,,',
        'U,2025-05,A,a,0,0',
      ]),
    },
  });
  t.match(delta, { state: 'accepted', revision: 2, findings: { 'delete-absent': 2 } });
  t.equal(await rowsOf(scene, '2025-01'), '615,2025-01,A,b,12,\n615,2025-01,B,b,20,\n615,2025-01,C,a,1,1.00\n');
  t.equal(await rowsOf(scene, '2025-02'), '', 'a period whose last row goes stays, empty');
  t.equal(await rowsOf(scene, '2025-05'), '615,2025-05,A,a,0,0.00\n', 'an upsert makes a period');
  t.equal(await rowsOf(scene, '2025-07'), 'no slice', 'a delete does not');
  t.same(
    (await slices(scene)).map(({ period, revision }) => [period, revision]),
    [
      ['2025-01', 2],
      ['2025-02', 2],
      ['2025-03', 1],
      ['2025-05', 2],
    ],
  ); // prettier-ignore
  const { rows } = await scene.owner.query(
    `select row::int, severity from finding where rule = 'delete-absent' order by row`,
  );
  t.same(rows, [
    { row: 4, severity: 'warning' },
    { row: 5, severity: 'warning' },
  ]); // prettier-ignore

  const gap = await scene.deliver({
    kind: 'delta',
    sequence: 3,
    files: { toy_maal: measureChanges(['U,2025-01,A,b,12,']) },
  });
  t.match(gap, { state: 'rejected', revision: null, findings: { 'delta-sequence': 1 } });
  const other = await scene.deliver({
    kind: 'delta',
    sequence: 1,
    source: 'ny-kilde',
    files: { toy_maal: measureChanges(['U,2025-01,A,b,12,']) },
  });
  t.match(other, { state: 'rejected', findings: { 'source-system': 1 } });
  const doubled = await scene.deliver({
    kind: 'delta',
    sequence: 2,
    files: { toy_maal: measureChanges(['U,2025-01,A,b,12,', 'D,2025-01,A,,,', 'X,2025-01,B,b,1,']) },
  });
  t.match(doubled, { state: 'rejected', findings: { 'duplicate-key': 1, op: 1 } });
  await scene.deliver({ files: { toy_maal: measures(JAN) }, source: 'ny-kilde', to: '2025-01' });
  const taken = await scene.deliver({
    kind: 'delta',
    sequence: 2,
    files: { toy_maal: measureChanges(['U,2025-01,A,b,12,']) },
  });
  t.match(
    taken,
    { state: 'rejected', findings: { 'source-system': 1 } },
    'a total of another system takes the table over',
  );
});

t.test('a delivery with a stop leaves nothing but its findings', async (t) => {
  const scene = await openScene(t);
  const bad = await scene.deliver({
    files: { toy_maal: measures(['2025-01,A,a,10,1', '2025-01,A,a,11,1', '2026-01,A,a,11,1']) },
  });
  t.match(bad, { state: 'rejected', revision: null, findings: { 'duplicate-key': 1, 'outside-span': 1 } });
  const events = await scene.read((tx) => tx.query('select type, domain, data from event'));
  const data = { rules: 2, sourceDelivery: bad.id };
  t.match(
    events,
    [{ type: 'source-delivery.rejected', domain: 'toy', data }],
    'an event tells, in the same transaction',
  );
  t.same(await objects(scene), []);
  t.same(scene.sent, []);
  const ruled = await scene.deliver({ files: { toy_maal: measures(['2025-01,A,a,666,1']) } });
  t.match(ruled, { state: 'rejected', findings: { T2: 1 } });
  t.same((await scene.owner.query('select 1 from revision union all select 1 from slice')).rows, []);
});

t.test('domain rules run over the state after the load, on what changed, and their outcomes are kept', async (t) => {
  const scene = await openScene(t);
  const first = await scene.deliver({
    to: '2025-02',
    files: {
      toy_maal: measures(['2025-01,A,a,901,', '2025-01,Q,a,1,', '2025-02,A,a,1,']),
      toy_sted: 'kommunekode,sted,navn\n615,A,Skolen',
    },
  });
  t.match(first, { state: 'accepted', findings: { T1: 1, T3: 1, T4: 1 } });
  const { rows } = await scene.owner.query(
    'select rule, period, row::int, column_name, reference, message_da from finding order by rule',
  );
  t.same(rows, [
    {
      rule: 'T1',
      period: '2025-01',
      row: 1,
      column_name: 'antal',
      reference: 'maaned=2025-01, sted=A',
      message_da: 'Der er noget galt.',
    },
    {
      rule: 'T3',
      period: '2025-01',
      row: null,
      column_name: null,
      reference: '2025-01',
      message_da: 'Der er noget galt. sum 902',
    },
    { rule: 'T4', period: '2025', row: null, column_name: null, reference: 'Q', message_da: 'Der er noget galt.' },
  ]);
  const open = async () =>
    (
      await scene.owner.query(
        'select distinct on (rule, period) rule, period, revision, count::int from rule_result order by rule, period, revision desc',
      )
    ).rows;
  t.same(await open(), [
    { rule: 'T1', period: '2025-01', revision: 1, count: 1 },
    { rule: 'T3', period: '2025-01', revision: 1, count: 1 },
    { rule: 'T4', period: '2025', revision: 1, count: 1 },
  ]);
  const other = await scene.deliver({
    from: '2026-01',
    to: '2026-01',
    files: { toy_maal: measures(['2026-01,A,a,1,']) },
  });
  t.match(other, { state: 'accepted', findings: {} });
  t.notOk('T4' in other.findings, 'the year that did not change is not looked at again');
  const places = await scene.deliver({ files: { toy_sted: 'kommunekode,sted,navn\n615,A,Skolen\n615,Q,Ny' } });
  t.match(places, { state: 'accepted', findings: {} }, 'the rule that reads the places ran, the others did not');
  t.same((await open()).at(-1), { rule: 'T4', period: '2025', revision: 3, count: 0 });
});

t.test('persons become pseudonyms; the pairs are a slice of their own that only grows', async (t) => {
  const scene = await openScene(t);
  const file = (lines: string[]) => ['kommunekode,cpr,dato', ...lines.map((line) => `615,${line}`)].join('\n');
  const born = await scene.deliver({
    files: { toy_person: file(['0101014001,2025-03-01', '3112998002,2025-04-01', '0101014001,2025-05-01']) },
  });
  t.match(born, { state: 'accepted' });
  const held = await slices(scene, 1, true);
  t.same(
    held.map(({ table, period, rows }) => [table, period, rows]),
    [
      ['identitet_toy', 'all', 2],
      ['toy_person', '2025', 3],
    ],
  ); // prettier-ignore
  t.notOk(
    (await slices(scene)).some(({ table }) => table === 'identitet_toy'),
    'never listed',
  );
  const content = await rowsOf(scene, '2025');
  t.match(content, /^615,[0-9a-f]{32},2025-0\d-01,2001,M\n/m);
  t.match(content, /^615,[0-9a-f]{32},2025-04-01,1899,K\n/m);
  t.notMatch(content, /0101014001/);
  await scene.deliver({ files: { toy_person: file(['0202024002,2025-03-01', '0101014001,2025-03-02']) } });
  t.same(
    (await slices(scene, 2, true)).map(({ rows }) => rows),
    [3, 2],
  );
  const wrong = await scene.deliver({
    files: { toy_person: file(['3002014001,2025-03-01', '12345,2025-03-02', '6101014001,2025-03-03']) },
  });
  t.match(wrong, { state: 'rejected' });
  const { rows } = await scene.owner.query(
    'select rule, row::int, reference, message_da from finding where source_delivery_id = $1 order by number',
    [wrong.id],
  );
  t.notMatch(JSON.stringify(rows), /\d{10}|12345/, 'no finding holds a number');
  t.same(rows.map(({ rule, row }) => [rule, row]).sort(), [
    ['cpr', 1],
    ['cpr', 2],
    ['cpr-replacement', 3],
  ]); // prettier-ignore
});

t.test('a retried job makes one revision; an aborted one none; a failed delivery can be retried', async (t) => {
  const scene = await openScene(t);
  const id = await scene.submit({ files: { toy_maal: measures(JAN) } });
  await t.rejects(scene.load(id, AbortSignal.abort(new Error('taken away'))));
  t.match(await scene.stateOf(id), { state: 'loading', revision: null });
  const late = new AbortController();
  const storage = {
    ...scene.storage,
    stat: async (key: string) => {
      late.abort(new Error('taken away'));
      return scene.storage.stat(key);
    },
  }; // prettier-ignore
  const [revise] = warehouseJobs({ ...scene.deps, storage }) as AnyJobHandler[];
  const payload = { municipality: '615', domain: 'toy', task: 'load', sourceDeliveryId: id } as never;
  await t.rejects(
    revise?.run(payload, { jobId: 'x', attempt: 1, lastAttempt: false, signal: late.signal }) as Promise<void>,
  );
  t.match(
    await scene.stateOf(id),
    { state: 'loading', revision: null },
    'also when it is taken away while it publishes',
  );
  await Promise.all([scene.load(id), scene.load(id)]);
  await scene.load(id);
  t.match(await scene.stateOf(id), { state: 'accepted', revision: 1 });
  t.equal((await scene.owner.query('select 1 from revision')).rowCount, 1);

  const lost = await scene.submit({ files: { toy_maal: measures(FEB) } });
  for await (const { key } of scene.storage.list(`received/municipality=615/${lost}`)) await scene.storage.delete(key);
  const error = await scene.load(lost).then(
    () => undefined,
    (reason: unknown) => reason,
  ); // prettier-ignore
  await scene.handlers[0]?.failed({ municipality: '615', domain: 'toy', task: 'load', sourceDeliveryId: lost }, error);
  t.match(await scene.stateOf(lost), { state: 'failed', failure: 'internal-error' });
  t.equal(await retryDelivery(scene.deps, scene.tenant, lost), true);
  t.equal(await retryDelivery(scene.deps, scene.tenant, lost), false, 'only what has failed');
  t.match(scene.sent.at(-1), { queue: 'revise', key: '615:toy', payload: { task: 'load', sourceDeliveryId: lost } });
});
