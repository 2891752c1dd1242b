// The queue: jobs join the caller's transaction, keep their order per key, are retried, and a finally failed job never blocks its key.
import { randomUUID } from 'node:crypto';
import t from 'tap';
import { COMPUTE_KEY_FIGURES, REVISE } from '../../src/pipeline/queues.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { withTenant } from '../../src/platform/postgres/tenancy.ts';
import { startJobRunner, startJobSender } from '../../src/platform/queue/pg-boss.ts';
import type { JobHandler } from '../../src/platform/queue/queue.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { createTestDatabase } from '../harness/database.ts';

const log = { info() {}, error() {} };
const municipality = municipalityCodeOf('615');

t.test('queue', async (t) => {
  const database = await createTestDatabase(t);
  const pool = createPool({ url: database.apiUrl, max: 2, statementTimeout: 5000, applicationName: 'test' });
  const sender = await startJobSender({ url: database.apiUrl, applicationName: 'test', log });
  t.teardown(async () => {
    await sender.stop();
    await pool.end();
  });
  const tenant = { municipality, clientId: 'test', requestId: randomUUID() };
  const send = (key: string, id: string) =>
    withTenant(pool, tenant, (tx) =>
      sender.send(tx, REVISE, key, { municipality, domain: 'd', task: 'load', sourceDeliveryId: id }),
    );

  const seen: string[] = [];
  const failed: string[] = [];
  let attempts = 0;
  const events = new EventTarget();
  const until = (condition: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!condition()) return;
        events.removeEventListener('job', check);
        resolve();
      };
      events.addEventListener('job', check);
      check();
    });
  type Payload = Parameters<JobHandler<{ sourceDeliveryId: string; municipality: string; domain: string }>['run']>[0];
  const handler: JobHandler<Payload> = {
    queue: { ...REVISE, retryLimit: REVISE.retryLimit } as JobHandler<Payload>['queue'],
    async run(payload) {
      if (payload.sourceDeliveryId === 'bad') {
        attempts += 1;
        throw new Error('always');
      }
      seen.push(payload.sourceDeliveryId);
      events.dispatchEvent(new Event('job'));
    },
    async failed(payload) {
      failed.push(payload.sourceDeliveryId);
      events.dispatchEvent(new Event('job'));
    },
  };
  const runner = await startJobRunner({
    url: database.workerUrl,
    applicationName: 'test',
    log,
    handlers: [handler as unknown as JobHandler<never>],
    concurrency: () => 2,
  });
  t.teardown(() => runner.stop(1000));

  await t.test('a job of a transaction that rolls back does not exist', async (t) => {
    await t.rejects(
      withTenant(pool, tenant, async (tx) => {
        await sender.send(tx, REVISE, '615:d', { municipality, domain: 'd', task: 'load', sourceDeliveryId: 'ghost' });
        throw new Error('rolled back');
      }),
      { message: 'rolled back' },
    );
    await send('615:d', 'real');
    await until(() => seen.includes('real'));
    t.notOk(seen.includes('ghost'));
  });

  await t.test('jobs of one key run in the order in which they were sent', async (t) => {
    seen.length = 0;
    for (let index = 0; index < 20; index += 1) await send('615:e', `j${index}`);
    await until(() => seen.length === 20);
    t.same(
      seen,
      Array.from({ length: 20 }, (_, index) => `j${index}`),
    );
  });

  await t.test('a finally failed job is told to its handler and does not block its key', async (t) => {
    seen.length = 0;
    await send('615:f', 'bad');
    await send('615:f', 'after');
    await until(() => seen.includes('after'));
    t.same(failed, ['bad']);
    t.equal(attempts, REVISE.retryLimit + 1);
  });

  await t.test('every declared queue exists', async (t) => {
    await withTenant(pool, tenant, (tx) =>
      sender.send(tx, COMPUTE_KEY_FIGURES, '615:d', { municipality, domain: 'd' }),
    );
    t.pass('sent');
  });
});
