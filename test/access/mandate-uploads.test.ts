// A right to hand data in that ends while a file is on its way: nothing of the file is recorded after the end, and none of its bytes stay.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import t from 'tap';
import type { Principal } from '../../src/access/index.ts';
import { createCallerWatch } from '../../src/access/watch-callers.ts';
import { startService } from '../harness/service.ts';
import { type Json, openMandateScene } from './mandate-scene.ts';

const SCOPES = ['source:write', 'source:read'] as const;
const HEADER = 'kommunekode;maaned;koen;alder_fra;alder_til;civilstand;herkomst;statsborgerskab;distrikt;antal\n';
const ROW = '615;2025-01;ialt;0;125;ialt;ialt;ialt;ialt;12\n';
const SPAN = { domain: 'borger', kind: 'total', sourceSystem: 'cpr', periodFrom: '2025-01', periodTo: '2025-12' };
const ENDINGS = 60;

const service = await startService(t, { withoutWorker: true });
await service.startWorker();
const { newClient, newVendor, newMandate, tokenOf, decide } = await openMandateScene(service);
const owner = new pg.Client({ connectionString: service.database.ownerUrl });
await owner.connect();
t.teardown(() => owner.end());
const vendor = await newVendor();

/** A delivery of the caller's own and an upload into it, of which the header has been sent and nothing more. */
async function begin(token: string) {
  const headers = { authorization: `Bearer ${token}` };
  const made = await service.call('POST', '/v1/source-deliveries', {
    ...{ caller: null, body: SPAN, headers: { ...headers, 'idempotency-key': randomUUID() } },
  });
  const { id } = (await made.json()) as { id: string };
  const before = (await temporary()).length;
  const url = new URL(`/v1/source-deliveries/${id}/files/bor_befolkning`, service.url);
  const sent = request(url, { method: 'PUT', headers: { ...headers, 'content-type': 'text/csv' } });
  const answer = once(sent, 'response').then(async ([response]: IncomingMessage[]) => ({
    status: response?.statusCode,
    body: (await json(response as IncomingMessage)) as Json,
  }));
  sent.write(HEADER);
  await until(async () => (await temporary()).length > before);
  return { id, sent, answer };
}

const listed = async (folder: string) =>
  (await readdir(`${service.config.storageFolder}/${folder}`, { recursive: true }).catch(() => [])) as string[];
const temporary = () => listed('tmp');
const received = async (id: string) => (await listed('received')).filter((name) => name.includes(`${id}/`));

/** What the database has of the upload: rows of files, and of the log. */
async function recorded(id: string): Promise<number> {
  const { rows } = await owner.query(
    `select (select count(*)::int from source_file where source_delivery_id = $1)
          + (select count(*)::int from audit_entry where operation = 'putSourceFile' and object ->> 'sourceDelivery' = $1::text) as count`,
    [id],
  );
  return rows[0].count;
}

const finish = (sent: ClientRequest) => sent.end(ROW);

