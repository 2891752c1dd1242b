// What happens to revisions after they are made: net changes, restoring, changed declarations, and two makers of revisions at once.

import { randomUUID } from 'node:crypto';
import t from 'tap';
import { makeCatalogue } from '../../src/domains/catalogue.ts';
import { type Column, type Domain, defineTable } from '../../src/domains/definition.ts';
import { readChanges } from '../../src/pipeline/warehouse/compare-revisions.ts';
import { enqueueReslices, warehouseJobs } from '../../src/pipeline/warehouse/index.ts';
import { restoreRevision } from '../../src/pipeline/warehouse/restore-revision.ts';
import type { Problem } from '../../src/platform/http/problem.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import type { JobHandler } from '../../src/platform/queue/queue.ts';
import { latestRevision, readRevision } from '../../src/slices/index.ts';
import { TEST_CONTEXT } from '../harness/database.ts';
import { MEASURES, measureChanges, measures, openScene, redeclared, type Scene, TOY } from './warehouse-scene.ts';

const held = (scene: Scene, revision?: number) =>
  scene.read(async (tx) => readRevision(tx, 'toy', revision ?? (await latestRevision(tx, 'toy'))));

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no problem',
    (error: Problem) => error.type?.code ?? error.message,
  );

/** A pool as the api has it: its role can neither read across municipalities nor write slices. */
function apiPool(t: { teardown(fn: () => unknown): void }, scene: Scene) {
  const pool = createPool({
    url: scene.database.apiUrl,
    max: 2,
    statementTimeout: 10_000,
    applicationName: 'test',
    context: TEST_CONTEXT,
  });
  t.teardown(() => pool.end());
  return { pool, jobs: scene.deps.jobs };
}

/** Runs the comparisons that were asked for. */
async function runComparisons(scene: Scene) {
  for (const { payload } of scene.sent.filter(({ queue }) => queue === 'compare-revisions')) {
    await scene.run('compare-revisions', payload as Record<string, unknown>);
  }
}

t.test('changes are net over any span, and the api never computes them', async (t) => {
  const scene = await openScene(t);
  await scene.deliver({
    to: '2025-02',
    files: { toy_maal: measures(['2025-01,A,a,1,', '2025-01,B,a,2,', '2025-02,A,a,3,']) },
  });
  await scene.deliver({
    kind: 'delta',
    sequence: 1,
    files: { toy_maal: measureChanges(['U,2025-01,C,a,9,', 'U,2025-01,A,a,7,', 'D,2025-02,A,,,']) },
  }); // prettier-ignore
  await scene.deliver({
    kind: 'delta',
    sequence: 2,
    files: { toy_maal: measureChanges(['D,2025-01,C,,,', 'U,2025-01,B,b,2,', 'U,2025-02,A,a,3,']) },
  }); // prettier-ignore
  const api = apiPool(t, scene);
  const changes = (until: number, since: number) => readChanges(api, scene.tenant, TOY, until, since);
  t.same(await changes(1, 0), [
    { table: 'toy_maal', period: '2025-01', inserted: 2, updated: 0, deleted: 0 },
    { table: 'toy_maal', period: '2025-02', inserted: 1, updated: 0, deleted: 0 },
  ]);
  t.equal(await codeOf(changes(3, 1)), 'changes-not-ready', 'nobody has run the comparison yet');
  await runComparisons(scene);
  t.same(await changes(2, 1), [
    { table: 'toy_maal', period: '2025-01', inserted: 1, updated: 1, deleted: 0 },
    { table: 'toy_maal', period: '2025-02', inserted: 0, updated: 0, deleted: 1 },
  ]);
  t.same(await changes(3, 1), [{ table: 'toy_maal', period: '2025-01', inserted: 0, updated: 2, deleted: 0 }], 'net');
  t.same(await changes(3, 3), []);
  t.equal(await codeOf(changes(2, 3)), 'invalid-since');
  t.equal(await codeOf(changes(9, 3)), 'not-found');
});

t.test('restoring makes a new revision with the old slices and what the rules said of them', async (t) => {
  const scene = await openScene(t);
  await scene.deliver({ to: '2025-02', files: { toy_maal: measures(['2025-01,A,a,1,', '2025-02,A,a,3,']) } });
  await scene.deliver({
    to: '2025-03',
    files: { toy_maal: measures(['2025-01,A,a,999,', '2025-02,A,a,3,', '2025-03,A,a,950,']) },
  });
  const api = apiPool(t, scene);
  const key = randomUUID();
  const restore = (revision: number, idempotencyKey?: string) =>
    restoreRevision(api, scene.tenant, TOY, revision, idempotencyKey);
  const answer = await restore(1, key);
  t.match(answer, {
    status: 201,
    location: '/v1/revisions/3?domain=toy',
    body: { revision: 3, kind: 'restore', restoredRevision: 1, slicesChanged: 2 },
  }); // prettier-ignore
  t.same(await restore(1, key), answer, 'the same key again is the same answer');
  const names = async (revision: number) =>
    (await held(scene, revision)).map(({ table, period, sha256 }) => [table, period, sha256]);
  t.same(await names(3), await names(1));
  const { rows } = await scene.owner.query(
    `select distinct on (rule, period) rule, period, revision, count::int from rule_result where rule = 'T1' order by rule, period, revision desc`,
  );
  t.same(rows, [
    { rule: 'T1', period: '2025-01', revision: 3, count: 0 },
    { rule: 'T1', period: '2025-03', revision: 3, count: 0 },
  ]); // prettier-ignore
  t.match(
    scene.sent.slice(-2).map(({ queue }) => queue),
    ['compute-key-figures', 'compare-revisions'],
  ); // prettier-ignore
  t.equal(await codeOf(restore(7)), 'not-found');
  const next = await scene.deliver({
    from: '2025-03',
    to: '2025-03',
    files: { toy_maal: measures(['2025-03,A,a,950,']) },
  });
  t.match(next, { state: 'accepted', revision: 4 });
});

