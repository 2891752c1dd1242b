// The command `deliver` over real HTTP, through a door that drops and refuses requests: everything arrives once, and rejections are told.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { runDeliver } from '../../src/client/index.ts';
import { startIntake } from '../pipeline/intake-app.ts';

const flis = await startIntake(t);
const folder = await mkdtemp(join(tmpdir(), 'flis-deliver-test-'));
t.teardown(() => rm(folder, { recursive: true }));
// The client's own temporary files go here, so that leftovers are its own.
process.env.TMPDIR = folder;
const CODES = ['101', '147', '615'];

/** Every third request is answered 503, and every fifth has its connection cut once the service has done its work. */
let requests = 0;
const door = createServer((incoming, outgoing) => {
  requests += 1;
  const turn = requests;
  if (turn % 3 === 1) {
    incoming.resume();
    outgoing.writeHead(503, { 'retry-after': '0' }).end();
    return;
  }
  const { method } = incoming;
  // As any proxy in front must, it asks under a name that the service has.
  const headers = { ...incoming.headers, host: new URL(flis.url).host };
  const forwarded = httpRequest(flis.url + incoming.url, { method: method as string, headers }, (answer) => {
    if (turn % 5 === 0) {
      answer.resume().on('end', () => incoming.socket.destroy());
      return;
    }
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(outgoing);
  });
  incoming.pipe(forwarded);
});
await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
t.teardown(() => {
  door.closeAllConnections();
  door.close();
});
const doorUrl = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;

/** What the worker will say of submitted deliveries, per municipality. */
const verdicts = new Map<string, 'accepted' | 'rejected'>();
let judging = true;
const judge = (async () => {
  while (judging) {
    for (const code of CODES) {
      const state = verdicts.get(code) ?? 'accepted';
      // One statement, as the worker ends a delivery in one transaction: nobody sees a verdict without its findings.
      await flis.rows(
        `with ended as (
           update source_delivery set state = $1, revision = case when $1 = 'accepted' then 4 end where state = 'submitted'
           returning source_delivery_id as id),
         rejected as (select id from ended where $1 = 'rejected'),
         found as (
           insert into finding
           select $2, id, 1, 'outside-span', 'stop', 'bor_befolkning', null, 3, 'maaned', null, 'Uden for perioden', 'Outside the span'
           from rejected)
         insert into finding_count select $2, id, 'outside-span', 'bor_befolkning', 'stop', 1 from rejected`,
        [state, code],
        code,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
})();
t.teardown(async () => {
  judging = false;
  await judge;
});

const FOLK1B = fileURLToPath(new URL('../../src/client/mappings/folk1b.json', import.meta.url));
const national = join(folder, 'national.csv');
const tokens = join(folder, 'tokens.json');
const rows = CODES.flatMap((code) => [`${code},K,0-4,2019K1,7`, `${code},M,100+,2020K4,3`]);
await writeFile(national, `kommunekode,koen,aldersgruppe,tid,antal\n${rows.join('\n')}\n`);
await writeFile(
  tokens,
  JSON.stringify(Object.fromEntries(CODES.map((code) => [code, `client/${code}/source:write+source:read`]))),
);

async function run(...args: string[]) {
  let [out, err] = ['', ''];
  const status = await runDeliver(args, { write: (text) => (out += text) }, { write: (text) => (err += text) });
  return { status, out, err };
}
const files = ['--tokens', tokens, '--mapping', FOLK1B, '--file', national];
const deliveries = (code: string) => flis.rows('select * from source_delivery order by created_at', [], code);
const leftovers = async () => (await readdir(folder)).filter((name) => name.startsWith('flis-deliver-'));

t.test('a national file reaches every municipality once, whatever the line does', async (t) => {
  const { status, out, err } = await run('--base-url', `${doorUrl}/`, '--gzip', ...files);
  t.equal(status, 0, out + err);
  t.match(out, /^6 rows, 3 municipalities, 2019-01 to 2020-10\n/);
  for (const code of CODES) {
    t.match(out, `${code} accepted, revision 4, 2 rows\n`);
    const made = await deliveries(code);
    t.equal(made.length, 1, 'repeated requests made one delivery');
    t.match(made, [{ period_from: '2019-01', period_to: '2020-10', kind: 'total', source_system: 'statistikbanken' }]);
    const [file] = await flis.rows('select * from source_file', [], code);
    t.match(file, {
      compression: 'gzip',
      table_name: 'bor_befolkning',
      dialect: { delimiter: ',', encoding: 'utf-8' },
    });
  }
  t.match(out, /3 accepted \(6 rows\), 0 rejected, 0 failed, 0 not delivered in \d+\.\d s\n$/);
  t.ok(requests > 12, 'requests were repeated');
});

t.test('a rejected delivery is told with its findings and fails the command', async (t) => {
  verdicts.set('147', 'rejected');
  const { status, out } = await run('--base-url', flis.url, ...files);
  verdicts.clear();
  t.equal(status, 1);
  t.match(out, /147 rejected \(source delivery [0-9a-f-]{36}\)\n {2}stop outside-span in bor_befolkning: 1\n/);
  t.match(out, 'bor_befolkning, row 3, maaned: outside-span: Outside the span\n');
  t.match(out, /2 accepted \(4 rows\), 1 rejected/);
});

t.test('a refused request is told in the words of the service', async (t) => {
  const mapping = join(folder, 'wrong.json');
  const columns = { kommunekode: 'kommunekode', beloeb: 'antal' };
  const wrong = { domain: 'borger', sourceSystem: 'cpr', kind: 'total', table: 'bor_befolkning' };
  await writeFile(
    mapping,
    JSON.stringify({ ...wrong, municipality: 'kommunekode', period: { constant: '2025-01' }, columns }),
  );
  const { status, out } = await run(
    '--base-url',
    flis.url,
    '--tokens',
    tokens,
    '--mapping',
    mapping,
    '--file',
    national,
  );
  t.equal(status, 1);
  t.match(out, /101 not delivered: file-columns-wrong – .*"unknown":\["beloeb"\],"missing":\["maaned",/);
  t.match(out, /3 not delivered/);
});

t.test('what must be put right first is told before anything is sent', async (t) => {
  const count = (await deliveries('101')).length;
  const few = join(folder, 'few.json');
  await writeFile(few, JSON.stringify({ 101: 'client/101/source:write' }));
  t.match(await run('--base-url', flis.url, '--tokens', few, '--mapping', FOLK1B, '--file', national), {
    status: 2,
    err: 'no token for 147, 615\n',
  });
  t.match(await run(), { status: 2, err: /^Usage: flis deliver/ });
  t.match(await run('--base-url', 'ftp://x', ...files), { status: 2, err: /^--base-url/ });
  t.match(await run('--base-url', flis.url, '--tokens', national, '--mapping', FOLK1B, '--file', national), {
    status: 2,
    err: /^--tokens/,
  });
  t.match(await run('--base-url', flis.url, '--tokens', tokens, '--mapping', FOLK1B, '--file', join(folder, 'gone')), {
    status: 2,
    err: /^cannot read/,
  });
  t.equal((await deliveries('101')).length, count);
  t.same(await leftovers(), [], 'no part of a file is left behind');
});
