// Breaks one part of a running service at a seeded moment of a source delivery and of a package, and mends it: PostgreSQL is stopped at once, as by a power
// cut; the api is killed right after it has answered; Redis is killed. Everything else goes on running and must come to its end by itself: what was answered
// with a 2xx is there, once, and nothing is there by halves.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Service, send } from '../../src/client/index.ts';
import { type LaunchedService, launchService } from '../../src/demo/launch-service.ts';
import { loadCatalogue } from '../../src/domains/index.ts';
import { freePort } from '../../src/platform/free-port.ts';
import type { TestScope } from '../harness/database.ts';
import { homeOf, startPostgres, stopPostgres, untilGone } from './postgres-server.ts';
import { clientFor, deliver, inspect, orderAndRead, runFsck } from './running-service.ts';
import { end, type KillOptions, seeded } from './worker-process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BREAKS = ['postgres', 'api', 'redis'] as const;
type Break = (typeof BREAKS)[number];

export interface BreakReport {
  readonly histogram: Record<Break, number>;
  /** What was wrong after a round or at the end; empty when all is well. */
  readonly problems: readonly string[];
}

export interface BreakOptions extends Omit<KillOptions, 'onKill'> {
  readonly folder: string;
  readonly onKill?: (part: Break) => void;
}

/** Runs as many rounds as `kills` says; each breaks the next of the parts. */
export async function breakParts(t: TestScope, options: BreakOptions): Promise<BreakReport> {
  const random = seeded(options.seed);
  const redis = await startRedis(t);
  const service = await launchService({
    folder: options.folder,
    settings: { FLIS_REDIS_URL: redis.url },
  });
  t.teardown(() => service.discard());
  const api = controlApi(t, service);
  const { municipalities } = await loadCatalogue();
  const histogram: Record<Break, number> = { postgres: 0, api: 0, redis: 0 };
  const problems: string[] = [];
  const orders: string[] = [];
  for (let round = 0; round < options.kills; round += 1) {
    const part = BREAKS[round % BREAKS.length] as Break;
    const code = municipalities[round % municipalities.length]?.code ?? '';
    const client = await clientFor(service, code);
    const delivering = deliver(client, options.folder, code, round);
    if (part === 'api') await breakApi(api, client, orders);
    else {
      await delay(random(4_000));
      if (part === 'postgres') await breakPostgres(options.folder, random(1_500));
      else await redis.restart(random(1_500));
    }
    histogram[part] += 1;
    options.onKill?.(part);
    const wrong = [...(await delivering), ...(await orderAndRead(client, orders))];
    problems.push(...wrong.map((problem) => `round ${round + 1} (${part}): ${problem}`));
  }
  problems.push(...(await inspect(options.folder, orders)), ...(await runFsck(service)));
  return { histogram, problems };
}

/** Stops the server without any writing down (`immediate`), and starts it again as it was started before. */
async function breakPostgres(folder: string, pause: number): Promise<void> {
  const home = await homeOf(folder);
  await stopPostgres(home, 'SIGQUIT');
  await delay(pause);
  await startPostgres(home);
}

interface ControlledApi {
  kill(): Promise<void>;
  start(): Promise<void>;
}

function controlApi(t: TestScope, service: LaunchedService): ControlledApi {
  let own: ChildProcess | undefined;
  t.teardown(() => own && end(own, 'SIGTERM'));
  return {
    async kill() {
      if (own !== undefined) return end(own, 'SIGKILL');
      process.kill(service.apiPid, 'SIGKILL');
      await untilGone(service.apiPid);
    },
    async start() {
      own = spawn(process.execPath, [join(ROOT, 'src/main.ts')], { env: { ...service.environment }, stdio: 'ignore' });
      while (
        !(await fetch(`${service.url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ))
      )
        await delay(50); // prettier-ignore
    },
  };
}

/** The api dies with the answer to an order on its way out; that order is kept all the same. */
async function breakApi(api: ControlledApi, client: Service, orders: string[]): Promise<void> {
  const request = {
    method: 'POST',
    path: '/v1/source-deliveries',
    headers: { 'idempotency-key': randomUUID() },
    json: { domain: 'borger', kind: 'total', sourceSystem: 'cpr', periodFrom: '2030-01', periodTo: '2030-12' },
  } as const;
  const { body } = await send(client, request);
  await api.kill();
  await api.start();
  const again = await send(client, request);
  if (again.body.id !== body.id) throw new Error('what was answered before the api died is not there');
  orders.push(body.id);
}

async function startRedis(t: TestScope): Promise<{ readonly url: string; restart(pause: number): Promise<void> }> {
  const port = await freePort();
  const start = () =>
    spawn('redis-server', ['--port', String(port), '--save', '', '--bind', '127.0.0.1'], { stdio: 'ignore' });
  let server = start();
  await once(server, 'spawn');
  t.teardown(() => end(server, 'SIGKILL'));
  return {
    url: `redis://127.0.0.1:${port}/0`,
    async restart(pause) {
      await end(server, 'SIGKILL');
      await delay(pause);
      server = start();
    },
  };
}
