// Kills the real worker process at seeded moments of building packages and their Parquet files, starts it again, and looks each time for anything
// half visible. At the end every package is built once more, undisturbed, and must have the same bytes.

import { setTimeout as delay } from 'node:timers/promises';
import { loadCatalogue } from '../../src/domains/index.ts';
import { createPackage } from '../../src/pipeline/packages/create-package.ts';
import { packageJobs } from '../../src/pipeline/packages/index.ts';
import { BUILD_PACKAGE, BUILD_PARQUET } from '../../src/pipeline/queues.ts';
import { createDigester } from '../../src/platform/digest/digester.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { withTenant } from '../../src/platform/postgres/tenancy.ts';
import { startJobSender } from '../../src/platform/queue/pg-boss.ts';
import type { JobHandler, JobSender } from '../../src/platform/queue/queue.ts';
import type { TestScope } from '../harness/database.ts';
import { TEST_CONTEXT } from '../harness/database.ts';
import { openScene, type Scene } from '../pipeline/warehouse-scene.ts';
import { populationFile, YEARS } from './kill-worker.ts';
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

const TABLE = 'bor_befolkning';
const PATIENCE_MS = 180_000;

interface Content {
  readonly kind: 'total' | 'delta';
  readonly revision: number;
  readonly since?: number;
}

/** What a worker is killed over: a package, or the Parquet file of one that is ready. */
interface Target {
  readonly packageId: string;
  /** Files that the job writes before its commit, under which prefix. */
  readonly files: number;
  readonly prefix: string;
  readonly parquet: boolean;
}

/** Runs `kills` kills with `seed`. */
export async function killBuilders(t: TestScope, options: KillOptions): Promise<KillReport> {
  const random = seeded(options.seed);
  const contents = shuffle(contentsFor(options.kills), random);
  const { scene, sender, order } = await openPackages(t, Math.max(...contents.map(({ revision }) => revision)));
  const histogram = emptyHistogram();
  const problems: string[] = [];
  const watch = createWatch(scene);
  for (let kill = 0; kill < options.kills; kill += 1) {
    const withoutParquet = random(3) === 0 ? await listWithoutParquet(scene) : [];
    const chosen = withoutParquet[random(withoutParquet.length)];
    const target =
      chosen === undefined ? await order(contents.pop() as Content) : await orderParquet(scene, sender, chosen);
    const worker = startWorkerProcess(scene);
    if (!(await untilBegun(scene, target))) {
      await end(worker, 'SIGKILL');
      problems.push('no worker began to build');
      break;
    }
    const before = await countFiles(scene, target.prefix);
    await untilMoment(scene, target, before, random);
    await end(worker, 'SIGKILL');
    const phase = await phaseOf(scene, target, before);
    histogram[phase] += 1;
    options.onKill?.(phase);
    problems.push(...(await watch()).map((problem) => `after kill ${kill + 1} (${phase}): ${problem}`));
  }
  const worker = startWorkerProcess(scene);
  problems.push(...(await finish(scene)));
  await end(worker, 'SIGTERM');
  problems.push(...(await watch()), ...(await compareUndisturbed(scene)), ...(await findFaults(scene)));
  return { histogram, problems };
}

/** Totals of every revision, and deltas between any two: enough different packages for so many kills. */
function contentsFor(kills: number): Content[] {
  const contents: Content[] = [];
  for (let revision = 1; contents.length < kills; revision += 1) {
    contents.push({ kind: 'total', revision });
    for (let since = 0; since < revision; since += 1) contents.push({ kind: 'delta', revision, since });
  }
  return contents;
}

function shuffle<T>(items: T[], random: (below: number) => number): T[] {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = random(last + 1);
    [items[last], items[other]] = [items[other] as T, items[last] as T];
  }
  return items;
}

/** A municipality with so many revisions, each of which changes every slice. */
async function openPackages(t: TestScope, revisions: number) {
  const catalogue = await loadCatalogue();
  const domain = catalogue.domain('borger');
  if (domain === undefined) throw new Error('no domain borger');
  const scene = await openScene(t, domain);
  const sender = await startJobSender({ url: scene.database.workerUrl, applicationName: 'test', log: SILENT });
  t.teardown(() => sender.stop());
  const pool = createPool({
    url: scene.database.apiUrl,
    max: 1,
    statementTimeout: 10_000,
    applicationName: 'test',
    context: TEST_CONTEXT,
  });
  t.teardown(() => pool.end());
  const span = { from: `${YEARS[0]}-01`, to: `${YEARS.at(-1)}-12`, source: 'cpr' };
  for (let revision = 1; revision <= revisions; revision += 1) {
    await scene.deliver({ ...span, files: { [TABLE]: populationFile('615', revision) } });
  }
  const order = async (content: Content): Promise<Target> => {
    const { body } = await createPackage(
      { pool, jobs: sender, catalogue },
      scene.tenant,
      { domain: 'borger', ...content },
      undefined,
    );
    const files = content.kind === 'delta' ? YEARS.length : 0;
    return { packageId: (body as { id: string }).id, files, prefix: 'diffs/', parquet: false };
  };
  return { scene, sender, order };
}

/** Orders a Parquet file, as its first download would. */
async function orderParquet(scene: Scene, sender: JobSender, packageId: string): Promise<Target> {
  const payload = { municipality: '615', domain: 'borger', packageId, table: TABLE };
  await withTenant(scene.pool, scene.tenant, (tx) => sender.send(tx, BUILD_PARQUET, `${packageId}/${TABLE}`, payload));
  return { packageId, files: 1, prefix: `packages/municipality=615/${packageId}/`, parquet: true };
}

