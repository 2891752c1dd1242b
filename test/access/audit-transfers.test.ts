// Transfers in many answers: which belong to one row, when it ends, and what happens when its end cannot be written.
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { createTransferLog } from '../../src/access/index.ts';
import { withTenant } from '../../src/platform/postgres/tenancy.ts';
import { type AuditScene, openAuditScene } from './audit-scene.ts';

const LIMITS = { quietMs: 150, longestMs: 60_000, mostAnswers: 100, mostOpen: 100, retriesMs: [20, 20] };

function openLog(scene: AuditScene, limits: Partial<typeof LIMITS> = {}) {
  const errors: unknown[] = [];
  const log = createTransferLog(scene.api, (error) => errors.push(error), { ...LIMITS, ...limits });
  /** Everything up to the first byte. */
  const start = async (code: string, file: string, isRange = true, sends = true) => {
    const tenant = scene.tenantOf(code);
    const transfer = log.begin(tenant, 'getPackageFile', file, isRange);
    await withTenant(scene.api, tenant, (tx) => transfer.record(tx, { file }, sends));
    transfer.committed();
    return transfer;
  };
  const answer = async (...args: Parameters<typeof start>) =>
    (await start(...args)).ended({ bytes: 10, complete: true });
  return { log, errors, start, answer };
}

async function outcomes(scene: AuditScene): Promise<string[]> {
  const { rows } = await scene.owner.query(
    `select concat_ws(' ', e.municipality_code, e.object ->> 'file', e.outcome, c.outcome, c.object ->> 'bytes', c.object ->> 'answers') as line
       from audit_entry e left join audit_entry c on c.completes = e.entry where e.completes is null order by e.entry`,
  );
  return rows.map(({ line }) => line);
}

async function until(t: Test, scene: AuditScene, expected: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 200 && (await outcomes(scene)).join() !== expected.join(); tries += 1) await delay(10);
  t.same(await outcomes(scene), expected);
}

t.test('ranges of one client and file join, and nobody else’s', async (t) => {
  const scene = await openAuditScene(t);
  const { answer, log } = openLog(scene);
  for (let index = 0; index < 5; index += 1) await answer('615', 'a');
  await answer('615', 'b');
  await answer('791', 'a');
  await answer('615', 'a', false);
  await log.close();
  const each = ['615 a started complete 50 5', '615 b started complete 10 1', '791 a started complete 10 1'];
  t.same(await outcomes(scene), [...each, '615 a started complete 10 1']);
});

t.test('it ends when it is quiet, not while an answer goes on, and what comes later begins anew', async (t) => {
  const scene = await openAuditScene(t);
  const { start, answer, log } = openLog(scene);
  await answer('615', 'a');
  const long = await start('615', 'a');
  await delay(400);
  t.same(await outcomes(scene), ['615 a started']);
  long.ended({ bytes: 5, complete: false });
  await until(t, scene, ['615 a started broken-off 15 2']);
  await answer('615', 'a');
  await log.close();
  t.same(await outcomes(scene), ['615 a started broken-off 15 2', '615 a started complete 10 1']);
});

t.test('it has an end: so many answers, so long', async (t) => {
  const scene = await openAuditScene(t);
  const many = openLog(scene, { mostAnswers: 3 });
  for (let index = 0; index < 7; index += 1) await many.answer('615', 'a');
  await many.log.close();
  await until(t, scene, ['615 a started complete 30 3', '615 a started complete 30 3', '615 a started complete 10 1']);
  const old = openLog(scene, { longestMs: 100, quietMs: 5000 });
  await old.answer('791', 'a');
  await delay(150);
  await old.answer('791', 'a');
  await old.log.close();
  await until(t, scene, [
    ...(await outcomes(scene)).slice(0, 3),
    '791 a started complete 10 1',
    '791 a started complete 10 1',
  ]);
});

t.test('with too many open, each answer has rows of its own', async (t) => {
  const scene = await openAuditScene(t);
  const { answer, log } = openLog(scene, { mostOpen: 1, quietMs: 60_000 });
  await answer('615', 'a');
  await answer('615', 'b');
  await answer('615', 'b');
  await log.close();
  t.equal((await outcomes(scene)).length, 3);
});

t.test('a transaction that fails opens nothing', async (t) => {
  const scene = await openAuditScene(t);
  const { log, answer } = openLog(scene);
  const tenant = scene.tenantOf('615');
  const transfer = log.begin(tenant, 'getPackageFile', 'a', true);
  const failing = withTenant(scene.api, tenant, async (tx) => {
    await transfer.record(tx, { file: 'a' }, true);
    throw new Error('rolled back');
  });
  await t.rejects(failing, { message: 'rolled back' });
  transfer.ended({ bytes: 0, complete: false });
  await answer('615', 'a');
  await log.close();
  t.same(
    await outcomes(scene),
    ['615 a started complete 10 1'],
    'the next answer has a row, and does not rely on the lost one',
  );
});

t.test('an end that cannot be written is tried again, then told; the start stays', async (t) => {
  const scene = await openAuditScene(t);
  const { start, errors, log } = openLog(scene);
  const first = await start('615', 'a', false);
  const second = await start('615', 'b', false);
  await scene.owner.query('revoke insert on audit_entry from flis_api');
  first.ended({ bytes: 10, complete: true });
  while (errors.length === 0) await delay(10);
  second.ended({ bytes: 10, complete: true });
  await scene.owner.query('grant insert on audit_entry to flis_api');
  await log.close();
  t.match(errors, [{ code: '42501' }]);
  t.same(await outcomes(scene), ['615 a started', '615 b started complete 10 1']);
});
