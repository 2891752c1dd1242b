// What receivers can do to a sender, and what becomes of messages then: bad answers, bad addresses, workers that die, 75 hours in vain.
import { randomUUID } from 'node:crypto';
import t from 'tap';
import { createDelivering } from '../../src/events/webhooks/deliver-messages.ts';
import { LONGEST } from '../../src/events/webhooks/rules.ts';
import { createSender, type Sender } from '../../src/events/webhooks/send-message.ts';
import { mendWaits, takeMessages } from '../../src/events/webhooks/store-messages.ts';
import { withSystem } from '../../src/platform/postgres/tenancy.ts';
import { skipWithout } from '../harness/skip-without.ts';
import { startReceivers } from './receivers.ts';
import { reject } from './scene.ts';
import { openWebhookScene } from './webhook-scene.ts';

const SKIP = { skip: skipWithout('openssl', 'version') };
const BODY = JSON.stringify({ type: 'webhook.test', data: {} });

t.test('answers of every kind', SKIP, async (t) => {
  const { sending, answer, url, received, server } = await startReceivers(t);
  const sender = createSender({ ...sending, deadline: 2_000 });
  const send = async (name: string, other: Sender = sender) => {
    const { outcome, status, body, durationMs } = await other.send(url(name), BODY, { 'webhook-id': 'x' });
    t.ok(durationMs < 5000, `${name} ended in time`);
    return { outcome, status, body };
  };
  for (const status of [200, 204, 299]) {
    answer(`s${status}`, (_, response) => response.writeHead(status).end());
    t.match(await send(`s${status}`), { outcome: 'delivered', status });
  }
  for (const status of [301, 302, 307, 308, 400, 404, 410, 429, 500, 503]) {
    answer(`s${status}`, (_, response) => response.writeHead(status, { location: url('elsewhere') }).end());
    t.match(await send(`s${status}`), { outcome: 'refused-status', status });
  }
  t.notOk(
    received.some(({ name }) => name === 'elsewhere'),
    'no redirect is followed',
  );
  answer('hangs', () => {});
  t.match(await send('hangs'), { outcome: 'timeout', status: null });
  answer('headers-only', (_, response) => void response.writeHead(200).write('a'));
  t.match(await send('headers-only'), { outcome: 'delivered', status: 200, body: 'a' }, 'the status was there in time');
  let written = 0;
  answer('endless', (_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(4096, 'a'))) written += 4096;
    };
    response.writeHead(200).on('drain', more);
    more();
  });
  t.equal((await send('endless')).body.length, 16 * 1024, 'of an endless answer 16 KiB are read');
  t.ok(written < 8 * 1024 * 1024, `${written} bytes were written`);
  answer('long-header', (_, response) => response.writeHead(200, { x: 'a'.repeat(60_000) }).end());
  t.match(await send('long-header'), { outcome: 'connection', status: null });
  answer('breaks', (_, response) => void response.socket?.destroy());
  t.match(await send('breaks'), { outcome: 'connection' });
  answer('hints', (_, response) => {
    response.writeEarlyHints({ link: '</a>; rel=preload' });
    response.writeHead(204).end();
  });
  t.match(await send('hints'), { outcome: 'delivered', status: 204 });

  await t.test('a certificate must be for the name, and of a known authority', async (t) => {
    const other = url('x').replace('x.receivers.example', 'receivers.elsewhere.example');
    t.match(await sender.send(other, BODY, {}), { outcome: 'tls', status: null });
    const { ca: _, ...usual } = sending;
    t.match(await send('unknown', createSender(usual)), { outcome: 'tls', status: null });
    t.notOk(received.some(({ name }) => ['unknown', 'receivers'].includes(name)));
  });

  await t.test('every address of a name must be public, and the connection goes to what was checked', async (t) => {
    let asked = 0;
    let connections = 0;
    server.on('connection', () => {
      connections += 1;
    });
    const ca = sending.ca ?? '';
    const leadsTo = (...addresses: string[]) =>
      createSender({
        ca,
        deadline: 2_000,
        resolve: async () => {
          asked += 1;
          return addresses;
        },
      });
    for (const addresses of [
      ...[['127.0.0.1'], ['::1'], ['::ffff:127.0.0.1'], ['169.254.169.254'], ['10.0.0.1'], ['64:ff9b::7f00:1']],
      ...[
        ['8.8.8.8', '127.0.0.1'],
        ['2a00:1450:400f::200e', 'fd00::1'],
      ],
    ])
      t.match(await send('inside', leadsTo(...addresses)), { outcome: 'address-not-public', status: null });
    t.equal(connections, 0, 'nothing was connected to');
    t.match(await send('nowhere', leadsTo()), { outcome: 'name-not-found' });
    const failing = createSender({ resolve: () => Promise.reject(new Error('SERVFAIL')) });
    t.match(await send('nowhere', failing), { outcome: 'name-not-found' });
    const slow = createSender({ deadline: 100, resolve: () => new Promise(() => {}) });
    t.match(await send('nowhere', slow), { outcome: 'timeout' });
    asked = 0;
    // The second answer of a name that changes would lead elsewhere; nobody asks for it.
    const changing = createSender({
      ...sending,
      resolve: async () => {
        asked += 1;
        return asked === 1 ? ['127.0.0.1'] : ['10.0.0.1'];
      },
    });
    t.match(await send('pinned', changing), { outcome: 'delivered' });
    t.equal(asked, 1);
  });

  await t.test('a port that nobody listens on', async (t) => {
    const port = new URL(url('x')).port;
    t.match(await sender.send(url('x').replace(port, '1'), BODY, {}), { outcome: 'connection', status: null });
  });
});

