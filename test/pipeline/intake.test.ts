// Handing in source data over HTTP: creating, uploading, submitting, reading, and everything that is refused on the way.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { readReceivedFile } from '../../src/pipeline/intake/index.ts';
import { POPULATION, startIntake, TOTAL } from './intake-app.ts';

const flis = await startIntake(t);
const { call, rows, stored } = flis;
const csv = { 'content-type': 'text/csv' };

const create = async (body: object = {}, options: object = {}) => {
  const answer = await call('POST', '/v1/source-deliveries', { body: { ...TOTAL, ...body }, ...options });
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.json.id as string;
};
const path = (id: string, rest = '') => `/v1/source-deliveries/${id}${rest}`;
const put = (id: string, body: string | Uint8Array, headers: object = {}, query = '', table = 'bor_befolkning') =>
  call('PUT', path(id, `/files/${table}${query}`), { body, headers: { ...csv, ...headers } });
const submit = (id: string, headers = {}) => call('POST', path(id, '/submit'), { headers });
const digest = (bytes: Uint8Array | string) => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
/** Opens every connection of the pool, so that requests sent together run together. */
const warmUp = () => Promise.all([1, 2, 3, 4].map(() => flis.deps.pool.query('select pg_sleep(0.05)')));
const finish = (id: string, state: string) =>
  rows('update source_delivery set state = $2 where source_delivery_id = $1', [id, state]);

t.test('a delivery is created, filled, submitted and read', async (t) => {
  const created = await call('POST', '/v1/source-deliveries', { body: TOTAL });
  const { id } = created.json;
  t.match(created, { status: 201, json: { ...TOTAL, state: 'open', sequence: null, revision: null } });
  t.equal(created.headers.get('location'), path(id));

  const first = await put(id, POPULATION, { 'content-digest': digest(POPULATION) });
  t.match(first, { status: 201, json: { table: 'bor_befolkning', bytes: POPULATION.length, compression: 'none' } });
  const packed = gzipSync(POPULATION.replaceAll(';', ','));
  const second = await put(id, packed, { 'content-type': 'application/gzip', 'content-digest': digest(packed) });
  t.match(second, { status: 200, json: { compression: 'gzip', dialect: { delimiter: ',', encoding: 'detect' } } });
  t.equal(second.json.sha256, createHash('sha256').update(packed).digest('hex'));
  t.equal((await stored()).length, 1, 'the first file is gone, the second is there');
  t.ok((await readFile((await stored())[0] as string)).equals(packed), 'kept byte for byte');

  const submitted = await submit(id);
  t.match(submitted, { status: 202, json: { id, state: 'submitted' } });
  t.same(
    await rows(`select data, singleton_key from pgboss.job where name = 'revise' and data->>'sourceDeliveryId' = $1`, [
      id,
    ]),
    [
      {
        data: { municipality: '999', domain: 'borger', task: 'load', sourceDeliveryId: id },
        singleton_key: '999:borger',
      },
    ],
  );
  t.match(await put(id, POPULATION), { status: 409, json: { code: 'source-delivery-not-open', state: 'submitted' } });
  t.match(await submit(id), { status: 409, json: { code: 'source-delivery-not-open' } });
  t.match((await call('GET', path(id))).json, {
    state: 'submitted',
    files: [{ table: 'bor_befolkning', rows: null }],
    findings: { counts: { stop: 0, error: 0, warning: 0, info: 0 }, rules: [] },
  });
  const audit = await rows(`select operation from audit_entry where object->>'sourceDelivery' = $1 order by entry`, [
    id,
  ]);
  t.same(
    audit.map(({ operation }) => operation),
    ['createSourceDelivery', 'putSourceFile', 'putSourceFile', 'submitSourceDelivery'],
  );
  await finish(id, 'accepted');
});

t.test('the sender may say when the data were drawn and how many rows a file has', async (t) => {
  const created = await call('POST', '/v1/source-deliveries', { body: { ...TOTAL, extractedOn: '2026-01-14' } });
  t.match(created, { status: 201, json: { extractedOn: '2026-01-14' } });
  const { id } = created.json;
  t.match(await put(id, POPULATION, {}, '?rows=7'), { status: 201, json: { announcedRows: 7, rows: null } });
  t.match(await put(id, POPULATION, {}, '?rows=1'), { status: 200, json: { announcedRows: 1 } });
  const read = await call('GET', path(id));
  t.match(read.json, { extractedOn: '2026-01-14', files: [{ announcedRows: 1 }] });
  t.match(await put(id, POPULATION), { status: 200, json: { announcedRows: null } }, 'as the newest upload says');
  for (const query of ['?rows=-1', '?rows=1e3', '?rows=01', '?rows='])
    t.match(await put(id, POPULATION, {}, query), { status: 400, json: { faults: [{ place: 'query/rows' }] } }, query);
  const never = await call('POST', '/v1/source-deliveries', { body: { ...TOTAL, extractedOn: '2026-02-30' } });
  t.match(never, { status: 400, json: { faults: [{ place: 'body/extractedOn' }] } });
});

