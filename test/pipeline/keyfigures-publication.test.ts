// A release is there for everybody from one moment on, and its id and its time mean the same ever after.
import t from 'tap';
import { requestRelease } from '../../src/pipeline/keyfigures/releases/request-release.ts';
import { markPublished } from '../../src/pipeline/keyfigures/releases/store.ts';
import { withSystem } from '../../src/platform/postgres/tenancy.ts';
import { startApi, year } from './keyfigures-api.ts';
import { createScene, noJobs, tenantOf } from './keyfigures-scene.ts';

t.test('a release is found the moment that it is published', async (t) => {
  const scene = await createScene(t);
  const get = await startApi(t, scene, noJobs);
  const releaseOf = async (query: string) => {
    const answer = await get(`/v1/key-figures/BO06/values?municipality=615&${query}`);
    return answer.json().release?.releaseId ?? answer.json().code;
  };
  await scene.deliver('615', 'borger', { 'bor_befolkning/2025': year('2025-03', 900, 100) });
  await scene.release('borger');
  t.equal(await releaseOf(''), 'borger-1', 'the list of releases is kept from now on');
  await scene.release('borger');
  const { publishedAt } = (await get('/v1/releases/borger-2')).json();
  const before = new Date(Date.parse(publishedAt) - 1).toISOString();
  t.equal(await releaseOf('release=borger-2'), 'borger-2', 'by its id');
  await scene.release('borger');
  const third = (await get('/v1/releases/borger-3')).json().publishedAt;
  t.equal(await releaseOf(`asOf=${third}`), 'borger-3', 'by its time');
  t.equal(await releaseOf(`asOf=${before}`), 'borger-1');
  t.equal(await releaseOf('asOf=2999-01-01T00:00:00Z'), 'borger-3', 'a time to come');
  t.equal(await releaseOf('release=borger-4'), 'no-release');

  const { catalogue } = scene.deps;
  const { releaseId } = await requestRelease(
    { pool: scene.api, catalogue, jobs: noJobs },
    tenantOf('999'),
    { domain: 'borger' },
    undefined,
  );
  let asked: Promise<string> | undefined;
  await withSystem(scene.worker, 'test: a slow commit', async (tx) => {
    await markPublished(tx, releaseId);
    asked = releaseOf(`asOf=${new Date(Date.now() + 1).toISOString()}`);
    const isWaiting = `select from pg_locks where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())`;
    for (const start = performance.now(); (await tx.query(isWaiting)).length === 0; )
      if (performance.now() - start > 10_000) throw new Error('nobody waits for the commit');
  });
  t.equal(await asked, 'borger-4', 'a time between that of a release and its commit');
});
