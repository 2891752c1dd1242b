// Calendar feeds over HTTP: an address opens one calendar and nothing else, shows no more than its maker may see by now, is kept nowhere, and is gone at once.
import pg from 'pg';
import t, { type Test } from 'tap';
import { declaredTables } from '../../db/schema/index.ts';
import { FEED_TEXTS } from '../../src/pipeline/delivery/calendar/rules-feeds.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { openMandateScene } from '../access/mandate-scene.ts';
import type { ServiceOptions } from '../harness/service.ts';
import { openDeliveryScene } from './deliveries-scene.ts';
import type { Json } from './packages-scene.ts';
import { parseCalendar } from './parse-calendar.ts';

/** Transactions that wait for one another. */
const WAITING = `select count(*)::int as count from pg_stat_activity
  where datname = current_database() and usename = 'flis_api' and wait_event_type = 'Lock'`;
const MAKING = ['subscriptions:manage', 'raw-data:read'];

async function openFeedScene(t: Test, options: ServiceOptions = {}) {
  const scene = await openDeliveryScene(t, options);
  const { flis } = scene;
  const access = await openMandateScene(flis);
  const owner = new pg.Client({ connectionString: flis.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());

  /** A client of a municipality with its token. */
  const newMaker = async (changes: object = {}) => {
    const client = { kind: 'municipality', municipality: '615', scopes: MAKING, ...changes };
    const clientId = await access.newClient(client);
    return { clientId, token: await access.tokenOf(clientId) };
  };
  const make = async (token: string, body: object = {}): Promise<Json> =>
    (await access.ask(token, '/v1/calendar-feeds', 'POST', { name: 'Outlook', ...body })).body;
  /** As a calendar program does: the address and nothing else. */
  const fetchFeed = async (url: string, headers: Record<string, string> = {}, method = 'GET') => {
    const answer = await flis.call(method, url.replace('https://flis.example', ''), { caller: null, headers });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  return { ...scene, ...access, owner, newMaker, make, fetchFeed };
}

/** What of a 404 could tell one reason from another. */
const traitsOf = ({ status, headers, text }: { status: number; headers: Headers; text: string }) => ({
  ...{ status, text },
  headers: [...headers].filter(([name]) => !['date', 'request-id'].includes(name)),
});

t.test('calendar feeds', async (t) => {
  const lines: string[] = [];
  const scene = await openFeedScene(t, { logTo: { write: (line) => void lines.push(line) } });
  const { flis, owner, newMaker, make, fetchFeed, ask, subscribe, lookAt } = scene;
  const subscription = await subscribe();
  await lookAt('2026-03-03T12:00:00Z');
  const maker = await newMaker();
  const secrets: string[] = [];
  const isGone = async (t: Test, url: string, why: string) => {
    const nobodys = await fetchFeed(
      `https://flis.example/calendar/${FEED_TEXTS.make(municipalityCodeOf('615'), flis.config.rootSecret).text}.ics`,
    );
    t.equal(nobodys.status, 404);
    t.same(traitsOf(await fetchFeed(url)), traitsOf(nobodys), why);
  };

  await t.test('an address opens the calendar, as other programs read it', async (t) => {
    const made = await make(maker.token, { name: 'BI-gruppen; Outlook' });
    secrets.push(made.url);
    t.match(made, {
      name: 'BI-gruppen; Outlook',
      domains: null,
      clientId: maker.clientId,
      mandateId: null,
      lastUsedAt: null,
    });
    t.match(made.url, /^https:\/\/flis\.example\/calendar\/calendar_615_[0-9a-z]{16}_[\w-]{43}_[\w-]{11}\.ics$/);
    const years = (Date.parse(made.expiresAt) - Date.parse(made.createdAt)) / 86_400_000 / 365;
    t.ok(years > 1.99 && years < 2.01, 'for two years');
    const feed = await fetchFeed(made.url);
    t.equal(feed.status, 200);
    t.equal(feed.headers.get('content-type'), 'text/calendar; charset=utf-8');
    t.equal(feed.headers.get('referrer-policy'), 'no-referrer');
    t.match(feed.headers.get('cache-control'), /^private/);
    const { root, events } = parseCalendar(feed.text);
    t.equal(root.getFirstPropertyValue('x-wr-calname'), 'FLIS-leverancer: Horsens');
    const shown = events.map(({ uid, startDate, summary }) => [uid, startDate.toJSDate().toISOString(), summary]);
    t.equal(shown.length, 95 + 1, 'a month back, a quarter ahead, and the end of the address');
    t.same(shown.slice(2, 4), [
      [`${subscription}-2026-03-03`, '2026-03-03T05:00:00.000Z', 'FLIS Borger: forsinket'],
      [`${subscription}-2026-03-04`, '2026-03-04T05:00:00.000Z', 'FLIS Borger: planlagt'],
    ]);
    t.match(
      events[0]?.description,
      /^Alle data\nTabeller: .+, .+\nFormater: csv\.gz\nIkke klar til tiden: der er ikke modtaget kildedata$/,
    );
    const days = parseCalendar(feed.text).events.map(({ startDate }) => startDate.toJSDate().toISOString());
    t.same([days[27], days[28]], ['2026-03-28T05:00:00.000Z', '2026-03-29T04:00:00.000Z'], 'over the change of clocks');
    t.match(events.at(-1)?.summary, 'ophører');
    t.equal(events.at(-1)?.startDate.toString(), made.expiresAt.slice(0, 10));
    for (const hidden of ['BI-gruppen', made.url.slice(-60, -4), maker.clientId]) t.notOk(feed.text.includes(hidden));
    const listed = (await ask(maker.token, '/v1/calendar-feeds')).body.items;
    t.match(listed, [{ calendarFeedId: made.calendarFeedId, revokedAt: null }]);
    t.ok(Date.parse(listed[0].lastUsedAt) > 0, 'its use is on record');
    t.notOk(JSON.stringify(listed).includes('url'), 'its address is shown once');
  });

  await t.test('asking again costs nothing while nothing has changed', async (t) => {
    const { url } = await make(maker.token);
    secrets.push(url);
    const first = await fetchFeed(url);
    const etag = first.headers.get('etag') ?? '';
    t.match(etag, /^"[0-9a-f]{64}"$/);
    const again = await fetchFeed(url, { 'if-none-match': etag });
    t.same([again.status, again.text], [304, '']);
    t.equal((await fetchFeed(url, {}, 'HEAD')).status, 200);
    await lookAt('2026-03-03T13:00:00Z');
    t.equal((await fetchFeed(url, { 'if-none-match': etag })).status, 304, 'time alone changes nothing');
    await lookAt('2026-03-04T04:10:00Z');
    const other = await fetchFeed(url, { 'if-none-match': etag });
    t.equal(other.status, 200);
    const [before, after] = [first, other].map(({ text }) =>
      parseCalendar(text).events.find(({ uid }) => uid === `${subscription}-2026-03-04`),
    );
    t.same([before?.summary, after?.summary], ['FLIS Borger: planlagt', 'FLIS Borger: forberedes'], 'the same event');
    const modified = (one: typeof after) => String(one?.component.getFirstPropertyValue('last-modified'));
    t.equal(modified(after), '2026-03-04T04:10:00Z');
    t.match(after?.component.getFirstPropertyValue('url'), /^https:\/\/flis\.example\/v1\/deliveries\/[0-9a-f-]{36}$/);
  });

  await t.test('it opens nothing else', async (t) => {
    const { url } = await make(maker.token);
    secrets.push(url);
    const secret = url.slice('https://flis.example/calendar/'.length, -'.ics'.length);
    for (const authorization of [`Bearer ${secret}`, `Basic ${Buffer.from(`x:${secret}`).toString('base64')}`])
      for (const path of ['/v1/calendar', '/v1/me', '/v1/deliveries', '/v1/calendar-feeds'])
        t.equal((await fetchFeed(path, { authorization })).status, 401, path);
    t.equal((await fetchFeed('/v1/calendar')).status, 401);
    for (const method of ['POST', 'PUT', 'DELETE']) t.equal((await fetchFeed(url, {}, method)).status, 404, method);
  });

  await t.test('what is none does not exist', async (t) => {
    const { url } = await make(maker.token);
    secrets.push(url);
    const other = FEED_TEXTS.make(municipalityCodeOf('615'), Buffer.alloc(32)).text;
    const changed = (at: number) => `${url.slice(0, at)}${url[at] === 'a' ? 'b' : 'a'}${url.slice(at + 1)}`;
    const wrong = [
      changed(url.length - 5),
      changed(url.length - 40),
      url.replace('_615_', '_791_'),
      url.replace('.ics', ''),
    ];
    for (const each of [
      ...wrong,
      `/calendar/${other}.ics`,
      '/calendar/x.ics',
      '/calendar/.ics',
      `/calendar/${'x'.repeat(300)}.ics`,
    ])
      await isGone(t, each, each);
  });

  await t.test('revoked, it is gone at once; so it is when it has ended', async (t) => {
    const [revoked, ended, other] = [await make(maker.token), await make(maker.token), await make(maker.token)];
    secrets.push(revoked.url, ended.url, other.url);
    t.equal((await fetchFeed(revoked.url)).status, 200);
    const answer = await ask(maker.token, `/v1/calendar-feeds/${revoked.calendarFeedId}`, 'DELETE');
    t.equal(answer.status, 200);
    await isGone(t, revoked.url, 'revoked');
    const again = await ask(maker.token, `/v1/calendar-feeds/${revoked.calendarFeedId}`, 'DELETE');
    t.equal(again.body.revokedAt, answer.body.revokedAt, 'doing so again changes nothing');
    t.equal((await fetchFeed(ended.url)).status, 200);
    await owner.query(`update calendar_feed set expires_at = now() where feed_id = $1`, [ended.calendarFeedId]);
    await isGone(t, ended.url, 'after two years');
    t.equal((await fetchFeed(other.url)).status, 200);
    await owner.query(`update calendar_feed set sha256 = sha256('x') where feed_id = $1`, [other.calendarFeedId]);
    await isGone(t, other.url, 'another secret of the same feed');
  });

  await t.test('it shows what its maker may see by now', async (t) => {
    const { clientId, token } = await newMaker({ domains: ['borger', 'skole'] });
    const [whole, school] = [await make(token), await make(token, { domains: ['skole'] })];
    secrets.push(whole.url, school.url);
    t.same(whole.domains, ['borger', 'skole']);
    t.match(await make(token, { domains: ['oekonomi'] }), { code: 'domain-missing', domain: 'oekonomi' });
    const countOf = async ({ url }: Json) => parseCalendar((await fetchFeed(url)).text).events.length;
    t.ok((await countOf(whole)) > 90);
    t.equal(await countOf(school), 1, 'the end of the address alone');
    const change = (body: object) =>
      flis.call('PATCH', `/v1/clients/${clientId}`, { caller: { municipality: '615' }, body });
    await change({ domains: ['skole'] });
    t.equal(await countOf(whole), 1, 'a domain that was taken away');
    await change({ domains: null, scopes: ['subscriptions:manage'] });
    await isGone(t, whole.url, 'without the scope that lets see deliveries');
    await change({ scopes: MAKING });
    t.ok((await countOf(whole)) > 90);
    await change({ status: 'disabled' });
    await isGone(t, whole.url, 'a client that was disabled');
  });

  await t.test('who can make one', async (t) => {
    t.match(await make((await newMaker({ scopes: ['subscriptions:manage'] })).token), {
      code: 'scope-missing',
      scope: 'raw-data:read',
    });
    t.match(await make((await newMaker({ scopes: ['raw-data:read'] })).token), {
      code: 'scope-missing',
      scope: 'subscriptions:manage',
    });
    t.match(await make(await flis.token()), { code: 'feed-needs-client' }, 'of another issuer');
    await owner.query(
      `insert into calendar_feed (municipality_code, feed_id, name, sha256, client_id, expires_at)
       select '101', lpad(n::text, 16, '0'), 'x', '', 'c', now() + interval '1 day' from generate_series(1, 49) n`,
    );
    const { token } = await newMaker({ municipality: '101' });
    // All have counted, or wait to count, before any can add its row.
    await owner.query('begin');
    await owner.query('lock table calendar_feed in share mode');
    const making = Promise.all([1, 2, 3].map(() => make(token)));
    while ((await owner.query(WAITING)).rows[0].count < 3) {
      // Within a transaction it would stay as it was first seen.
      await owner.query('select pg_stat_clear_snapshot()');
    }
    await owner.query('commit');
    const codes = (await making).map(({ code }) => code ?? 'made');
    t.same(
      codes.sort(),
      ['made', ...Array(2).fill('too-many-calendar-feeds')],
      'fifty of a municipality, also at once',
    );
  });

  await t.test('of another municipality, or of other domains, nobody sees or ends any', async (t) => {
    const made = await make(maker.token);
    secrets.push(made.url);
    const path = `/v1/calendar-feeds/${made.calendarFeedId}`;
    for (const strange of [await newMaker({ municipality: '791' }), await newMaker({ domains: ['borger'] })]) {
      t.same((await ask(strange.token, '/v1/calendar-feeds')).body.items, []);
      t.equal((await ask(strange.token, path, 'DELETE')).status, 404);
    }
    t.equal((await fetchFeed(made.url)).status, 200);
  });

  await t.test('a vendor’s ends with its mandate', async (t) => {
    const vendor = await scene.newVendor();
    const grant = { domains: ['borger'], scopes: MAKING as never };
    const mandate = await scene.newMandate(vendor, grant);
    const token = await scene.tokenOf(vendor, { municipality: '615' });
    const made = await make(token);
    secrets.push(made.url);
    t.match(made, { clientId: vendor, mandateId: mandate, domains: ['borger'] });
    const { events } = parseCalendar((await fetchFeed(made.url)).text);
    t.ok(events.length > 90);
    const last = String(events.at(-1)?.startDate);
    t.ok(last < made.expiresAt.slice(0, 10), `the calendar tells of the mandate’s end, ${last}`);
    const ofOthers = await make(maker.token, { domains: ['borger'] });
    t.same((await ask(token, '/v1/calendar-feeds')).body.items.length, 1, 'it sees those of its mandate alone');
    const seen = (await ask(maker.token, '/v1/calendar-feeds')).body.items;
    t.ok(
      seen.some(({ mandateId }: Json) => mandateId === mandate),
      'the municipality sees it',
    );
    t.equal((await ask(token, `/v1/calendar-feeds/${ofOthers.calendarFeedId}`, 'DELETE')).status, 404);
    await scene.decide(mandate, 'end');
    await isGone(t, made.url, 'when the mandate has ended');
    await scene.newMandate(vendor, grant);
    await isGone(t, made.url, 'nor does another mandate bring it back');
  });

  await t.test('making and revoking is on record, fetching is not, and no address is anywhere', async (t) => {
    const { rows } = await owner.query(
      `select operation, object from audit_entry where operation like '%CalendarFeed' and outcome <> 'refused'`,
    );
    const counts = Object.groupBy(rows, ({ operation }) => operation);
    t.same(Object.keys(counts).sort(), ['createCalendarFeed', 'revokeCalendarFeed']);
    t.match(counts.createCalendarFeed?.[0].object, { calendarFeed: /^[0-9a-z]{16}$/, domains: null });
    const words = secrets.map((url) => url.slice(-59, -4));
    t.ok(words.length >= 10 && words.every((word) => /^[\w-]{43}_[\w-]{11}$/.test(word)));
    for (const name of declaredTables().keys()) {
      const all = await owner.query<{ text: string }>(
        `select coalesce(string_agg(r::text, ' '), '') as text from ${name} r`,
      );
      t.notOk(
        words.some((word) => all.rows[0]?.text.includes(word)),
        name,
      );
    }
    const log = lines.join('');
    t.match(log, '"route":"/calendar/:secret.ics"', 'requests are logged by their route');
    t.notOk(words.some((word) => log.includes(word)) || log.includes('calendar_615_'), 'the log');
    const metrics = await flis.api.deps.metrics.metrics();
    t.notOk(metrics.includes('calendar_615_'), 'the metrics');
  });
});

t.test('who tries addresses is held up, and whoever has one is not', async (t) => {
  const settings = {
    FLIS_FAILURE_RATE: '1',
    FLIS_CLIENT_MUNICIPALITY_RATE: '1',
    FLIS_CLIENT_RATE: '2',
    FLIS_RATE_BURST_S: '20',
  };
  const { newMaker, make, fetchFeed, ask } = await openFeedScene(t, { settings });
  const { token } = await newMaker();
  const [mine, other] = [await make(token), await make(token)];
  const statuses = async (url: string, count: number) => {
    const found: number[] = [];
    for (let turn = 0; turn < count; turn += 1) found.push((await fetchFeed(url)).status);
    return found;
  };
  const began = performance.now();
  const back = () => Math.ceil((performance.now() - began) / 1000) + 1;
  const guesses = await statuses('/calendar/guess.ics', 60);
  const tried = guesses.filter((status) => status === 404).length;
  t.ok(tried >= 20 && tried <= 20 + back(), `${tried} of 60 guesses are looked at`);
  t.equal(guesses.filter((status) => status === 429).length, 60 - tried);
  t.equal((await fetchFeed(mine.url)).status, 200, 'from the same address');
  const served = (await statuses(mine.url, 50)).filter((status) => status === 200).length;
  t.ok(served >= 19 && served <= 20 + back(), `${served} of 50 are served`);
  t.equal((await fetchFeed(other.url)).status, 200, 'each address has its own');
  t.equal((await ask(token, '/v1/me')).status, 200, 'and its maker too');
  await ask(token, `/v1/calendar-feeds/${other.calendarFeedId}`, 'DELETE');
  const gone = await statuses(other.url, 50);
  t.ok(
    gone.filter((status) => status === 404).length <= 20 + back(),
    'one that has ended is not looked up without end',
  );
});
