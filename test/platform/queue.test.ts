// The queue: jobs join the caller's transaction, keep their order per key, are retried, and a finally failed job never blocks its key.
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import t from 'tap';
import { COMPUTE_KEY_FIGURES, REVISE } from '../../src/pipeline/queues.ts';
import { createPool } from '../../src/platform/postgres/pool.ts';
import { withTenant } from '../../src/platform/postgres/tenancy.ts';
import { startJobRunner, startJobSender } from '../../src/platform/queue/pg-boss.ts';
import type { JobHandler } from '../../src/platform/queue/queue.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { createTestDatabase, TEST_CONTEXT } from '../harness/database.ts';

const log = { info() {}, error() {} };
const municipality = municipalityCodeOf('615');
/** Attempts that find no room: more than a job has in all. */
const NO_ROOM = 20;

t.test('queue', async (t) => {
  const database = await createTestDatabase(t);
  const pool = createPool({
    url: database.apiUrl,
    max: 2,
    statementTimeout: 5000,
    applicationName: 'test',
    context: TEST_CONTEXT,
  });
  const sender = await startJobSender({ url: database.apiUrl, applicationName: 'test', log });
  t.teardown(async () => {
    await sender.stop();
    await pool.end();
  });
  // How long a job rests between two attempts is not what is tested.
  await pool.query('update pgboss.queue set retry_backoff = false, retry_delay = 0');
  const tenant = { municipality, domains: null, clientId: 'test', requestId: randomUUID() };
  const send = (key: string, id: string) =>
    withTenant(pool, tenant, (tx) =>
      sender.send(tx, REVISE, key, { municipality, domain: 'd', task: 'load', sourceDeliveryId: id }),
    );

  const seen: string[] = [];
  const failed: string[] = [];
  const outputs: unknown[] = [];
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
    queue: { ...REVISE, expireInSeconds: 0.3 } as JobHandler<Payload>['queue'],
    async run(payload, { jobId, signal }) {
      if (payload.sourceDeliveryId === 'stuck') {
        attempts += 1;
        await new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      }
      if (payload.sourceDeliveryId === 'bad') {
        attempts += 1;
        const { rows } = await pool.query(`select output from pgboss.job where id = $1`, [jobId]);
        outputs.push(rows[0].output);
        throw Object.assign(new Error('always'), { code: 'XX999', detail: 'Key (cpr)=(0101014001) already exists.' });
      }
      if (payload.sourceDeliveryId === 'large' && attempts < NO_ROOM) {
        attempts += 1;
        throw Object.assign(new Error('write'), { code: 'ENOSPC' });
      }
      seen.push(payload.sourceDeliveryId);
      events.dispatchEvent(new Event('job'));
    },
    async failed(payload) {
      failed.push(payload.sourceDeliveryId);
      events.dispatchEvent(new Event('job'));
    },
  };
  const metrics = new Registry();
  const runner = await startJobRunner({
    url: database.workerUrl,
    applicationName: 'test',
    log,
    metrics,
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
    const count = async (outcome: string) =>
      new RegExp(`^flis_job_seconds_count\\{queue="${REVISE.name}",outcome="${outcome}"\\} (\\d+)`, 'm').exec(
        await metrics.metrics(),
      )?.[1];
    // A job is measured when its handler has returned, a moment after it was seen.
    for (let tries = 0; tries < 1000 && (await count('done')) !== '22'; tries += 1) await new Promise(setImmediate);
    t.equal(await count('threw'), String(attempts), 'an attempt that threw is measured as one, the last as well');
    t.equal(await count('done'), '22');
  });

  await t.test('what the queue keeps of an attempt that threw tells nothing of the data', async (t) => {
    const { rows } = await pool.query('select id from pgboss.job where output is not null');
    t.same(rows, [], 'a job that ended keeps nothing');
    outputs.length = 0;
    await send('615:g', 'bad');
    await until(() => failed.length === 2);
    t.match(outputs, [null, ...Array(REVISE.retryLimit).fill({ code: 'XX999' })]);
    t.notMatch(JSON.stringify(outputs), /0101014001|always/);
  });

  await t.test('attempts that died with their worker do not use up those that may throw', async (t) => {
    /** A job as supervision leaves it when its worker has died for the `died`th time. */
    const sendLost = (key: string, id: string, died: number, state: 'retry' | 'failed' = 'retry') =>
      withTenant(pool, tenant, async (tx) => {
        await sender.send(tx, REVISE, key, { municipality, domain: 'd', task: 'load', sourceDeliveryId: id });
        await tx.query(
          `update pgboss.job set state = $3, retry_count = $2 - 1, started_on = now(), start_after = now(),
             output = '{"value":{"message":"job heartbeat timeout"}}' where singleton_key = $1`,
          [key, died, state],
        );
      });
    seen.length = 0;
    await sendLost('615:h', 'unlucky', REVISE.retryLimit + 3);
    await until(() => seen.includes('unlucky'));
    attempts = 0;
    failed.length = 0;
    await sendLost('615:i', 'bad', REVISE.retryLimit + 3);
    await until(() => failed.length === 1);
    t.equal(attempts, REVISE.retryLimit + 1, 'all of its own attempts');

    const { rows } = await pool.query('select retry_limit from pgboss.queue where name = $1', [REVISE.name]);
    seen.length = 0;
    await sendLost('615:j', 'deadly', rows[0].retry_limit + 1, 'failed');
    await until(() => failed.includes('deadly'));
    t.notOk(seen.includes('deadly'), 'a job that kills its worker every time comes to an end');
  });

  await t.test('a job that finds no room waits until there is some, and those behind it wait for it', async (t) => {
    attempts = 0;
    failed.length = 0;
    seen.length = 0;
    await send('615:l', 'large');
    await send('615:l', 'behind');
    await until(() => seen.length === 2);
    t.same(seen, ['large', 'behind']);
    t.equal(attempts, NO_ROOM);
    t.same(failed, []);
  });

  await t.test(
    'what was sent while the clock of PostgreSQL ran ahead runs when it is right again, in its order',
    async (t) => {
      seen.length = 0;
      await pool.query(
        `update pgboss.queue set monitor_claim_on = now() + interval '1 year', maintain_on = now() + interval '1 year'`,
      );
      await withTenant(pool, tenant, async (tx) => {
        for (const [place, id] of ['first', 'second', 'third'].entries()) {
          await sender.send(tx, REVISE, '615:m', { municipality, domain: 'd', task: 'load', sourceDeliveryId: id });
          await tx.query(
            `update pgboss.job set start_after = now() + interval '1 year', created_on = now() + make_interval(years => 1, secs => $2)
            where data ->> 'sourceDeliveryId' = $1`,
            [id, place],
          );
        }
      });
      // One whose worker died in those minutes.
      await withTenant(pool, tenant, async (tx) => {
        await sender.send(tx, REVISE, '615:n', { municipality, domain: 'd', task: 'load', sourceDeliveryId: 'orphan' });
        await tx.query(
          `update pgboss.job set state = 'active', started_on = now() + interval '1 year', heartbeat_on = now() + interval '1 year',
           heartbeat_seconds = 1 where singleton_key = '615:n'`,
        );
      });
      await until(() => seen.length === 4);
      t.same(
        seen.filter((id) => id !== 'orphan'),
        ['first', 'second', 'third'],
      );
      t.ok(seen.includes('orphan'));
    },
  );

  await t.test('a stuck job is told to end, and has failed as one that throws', async (t) => {
    attempts = 0;
    failed.length = 0;
    await send('615:k', 'stuck');
    await until(() => failed.length === 1);
    t.equal(attempts, REVISE.retryLimit + 1);
  });

  await t.test('every declared queue exists', async (t) => {
    await withTenant(pool, tenant, (tx) =>
      sender.send(tx, COMPUTE_KEY_FIGURES, '615:d', { municipality, domain: 'd' }),
    );
    t.pass('sent');
  });
});