/** @returns the ready packages whose Parquet file nobody has ordered yet, in the order in which they were ordered. */
async function listWithoutParquet(scene: Scene): Promise<string[]> {
  const { rows } = await scene.owner.query<{ id: string }>(
    `select package_id as id from package p where state = 'ready' and not exists (
       select 1 from package_file f where f.package_id = p.package_id and name like '%.parquet')
       and not exists (select 1 from pgboss.job where name = $1 and data->>'packageId' = p.package_id::text)
     order by created_at`,
    [BUILD_PARQUET.name],
  );
  return rows.map(({ id }) => id);
}

/** Waits until a worker is at the target's job, or has done it already. */
async function untilBegun(scene: Scene, target: Target): Promise<boolean> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const { rows } = await scene.owner.query(
      `select 1 from pgboss.job where name = $1 and data->>'packageId' = $2 and state in ('active', 'completed')`,
      [target.parquet ? BUILD_PARQUET.name : BUILD_PACKAGE.name, target.packageId],
    );
    if (rows.length > 0) return true;
    await delay(2);
  }
  return false;
}

async function isDone(scene: Scene, { packageId, parquet }: Target): Promise<boolean> {
  const { rows } = await scene.owner.query('select 1 from package_file where package_id = $1 and name like $2', [
    packageId,
    parquet ? '%.parquet' : '%.zip',
  ]);
  return rows.length > 0;
}

async function countFiles(scene: Scene, prefix: string): Promise<number> {
  let files = 0;
  for await (const _ of scene.storage.list(prefix)) files += 1;
  return files;
}

/** Mostly after some number of files, now and then after all of them (the commit is near) or after a span of time. */
async function untilMoment(
  scene: Scene,
  target: Target,
  before: number,
  random: (below: number) => number,
): Promise<void> {
  const kind = random(10);
  if (kind < 2 || target.files === 0) return void (await delay(random(80)));
  const files = before + (kind < 5 ? target.files : 1 + random(target.files));
  const pause = random(kind < 5 ? 60 : 10);
  const deadline = Date.now() + 20_000;
  while ((await countFiles(scene, target.prefix)) < files && !(await isDone(scene, target)) && Date.now() < deadline) {
    await delay(1);
  }
  await delay(pause);
}

async function phaseOf(scene: Scene, target: Target, before: number): Promise<Phase> {
  if (await isDone(scene, target)) return 'after the commit';
  return (await countFiles(scene, target.prefix)) > before ? 'between first file and commit' : 'before the first file';
}

interface Built {
  readonly id: string;
  readonly state: string;
  readonly readyAt: Date | null;
  readonly manifest: object | null;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
}

async function readBuilt(scene: Scene): Promise<Built[]> {
  const { rows } = await scene.owner.query<Built>(
    `select package_id as id, state, ready_at as "readyAt", manifest, coalesce((
       select jsonb_agg(jsonb_build_object('name', name, 'bytes', bytes, 'sha256', sha256) order by name)
         from package_file f where f.package_id = p.package_id), '[]') as files
     from package p order by created_at`,
  );
  return rows;
}

/** @returns a look at everything: no package has failed, one that was ready is as it was, and fsck is clean. */
function createWatch(scene: Scene): () => Promise<string[]> {
  const ready = new Map<string, string>();
  return async () => {
    const problems: string[] = [];
    for (const { id, state, files, ...whole } of await readBuilt(scene)) {
      if (state === 'failed') problems.push(`package ${id} has failed`);
      if (state !== 'ready') continue;
      const facts = JSON.stringify([whole, files.filter(({ name }) => !name.endsWith('.parquet'))]);
      if ((ready.get(id) ?? facts) !== facts) problems.push(`package ${id} became ready twice`);
      ready.set(id, facts);
    }
    return [...problems, ...(await findFaults(scene))];
  };
}

/** Jobs of killed workers come back when their heartbeat has been missed. */
async function finish(scene: Scene): Promise<string[]> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const { rows } = await scene.owner.query(
      `select name, state, count(*)::int as count from pgboss.job where name = any($1) and state <> 'completed' group by 1, 2`,
      [[BUILD_PACKAGE.name, BUILD_PARQUET.name]],
    );
    const unready = (await readBuilt(scene)).filter(({ state }) => state !== 'ready');
    if (rows.length + unready.length === 0) return [];
    if (Date.now() > deadline) return [`${unready.length} packages are not ready in the end: ${JSON.stringify(rows)}`];
    await delay(100);
  }
}

/** Takes away everything that was built, and builds the same packages in this process. @returns what has other bytes than before */
async function compareUndisturbed(scene: Scene): Promise<string[]> {
  const before = await readBuilt(scene);
  await scene.owner.query('delete from package_file');
  await scene.owner.query('delete from slice_diff');
  await scene.owner.query(`update package set state = 'building', ready_at = null, manifest = null`);
  for (const prefix of ['diffs/', 'packages/'])
    for await (const { key } of scene.storage.list(prefix)) await scene.storage.delete(key);
  const digester = createDigester();
  const [build, parquet] = packageJobs({ ...scene.deps, digester }) as unknown as JobHandler<object>[];
  const context = { jobId: 'job', attempt: 1, lastAttempt: false, signal: new AbortController().signal };
  for (const { id, files } of before) {
    const payload = { municipality: '615', domain: 'borger', packageId: id, table: TABLE };
    await build?.run(payload, context);
    if (files.some(({ name }) => name.endsWith('.parquet'))) await parquet?.run(payload, context);
  }
  await digester.close();
  const after = new Map((await readBuilt(scene)).map((built) => [built.id, built]));
  const factsOf = (built: Built | undefined) => JSON.stringify([built?.manifest, built?.files]);
  return before.flatMap((built) =>
    factsOf(built) === factsOf(after.get(built.id))
      ? []
      : [`package ${built.id} has other bytes when built undisturbed`],
  );
}
