// Kills or pauses the real worker process, or sets its clock, at seeded moments while it schedules and prepares deliveries, and looks each time for anything
// half visible, lost or doubled. Each round has a subscription of its own, agreed on some days ago: what those days owe is made up at once.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { compactVerify, createLocalJWKSet, type JWK } from 'jose';
import type pg from 'pg';
import { loadCatalogue } from '../../src/domains/index.ts';
import type { Terms } from '../../src/pipeline/delivery/subscriptions/index.ts';
import { insertEvent, insertSubscription } from '../../src/pipeline/delivery/subscriptions/store.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { withTenant } from '../../src/platform/postgres/tenancy.ts';
import { addDays, dayOf } from '../../src/platform/time/local-time.ts';
import { createDatabaseIn, TEST_CONTEXT, type TestScope } from '../harness/database.ts';
import { openScene, type Scene } from '../pipeline/warehouse-scene.ts';
import { populationFile, YEARS } from './kill-worker.ts';
import { createWallClock, type WallClock } from './wall-clock.ts';
import { end, findFaults, type KillOptions, seeded, startWorkerProcess } from './worker-process.ts';

const TABLE = 'bor_befolkning';
/** Deliveries of each subscription that are owed from the start. */
const OWED = 5;
const PATIENCE_MS = 240_000;
/** A clock jumps by up to so much: longer than anything is kept. */
const JUMP_SECONDS = 3 * 366 * 86_400;
/** A worker looks within so long for what is due, whatever happens. */
const LOOK_MS = 22_000;

/** When it hit: before the owed deliveries were there, while they were prepared, or when all were ready. */
export type DeliveryPhase = 'before they were created' | 'while they were prepared' | 'after all were ready';

export interface DeliveryReport {
  readonly histogram: Record<DeliveryPhase, number>;
  /** Ready in the end. */
  readonly deliveries: number;
  /** What was wrong after a round or at the end; empty when all is well. */
  readonly problems: readonly string[];
}

export interface DeliveryKillOptions extends Omit<KillOptions, 'onKill'> {
  /**
   * `pause`: the worker is stopped, for a minute unless `pause` says otherwise, while another takes over, and then goes on. `jump`: its clock, that of PostgreSQL, or both as on one machine
   * jump to years ahead or behind, and back.
   */
  readonly how: 'kill' | 'pause' | 'jump';
  /** Milliseconds; a worker's jobs wait for it for 11 s. */
  readonly pause?: number;
  readonly onKill?: (phase: DeliveryPhase) => void;
}

/** Runs as many rounds as `kills` says. */
export async function killDeliveries(t: TestScope, options: DeliveryKillOptions): Promise<DeliveryReport> {
  const random = seeded(options.seed);
  const domain = (await loadCatalogue()).domain('borger');
  if (domain === undefined) throw new Error('no domain borger');
  const clocks = options.how === 'jump' ? await createClocks(t) : undefined;
  const database = clocks && (await createDatabaseIn(t, clocks.database.environment));
  const scene = await openScene(t, domain, undefined, database);
  // The worker may only read what was agreed.
  const agreeing = createPool({
    ...{ url: scene.database.apiUrl, max: 1, statementTimeout: 10_000 },
    ...{ applicationName: 'test', context: TEST_CONTEXT },
  });
  t.teardown(() => agreeing.end());
  const revise = (content: number) =>
    scene.deliver({
      ...{ from: `${YEARS[0]}-01`, to: `${YEARS.at(-1)}-12`, source: 'cpr' },
      files: { [TABLE]: populationFile('615', content) },
    });
  await revise(0);
  const histogram = { 'before they were created': 0, 'while they were prepared': 0, 'after all were ready': 0 };
  const problems: string[] = [];
  const watch = createWatch(scene);
  for (let round = 1; round <= options.kills; round += 1) {
    // Now and then there is something new to deliver; otherwise what is ready is delivered again.
    if (random(3) === 0) await revise(round);
    const subscription = await subscribe(scene, agreeing, random);
    const jump = clocks?.chosen(random);
    // Now and then one of the two is ahead from the start. A worker that starts ahead goes by PostgreSQL's clock: both together it could not tell.
    if (random(2) === 0 && jump?.isWhole === false) await jump.all(random(JUMP_SECONDS));
    const worker = startWorkerProcess(scene, clocks?.worker.environment);
    // A worker that starts with all clocks wrong cannot know.
    if (jump !== undefined) await untilStarted(scene);
    await untilMoment(scene, subscription, random);
    if (options.how === 'pause') worker.kill('SIGSTOP');
    else if (jump !== undefined) await jump.all((random(2) * 2 - 1) * random(JUMP_SECONDS));
    else await end(worker, 'SIGKILL');
    const phase = await phaseOf(scene, subscription);
    histogram[phase] += 1;
    options.onKill?.(phase);
    if (options.how === 'pause') {
      const other = startWorkerProcess(scene);
      await Promise.all([delay(options.pause ?? 60_000), untilAllReady(scene, round)]);
      worker.kill('SIGCONT');
      // What it was about to do, it does now; a stopping worker ends its jobs first.
      await end(worker, 'SIGTERM');
      await end(other, 'SIGTERM');
    }
    if (jump !== undefined) {
      await delay(jump.isWhole ? LOOK_MS : random(1_500));
      await jump.all(0);
      await end(worker, 'SIGTERM');
    }
    problems.push(...(await watch()).map((problem) => `after round ${round} (${phase}): ${problem}`));
  }
  // One whose clock is behind and is set right finds by itself what has become due.
  await clocks?.worker.jump(-JUMP_SECONDS);
  const worker = startWorkerProcess(scene, clocks?.worker.environment);
  if (clocks !== undefined) await delay(random(3_000));
  await clocks?.worker.jump(0);
  const left = await untilAllReady(scene, options.kills);
  if (left !== undefined) problems.push(left);
  await end(worker, 'SIGTERM');
  problems.push(...(await watch()));
  return { histogram, deliveries: (await readDeliveries(scene)).length, problems };
}

