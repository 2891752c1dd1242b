// Kills the real worker process at seeded moments of load and publication, starts it again, and looks each time for anything half visible.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { loadCatalogue } from '../../src/domains/index.ts';
import { REVISE } from '../../src/pipeline/queues.ts';
import { withTenant } from '../../src/platform/postgres/tenancy.ts';
import { startJobSender } from '../../src/platform/queue/pg-boss.ts';
import type { JobSender } from '../../src/platform/queue/queue.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import type { TestScope } from '../harness/database.ts';
import { openScene, type Scene } from '../pipeline/warehouse-scene.ts';
import {
  emptyHistogram,
  end,
  findFaults,
  type KillOptions,
  type KillReport,
  type Phase,
  SILENT,
  seeded,
  startWorkerProcess,
} from './worker-process.ts';

export const YEARS = Array.from({ length: 8 }, (_, index) => String(2018 + index));
/** Each year of a municipality is one slice of two files. */
const FILES = YEARS.length * 2;
const FIRST_MUNICIPALITY = 101;
/** The longest that anything in a run takes, a worker that was killed and a machine under load included. */
const PATIENCE_MS = 180_000;

/** Everybody of each age and sex in each month; `revision` makes another content of it. */
export function populationFile(municipality: string, revision = 0): string {
  const rows = YEARS.flatMap((year) =>
    Array.from({ length: 12 }, (_, month) =>
      Array.from(
        { length: 100 },
        (_, age) =>
          ['k', 'm'].map(
            (sex) =>
              `${municipality},${year}-${String(month + 1).padStart(2, '0')},${sex.toUpperCase()},${age},${age},ialt,ialt,ialt,ialt,${100 + revision + ((age * 7 + month) % 50)}`,
          ), // prettier-ignore
      ).flat(),
    ).flat(),
  );
  return [
    'kommunekode,maaned,koen,alder_fra,alder_til,civilstand,herkomst,statsborgerskab,distrikt,antal',
    ...rows,
  ].join('\n'); // prettier-ignore
}

/** Runs `kills` kills with `seed`. `onKill` hears of each. */
export async function killWorkers(t: TestScope, options: KillOptions): Promise<KillReport> {
  const { scene, sender } = await openLoads(t);
  const random = seeded(options.seed);
  const histogram = emptyHistogram();
  const problems: string[] = [];
  for (let kill = 0; kill < options.kills; kill += 1) {
    // A fresh delivery for each kill: those of dead workers come back only when their heartbeat has been missed.
    await submitDelivery(scene, sender, String(FIRST_MUNICIPALITY + kill));
    const worker = startWorkerProcess(scene);
    const target = await nextTarget(scene);
    if (target === undefined) {
      await end(worker, 'SIGKILL');
      problems.push('no worker began to load anything');
      break;
    }
    await untilMoment(scene, target.municipality, random);
    await end(worker, 'SIGKILL');
    const phase = await phaseOf(scene, target);
    histogram[phase] += 1;
    options.onKill?.(phase);
    problems.push(...(await inspect(scene)).map((problem) => `after kill ${kill + 1} (${phase}): ${problem}`));
  }
  const worker = startWorkerProcess(scene);
  problems.push(...(await finish(scene, options.kills)));
  await end(worker, 'SIGTERM');
  problems.push(...(await inspect(scene)));
  return { histogram, problems };
}

/** Kills every worker that begins to load one and the same delivery, `times` times, and then lets one finish. @returns what was wrong */
export async function killAgainAndAgain(t: TestScope, times: number): Promise<string[]> {
  const { scene, sender } = await openLoads(t);
  await submitDelivery(scene, sender, String(FIRST_MUNICIPALITY));
  for (let kill = 1; kill <= times; kill += 1) {
    const worker = startWorkerProcess(scene);
    const began = await untilAttempt(scene, kill);
    await end(worker, 'SIGKILL');
    if (!began) return [`nobody began attempt ${kill}: ${JSON.stringify(await countStates(scene))}`];
    const problems = await inspect(scene);
    if (problems.length > 0) return problems;
  }
  const worker = startWorkerProcess(scene);
  const problems = await finish(scene, 1);
  await end(worker, 'SIGTERM');
  return [...problems, ...(await inspect(scene))];
}

async function openLoads(t: TestScope): Promise<{ scene: Scene; sender: JobSender }> {
  const domain = (await loadCatalogue()).domain('borger');
  if (domain === undefined) throw new Error('no domain borger');
  const scene = await openScene(t, domain);
  const sender = await startJobSender({ url: scene.database.workerUrl, applicationName: 'test', log: SILENT });
  t.teardown(() => sender.stop());
  return { scene, sender };
}