t.test('creating is refused with every fault at once', async (t) => {
  const refused = async (body: object) =>
    (await call('POST', '/v1/source-deliveries', { body: { ...TOTAL, ...body } })).json.faults.map(
      ({ place }: { place: string }) => place,
    );
  t.same(await refused({ domain: 'nope' }), ['body/domain']);
  t.same(await refused({ sourceSystem: 'nope', periodTo: '2024-12', sequence: 1 }), [
    'body/sourceSystem',
    'body/periodTo',
    'body/sequence',
  ]);
  t.same(await refused({ kind: 'delta' }), ['body/sequence']);
  t.same(await refused({ periodFrom: '1950-01', periodTo: '2025-12' }), ['body/periodTo']);
  t.same(await refused({ periodFrom: '2025-13' }), ['body/periodFrom']);
  t.same(await refused({ surprise: 1 }), ['body']);
});

t.test('a repeated request has one effect, a changed one is refused', async (t) => {
  const key = randomUUID();
  const post = (body: object, options = {}) =>
    call('POST', '/v1/source-deliveries', { body, headers: { 'idempotency-key': key }, ...options });
  await warmUp();
  const answers = await Promise.all([post(TOTAL), post(TOTAL), post(TOTAL)]);
  t.same([...new Set(answers.map(({ text }) => text))].length, 1, 'concurrent requests get one answer');
  const replay = await post(Object.fromEntries(Object.entries(TOTAL).reverse()));
  t.same([replay.status, replay.text, replay.headers.get('location')], [201, answers[0]?.text, path(replay.json.id)]);
  t.match(await post({ ...TOTAL, periodTo: '2025-11' }), { status: 422, json: { code: 'idempotency-key-reused' } });
  t.not((await post(TOTAL, { client: 'other' })).json.id, replay.json.id, 'keys belong to a client');
  t.not((await post(TOTAL, { municipality: '615' })).json.id, replay.json.id, 'and to a municipality');

  const headers = { 'idempotency-key': randomUUID() };
  t.match(await submit(replay.json.id, headers), { status: 409 }, 'a refusal is not remembered');
  await put(replay.json.id, POPULATION);
  const submitted = await submit(replay.json.id, headers);
  t.equal(submitted.status, 202);
  t.equal((await submit(replay.json.id, headers)).text, submitted.text);
  await finish(replay.json.id, 'accepted');
});