interface Jump {
  /** Whether no clock is left that is right. */
  readonly isWhole: boolean;
  all(seconds: number): Promise<void>;
}

interface Clocks {
  readonly worker: WallClock;
  readonly database: WallClock;
  /** Those that jump in a round: all of them, or one when the others tell that it is wrong. */
  chosen(random: (below: number) => number): Jump;
}

async function createClocks(t: TestScope): Promise<Clocks> {
  const [worker, database] = [await createWallClock(t), await createWallClock(t)];
  const choices = [[worker], [database], [worker, database]] as const;
  return {
    ...{ worker, database },
    chosen(random) {
      const clocks = choices[random(choices.length)] ?? [];
      return {
        isWhole: clocks.length > 1,
        all: async (seconds) => void (await Promise.all(clocks.map((clock) => clock.jump(seconds)))),
      };
    },
  };
}

/** Daily from some days ago on, in some of the formats. */
async function subscribe(scene: Scene, agreeing: pg.Pool, random: (below: number) => number): Promise<string> {
  const id = randomUUID();
  const startsOn = addDays(dayOf(new Date()), 1 - OWED);
  const formats = (['csv.gz', 'zip', 'parquet'] as const).slice(0, 1 + random(3));
  const kind = random(2) === 0 ? 'total' : 'delta';
  const terms: Terms = { rhythm: { frequency: 'daily', days: 'every' }, hour: 0, tables: [TABLE], formats, kind };
  const agreement = { domain: 'borger', startsOn, commitmentMonths: 12, renewalMonths: 12, noticeMonths: 3 };
  await withTenant(agreeing, scene.tenant, async (tx) => {
    await insertSubscription(tx, id, agreement, terms);
    await insertEvent(tx, id, { kind: 'activated', day: startsOn, terms: null });
  });
  return id;
}

interface Row {
  readonly id: string;
  readonly subscription: string;
  readonly dueOn: string;
  readonly state: string;
  readonly manifest: string | null;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
  readonly packaged: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
  readonly events: number;
}

async function readDeliveries(scene: Scene): Promise<Row[]> {
  const filesOf = (table: string, key: string) =>
    `coalesce((select jsonb_agg(jsonb_build_object('name', f.name, 'bytes', f.bytes, 'sha256', f.sha256) order by f.name)
       from ${table} f where f.municipality_code = d.municipality_code and f.${key} = d.${key}), '[]')`;
  const { rows } = await scene.owner.query<Row>(
    `select d.delivery_id as id, d.subscription_id as subscription, d.due_on::text as "dueOn", d.state, d.manifest,
            ${filesOf('delivery_file', 'delivery_id')} as files, ${filesOf('package_file', 'package_id')} as packaged,
            (select count(*)::int from event e where e.type = 'delivery.ready' and e.data ->> 'delivery' = d.delivery_id::text) as events
       from delivery d order by d.due_on, d.delivery_id`,
  );
  return rows;
}

