// Reading source deliveries and findings: pages that miss and repeat nothing, filters, CSV, and who gets to see what.
import { randomUUID } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import t from 'tap';
import { sweepIntake } from '../../src/pipeline/intake/index.ts';
import { encodeCursor } from '../../src/platform/http/paging.ts';
import { POPULATION, startIntake, TOTAL } from './intake-app.ts';

const { call, rows, stored, deps, workerPool, asOwner } = await startIntake(t);
const LIST = '/v1/source-deliveries';

/** Follows `next` to the end. */
async function readAll(path: string): Promise<{ pages: number; items: Record<string, unknown>[] }> {
  const items = [];
  let pages = 0;
  for (let next: string | null = path; next !== null; pages += 1) {
    const answer = await call('GET', next);
    items.push(...answer.json.items);
    const link: string | null = answer.headers.get('link');
    next = answer.json.next;
    if (link !== (next === null ? null : `<${next}>; rel="next"`)) throw new Error('Link and next differ');
  }
  return { pages, items };
}

const ids: string[] = [];
for (let index = 0; index < 12; index += 1) {
  const month = `2025-${String(index + 1).padStart(2, '0')}`;
  const body = { ...TOTAL, periodFrom: month, periodTo: month };
  ids.unshift((await call('POST', LIST, { body })).json.id);
}
// Created in one moment: only the id tells them apart.
await rows(
  `update source_delivery set created_at = '2026-01-01 00:00:00.123456+00' where source_delivery_id = any($1)`,
  [ids.slice(6)],
);
const id = ids[0] as string;
const FINDINGS = `${LIST}/${id}/findings`;
for (let number = 1; number <= 25; number += 1) {
  await rows(
    `insert into finding values ('999', $1, $2, $3, $4, 'bor_befolkning', null, $5, 'koen', null, 'Koden, "x", findes ikke', 'No such code')`,
    [id, number, number % 2 === 0 ? 'code' : 'DQ10', number % 2 === 0 ? 'stop' : 'warning', number * 3],
  );
}
await rows(
  `insert into finding_count values ('999', $1, 'DQ10', 'bor_befolkning', 'warning', 13), ('999', $1, 'code', 'bor_befolkning', 'stop', 1200)`,
  [id],
);

t.test('pages of any size hold every delivery once, newest first', async (t) => {
  const { items } = await readAll(LIST);
  t.same(items.map((item) => item.id).slice(0, 6), ids.slice(0, 6));
  t.same(items.map((item) => item.id).slice(6), ids.slice(6).sort().reverse());
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 14 }), async (limit) => {
      const read = await readAll(`${LIST}?limit=${limit}`);
      return JSON.stringify(read.items) === JSON.stringify(items) && read.pages === Math.ceil(12 / limit);
    }),
    { numRuns: 6 },
  );
  const count = async (query: string) => (await readAll(`${LIST}?${query}`)).items.length;
  t.same(await count('from=2025-03&to=2025-05'), 3);
  t.same([await count('domain=skole'), await count('kind=delta'), await count('state=accepted')], [0, 0, 0]);
  t.same(await count('domain=borger&kind=total&state=open&limit=5'), 12);
});

t.test('cursors and limits that were not given out are refused', async (t) => {
  const code = async (query: string) => (await call('GET', `${LIST}?${query}`)).json.code;
  t.equal(await code('cursor=nonsense'), 'invalid-cursor');
  t.equal(await code(`cursor=${encodeCursor(['2026-13-45', randomUUID()])}`), 'invalid-cursor');
  t.equal(await code(`cursor=${encodeCursor(['1', 'x'])}`), 'invalid-cursor');
  t.same(await Promise.all(['limit=0', 'limit=1001', 'limit=1e2', 'sort=x', 'state=gone'].map(code)), [
    ...Array(5).fill('invalid-request'),
  ]);
  t.equal((await call('GET', `${FINDINGS}?cursor=${encodeCursor(['-1'])}`)).json.code, 'invalid-cursor');
});

