// Webhooks from registration to deletion, over HTTP and against receivers on this machine.
import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import t, { type Test } from 'tap';
import { skipWithout } from '../harness/skip-without.ts';
import { type Received, takeAll } from './receivers.ts';
import { reject } from './scene.ts';
import { openWebhookScene, type Registered } from './webhook-scene.ts';

t.test('webhooks', { skip: skipWithout('openssl', 'version') }, async (t) => {
  const { service, receivers, owner, api, call, register, activate, untilRow } = await openWebhookScene(t);
  const { received } = receivers;
  const sentTo = (name: string) => received.filter((one) => one.name === name);
  const eventsOf = (name: string) => sentTo(name).filter(({ message }) => !message.type.startsWith('webhook.'));
  const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
  const verified = (t: Test, { body, headers }: Received, secret: string) =>
    t.doesNotThrow(() => new Webhook(secret).verify(body, headers));

  await t.test('an event arrives signed, with its own id, once the challenge was repeated', async (t) => {
    const made = await register('first');
    t.equal(made.status, 'pending');
    t.match(made.secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    await untilRow(`select 1 from webhook where webhook_id = $1 and status = 'active'`, [made.webhookId]);
    const id = randomUUID();
    await reject(api, '615', id);
    await receivers.until(() => eventsOf('first').length === 1);
    const [challenge, event] = sentTo('first') as [Received, Received];
    t.equal(challenge.message.type, 'webhook.challenge');
    verified(t, challenge, made.secret);
    verified(t, event, made.secret);
    const { items } = (await (await call('GET', '/v1/events')).json()) as { items: Record<string, unknown>[] };
    const [item] = items as [{ id: string; at: string }];
    t.same(event.message, { ...item, timestamp: item.at, municipality: '615' }, 'it says what the list of events says');
    t.equal(event.headers['webhook-id'], item.id);
    t.throws(() => new Webhook(made.secret).verify(`${event.body} `, event.headers), 'a changed body is noticed');
    const shown = await (await call('GET', `/v1/webhooks/${made.webhookId}`)).text();
    const { rows } = await owner.query('select sealed from webhook_secret');
    const bytes = Buffer.from(made.secret.slice(6), 'base64');
    t.notOk(
      shown.includes(made.secret) || rows.some(({ sealed }) => sealed.includes(bytes)),
      'the secret is shown once',
    );
  });

  await t.test('types and domains choose, and who is restricted to domains stays in them', async (t) => {
    await activate('typed', { types: ['release.published'] });
    await activate('school', { domains: ['skole'] });
    const restricted = { domains: ['skole'] };
    const own = await activate('restricted', {}, restricted);
    await reject(api, '615', randomUUID(), 'borger');
    const school = randomUUID();
    await reject(api, '615', school, 'skole');
    await receivers.until(() => eventsOf('restricted').length === 1 && eventsOf('school').length === 1);
    for (const name of ['school', 'restricted'])
      t.same(
        eventsOf(name).map(({ message }) => message.data.sourceDelivery),
        [school],
      );
    t.same(eventsOf('typed'), []);
    const beyond = await call('POST', '/v1/webhooks', { url: receivers.url('x'), domains: ['borger'] }, restricted);
    t.same([beyond.status, await codeOf(beyond)], [422, 'webhook-domains']);
    const listed = (await (await call('GET', '/v1/webhooks', undefined, restricted)).json()) as { items: Registered[] };
    t.equal(listed.items.length, 2, 'of the others nothing is seen');
    t.ok(listed.items.some(({ webhookId }) => webhookId === own.webhookId));
    const all = (await (await call('GET', '/v1/webhooks')).json()) as { items: Registered[] };
    const hidden = all.items.find(({ webhookId }) => listed.items.every((each) => each.webhookId !== webhookId));
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/secrets'],
      ['POST', '/test'],
      ['GET', '/attempts'],
    ])
      t.equal(
        (await call(method as string, `/v1/webhooks/${hidden?.webhookId}${path}`, undefined, restricted)).status,
        404,
      );
  });

  await t.test('two secrets sign while one takes the place of the other', async (t) => {
    const made = await activate('rotating');
    const path = `/v1/webhooks/${made.webhookId}`;
    const rotated = await call('POST', `${path}/secrets`);
    t.equal(rotated.status, 201);
    const next = (await rotated.json()) as Registered;
    t.equal(next.secrets.length, 2);
    const again = await call('POST', `${path}/secrets`);
    t.same([again.status, await codeOf(again)], [409, 'webhook-secrets']);
    const test = async () => {
      const before = sentTo('rotating').length;
      t.equal((await call('POST', `${path}/test`)).status, 202);
      await receivers.until(() => sentTo('rotating').length > before);
      return sentTo('rotating').at(-1) as Received;
    };
    const both = await test();
    t.equal(both.message.type, 'webhook.test');
    for (const secret of [made.secret, next.secret]) verified(t, both, secret);
    const [newest, old] = next.secrets;
    t.equal((await call('DELETE', `${path}/secrets/${newest?.secretId}`)).status, 409, 'the newest stays');
    t.equal((await call('DELETE', `${path}/secrets/${randomUUID()}`)).status, 404);
    t.equal((await call('DELETE', `${path}/secrets/${old?.secretId}`)).status, 200);
    const one = await test();
    verified(t, one, next.secret);
    t.throws(() => new Webhook(made.secret).verify(one.body, one.headers));
    await call('POST', `${path}/secrets`);
    await owner.query(`update webhook_secret set expires_at = now() where webhook_id = $1 and expires_at is not null`, [
      made.webhookId,
    ]);
    t.throws(() => new Webhook(next.secret).verify('', {}), 'sanity of the verifier');
    const later = await test();
    t.throws(() => new Webhook(next.secret).verify(later.body, later.headers), 'a day later it signs no more');
  });

  await t.test('events are sent again under their own ids', async (t) => {
    const made = await activate('again', { types: ['source-delivery.rejected'] });
    const path = `/v1/webhooks/${made.webhookId}`;
    const from = new Date().toISOString();
    for (let n = 0; n < 3; n++) await reject(api, '615', randomUUID());
    await receivers.until(() => eventsOf('again').length === 3);
    await untilRow(`select 1 from webhook_message where webhook_id = $1 having bool_and(state = 'delivered')`, [
      made.webhookId,
    ]);
    const ids = eventsOf('again').map(({ headers }) => headers['webhook-id']);
    t.equal(new Set(ids).size, 3);
    const one = await call('POST', `${path}/replay`, { event: ids[1] });
    t.same([one.status, await one.json()], [202, { events: 1 }]);
    await receivers.until(() => eventsOf('again').length === 4);
    t.equal(eventsOf('again').at(-1)?.headers['webhook-id'], ids[1]);
    await untilRow(`select 1 from webhook_message where webhook_id = $1 having bool_and(state = 'delivered')`, [
      made.webhookId,
    ]);
    const since = await call('POST', `${path}/replay`, { since: from });
    t.same([since.status, await since.json()], [202, { events: 3 }]);
    await receivers.until(() => eventsOf('again').length === 7);
    t.same(new Set(eventsOf('again').map(({ headers }) => headers['webhook-id'])), new Set(ids));
    t.equal((await call('POST', `${path}/replay`, { event: randomUUID() })).status, 404);
    for (const body of [{}, { event: randomUUID(), since: from }, { since: 'yesterday' }])
      t.equal((await call('POST', `${path}/replay`, body)).status, 400);
    await untilRow(`select 1 from webhook_attempt where webhook_id = $1 having count(*) = 8`, [made.webhookId]);
    const page = (await (await call('GET', `${path}/attempts?limit=5`)).json()) as {
      items: { outcome: string; messageId: string; status: number }[];
      next: string;
    };
    t.equal(page.items.length, 5);
    const rest = (await (
      await call('GET', new URL(page.next).pathname + new URL(page.next).search)
    ).json()) as typeof page;
    t.same([rest.items.length, rest.next], [3, null]);
    t.ok([...page.items, ...rest.items].every(({ outcome }) => outcome === 'delivered'));
    t.equal((await call('GET', `${path}/attempts?cursor=x`)).status, 400);
  });

  await t.test('410 disables at once and an event tells; a test makes it active again', async (t) => {
    const made = await activate('gone');
    const witness = await activate('witness', { types: ['webhook.disabled'] });
    receivers.answer('gone', (_, response) => response.writeHead(410).end());
    await reject(api, '615', randomUUID());
    await receivers.until(() => sentTo('witness').some(({ message }) => message.type === 'webhook.disabled'));
    t.same(sentTo('witness').at(-1)?.message.data, { webhook: made.webhookId, reason: 'gone' });
    const path = `/v1/webhooks/${made.webhookId}`;
    t.match(await (await call('GET', path)).json(), { status: 'disabled', disabledReason: 'gone' });
    const replay = await call('POST', `${path}/replay`, { since: '2026-01-01T00:00:00Z' });
    t.same([replay.status, await codeOf(replay)], [409, 'webhook-not-active']);
    const before = sentTo('gone').length;
    await reject(api, '615', randomUUID());
    receivers.answer('gone', takeAll);
    t.same(await (await call('POST', `${path}/test`)).json(), { type: 'webhook.challenge' });
    await untilRow(`select 1 from webhook where webhook_id = $1 and status = 'active'`, [made.webhookId]);
    t.same(
      sentTo('gone')
        .slice(before)
        .map(({ message }) => message.type),
      ['webhook.challenge'],
      'meanwhile nothing was sent',
    );
    for (const { webhookId } of [made, witness])
      t.equal((await call('DELETE', `/v1/webhooks/${webhookId}`)).status, 200);
    t.equal((await call('GET', path)).status, 404);
    const { rows } = await owner.query(
      `select count(*)::int as n from webhook_message full join webhook_secret using (webhook_id) full join webhook_attempt using (webhook_id) where webhook_id = $1`,
      [made.webhookId],
    );
    t.equal(rows[0].n, 0);
  });

  await t.test('what cannot be registered', async (t) => {
    for (const url of [
      'http://bi.example.dk/',
      'https://127.0.0.1/',
      'https://u:p@bi.example.dk/',
      'https://localhost/',
    ]) {
      const refused = await call('POST', '/v1/webhooks', { url });
      t.same([refused.status, await codeOf(refused)], [422, 'webhook-url'], url);
    }
    t.equal((await call('POST', '/v1/webhooks', { url: receivers.url('x'), types: ['nothing.happened'] })).status, 400);
    const viborg = { municipality: '791' };
    const made = await Promise.all(
      Array.from({ length: 12 }, () => call('POST', '/v1/webhooks', { url: receivers.url('many') }, viborg)),
    );
    t.same(made.map(({ status }) => status).sort(), [...Array(10).fill(201), 409, 409]);
    t.equal(await codeOf(made.find(({ status }) => status === 409) as Response), 'too-many-webhooks');
  });

  await t.test('a client that is disabled gets nothing, until it is enabled again', async (t) => {
    const made = await call('POST', '/v1/clients', {
      ...{ kind: 'municipality', name: 'BI', contact: 'bi@example.dk', scopes: ['webhooks:manage'] },
    });
    const { clientId } = (await made.json()) as { clientId: string };
    await owner.query(`update client set status = 'disabled' where client_id = $1`, [clientId]);
    await owner.query(`update webhook set created_by = $1 where url like '%rotating%'`, [clientId]);
    const { rows } = await owner.query(`select webhook_id from webhook where url like '%rotating%'`);
    const before = sentTo('rotating').length;
    await call('POST', `/v1/webhooks/${rows[0].webhook_id}/test`);
    const school = eventsOf('school').length;
    await reject(api, '615', randomUUID(), 'skole');
    await receivers.until(() => eventsOf('school').length > school);
    t.equal(sentTo('rotating').length, before);
    await owner.query(`update client set status = 'active' where client_id = $1`, [clientId]);
    await receivers.until(() => sentTo('rotating').length > before);
  });

  await t.test('every change is on record', async (t) => {
    // Refused requests are written down as each minute ends.
    const { rows } = await owner.query(
      `select distinct operation from audit_entry where operation ilike '%webhook%' and municipality_code = '615' and outcome <> 'refused' order by 1`,
    );
    t.same(
      rows.map(({ operation }) => operation),
      [
        ...[
          'activateWebhook',
          'createWebhook',
          'deleteWebhook',
          'disableWebhook',
          'replayWebhook',
          'revokeWebhookSecret',
        ],
        ...['rotateWebhookSecret', 'testWebhook'],
      ],
    );
    t.ok(service.worker);
  });
});