t.test('files that cannot be taken are refused with what to do, and leave nothing', async (t) => {
  const id = await create();
  const before = (await stored()).length;
  const refused = async (code: string, body: string | Uint8Array, headers = {}, query = '') => {
    const answer = await put(id, body, headers, query);
    t.equal(answer.json.code, code, code);
    return answer.json;
  };
  const columns = await refused('file-columns-wrong', POPULATION.replace('antal', 'beløb').replace('koen', 'maaned'));
  t.match(columns, { unknown: ['beløb'], missing: ['koen', 'antal'], doubled: ['maaned'] });
  const person = 'cpr 010101-1234,Hans Jensen,_0101011234,Hansen,Hansen\n1,2,3,4,5\n';
  t.match(
    await refused('file-columns-wrong', person),
    { unknown: ['column 1', 'column 2', 'column 3', 'column 4'], doubled: ['column 4'] },
    'without any column of the table the first line is no header, and nothing of it is shown',
  );
  const mixed = POPULATION.replace('antal', 'antal;beløb 2024;cpr 010101-1234;0101011234;a\u0007');
  t.match(await refused('file-columns-wrong', mixed), {
    unknown: ['beløb 2024', 'column 12', 'column 13', 'column 14'],
  });
  t.match(await refused('file-columns-wrong', POPULATION.replace('kommunekode', '_op;kommunekode')), {
    unknown: ['_op'],
  });
  t.match(await refused('file-header-unreadable', ''), { reason: 'empty' });
  const windows = Buffer.from(POPULATION.replace('12\n', '12 \u0096\n'), 'latin1');
  t.match(await refused('file-header-unreadable', windows), {
    reason: 'not-iso-8859-1',
    detail: /Windows-1252. Save it as UTF-8/,
  });
  t.match(await refused('file-header-unreadable', windows, {}, '?encoding=utf-8'), {
    reason: 'not-utf-8',
    detail: /declare encoding=iso-8859-1/,
  });
  t.match(await refused('file-header-unreadable', POPULATION, { 'content-encoding': 'gzip' }), { reason: 'not-gzip' });
  t.match(await refused('file-header-unreadable', gzipSync(POPULATION)), { reason: 'not-text' });
  t.match(await refused('file-header-unreadable', `${'a'.repeat(70_000)}\n`), { reason: 'too-long' });
  const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, 'a'));
  t.match(await refused('file-header-unreadable', bomb, { 'content-encoding': 'gzip' }), { reason: 'too-long' });
  await refused('content-digest-mismatch', POPULATION, { 'content-digest': digest('other') });
  await refused('invalid-request', POPULATION, { 'content-digest': 'sha-256=:short:' });
  await refused('invalid-request', POPULATION, { 'content-type': 'text/csv; charset=utf-8' }, '?encoding=iso-8859-1');
  await refused('invalid-request', POPULATION, {}, '?delimiter=tab');
  await refused('unsupported-media-type', POPULATION, { 'content-encoding': 'br' });
  await refused('unsupported-media-type', POPULATION, { 'content-type': 'text/csv; charset=ebcdic' });
  await refused('unsupported-media-type', POPULATION, { 'content-type': 'application/json' });
  t.match(await refused('body-too-large', Buffer.alloc(1024 * 1024 + 1, 'a')), { maxBytes: 1024 * 1024 });
  const chunked = new ReadableStream({
    start: (controller) => {
      controller.enqueue(Buffer.from(POPULATION));
      for (let part = 0; part < 20; part += 1) controller.enqueue(Buffer.alloc(64 * 1024, 'a'));
      controller.close();
    },
  });
  const large = await call('PUT', path(id, '/files/bor_befolkning'), { body: chunked as never, headers: csv });
  t.equal(large.json.code, 'body-too-large', 'also without an announced length');
  t.match(await put(id, POPULATION, {}, '', 'oko_regnskab'), {
    status: 422,
    json: { code: 'table-not-deliverable', tables: ['bor_befolkning', 'bor_bevaegelse'] },
  });
  t.match(await submit(id), { status: 409, json: { code: 'source-delivery-without-files' } });
  t.equal((await stored()).length, before, 'nothing is kept, not even a temporary file');
});

t.test('a total whose span cuts a period is taken only where rows tell their month', async (t) => {
  const upload = async (delivery: object, table: string) => put(await create(delivery), 'a,b\n', {}, '', table);
  const accounts = { domain: 'oekonomi', sourceSystem: 'prisme', periodFrom: '2024-01', periodTo: '2024-08' };
  t.match(await upload(accounts, 'oko_regnskab'), {
    status: 422,
    json: { code: 'span-cuts-period', periodFrom: '2024-01', periodTo: '2024-12', action: /all rows of these months/ },
  });
  const pupils = { domain: 'skole', sourceSystem: 'kmd-educa', periodFrom: '2024-01', periodTo: '2024-12' };
  t.match(await upload(pupils, 'sko_elev'), {
    status: 422,
    json: { code: 'span-cuts-period', periodFrom: '2023-08', periodTo: '2025-07' },
  });
  // These get as far as to their columns.
  const passes = async (delivery: object, table: string) =>
    t.equal((await upload(delivery, table)).json.code, 'file-columns-wrong', table);
  await passes({ ...accounts, periodTo: '2025-12' }, 'oko_regnskab');
  await passes({ ...accounts, kind: 'delta', sequence: 1 }, 'oko_regnskab');
  await passes({ ...pupils, periodFrom: '2023-08', periodTo: '2024-07' }, 'sko_elev');
  await passes(pupils, 'sko_fravaer_dag');
  await passes(pupils, 'sko_institution');
  await passes({ periodFrom: '2024-03', periodTo: '2024-08' }, 'bor_befolkning');
  await passes({ periodFrom: '2024-03', periodTo: '2024-08' }, 'bor_bevaegelse');
});

t.test('a file that arrives after the delivery was submitted is not taken', async (t) => {
  const id = await create();
  await put(id, POPULATION);
  const before = await stored();
  let finishBody = () => {};
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from(POPULATION));
      finishBody = () => controller.close();
    },
  });
  const upload = call('PUT', path(id, '/files/bor_befolkning'), { body, headers: csv });
  while ((await stored()).length === before.length) await new Promise(setImmediate);
  t.equal((await submit(id)).status, 202);
  finishBody();
  t.match(await upload, { status: 409, json: { code: 'source-delivery-not-open' } });
  t.same(await stored(), before);
  await finish(id, 'accepted');
});

