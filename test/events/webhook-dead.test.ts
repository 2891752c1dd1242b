// One living receiver among 97 dead ones, half of which hang and half refuse: the living one gets everything while the others hang.
import { randomUUID } from 'node:crypto';
import t from 'tap';
import { skipWithout } from '../harness/skip-without.ts';
import { takeAll } from './receivers.ts';
import { reject } from './scene.ts';
import { openWebhookScene } from './webhook-scene.ts';

const EVENTS = 60;
/** Longer than the test lasts: what hangs goes on hanging, and would hold up the living one for all of it. */
const DEADLINE = 600_000;

t.test('97 of 98 receivers are dead', { skip: skipWithout('openssl', 'version') }, async (t) => {
  const scene = await openWebhookScene(t, { deadline: DEADLINE });
  const { service, receivers, owner, api } = scene;
  const codes = service.api.deps.catalogue.municipalities.map(({ code }) => code as string).slice(0, 98);
  const [living = '', ...dead] = codes;
  for (const municipality of codes) await scene.register(`m${municipality}`, {}, { municipality });
  await scene.untilRow(`select 1 from webhook having count(*) filter (where status = 'active') = $1`, [codes.length]);
  for (const [index, code] of dead.entries()) {
    if (index % 2 === 0) receivers.answer(`m${code}`, () => {});
    else
      await owner.query(`update webhook set url = $2 where municipality_code = $1`, [
        code,
        'https://refuses.receivers.example:1/',
      ]);
  }
  const hanging = new Set(dead.filter((_, index) => index % 2 === 0).map((code) => `m${code}`));
  const isEvent = ({ message }: { readonly message: { readonly type: string } }) =>
    message.type === 'source-delivery.rejected';
  const got = () => receivers.received.filter((one) => one.name === `m${living}` && isEvent(one));
  const hung = () => receivers.received.filter((one) => hanging.has(one.name) && isEvent(one));

  const written = new Map<string, number>();
  const write = async (municipality: string) => {
    const id = randomUUID();
    await reject(api, municipality, id);
    if (municipality === living) written.set(id, Date.now());
  };
  for (const code of dead) for (let n = 0; n < 3; n++) await write(code);
  await receivers.until(() => new Set(hung().map(({ name }) => name)).size === hanging.size);
  t.pass(`all ${hanging.size} that hang have been sent something, and none has answered`);
  for (let n = 0; n < EVENTS; n++) await write(living);
  await receivers.until(() => got().length >= EVENTS);
  const ids = got().map(({ message }) => message.data.sourceDelivery as string);
  t.same(new Set(ids), new Set(written.keys()), 'every event of the living one arrived while the others were dead');
  t.equal(ids.length, EVENTS, 'none of them twice');
  const latencies = got()
    .map(({ at, message }) => at - (written.get(message.data.sourceDelivery as string) ?? 0))
    .sort((a, b) => a - b);
  const quantile = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
  t.comment(`${EVENTS} events to the living one: p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms`);
  const { rows } = await owner.query(
    `select count(*) filter (where status = 'active')::int as active, count(*) filter (where failing_since is null)::int as sound from webhook`,
  );
  t.comment(`${rows[0].active} webhooks active, ${rows[0].sound} of them without a failed newest attempt`);
  const { rows: ended } = await owner.query(
    `select count(*)::int as n from webhook_attempt join webhook using (municipality_code, webhook_id)
     where type = 'source-delivery.rejected' and url not like '%refuses%' and municipality_code <> $1`,
    [living],
  );
  t.equal(ended[0].n, 0, 'all that time those that hang were hanging');
  const { rows: left } = await owner.query(
    `select count(*)::int as n from webhook_message where state = 'waiting' and municipality_code <> $1`,
    [living],
  );
  t.equal(left[0].n, dead.length * 3, 'and nothing of the others is lost');
  // The worker waits for its attempts when it stops.
  for (const name of hanging) receivers.answer(name, takeAll);
  receivers.server.closeAllConnections();
});