t.test('findings are read in pages, filtered, as JSON and CSV, and counted', async (t) => {
  const all = await readAll(`${FINDINGS}?limit=7`);
  t.same([all.pages, all.items.map(({ number }) => number)], [4, Array.from({ length: 25 }, (_, index) => index + 1)]);
  t.match(all.items[1], {
    number: 2,
    rule: 'code',
    severity: 'stop',
    row: 6,
    column: 'koen',
    message: { da: 'Koden, "x", findes ikke', en: 'No such code' },
  });
  t.equal((await readAll(`${FINDINGS}?severity=stop&limit=5`)).items.length, 12);
  t.equal((await readAll(`${FINDINGS}?rule=DQ10&table=bor_befolkning`)).items.length, 13);
  const csv = await call('GET', `${FINDINGS}?limit=2`, { headers: { accept: 'text/csv' } });
  t.match(csv.headers.get('content-type'), /^text\/csv/);
  t.match(csv.headers.get('link'), /^<https:\/\/flis\.example\/v1\/source-deliveries\/.*cursor=.*>; rel="next"$/);
  t.equal(
    csv.text,
    'number,rule,severity,table,period,row,column,reference,message_da,message_en\n' +
      '1,DQ10,warning,bor_befolkning,,3,koen,,"Koden, ""x"", findes ikke",No such code\n' +
      '2,code,stop,bor_befolkning,,6,koen,,"Koden, ""x"", findes ikke",No such code\n',
  );
  t.same((await call('GET', `${LIST}/${id}`)).json.findings, {
    counts: { stop: 1200, error: 0, warning: 13, info: 0 },
    rules: [
      { rule: 'code', table: 'bor_befolkning', severity: 'stop', count: 1200 },
      { rule: 'DQ10', table: 'bor_befolkning', severity: 'warning', count: 13 },
    ],
  });
  const audited = await rows(`select count(*) from audit_entry where operation = 'listFindings'`);
  t.ok(audited[0].count >= 8, 'each reading of findings is audited');
});

t.test('another municipality gets the answer of what does not exist', async (t) => {
  const headers = { 'content-type': 'text/csv' };
  const calls = [
    ['GET', ''],
    ['GET', '/findings'],
    ['POST', '/submit'],
    ['PUT', '/files/bor_befolkning'],
  ] as const;
  for (const [method, rest] of calls) {
    const ask = (delivery: string) =>
      call(method, `${LIST}/${delivery}${rest}`, {
        municipality: '615',
        ...(method === 'PUT' ? { headers, body: POPULATION } : {}),
      });
    const [foreign, absent] = [await ask(id), await ask(randomUUID())];
    t.same([foreign.status, foreign.text], [404, absent.text], `${method} ${rest}`);
  }
  t.same((await call('GET', LIST, { municipality: '615' })).json, { items: [], next: null });
});

t.test('reading and writing ask for their scopes', async (t) => {
  const status = async (method: string, path: string, scopes: string) => (await call(method, path, { scopes })).status;
  t.equal(await status('GET', LIST, 'source:write'), 403);
  t.equal(await status('GET', FINDINGS, 'source:write'), 403);
  t.equal(await status('POST', LIST, 'source:read'), 403);
  t.equal(await status('POST', `${LIST}/${id}/submit`, 'source:read'), 403);
  t.equal(await status('PUT', `${LIST}/${id}/files/bor_befolkning`, 'source:read'), 403);
});

t.test('the sweep takes old files without a row and old answers, and nothing else', async (t) => {
  const headers = { 'content-type': 'text/csv' };
  await call('PUT', `${LIST}/${id}/files/bor_befolkning`, { headers, body: POPULATION });
  const [named] = await stored();
  for (const key of ['old', 'new'])
    await deps.storage.put(`received/municipality=999/${key}`, Readable.from([Buffer.from('x')]));
  const long = new Date(Date.now() - 25 * 3600 * 1000);
  for (const path of await stored()) if (!path.endsWith('new')) await utimes(path, long, long);
  const key = (name: string) => call('POST', LIST, { body: TOTAL, headers: { 'idempotency-key': name } });
  await Promise.all([key('old'), key('new')]);
  await asOwner(`update idempotency_key set created_at = $1 where key = 'old'`, [long]);
  t.same(await sweepIntake({ pool: workerPool, storage: deps.storage }), { files: 1, answers: 1 });
  t.same((await stored()).map((path) => path === named || path.slice(-3)).sort(), ['new', true]);
  t.same(await sweepIntake({ pool: workerPool, storage: deps.storage }), { files: 0, answers: 0 });
});