/** Looks again and again, but not for ever. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 20_000; !(await holds()); await delay(2))
    if (performance.now() > deadline) throw new Error('what was waited for did not come');
}

/** Waits until so many transactions wait for a lock. */
const untilWaiting = (count: number) =>
  until(async () => {
    const { rows } = await owner.query(
      `select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows[0].count >= count;
  });

/** Ends the right of a caller in one of the ways there are. */
const ENDS: Record<string, () => Promise<{ token: string; end: () => Promise<{ status: number }> }>> = {
  'a mandate': async () => {
    const mandate = await newMandate(vendor, { scopes: SCOPES });
    const token = await tokenOf(vendor, { municipality: '615', mandate });
    return { token, end: () => decide(mandate, 'end') };
  },
  'a client of the municipality': async () => {
    const clientId = await newClient({ kind: 'source', municipality: '615', scopes: SCOPES });
    return { token: await tokenOf(clientId), end: () => change(clientId, { status: 'disabled' }) };
  },
  'the scope of a client': async () => {
    const clientId = await newClient({ kind: 'source', municipality: '615', scopes: SCOPES });
    return { token: await tokenOf(clientId), end: () => change(clientId, { scopes: ['source:read'] }) };
  },
  'a vendor': async () => {
    const other = await newVendor();
    const mandate = await newMandate(other, { scopes: SCOPES });
    const token = await tokenOf(other, { municipality: '615', mandate });
    return { token, end: () => change(other, { status: 'disabled' }) };
  },
};

function change(clientId: string, body: object): Promise<{ status: number }> {
  return service.call('PATCH', `/v1/clients/${clientId}`, { caller: { municipality: null }, body });
}

for (const [name, make] of Object.entries(ENDS)) {
  t.test(`${name} ends while a body is held open: it is not waited for`, async (t) => {
    const { token, end } = await make();
    const { id, sent, answer } = await begin(token);
    t.equal((await end()).status, 200);
    await until(async () => (await temporary()).length === 0);
    t.pass('what had come is removed, though the sender has not ended');
    finish(sent);
    t.match(await answer, { status: 401, body: { code: 'token-invalid' } });
    t.equal(await recorded(id), 0);
    t.same(await received(id), []);
  });

  t.test(`${name} ends when all has come and nothing is recorded yet`, async (t) => {
    const { token, end } = await make();
    const { id, sent, answer } = await begin(token);
    await owner.query('begin');
    await owner.query('select from source_delivery where source_delivery_id = $1 for update', [id]);
    finish(sent);
    await untilWaiting(1);
    t.equal((await received(id)).length, 1);
    t.equal((await end()).status, 200);
    await owner.query('commit');
    t.match(await answer, { status: 401, body: { code: 'token-invalid' } });
    t.equal(await recorded(id), 0);
    t.same(await received(id), [], 'its bytes are removed');
  });
}

for (const name of ['a mandate', 'a client of the municipality', 'the scope of a client']) {
  t.test(`${name} does not end in the middle of recording`, async (t) => {
    const { token, end } = await (ENDS[name] as (typeof ENDS)[string])();
    const { id, sent, answer } = await begin(token);
    await owner.query('begin');
    // The row of the file is the last thing that is written.
    await owner.query('lock table source_file in share mode');
    finish(sent);
    await untilWaiting(1);
    let ended = false;
    const ending = end().then((result) => {
      ended = true;
      return result;
    });
    await untilWaiting(2).catch(() => {});
    t.notOk(ended, 'the end waits');
    await owner.query('commit');
    t.match(await answer, { status: 201 });
    t.equal((await ending).status, 200);
    t.equal(await recorded(id), 2, 'what was recorded, was before the end');
  });
}

t.test('the last day of a mandate passes, of which nobody tells', async (t) => {
  const asked = { confirm: async () => undefined, isListening: () => true, catchUp: async () => {} };
  const watching = (endsAt: number) => {
    const mandate = { id: 'm', purpose: 'p', endsAt: new Date(endsAt) };
    return createCallerWatch(asked).watch('', { clientId: 'c', mandate } as Principal, false);
  };
  const [running, over] = [watching(Date.now() + 60_000), watching(Date.now() - 1)];
  await t.resolves(running.certify());
  await t.rejects(over.certify(), { message: 'token-invalid' });
  running.stop();
});

t.test('other ends change nothing', async (t) => {
  const mandates = [await newMandate(vendor, { scopes: SCOPES }), await newMandate(vendor, { scopes: SCOPES })];
  const [mine = '', other = ''] = mandates;
  const { id, sent, answer } = await begin(await tokenOf(vendor, { municipality: '615', mandate: mine }));
  t.equal((await decide(other, 'end')).status, 200);
  finish(sent);
  t.match(await answer, { status: 201 });
  t.equal(await recorded(id), 2);
});

t.test('an end that is committed and not yet told of is found in its row', async (t) => {
  const mandate = await newMandate(vendor, { scopes: SCOPES });
  const clientId = await newClient({ kind: 'source', municipality: '615', scopes: SCOPES });
  const silently: [string, string, string][] = [
    [
      await tokenOf(vendor, { municipality: '615', mandate }),
      'update mandate set ended_at = now() where mandate_id = $1',
      mandate,
    ],
    [await tokenOf(clientId), `update client set status = 'disabled' where client_id = $1`, clientId],
  ];
  for (const [token, statement, id] of silently) {
    const upload = await begin(token);
    await owner.query(statement, [id]);
    finish(upload.sent);
    t.match(await upload.answer, { status: 401, body: { code: 'token-invalid' } });
    t.equal(await recorded(upload.id), 0);
    t.same(await received(upload.id), []);
  }
});

t.test(`${ENDINGS} endings at random moments: none is followed by a record`, async (t) => {
  let [after, kept, left] = [0, 0, 0];
  for (let turn = 0; turn < ENDINGS; turn += 1) {
    const mandate = await newMandate(vendor, { scopes: SCOPES });
    const { id, sent, answer } = await begin(await tokenOf(vendor, { municipality: '615', mandate }));
    finish(sent);
    await delay(Math.random() * 8);
    await decide(mandate, 'end');
    const before = await recorded(id);
    const { status } = await answer;
    if ((await recorded(id)) !== before || (status === 201) !== before > 0) after += 1;
    if (status === 201) kept += 1;
    else left += (await received(id)).length;
  }
  t.equal(after, 0);
  t.equal(left, 0, 'nothing is left of those that were refused');
  t.comment(`${kept} of ${ENDINGS} were recorded before the end`);
});
