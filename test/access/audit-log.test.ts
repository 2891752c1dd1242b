// A municipality reads its own audit log over HTTP: what it shows, how it is filtered and paged, as JSON and CSV, and that it shows nobody else's.
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import t from 'tap';
import { deriveBlockKey, sealEntries } from '../../src/access/index.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { TEST_CONTEXT } from '../harness/database.ts';
import { type Caller, startService } from '../harness/service.ts';

const service = await startService(t, { withoutWorker: true });
const worker = createPool({
  ...{
    url: service.database.workerUrl,
    max: 2,
    statementTimeout: 10_000,
    applicationName: 'test',
    context: TEST_CONTEXT,
  },
});
const owner = new pg.Client({ connectionString: service.database.ownerUrl });
await owner.connect();
t.teardown(() => Promise.all([worker.end(), owner.end()]));
const { storage } = service.api.deps;
const seal = () => sealEntries({ pool: worker, storage, key: deriveBlockKey(service.config.rootSecret) });

const DPO: Caller = { municipality: '615', clientId: 'dpo', scopes: ['audit:read'] };
const read = async (query = '', caller: Caller = DPO) => {
  const answer = await service.call('GET', `/v1/audit-log${query}`, { caller });
  return { status: answer.status, headers: answer.headers, json: JSON.parse(await answer.text()) };
};
const body = { kind: 'total', periodFrom: '2025-01', periodTo: '2025-12' };
const create = async (municipality: string, clientId: string, domain: string) => {
  const caller = { municipality, clientId };
  const sourceSystem = domain === 'borger' ? 'cpr' : 'kmd-educa';
  const delivery = { ...body, domain, sourceSystem };
  const answer = await service.call('POST', '/v1/source-deliveries', { caller, body: delivery });
  if (answer.status !== 201) throw new Error(await answer.text());
  return answer.headers.get('request-id');
};

const requestId = await create('615', 'cpr-system', 'borger');
await create('791', 'other-system', 'borger');
const [block] = await seal();
await delay(5);
const between = new Date().toISOString();
await delay(5);
await create('615', 'school-system', 'skole');

t.test('newest first, with the block that seals each, and nobody else’s', async (t) => {
  const { status, json } = await read();
  t.equal(status, 200);
  t.match(json, {
    items: [
      { client: 'school-system', domain: 'skole', block: null, end: null },
      {
        ...{ client: 'cpr-system', operation: 'createSourceDelivery', outcome: 'done', domain: 'borger', requestId },
        ...{
          mandate: null,
          purpose: null,
          cpr: null,
          period: '2025-01/2025-12',
          object: { kind: 'total' },
          block: block?.number,
        },
      },
    ],
    next: null,
  });
  t.equal(json.items.length, 2);
  t.notMatch(JSON.stringify(json), 'other-system');
});

t.test('the reading is on record, and is sealed too', async (t) => {
  await seal();
  const [latest, ...rest] = (await read()).json.items;
  t.match(latest, { client: 'dpo', operation: 'listAuditLog', rows: 2, block: 2 });
  t.match(rest, [{ block: 2 }, { block: 1 }]);
});

t.test('filters', async (t) => {
  const clients = async (query: string) =>
    (await read(`${query}&limit=1000`)).json.items.map(({ client }: { client: string }) => client);
  t.same(await clients('?client=cpr-system'), ['cpr-system']);
  t.same(await clients('?client=nobody'), []);
  t.same(await clients('?operation=createSourceDelivery'), ['school-system', 'cpr-system']);
  t.same(await clients('?domain=borger'), ['cpr-system']);
  t.same(await clients(`?operation=createSourceDelivery&from=${between}`), ['school-system']);
  t.same(await clients(`?to=${between}`), ['cpr-system']);
  for (const query of ['?from=yesterday', '?client=%20', '?operation=1', '?limit=0', '?other=1', '?format=xml'])
    t.match(await read(query), { status: 400, json: { code: 'invalid-request' } }, query);
  for (const cursor of ['x', 'WyItMSJd', 'WyIxIiwiMiJd'])
    t.match(await read(`?cursor=${cursor}`), { status: 400, json: { code: 'invalid-cursor' } }, cursor);
});

t.test('pages go on where they ended, whatever is written meanwhile', async (t) => {
  const all = (await read('?limit=1000')).json.items.map(({ entry }: { entry: number }) => entry);
  const seen: number[] = [];
  for (let address: string | null = '?limit=3'; address !== null; ) {
    const { json, headers } = await read(address);
    seen.push(...json.items.map(({ entry }: { entry: number }) => entry));
    t.equal(headers.get('link'), json.next === null ? null : `<${json.next}>; rel="next"`);
    address = json.next === null ? null : new URL(json.next).search;
  }
  // The first page also shows the reading of `all`; the pages do not show one another.
  t.same(seen.slice(1), all);
});

t.test('a transfer and its end are one line', async (t) => {
  const insert = `insert into audit_entry (municipality_code, client_id, request_id, operation, object, outcome, completes)
    values ('615', 'bi', 'r', 'getPackageFile', $1, $2, $3) returning entry::int`;
  const { rows } = await owner.query(insert, [
    { domain: 'borger', rows: 7, bytes: 900, cpr: true, file: 'a,b' },
    'started',
    null,
  ]);
  const entry = rows[0].entry;
  t.match((await read('?client=bi')).json.items, [{ entry, outcome: 'started', bytes: 900, cpr: true, end: null }]);
  await owner.query(insert, [{ bytes: 450, answers: 2 }, 'broken-off', entry]);
  const { items } = (await read('?client=bi')).json;
  t.match(items, [
    { entry, outcome: 'broken-off', rows: 7, end: { entry: entry + 2, bytes: 450, answers: 2, block: null } },
  ]);
  t.equal(items.length, 1);
  for (const accept of ['?client=bi&format=csv', '?client=bi']) {
    const answer = await service.call('GET', `/v1/audit-log${accept}`, {
      caller: DPO,
      headers: { accept: 'text/csv' },
    });
    t.match(answer.headers.get('content-type'), 'text/csv');
    t.equal(answer.headers.get('vary'), 'Accept');
    const [header, line, end] = (await answer.text()).split('\n');
    t.match(
      header,
      /^entry,at,client,mandate,purpose,requestId,operation,outcome,domain,period,rows,bytes,cpr,object,block,/,
    );
    t.match(line, `,bi,,,r,getPackageFile,broken-off,borger,,7,900,true,"{""file"":""a,b""}",,${entry + 2},`);
    t.match(line, /,450,2,$/);
    t.equal(end, '');
  }
});

t.test('only with the scope, and only for a municipality', async (t) => {
  const without = await read('', { municipality: '615', scopes: ['raw-data:read'] });
  t.match(without, { status: 403, json: { code: 'scope-missing', scope: 'audit:read' } });
  t.equal((await read('', { municipality: null })).status, 403);
  t.match((await read('', { ...DPO, municipality: '791' })).json.items, [{ client: 'other-system' }]);
});