/** @returns a look at everything: what is ready is whole, signed and told of once, and stays as it was; what is not has nothing to show. */
function createWatch(scene: Scene): () => Promise<string[]> {
  const seen = new Map<string, string>();
  return async () => {
    const problems: string[] = [];
    const rows = await readDeliveries(scene);
    const { rows: keys } = await scene.owner.query<{ jwk: JWK }>('select jwk from manifest_key');
    const keySet = createLocalJWKSet({ keys: keys.map(({ jwk }) => jwk) });
    for (const { id, state, manifest, files, packaged, events } of rows) {
      const isReady = state === 'ready';
      if (events !== (isReady ? 1 : 0)) problems.push(`delivery ${id} is ${state} and was told of ${events} times`);
      if (!isReady) {
        if (manifest !== null || files.length > 0) problems.push(`delivery ${id} is ${state} and has files`);
        continue;
      }
      const facts = JSON.stringify([manifest, files]);
      if ((seen.get(id) ?? facts) !== facts) problems.push(`delivery ${id} became ready twice`);
      seen.set(id, facts);
      const { payload } = await compactVerify(manifest ?? '', keySet);
      const signed = JSON.parse(Buffer.from(payload).toString()).files as Row['files'];
      const agree = signed.every(({ name, bytes, sha256 }) =>
        [files, packaged].every((list) =>
          list.some((file) => file.name === name && file.bytes === bytes && file.sha256 === sha256),
        ),
      );
      if (!agree || signed.length !== files.length) problems.push(`the manifest of delivery ${id} names other files`);
    }
    for (const id of seen.keys()) if (!rows.some((row) => row.id === id)) problems.push(`delivery ${id} is gone`);
    const places = rows.map(({ subscription, dueOn }) => `${subscription} ${dueOn}`);
    if (new Set(places).size !== places.length) problems.push('a due day has two deliveries');
    const { rows: early } = await scene.owner.query(
      `select d.due_on, p.state from delivery d join package p using (municipality_code, package_id)
        where d.due_on > ((now() + interval '1 hour') at time zone 'Europe/Copenhagen')::date or p.state = 'expired'`,
    );
    if (early.length > 0) problems.push(`deliveries of days to come, or whose time is over already: ${early.length}`);
    const { rows: gaps } = await scene.owner.query(
      `select 1 from event group by municipality_code having max(sequence) - min(sequence) + 1 <> count(*)`,
    );
    if (gaps.length > 0) problems.push('the numbers of events have gaps');
    return [...problems, ...(await findFaults(scene))];
  };
}

/** Mostly a moment after the first of them was created, now and then before. */
async function untilMoment(scene: Scene, subscription: string, random: (below: number) => number): Promise<void> {
  if (random(6) === 0) return void (await delay(random(1_500)));
  const deadline = Date.now() + PATIENCE_MS;
  while ((await phaseOf(scene, subscription)) === 'before they were created' && Date.now() < deadline) await delay(2);
  await delay(random(350));
}

/** Until a worker takes up jobs: it has looked at the clock by then. */
async function untilStarted(scene: Scene): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const { rowCount } = await scene.owner.query(
      `select from pg_stat_activity where datname = current_database() and application_name = 'flis-worker-jobs'`,
    );
    if (rowCount !== 0) return;
    await delay(20);
  }
}

async function phaseOf(scene: Scene, subscription: string): Promise<DeliveryPhase> {
  const { rows } = await scene.owner.query(
    'select count(*)::int as created, count(ready_at)::int as ready from delivery where subscription_id = $1',
    [subscription],
  );
  const [{ created, ready }] = rows;
  if (created === 0) return 'before they were created';
  return ready < created ? 'while they were prepared' : 'after all were ready';
}

/** Jobs of killed workers come back when their heartbeat has been missed. @returns what is left when patience ends */
async function untilAllReady(scene: Scene, subscriptions: number): Promise<string | undefined> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const rows = await readDeliveries(scene);
    const ready = rows.filter(({ state }) => state === 'ready').length;
    if (ready >= subscriptions * OWED) return undefined;
    if (Date.now() > deadline)
      return `${ready} of ${rows.length} deliveries are ready, ${subscriptions * OWED} are owed`;
    await delay(100);
  }
}