t.test('messages whose worker died, and messages in vain', SKIP, async (t) => {
  const scene = await openWebhookScene(t, {}, true);
  const { service, receivers, owner, api, worker, call } = scene;
  const rootSecret = service.config.rootSecret;
  const errors: unknown[] = [];
  const delivering = () =>
    createDelivering({ pool: worker, secrets: { rootSecret } }, createSender(receivers.sending), (error) => {
      errors.push(error);
    });
  const runAll = async (...runners: ReturnType<typeof delivering>[]) => {
    for (const each of runners) await each.run();
    await Promise.all(runners.map((each) => each.stop()));
  };
  const activate = async (name: string, municipality = '615') => {
    const made = await scene.register(name, {}, { municipality });
    await runAll(delivering());
    return made;
  };
  const stateOf = async (webhookId: string) =>
    (await owner.query('select * from webhook where webhook_id = $1', [webhookId])).rows[0];
  const statesOf = async (webhookId: string) =>
    (
      await owner.query(
        `select state, count(*)::int as n from webhook_message where webhook_id = $1 and kind = 'event' group by 1`,
        [webhookId],
      )
    ).rows;
  const countOf = (name: string) =>
    receivers.received.filter((one) => one.name === name && one.message.type === 'source-delivery.rejected');

  await t.test('what a dead worker had taken up is taken up again, by one', async (t) => {
    const { webhookId } = await activate('dead-worker');
    for (let n = 0; n < 4; n++) await reject(api, '615', randomUUID());
    const take = { busy: [], failing: false, webhooks: 9, ofEach: 2, lease: 60 };
    // It took up two and died.
    const taken = await withSystem(worker, 'test', (tx) => takeMessages(tx, take));
    t.equal(taken.length, 2);
    await runAll(delivering(), delivering(), delivering());
    t.equal(countOf('dead-worker').length, 2, 'its own are its own until the lease ends');
    await owner.query(
      `update webhook_message set next_at = now() - interval '1 second' where webhook_id = $1 and state = 'waiting'`,
      [webhookId],
    );
    await runAll(delivering(), delivering(), delivering());
    const ids = countOf('dead-worker').map(({ headers }) => headers['webhook-id']);
    t.same([ids.length, new Set(ids).size], [4, 4], 'none lost, none doubled');
    t.same(await statesOf(webhookId), [{ state: 'delivered', n: 4 }]);
  });

  await t.test('an outcome that cannot be recorded is tried again under the same id', async (t) => {
    const { webhookId } = await activate('unrecorded');
    await reject(api, '615', randomUUID());
    await owner.query('revoke insert on webhook_attempt from flis_worker');
    await runAll(delivering());
    await owner.query('grant insert on webhook_attempt to flis_worker');
    t.equal(errors.length > 0, true);
    errors.length = 0;
    await owner.query(`update webhook_message set next_at = now() where webhook_id = $1 and state = 'waiting'`, [
      webhookId,
    ]);
    await runAll(delivering());
    const ids = countOf('unrecorded').map(({ headers }) => headers['webhook-id']);
    t.same([ids.length, new Set(ids).size], [2, 1], 'at least once, and known by its id');
    t.same(await statesOf(webhookId), [{ state: 'delivered', n: 1 }]);
  });

  await t.test('what fails is put off, and what fails for 75 hours disables the webhook', async (t) => {
    const municipality = '791';
    const { webhookId } = await activate('failing', municipality);
    receivers.answer('failing', (_, response) => response.writeHead(500).end());
    await reject(api, municipality, randomUUID());
    await runAll(delivering());
    const { rows } = await owner.query(
      `select attempts, extract(epoch from next_at - now())::float8 as wait from webhook_message where webhook_id = $1 and kind = 'event'`,
      [webhookId],
    );
    t.equal(rows[0].attempts, 1);
    t.ok(rows[0].wait <= 10, 'at most the first wait');
    t.not((await stateOf(webhookId)).failing_since, null);
    await reject(api, municipality, randomUUID());
    await owner.query(
      `update webhook_message set next_at = now(), since = now() - interval '75 hours' where webhook_id = $1 and attempts > 0`,
      [webhookId],
    );
    await runAll(delivering());
    t.equal((await stateOf(webhookId)).status, 'active', 'not after two attempts: the time was lost here, not there');
    await owner.query(
      'update webhook_message set next_at = now(), attempts = 9 where webhook_id = $1 and attempts > 0',
      [webhookId],
    );
    // One at a time, the one that waits longest first.
    await runAll(delivering());
    await runAll(delivering());
    t.match(await stateOf(webhookId), { status: 'disabled', disabled_reason: 'failing' });
    t.same(await statesOf(webhookId), [{ state: 'given-up', n: 2 }]);
    const events = (await (
      await call('GET', '/v1/events?types=webhook.disabled', undefined, { municipality })
    ).json()) as { items: { data: object }[] };
    t.same(
      events.items.map(({ data }) => data),
      [{ webhook: webhookId, reason: 'failing' }],
    );
    const { rows: log } = await owner.query(
      `select distinct outcome, status from webhook_attempt where webhook_id = $1 and type <> 'webhook.challenge'`,
      [webhookId],
    );
    t.same(log, [{ outcome: 'refused-status', status: 500 }]);
  });

  await t.test('what was queued while a clock ran ahead is sent when it is right again', async (t) => {
    const { webhookId } = await activate('ahead');
    await reject(api, '615', randomUUID());
    await owner.query(
      `update webhook_message set next_at = now() + interval '1 year', since = now() + interval '1 year'
       where webhook_id = $1 and state = 'waiting'`,
      [webhookId],
    );
    await runAll(delivering());
    t.equal(countOf('ahead').length, 0);
    await withSystem(worker, 'test', (tx) => mendWaits(tx, LONGEST));
    await runAll(delivering());
    t.equal(countOf('ahead').length, 1);
    const { rows } = await owner.query(
      'select bool_and(since <= now()) as past from webhook_message where webhook_id = $1',
      [webhookId],
    );
    t.same(rows, [{ past: true }], 'and its 75 hours are counted from now');
  });

  await t.test('a challenge that is not repeated leaves it pending, and gets nothing else', async (t) => {
    receivers.answer('mute', (_, response) => response.end('{"challenge":"something"}'));
    const { webhookId } = await scene.register('mute');
    await runAll(delivering());
    await reject(api, '615', randomUUID());
    await runAll(delivering());
    t.equal((await stateOf(webhookId)).status, 'pending');
    t.same(await statesOf(webhookId), []);
    const { rows } = await owner.query('select distinct outcome from webhook_attempt where webhook_id = $1', [
      webhookId,
    ]);
    t.same(rows, [{ outcome: 'challenge-not-repeated' }]);
  });

  await t.test('a webhook that is deleted while it is sent to, and while others write events', async (t) => {
    const { webhookId } = await activate('deleted');
    receivers.answer('deleted', (_, response) => {
      void call('DELETE', `/v1/webhooks/${webhookId}`).then(() => response.end());
    });
    await reject(api, '615', randomUUID());
    await runAll(delivering());
    await reject(api, '615', randomUUID());
    t.equal(await stateOf(webhookId), undefined);
    t.same(errors, []);
  });
});