/** Waits until a worker has begun the given attempt (1, 2 …) of the only load in the queue. */
async function untilAttempt(scene: Scene, attempt: number): Promise<boolean> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const { rows } = await scene.owner.query(
      `select 1 from pgboss.job where name = $1 and state = 'active' and retry_count = $2`,
      [REVISE.name, attempt - 1],
    );
    if (rows.length > 0) return true;
    await delay(5);
  }
  return false;
}

/** Submits a delivery of the municipality, as its intake would. */
async function submitDelivery(scene: Scene, sender: JobSender, municipality: string): Promise<void> {
  const span = { from: `${YEARS[0]}-01`, to: `${YEARS.at(-1)}-12` };
  const files = { bor_befolkning: populationFile(municipality) };
  const id = await scene.submit({ ...span, source: 'cpr', files }, municipality);
  const tenant = { ...scene.tenant, municipality: municipalityCodeOf(municipality) };
  const payload = { municipality, domain: 'borger', task: 'load', sourceDeliveryId: id } as const;
  await withTenant(scene.pool, tenant, (tx) => sender.send(tx, REVISE, `${municipality}:borger`, payload));
}

interface Target {
  readonly id: string;
  readonly municipality: string;
}

/** Waits until the worker loads a fresh delivery. A load that a dead worker left does not count: it is nobody's. */
async function nextTarget(scene: Scene): Promise<Target | undefined> {
  const before = new Set((await loading(scene)).map(({ id }) => id));
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const target = (await loading(scene)).find(({ id }) => !before.has(id));
    if (target !== undefined) return target;
    await delay(2);
  }
  return undefined;
}

async function loading(scene: Scene): Promise<Target[]> {
  const { rows } = await scene.owner.query<Target>(
    `select source_delivery_id as id, municipality_code as municipality from source_delivery where state = 'loading'`,
  );
  return rows;
}

async function countFiles(scene: Scene, municipality: string): Promise<number> {
  const folder = join(scene.storage.localRoot, `slices/table=bor_befolkning/municipality=${municipality}`);
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names.filter((name) => /\.(deflate|parquet)$/.test(name)).length;
}

/** Mostly after some number of files, now and then after all of them (the commit is near) or after a span of time. */
async function untilMoment(scene: Scene, municipality: string, random: (below: number) => number): Promise<void> {
  const kind = random(10);
  if (kind < 2) return void (await delay(random(80)));
  const files = kind < 5 ? FILES : 1 + random(FILES);
  const deadline = Date.now() + 20_000;
  while ((await countFiles(scene, municipality)) < files && Date.now() < deadline) await delay(1);
  await delay(random(kind < 5 ? 500 : 20));
}

async function phaseOf(scene: Scene, { id, municipality }: Target): Promise<Phase> {
  if ((await scene.stateOf(id)).state === 'accepted') return 'after the commit';
  return (await countFiles(scene, municipality)) > 0 ? 'between first file and commit' : 'before the first file';
}

/** Everything of an accepted delivery is there, nothing of any other, and rows and files agree. */
async function inspect(scene: Scene): Promise<string[]> {
  const { rows } = await scene.owner.query<{
    municipality: string;
    state: string;
    revisions: number;
    changes: number;
    slices: number;
    findings: number;
  }>(
    `select municipality_code as municipality, state,
       (select count(*)::int from revision r where r.municipality_code = d.municipality_code) as revisions,
       (select count(*)::int from slice_change c where c.municipality_code = d.municipality_code) as changes,
       (select count(*)::int from slice s where s.municipality_code = d.municipality_code) as slices,
       (select count(*)::int from finding_count f where f.municipality_code = d.municipality_code) as findings
     from source_delivery d`,
  );
  const problems = rows.flatMap(({ municipality, state, revisions, changes, slices, findings }) => {
    const whole = revisions === 1 && changes === YEARS.length && slices === YEARS.length;
    const nothing = revisions + changes + slices + findings === 0;
    return (state === 'accepted' ? whole : nothing)
      ? []
      : [`${municipality} is ${state} with ${revisions}/${changes}/${slices}/${findings}`];
  });
  return [...problems, ...(await findFaults(scene))];
}

/** Jobs of killed workers come back when their heartbeat has been missed. */
async function finish(scene: Scene, count: number): Promise<string[]> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const rows = await countStates(scene);
    if (rows.some(({ state, count: accepted }) => state === 'accepted' && accepted === count)) return [];
    if (Date.now() > deadline) return [`not all were accepted in the end: ${JSON.stringify(rows)}`];
    await delay(100);
  }
}

async function countStates(scene: Scene): Promise<{ state: string; count: number }[]> {
  const { rows } = await scene.owner.query(
    'select state, count(*)::int as count from source_delivery group by state order by state',
  );
  return rows;
}