t.test('a restore during a load: both revisions stand, the load starts over from the restored state', async (t) => {
  const scene = await openScene(t);
  await scene.deliver({ to: '2025-01', files: { toy_maal: measures(['2025-01,A,a,1,', '2025-01,B,a,1,']) } });
  await scene.deliver({ kind: 'delta', sequence: 1, files: { toy_maal: measureChanges(['D,2025-01,B,,,']) } });
  const id = await scene.submit({
    kind: 'delta',
    sequence: 2,
    files: { toy_maal: measureChanges(['U,2025-01,C,a,1,']) },
  });
  const api = apiPool(t, scene);
  // The restore commits while the load writes its slice, after it has read revision 2.
  const { storage } = scene.deps;
  let restored = false;
  const slow = {
    ...storage,
    putFile: async (path: string, file: string) => {
      if (!restored && path.startsWith('slices/')) {
        restored = true;
        await restoreRevision(api, scene.tenant, TOY, 1, undefined);
      }
      return storage.putFile(path, file);
    },
  }; // prettier-ignore
  const [revise] = warehouseJobs({ ...scene.deps, storage: slow }) as unknown as JobHandler<object>[];
  const payload = { municipality: '615', domain: 'toy', task: 'load', sourceDeliveryId: id };
  await revise?.run(payload, { jobId: 'x', attempt: 1, lastAttempt: false, signal: new AbortController().signal });
  t.ok(restored);
  t.match(await scene.stateOf(id), { state: 'accepted', revision: 4 });
  t.same(
    (await held(scene)).map(({ rows }) => rows),
    [3],
    'A, the restored B, and C',
  ); // prettier-ignore
});

const extra: Column = {
  ...(MEASURES.columns.at(-1) as Column),
  name: 'bemaerkning',
  type: { type: 'text', maxLength: 5 },
};
const withColumns = (columns: readonly Column[]) => {
  const { key, ...table } = MEASURES;
  return redeclared(defineTable({ ...table, columns, key: key.slice(1) }));
};

t.test(
  'a changed declaration becomes a revision of kind schema; what cannot be brought over fails by name',
  async (t) => {
    const scene = await openScene(t);
    await scene.deliver({
      to: '2025-02',
      files: { toy_maal: measures(['2025-01,A,a,1,2.50']), toy_sted: 'kommunekode,sted,navn\n615,A,Ø' },
    });
    const worker = (domain: Domain) => {
      const deps = { ...scene.deps, catalogue: makeCatalogue([domain]) };
      const [revise] = warehouseJobs(deps) as unknown as JobHandler<object>[];
      const signal = new AbortController().signal;
      return {
        deps,
        reslice: () =>
          revise?.run(
            { municipality: '615', domain: 'toy', task: 'reslice' },
            { jobId: 'x', attempt: 1, lastAttempt: false, signal },
          ),
      }; // prettier-ignore
    };
    const own = MEASURES.columns.slice(1);
    const changed = withColumns([...own.filter(({ name }) => name !== 'art'), extra]);
    t.equal(await enqueueReslices(scene.deps), 0, 'nothing to do while the declaration holds');
    t.equal(await enqueueReslices(worker(changed).deps), 1);
    t.match(scene.sent.at(-1), { queue: 'revise', key: '615:toy', payload: { task: 'reslice' } });
    await worker(changed).reslice();
    await worker(changed).reslice();
    const { rows } = await scene.owner.query(
      'select revision, kind, slices_changed::int as changed from revision order by 1',
    );
    t.same(rows.at(-1), { revision: 2, kind: 'schema', changed: 2 }, 'once');
    t.same(
      (await held(scene)).map(({ period, rows: count, revision }) => [period, count, revision]),
      [
        ['2025-01', 1, 2],
        ['2025-02', 0, 2],
        ['all', 1, 1],
      ],
    ); // prettier-ignore

    const api = apiPool(t, scene);
    t.equal(await codeOf(readChanges(api, scene.tenant, changed, 2, 1)), 'schema-changed');
    t.equal(await codeOf(restoreRevision(api, scene.tenant, changed, 1, undefined)), 'schema-changed');
    const required = withColumns([...own, { ...extra, name: 'ny', nullable: false }]);
    t.equal(await codeOf(worker(required).reslice() as Promise<void>), 'reslice-impossible: toy_maal.art');
    const narrower = withColumns(
      own
        .filter(({ name }) => name !== 'art')
        .map((each) =>
          each.name === 'beloeb' ? { ...each, type: { type: 'integer', minimum: 0, maximum: 9 } } : each,
        ),
    ); // prettier-ignore
    t.equal(await codeOf(worker(narrower).reslice() as Promise<void>), 'reslice-impossible: toy_maal.beloeb');

    const late = await scene.submit({
      from: '2025-02',
      to: '2025-02',
      files: { toy_sted: 'kommunekode,sted,navn\n615,A,Å' },
    });
    const again = withColumns(own.filter(({ name }) => name !== 'art'));
    const [revise] = warehouseJobs(worker(again).deps) as unknown as JobHandler<object>[];
    await revise?.run(
      { municipality: '615', domain: 'toy', task: 'load', sourceDeliveryId: late },
      { jobId: 'x', attempt: 1, lastAttempt: false, signal: new AbortController().signal },
    ); // prettier-ignore
    t.match(
      await scene.stateOf(late),
      { state: 'accepted', revision: 4 },
      'a load brings the declaration to the slices first',
    );
  },
);