t.test('an upload that is cut off leaves nothing', async (t) => {
  const id = await create();
  const before = await stored();
  const headers = { ...csv, 'content-length': '100000', authorization: 'Bearer system/999/source:write' };
  const request = httpRequest(flis.url + path(id, '/files/bor_befolkning'), { method: 'PUT', headers });
  const gone = new Promise((resolve) => request.on('error', resolve).on('close', resolve));
  request.write(POPULATION + randomBytes(1000).toString('hex'));
  while ((await stored()).length === before.length) await new Promise(setImmediate);
  request.destroy();
  await gone;
  while ((await stored()).length > before.length) await new Promise(setImmediate);
  t.same((await call('GET', path(id))).json.files, []);
});

t.test('files of persons are encrypted', async (t) => {
  const sourceSystem = flis.deps.catalogue.domain('skole')?.sources[0];
  const id = await create({ domain: 'skole', sourceSystem, periodFrom: '2024-08', periodTo: '2025-07' });
  const table = flis.deps.catalogue
    .domain('skole')
    ?.tables.find(({ columns }) => columns.some(({ type }) => type.type === 'person'));
  const names =
    table?.columns
      .filter(({ derived }) => derived === undefined)
      .map((c) => (c.type.type === 'person' ? 'cpr' : c.name)) ?? [];
  const body = `${names.reverse().join(',')}\n${'0101010000,'.repeat(20_000)}\n`;
  const answer = await put(id, body, {}, '?delimiter=comma', table?.name);
  t.match(answer, { status: 201, json: { bytes: body.length, dialect: { columns: names } } });
  const [row] = await rows('select * from source_file where source_delivery_id = $1', [id]);
  t.equal(row.encrypted, 'aes-256-gcm');
  const file = { ...row, municipality: '999', storageKey: row.storage_key };
  t.notOk((await buffer(flis.deps.storage.read(row.storage_key))).includes('0101010000'));
  t.equal(String(await buffer(readReceivedFile(flis.deps.storage, flis.deps.secrets, file))), body);
});

t.test('deltas come in order and from one system per table', async (t) => {
  const delta = POPULATION.replace('kommunekode', '_op;kommunekode').replace('999', 'U;999');
  const hand = async (body: object, file = delta) => {
    const id = await create({ kind: 'delta', ...body });
    const upload = await put(id, file);
    return upload.status >= 400 ? { id, answer: upload } : { id, answer: await submit(id) };
  };
  t.match((await hand({ sequence: 2 })).answer.json, { code: 'delta-sequence-gap', expected: 1 });
  const one = await hand({ sequence: 1 });
  t.equal(one.answer.status, 202);
  t.match((await hand({ sequence: 1 })).answer.json, { code: 'delta-sequence-gap', expected: 2 }, 'one is waiting');
  await finish(one.id, 'rejected');
  const again = await hand({ sequence: 1 });
  t.equal(again.answer.status, 202, 'a rejected delta leaves its number');
  await rows(`insert into delta_sequence values ('999', 'borger', 'cpr', 7)`);
  await rows(`insert into table_source values ('999', 'bor_befolkning', 'cpr')`);
  await finish(again.id, 'accepted');
  t.match((await hand({ sequence: 7 })).answer.json, { code: 'delta-sequence-gap', expected: 8 });
  t.match((await hand({ sequence: 1, sourceSystem: 'statistikbanken' })).answer.json, {
    code: 'other-source-system',
    table: 'bor_befolkning',
    sourceSystem: 'cpr',
  });
  t.match((await hand({ sequence: 8 }, POPULATION)).answer.json, { code: 'file-columns-wrong', missing: ['_op'] });
  const total = await create({ sourceSystem: 'statistikbanken' });
  await put(total, POPULATION);
  t.equal((await submit(total)).status, 202, 'a total takes the table over');
  t.equal((await hand({ sequence: 1, sourceSystem: 'statistikbanken' })).answer.status, 202, 'also while it waits');
  t.match((await hand({ sequence: 8 })).answer.json, { code: 'other-source-system', sourceSystem: 'statistikbanken' });
});

t.test('submitting the same number at the same time lets one through', async (t) => {
  const delta = POPULATION.replace('kommunekode', '_op;kommunekode').replace('999', 'U;999');
  await warmUp();
  // Several times, because two transactions do not always meet.
  for (const municipality of ['615', '101', '147', '151', '153', '155']) {
    const ids = await Promise.all([1, 2, 3].map(() => create({ kind: 'delta', sequence: 1 }, { municipality })));
    for (const id of ids) {
      await call('PUT', path(id, '/files/bor_befolkning'), { municipality, body: delta, headers: csv });
    }
    const answers = await Promise.all(ids.map((id) => call('POST', path(id, '/submit'), { municipality })));
    t.same(answers.map(({ status }) => status).sort(), [202, 409, 409]);
  }
});
