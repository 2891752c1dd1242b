// The calendar over HTTP: what was delivered and what is to come, each day once, and nothing of what is not the caller's to see.
import t from 'tap';
import { presentFeed } from '../../src/pipeline/delivery/calendar/present-feed.ts';
import { listEntries, SNAPSHOT } from '../../src/pipeline/delivery/calendar/read-calendar.ts';
import type { Feed } from '../../src/pipeline/delivery/calendar/store-feeds.ts';
import { revokeDelivered } from '../../src/pipeline/delivery/index.ts';
import { insertEvent } from '../../src/pipeline/delivery/subscriptions/store.ts';
import { type TenantTx, withTenant } from '../../src/platform/postgres/tenancy.ts';
import { municipalityCodeOf } from '../../src/platform/tenant.ts';
import { addDays } from '../../src/platform/time/local-time.ts';
import { openDeliveryScene } from './deliveries-scene.ts';
import { birth, type Json, people } from './packages-scene.ts';
import { parseCalendar } from './parse-calendar.ts';

const TENANT = { municipality: municipalityCodeOf('615'), domains: null, clientId: 'it', requestId: 'test' };
const daysOf = (items: readonly Json[]) => items.map(({ dueOn }) => dueOn.slice(5));

t.test('the calendar of deliveries', async (t) => {
  const { flis, subscribe, lookAt, deliver, readyOn, call, fetchAs } = await openDeliveryScene(t);
  const calendar = async (query: string) => (await call('GET', `/v1/calendar${query}`)).json;
  const subscription = await subscribe({ hour: 2 }, '2026-03-02');

  await t.test('nothing is delivered yet: all is to come', async (t) => {
    const { from, to, items } = await calendar('');
    t.same([from, to], ['2026-01-29', '2026-06-01'], 'a month back, a quarter ahead');
    t.equal(items.length, 92);
    t.match(items[0], {
      ...{ id: null, subscriptionId: subscription, domain: 'borger', dueOn: '2026-03-02', state: 'planned' },
      ...{ promisedAt: '2026-03-02T01:00:00.000Z', isLate: false, agreedKind: 'total', formats: ['csv.gz'] },
    });
    t.same(
      items.slice(26, 29).map(({ promisedAt }: Json) => promisedAt),
      ['2026-03-28T01:00:00.000Z', '2026-03-29T01:00:00.000Z', '2026-03-30T00:00:00.000Z'],
      'over the change of clocks',
    );
  });

  await t.test('what the scheduler creates has the same promise, and each day is there once', async (t) => {
    const before = (await calendar('?from=2026-03-01&to=2026-04-02')).items;
    await lookAt('2026-03-31T12:00:00Z');
    const after = (await calendar('?from=2026-03-01&to=2026-04-02')).items;
    const promises = (items: readonly Json[]) => items.map(({ dueOn, promisedAt }) => [dueOn, promisedAt]);
    t.same(promises(after), promises(before));
    t.same(
      after.map(({ id, state }: Json) => [id === null, state === 'planned']),
      [...Array(30).fill([false, false]), [true, true], [true, true]],
    );
    t.ok(
      after.slice(0, 30).every(({ isLate }: Json) => isLate),
      'there is no data: they are late',
    );
    t.equal(after[0].lateReason, 'no-source-data');
    t.notOk(after[30].isLate);
  });

  await t.test('what became of a delivery is in it', async (t) => {
    await deliver([people('2025-01', 30, 100), people('2024-12', 3, 7)], [birth(1, '2025-01-05')]);
    await lookAt('2026-03-31T23:30:00Z');
    const ready = await readyOn(subscription, '2026-04-01');
    const [shown] = (await calendar('?from=2026-04-01&to=2026-04-01')).items;
    t.match(shown, { id: ready.id, state: 'ready', readyAt: ready.readyAt, isLate: false, lateReason: null });
  });

  await t.test('a delivery that was revoked is there beside what replaces it, as an event of its own', async (t) => {
    const [before] = (await calendar('?from=2026-04-01&to=2026-04-01')).items;
    const { packageId } = (await call('GET', `/v1/deliveries/${before.id}`)).json;
    const { pool, catalogue, clock } = flis.api.deps;
    if (flis.workerDeps === undefined) throw new Error('no worker');
    await revokeDelivered(flis.workerDeps, TENANT, packageId, 'en forkert fil');
    const items: Json[] = (await calendar('?from=2026-04-01&to=2026-04-01')).items;
    t.match(items, [
      { id: before.id, replaces: null, revocation: { reason: 'en forkert fil', revokedAt: clock().toISOString() } },
      { replaces: before.id, revocation: null },
    ]);
    t.equal(items.length, 2);
    const span = { from: '2026-03-31', to: '2026-04-02' };
    const entries = await withTenant(pool, TENANT, (tx) => listEntries(tx, span, undefined, clock()), SNAPSHOT);
    const feed = { calendarFeedId: 'x', createdAt: clock() } as Feed;
    const content = { feed, endsAt: clock(), entries };
    const text = presentFeed(catalogue, TENANT.municipality, content, clock(), 'https://flis.example');
    const { events } = parseCalendar(text);
    t.equal(new Set(events.map(({ uid }) => uid)).size, events.length, 'each has its own UID');
    t.match(
      events.filter(({ uid }) => uid.startsWith(`${subscription}-2026-04-01`)),
      [
        { summary: 'FLIS Borger: trukket tilbage' },
        { summary: /forberedes|klar til hentning/, description: /^Alle data\nErstatter en leverance/ },
      ],
    );
    t.notMatch(text, /forkert fil/, 'the operator’s words are not for everybody');
  });

  await t.test('a delivery that is created while the calendar is read is there once', async (t) => {
    const readWith = async (meanwhile: () => Promise<unknown>) => {
      const entries = await withTenant(
        flis.api.deps.pool,
        TENANT,
        (tx) => {
          let waits: Promise<unknown> | undefined;
          const query: TenantTx['query'] = async (text, values) => {
            const rows = await tx.query<never>(text, values);
            waits ??= meanwhile();
            await waits;
            return rows;
          };
          return listEntries({ ...tx, query }, { from: '2026-04-02', to: '2026-04-03' }, undefined, new Date());
        },
        SNAPSHOT,
      );
      return entries.map(({ dueOn, state }) => [dueOn, state]);
    };
    const planned = [
      ['2026-04-02', 'planned'],
      ['2026-04-03', 'planned'],
    ];
    t.same(await readWith(() => lookAt('2026-04-02T00:00:00Z')), planned);
    t.notSame(await readWith(async () => {}), planned, 'it was created');
  });

  await t.test('an agreement that ends, and a proposal', async (t) => {
    const tenant = { ...TENANT, municipality: municipalityCodeOf('791') };
    const ended = await subscribe({ rhythm: { frequency: 'weekly', weekday: 1 } }, '2026-05-01', '791');
    const theirs = { municipality: '791', scopes: ['raw-data:read' as const] };
    const ofThem = async () =>
      daysOf((await fetchAs(theirs, 'GET', '/v1/calendar?from=2026-05-01&to=2026-06-10')).json.items);
    t.same(await ofThem(), ['05-04', '05-11', '05-18', '05-25', '06-01', '06-08'], 'and nothing of 615');
    await withTenant(flis.api.deps.pool, tenant, (tx) =>
      insertEvent(tx, ended, { kind: 'terminated', day: '2026-05-18', terms: null }),
    );
    t.same(await ofThem(), ['05-04', '05-11', '05-18']);
    t.ok(
      (await calendar('?from=2026-05-04&to=2026-05-04')).items.every(
        ({ subscriptionId }: Json) => subscriptionId === subscription,
      ),
    );
    const body = {
      ...{ domain: 'skole', startsOn: addDays(new Date().toISOString().slice(0, 10), 30), hour: 6, formats: ['zip'] },
      ...{
        rhythm: { frequency: 'monthly', dayOfMonth: 15 },
        kind: 'total',
        commitmentMonths: 12,
        renewalMonths: 12,
        noticeMonths: 3,
      },
    };
    const proposed = await fetchAs({ municipality: '791' }, 'POST', '/v1/subscriptions', { body });
    t.equal(proposed.status, 201);
    const soon = `?from=${body.startsOn}&to=${addDays(body.startsOn, 90)}`;
    t.same((await fetchAs(theirs, 'GET', `/v1/calendar${soon}`)).json.items, [], 'a proposal binds nobody');
  });

  await t.test('a caller for other domains sees none of it', async (t) => {
    const narrow = { municipality: '615', scopes: ['raw-data:read' as const], domains: ['skole'] };
    t.same((await fetchAs(narrow, 'GET', '/v1/calendar')).json.items, []);
    t.match((await fetchAs(narrow, 'GET', '/v1/calendar?domain=borger')).json, { code: 'domain-missing' });
    const wide = { ...narrow, domains: ['skole', 'borger'] };
    t.ok((await fetchAs(wide, 'GET', '/v1/calendar')).json.items.length > 90);
    t.same(
      (await fetchAs(wide, 'GET', '/v1/calendar?domain=skole')).json.items,
      [],
      'nor of a domain it did not ask for',
    );
    t.equal((await fetchAs({ municipality: '615', scopes: ['key-figures:read'] }, 'GET', '/v1/calendar')).status, 403);
  });

  await t.test('days that cannot be', async (t) => {
    const codeOf = async (query: string) => (await calendar(query)).code;
    t.equal(await codeOf('?from=2026-03-02&to=2026-03-01'), 'calendar-span');
    t.equal(await codeOf('?from=2026-03-01&to=2027-04-06'), 'calendar-span');
    for (const day of ['2026-02-30', '9999-12-31', '1999-12-31', '2026-3-1', ''])
      t.equal(await codeOf(`?from=${day}`), 'invalid-request', day);
    t.equal((await calendar('?from=2199-12-31&to=2199-12-31')).items.length, 1);
    t.equal((await calendar('?from=2199-12-31')).from, '2199-12-31', 'past the last year that can be asked for');
  });
});
