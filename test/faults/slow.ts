// `npm run slow [rounds]`: slow headers, slow bodies and slow readers (slowhttptest) against the real service, while a normal client's latency is
// measured; quiet and attacked phases in turn, medians, one ratio for each attack. By hand and not in the tests, because it measures time.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { send } from '../../src/client/index.ts';
import { writeAbsence } from '../bench/absence.ts';
import { alternate, type Ratio, report } from '../bench/measure.ts';
import { type BenchService, startBenchService } from '../bench/service.ts';

const MUNICIPALITY = '615';
const CONNECTIONS = 400;
const PHASE_MS = 6_000;
/** Within it, all connections of an attack are open. */
const RAMP_MS = 3_000;
const WANTED = { atMost: 2 } as const;
const rounds = Number(process.argv[2] ?? 5);

/** A way to be slow, as arguments of slowhttptest. */
type Attack = readonly string[];

async function attacksOn(service: BenchService): Promise<Record<string, Attack>> {
  const { token } = await service.as(MUNICIPALITY);
  // The program has no option for headers of one's own; what it puts into one may hold another.
  const accept = `*/*\r\nAuthorization: Bearer ${token}`;
  const { url } = service.flis;
  const delivery = {
    domain: 'skole',
    kind: 'total',
    sourceSystem: 'kmd-educa',
    periodFrom: '2025-01',
    periodTo: '2025-01',
  };
  const api = await service.as(MUNICIPALITY);
  const { body } = await send(api, { method: 'POST', path: '/v1/source-deliveries', json: delivery });
  const packageId = await service.buildPackage(MUNICIPALITY, { domain: 'skole', kind: 'total' });
  const upload = `${url}/v1/source-deliveries/${body.id}/files/sko_fravaer_dag`;
  return {
    'slow-headers': ['-H', '-i', '5', '-u', `${url}/v1/domains`],
    'slow-form': ['-B', '-i', '5', '-s', '8192', '-x', '10', '-u', `${url}/oauth2/token`],
    'slow-upload': [
      '-B',
      '-i',
      '5',
      '-s',
      '1000000',
      '-x',
      '10',
      '-t',
      'PUT',
      '-f',
      'text/csv',
      '-m',
      accept,
      '-u',
      upload,
    ],
    'slow-reader': [
      ...['-X', '-w', '512', '-y', '1024', '-n', '5', '-z', '32', '-m', accept],
      ...['-u', `${url}/v1/packages/${packageId}/archive.zip`],
    ],
  };
}

/** Milliseconds that 99 of 100 requests of a normal client take at most: sequential reads of the database over one connection. */
async function measureLatency(url: string, token: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  const until = performance.now() + PHASE_MS;
  while (performance.now() < until) {
    const started = performance.now();
    const [answer] = await once(get(url, { agent, headers: { authorization: `Bearer ${token}` } }), 'response');
    for await (const _ of answer);
    if (answer.statusCode !== 200) throw new Error(`the normal client is answered ${answer.statusCode}`);
    times.push(performance.now() - started);
  }
  agent.destroy();
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN;
}

async function under(attack: Attack, fn: () => Promise<number>): Promise<number> {
  const seconds = String(Math.ceil((RAMP_MS + PHASE_MS) / 1000) + 60);
  const options = ['-c', String(CONNECTIONS), '-r', String(CONNECTIONS), '-l', seconds, '-p', '60', '-v', '0'];
  const program = spawn('slowhttptest', [...options, ...attack], { stdio: 'ignore' });
  try {
    await delay(RAMP_MS);
    return await fn();
  } finally {
    await end(program);
  }
}

async function end(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null)
    throw new Error('slowhttptest ended before it was told to');
  const ended = once(program, 'exit');
  program.kill('SIGKILL');
  await ended;
}

async function measureAttack(service: BenchService, name: string, attack: Attack): Promise<Ratio> {
  const { token } = await service.as(MUNICIPALITY);
  const url = `${service.flis.url}/v1/revisions?domain=skole`;
  const files = async () => (await readdir(`/proc/${service.flis.apiPid}/fd`)).length;
  const before = await files();
  const held: number[] = [];
  const { subject, yardstick } = await alternate(
    rounds,
    () =>
      under(attack, async () => {
        held.push((await files()) - before);
        return measureLatency(url, token);
      }),
    async () => {
      // What the attack left is closed by then.
      await delay(RAMP_MS);
      return measureLatency(url, token);
    },
  );
  const figures = `p99 ${subject.toFixed(2)} ms against ${yardstick.toFixed(2)} ms in quiet, ${Math.min(...held)} and more connections held`;
  return { name, value: subject / yardstick, goal: WANTED, figures };
}

async function run(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'flis-slow-'));
  const service = await startBenchService(folder);
  try {
    const path = join(folder, 'absence.csv');
    await writeAbsence(path, MUNICIPALITY, '2024-08', 12, 60_000);
    const total = {
      domain: 'skole',
      kind: 'total',
      sourceSystem: 'kmd-educa',
      periodFrom: '2024-08',
      periodTo: '2025-07',
    } as const;
    await service.deliver(MUNICIPALITY, total, [{ table: 'sko_fravaer_dag', path }]);
    const attacks = await attacksOn(service);
    let met = true;
    for (const [name, attack] of Object.entries(attacks))
      met = report(await measureAttack(service, name, attack)) && met;
    return met;
  } finally {
    await service.flis.discard();
    await rm(folder, { recursive: true, force: true });
  }
}

// It has no option that ends well; that it can be run at all is enough.
const isHere = spawnSync('slowhttptest', ['-h']).error === undefined;
if (isHere) process.exitCode = (await run()) ? 0 : 1;
else process.stdout.write('skipped: slowhttptest is not on this machine\n');
