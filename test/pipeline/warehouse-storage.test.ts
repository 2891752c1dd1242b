// Rows and files compared and tidied: fsck finds every kind of fault, the sweep takes exactly what nobody names.
import { readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import t from 'tap';
import { checkStorage, lockRevisions, sweepStorage } from '../../src/pipeline/warehouse/index.ts';
import { withTenant } from '../../src/platform/postgres/tenancy.ts';
import { measures, openScene, type Scene } from './warehouse-scene.ts';

const DAY = 24 * 3600;

/** Makes an object look as old as that many seconds. */
async function age(scene: Scene, key: string, seconds: number): Promise<void> {
  const at = Date.now() / 1000 - seconds;
  await utimes(await scene.storage.localPath(key), at, at);
}

/** The same with another last byte, whatever that was. */
const otherEnd = (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([~(bytes.at(-1) ?? 0) & 0xff])]);

t.test('fsck sees what is missing, cut, changed and left over', async (t) => {
  const scene = await openScene(t);
  await scene.deliver({
    to: '2025-03',
    files: {
      toy_maal: measures(['2025-01,A,a,1,', '2025-02,A,a,1,']),
      toy_person: 'kommunekode,cpr,dato\n615,0101014001,2025-03-01',
    },
  }); // prettier-ignore
  const check = () => checkStorage({ pool: scene.pool, storage: scene.storage, secrets: scene.deps.secrets });
  t.match(await check(), { faults: [], orphans: [], young: 0 });
  const keys: string[] = [];
  for (const prefix of ['slices/table=toy_maal', 'received/'])
    for await (const { key } of scene.storage.list(prefix)) keys.push(key);
  const [missing, cut, changed] = keys.filter((key) => key.endsWith('.deflate')) as [string, string, string];
  await scene.storage.delete(missing);
  for (const [key, edit] of [
    [cut, (bytes: Buffer) => bytes.subarray(1)],
    [changed, otherEnd],
    [keys.find((key) => key.includes('toy_person-')) as string, otherEnd],
  ] as const) {
    const path = await scene.storage.localPath(key);
    const bytes = await readFile(path);
    await rm(path);
    await writeFile(path, edit(bytes));
  }
  const { faults } = await check();
  t.same(faults.map(({ fault }) => fault).sort(), ['bytes', 'digest', 'missing', 'unreadable']);
});

t.test('the sweep takes old files without a row, under the lock, and nothing else', async (t) => {
  const scene = await openScene(t);
  await scene.deliver({
    to: '2025-01',
    files: { toy_maal: measures(['2025-01,A,a,1,']), toy_person: 'kommunekode,cpr,dato\n615,0101014001,2025-03-01' },
  }); // prettier-ignore
  const named: string[] = [];
  for (const prefix of ['slices/', 'identity/'])
    for await (const { key } of scene.storage.list(prefix)) named.push(key);
  const left = (name: string) => `slices/table=toy_maal/municipality=615/period=2025-01/${name}.parquet`;
  const old = [
    left('gammel'),
    'identity/table=identitet_toy/municipality=615/period=all/x.deflate',
    'diffs/table=borte/municipality=615/period=all/x.deflate',
  ]; // prettier-ignore
  const young = left('ung');
  for (const key of [...old, young]) await scene.storage.put(key, Readable.from([Buffer.from('x')]));
  for (const key of [...named, ...old]) await age(scene, key, DAY + 60);
  await age(scene, young, DAY - 600);
  const check = () => checkStorage({ pool: scene.pool, storage: scene.storage, secrets: scene.deps.secrets });
  t.match(await check(), { faults: [], orphans: [...old].sort(), young: 1 });

  let released = false;
  let sweep: Promise<number> | undefined;
  await withTenant(scene.pool, scene.tenant, async (tx) => {
    await lockRevisions(tx, 'toy');
    sweep = sweepStorage(scene.deps).finally(() => {
      t.ok(released, 'the sweep waits for whoever is publishing');
    });
    const first = await Promise.race([
      sweep.then(() => 'swept'),
      new Promise((done) => setTimeout(done, 300, 'waits')),
    ]);
    t.equal(first, 'waits');
    released = true;
  });
  t.equal(await sweep, old.length);
  t.match(await check(), { faults: [], orphans: [], young: 1 });
  t.equal(await sweepStorage(scene.deps), 0);
});
