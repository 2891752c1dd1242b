// Kills the real worker at seeded moments while it sends webhooks. What it was sending is sent again, under the same id: a receiver that keeps the ids that it
// has had sees each event once, and misses none.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { takeAll } from '../events/receivers.ts';
import { reject } from '../events/scene.ts';
import { openWebhookScene, type WebhookScene } from '../events/webhook-scene.ts';
import type { TestScope } from '../harness/database.ts';
import { end, type KillOptions, seeded } from './worker-process.ts';

const WORKER = fileURLToPath(new URL('webhook-worker.ts', import.meta.url));
/** Events of each round. */
const EVENTS = 12;
/** How long the receiver takes to answer. */
const ANSWER_MS = 30;
/** Longer than what a killed worker had taken up is nobody's. */
const PATIENCE_MS = 180_000;

/** When a kill hit: before anything of the round had arrived, while it arrived, or when all had. */
type SendPhase = 'before anything arrived' | 'while it arrived' | 'after all had arrived';

export interface SenderReport {
  readonly histogram: Record<SendPhase, number>;
  /** Requests with an id that had arrived already. */
  readonly repeated: number;
  /** What was wrong; empty when all is well. */
  readonly problems: readonly string[];
}

export interface SenderKillOptions extends Omit<KillOptions, 'onKill'> {
  readonly onKill?: (phase: SendPhase) => void;
}

/** Runs as many rounds as `kills` says. */
export async function killSenders(t: TestScope, options: SenderKillOptions): Promise<SenderReport> {
  const random = seeded(options.seed);
  const scene = await openWebhookScene(t, {}, true);
  let worker = startWorkerProcess(scene);
  t.teardown(() => worker.kill('SIGKILL'));
  await scene.activate('r1');
  // Whoever is killed meanwhile does not hear that it was taken.
  scene.receivers.answer('r1', (one, response) => void setTimeout(takeAll, ANSWER_MS, one, response));
  const histogram = { 'before anything arrived': 0, 'while it arrived': 0, 'after all had arrived': 0 };
  const written: string[] = [];
  for (let round = 0; round < options.kills; round += 1) {
    const before = written.length;
    for (let n = 0; n < EVENTS; n += 1) {
      const id = randomUUID();
      await reject(scene.api, '615', id);
      written.push(id);
    }
    const fresh = written.slice(before);
    // Mostly a moment after the first has arrived.
    if (random(4) > 0) await scene.receivers.until(() => arrivedOf(scene, fresh) > 0);
    await delay(random(40));
    await end(worker, 'SIGKILL');
    const arrived = arrivedOf(scene, fresh);
    const phase =
      arrived === 0 ? 'before anything arrived' : arrived < EVENTS ? 'while it arrived' : 'after all had arrived';
    histogram[phase] += 1;
    options.onKill?.(phase);
    worker = startWorkerProcess(scene);
  }
  // What had arrived and was not heard of is sent again, too.
  const deadline = Date.now() + PATIENCE_MS;
  while ((await readWaiting(scene)) > 0 && Date.now() < deadline) await delay(200);
  await end(worker, 'SIGTERM');
  return { histogram, ...judge(scene, written) };
}

async function readWaiting({ owner }: WebhookScene): Promise<number> {
  const { rows } = await owner.query(`select count(*)::int as n from webhook_message where state = 'waiting'`);
  return rows[0].n;
}

const eventsOf = ({ receivers }: WebhookScene) =>
  receivers.received.filter(({ message }) => message.type === 'source-delivery.rejected');

/** How many of these source deliveries were told of. */
function arrivedOf(scene: WebhookScene, ids: readonly string[]): number {
  const told = new Set(eventsOf(scene).map(({ message }) => message.data.sourceDelivery));
  return ids.filter((id) => told.has(id)).length;
}

function judge(scene: WebhookScene, written: readonly string[]): Omit<SenderReport, 'histogram'> {
  const problems: string[] = [];
  const received = eventsOf(scene);
  const idsOf = new Map<unknown, Set<string>>(written.map((id) => [id, new Set()]));
  for (const { headers, message } of received) {
    const ids = idsOf.get(message.data.sourceDelivery);
    if (ids === undefined) problems.push(`an event arrived that nobody wrote: ${message.data.sourceDelivery}`);
    ids?.add(headers['webhook-id'] ?? '');
  }
  for (const [event, ids] of idsOf) if (ids.size !== 1) problems.push(`event ${event} arrived under ${ids.size} ids`);
  const distinct = new Set(received.map(({ headers }) => headers['webhook-id']));
  if (distinct.size !== written.length) problems.push(`${written.length} events have ${distinct.size} ids`);
  return { repeated: received.length - distinct.size, problems };
}

function startWorkerProcess({ service, receivers }: WebhookScene): ChildProcess {
  return spawn(process.execPath, [WORKER], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...service.settings,
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
      FLIS_TEST_RECEIVERS: receivers.sending.ca ?? '',
    },
  });
}
