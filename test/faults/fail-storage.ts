// Real storage that fails at its n-th call, for every n of a load, of the building of a package and of the preparing of a delivery: after each failure
// nothing of it is visible, and doing it again brings it to its end.
import { randomUUID } from 'node:crypto';
import { loadCatalogue } from '../../src/domains/index.ts';
import { prepareDelivery } from '../../src/pipeline/delivery/deliveries/prepare-delivery.ts';
import { deriveStatementKey } from '../../src/pipeline/delivery/index.ts';
import { packageJobs } from '../../src/pipeline/packages/index.ts';
import { warehouseJobs } from '../../src/pipeline/warehouse/index.ts';
import { createDigester } from '../../src/platform/digest/digester.ts';
import type { JobHandler } from '../../src/platform/queue/queue.ts';
import type { ObjectStorage } from '../../src/platform/storage/storage.ts';
import type { TestScope } from '../harness/database.ts';
import { openScene, type Scene } from '../pipeline/warehouse-scene.ts';
import { findFaults } from './worker-process.ts';

const TABLE = 'bor_befolkning';
const HEADER = 'kommunekode,maaned,koen,alder_fra,alder_til,civilstand,herkomst,statsborgerskab,distrikt,antal';
const YEARS = ['2023', '2024', '2025'];
const CALLS = ['put', 'putFile', 'read', 'readInto', 'stat', 'delete', 'localPath'] as const;

/** A storage whose n-th call fails, `before` it has done anything or `after` it has done all; `calls` counts. */
function failing(
  real: ObjectStorage,
  n: number,
  when: 'before' | 'after',
): { storage: ObjectStorage; calls: () => number } {
  let calls = 0;
  const broken = () => Object.assign(new Error('injected'), { code: 'EIO' });
  const storage = Object.create(real) as Record<string, unknown>;
  for (const name of CALLS) {
    storage[name] = (...args: never[]) => {
      calls += 1;
      const fails = calls === n;
      if (fails && (when === 'before' || name === 'read')) {
        if (name === 'read') throw broken();
        return Promise.reject(broken());
      }
      const done = (real[name] as (...args: never[]) => unknown).apply(real, args);
      return fails ? Promise.resolve(done).then(() => Promise.reject(broken())) : done;
    };
  }
  return { storage: storage as unknown as ObjectStorage, calls: () => calls };
}

export interface StorageReport {
  /** How many calls failed, by what was done. */
  readonly histogram: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

/** What is done again and again, and what must be true of it. */
interface Work {
  readonly name: string;
  /** Makes something new to do. @returns its id */
  begin(): Promise<string>;
  run(storage: ObjectStorage, id: string): Promise<void>;
  /** Whether it is visible, and whole. */
  isDone(id: string): Promise<boolean>;
}

/** Every `step`-th call, from the first on, until one is never reached. */
export async function failStorage(t: TestScope, step: number): Promise<StorageReport> {
  const domain = (await loadCatalogue()).domain('borger');
  if (domain === undefined) throw new Error('no domain borger');
  const scene = await openScene(t, domain);
  const digester = createDigester();
  t.teardown(() => digester.close());
  const histogram: Record<string, number> = {};
  const problems: string[] = [];
  for (const work of worksOf(scene, digester)) {
    for (const when of ['before', 'after'] as const) {
      for (let n = 1, reached = true; reached; n += step) {
        const id = await work.begin();
        const { storage, calls } = failing(scene.storage, n, when);
        const threw = await work.run(storage, id).then(
          () => false,
          () => true,
        );
        reached = calls() >= n;
        const at = `${work.name}: ${when} call ${n}`;
        if (reached) histogram[work.name] = (histogram[work.name] ?? 0) + 1;
        // A call that only tidies up may fail without harm.
        if (threw && (await work.isDone(id))) problems.push(`${at}: it failed and is visible`);
        if (threw) await work.run(scene.storage, id);
        if (!(await work.isDone(id))) problems.push(`${at}: it is not done in the end`);
        problems.push(...(await findFaults(scene)).map((fault) => `${at}: ${fault}`));
      }
    }
  }
  return { histogram, problems };
}

function worksOf(scene: Scene, digester: ReturnType<typeof createDigester>): Work[] {
  const { owner, deps, tenant } = scene;
  const context = () => ({ jobId: 'job', attempt: 1, lastAttempt: false, signal: new AbortController().signal });
  let content = 0;
  const submit = () => {
    content += 1;
    const rows = YEARS.map((year) => `615,${year}-01,K,30,30,ialt,ialt,ialt,ialt,${content}`);
    const span = { from: `${YEARS[0]}-01`, to: `${YEARS.at(-1)}-12`, source: 'cpr' };
    return scene.submit({ ...span, files: { [TABLE]: `${HEADER}\n${rows.join('\n')}\n` } });
  };
  const count = async (text: string, id: string) => (await owner.query(text, [id])).rows[0].count as number;
  const revision = async () => {
    const id = await submit();
    await scene.load(id);
    return (await owner.query(`select max(revision)::int as revision from revision`)).rows[0].revision as number;
  };
  return [
    {
      name: 'load',
      begin: submit,
      run: (storage, id) => {
        const [revise] = (warehouseJobs({ ...deps, storage }) as unknown as JobHandler<object>[]).filter(
          ({ queue }) => queue.name === 'revise',
        );
        const payload = { municipality: '615', domain: 'borger', task: 'load', sourceDeliveryId: id };
        return (revise as JobHandler<object>).run(payload, context());
      },
      isDone: async (id) =>
        (await count('select count(*)::int from revision where source_delivery_id = $1', id)) === 1 &&
        (await scene.stateOf(id)).state === 'accepted',
    },
    {
      name: 'package',
      async begin() {
        const id = randomUUID();
        const newest = await revision();
        await owner.query(
          `insert into package (municipality_code, package_id, domain, revision, kind, since, state)
           values ('615', $1, 'borger', $2, 'delta', $3, 'building')`,
          [id, newest, newest - 1],
        );
        return id;
      },
      run: (storage, id) => {
        const [build] = packageJobs({ ...deps, storage, digester }) as unknown as JobHandler<object>[];
        return (build as JobHandler<object>).run({ municipality: '615', domain: 'borger', packageId: id }, context());
      },
      isDone: async (id) =>
        (await count(
          `select count(*)::int from package p where package_id = $1 and state = 'ready' and exists (
             select from package_file f where f.package_id = p.package_id)`,
          id,
        )) === 1,
    },
    {
      name: 'delivery',
      async begin() {
        const id = randomUUID();
        await revision();
        await owner.query(
          `insert into delivery (municipality_code, delivery_id, subscription_id, domain, due_on, promised_at, agreed_kind, tables, formats, state, created_at)
           values ('615', $1, $1, 'borger', '2026-03-01', now(), 'total', '{${TABLE}}', '{csv.gz,parquet,zip}', 'scheduled', now())`,
          [id],
        );
        return id;
      },
      async run(storage, id) {
        const statementKey = await deriveStatementKey(deps.secrets.rootSecret);
        const facts = { issuer: 'urn:flis:test', clock: () => new Date(), statementKey };
        return prepareDelivery({ ...deps, storage, digester, ...facts }, tenant, id, context().signal);
      },
      isDone: async (id) =>
        (await count(
          `select count(*)::int from delivery d where delivery_id = $1 and state = 'ready' and 3 = (
             select count(*) from delivery_file f where f.delivery_id = d.delivery_id)`,
          id,
        )) === 1 && (await count(`select count(*)::int from event where data ->> 'delivery' = $1`, id)) === 1,
    },
  ];
}
