// Events: their numbers under load, who sees which, how long they are kept, and that there is no room for a person in one.
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import pg from 'pg';
import t from 'tap';
import { appendEvent, appendNationwideEvent } from '../../src/events/append-event.ts';
import { distributeEvents } from '../../src/events/distribute-events.ts';
import { deleteOldEvents } from '../../src/events/store.ts';
import { EVENT_NAMES, EVENT_TYPES, type EventType } from '../../src/events/types.ts';
import { withPublished, withSystem, withTenant } from '../../src/platform/postgres/tenancy.ts';
import { WITHOUT_LIMITS } from '../harness/limits.ts';
import { type Caller, startService } from '../harness/service.ts';
import { poolOf, reject, tenantOf } from './scene.ts';

const WRITERS = 50;
const EACH = 20;
const HORSENS = '615';
const VIBORG = '791';

interface Page {
  readonly items: readonly {
    readonly sequence: number;
    readonly id: string;
    readonly type: string;
    readonly domain: string | null;
    readonly data: Record<string, unknown>;
  }[];
  readonly after: number;
  readonly next: string | null;
}

t.test('events', async (t) => {
  const service = await startService(t, { withoutWorker: true, settings: WITHOUT_LIMITS });
  const owner = new pg.Client({ connectionString: service.database.ownerUrl });
  await owner.connect();
  t.teardown(() => owner.end());
  const api = poolOf(t, service.database, 'api', WRITERS);
  const worker = poolOf(t, service.database, 'worker');
  const ask = (query: string, caller: Caller = {}) =>
    service.call('GET', `/v1/events${query}`, {
      caller: { municipality: HORSENS, scopes: ['events:read'], ...caller },
    });
  const read = async (query: string, caller: Caller = {}): Promise<Page> => {
    const response = await ask(query, caller);
    t.equal(response.status, 200);
    return (await response.json()) as Page;
  };

  await t.test(
    `${WRITERS} writers, some of whom fail, and a reader: none skipped, none doubled, in order`,
    async (t) => {
      const written: string[] = [];
      const write = async (turn: number) => {
        const id = randomUUID();
        const failed = await withTenant(api, tenantOf(HORSENS), async (tx) => {
          await appendEvent(tx, {
            ...{ type: 'source-delivery.rejected' as const, domain: 'borger' },
            data: { sourceDelivery: id, rules: turn },
          });
          // What a transaction still does after its number was taken: the time in which another number could overtake it.
          await tx.query('select count(*) from event');
          if (turn % 7 === 3) throw new Error('the change does not happen');
        }).catch(() => true);
        if (failed !== true) written.push(id);
      };
      let writing = true;
      const writers = Promise.all(
        Array.from({ length: WRITERS }, async () => {
          for (let turn = 0; turn < EACH; turn++) await write(turn);
        }),
      ).finally(() => {
        writing = false;
      });
      const sequences: number[] = [];
      const ids: unknown[] = [];
      const caller = { authorization: `Bearer ${await service.token({ municipality: HORSENS })}` };
      let after = 0;
      let polls = 0;
      for (let rest = true; rest; ) {
        // Once nobody writes any more, the last round reads what is left.
        rest = writing;
        const response = await service.call('GET', `/v1/events?after=${after}&limit=1000`, {
          caller: null,
          headers: caller,
        });
        const page = (await response.json()) as Page;
        polls += 1;
        sequences.push(...page.items.map(({ sequence }) => sequence));
        ids.push(...page.items.map(({ data }) => data.sourceDelivery));
        after = page.after;
      }
      await writers;
      t.strictSame(
        sequences,
        Array.from({ length: written.length }, (_, index) => index + 1),
        'numbers are read without a gap, in order',
      );
      t.strictSame([...ids].sort(), [...written].sort(), 'what was committed was read once, what was not never');
      const skipped = written.filter((id) => !ids.includes(id)).length;
      const doubled = ids.length - new Set(ids).size;
      t.comment(`${written.length} events read in ${polls} polls: ${skipped} skipped, ${doubled} doubled`);
    },
  );

  await t.test('a page, its next one, and what was asked for in vain', async (t) => {
    const first = await read('?limit=2');
    t.equal(first.items.length, 2);
    t.equal(first.after, 2);
    t.equal(first.next, 'https://flis.example/v1/events?limit=2&after=2');
    const { rows: before } = await owner.query(
      `select count(*)::int as n from audit_entry where operation = 'listEvents' and outcome <> 'refused'`,
    );
    const end = await read(`?after=${(await read('?limit=1000')).after}`);
    t.same([end.items, end.next], [[], null]);
    const { rows } = await owner.query(
      `select count(*)::int as n from audit_entry where operation = 'listEvents' and outcome <> 'refused'`,
    );
    t.equal(rows[0].n, before[0].n + 1, 'what was read is on record, a poll in vain is not');
    for (const query of ['?types=nothing.happened', '?after=99999999', '?after=-1', '?types=', '?limit=0']) {
      const response = await ask(query);
      t.equal(response.status, 400, query);
      t.equal(((await response.json()) as { code: string }).code, 'invalid-request');
    }
  });

  await t.test('of other municipalities and domains nothing is seen', async (t) => {
    const other = { municipality: VIBORG };
    for (const domain of ['borger', 'skole', 'borger']) await reject(api, VIBORG, randomUUID(), domain);
    await withTenant(api, tenantOf(VIBORG), (tx) =>
      appendEvent(tx, { type: 'webhook.disabled', data: { webhook: randomUUID(), reason: 'gone' } }),
    );
    const all = await read('', other);
    t.same(
      all.items.map(({ sequence, domain }) => [sequence, domain]),
      [
        [1, 'borger'],
        [2, 'skole'],
        [3, 'borger'],
        [4, null],
      ],
    );
    const restricted = await read('', { ...other, domains: ['borger'] });
    t.same(
      restricted.items.map(({ sequence }) => sequence),
      [1, 3],
    );
    t.equal(restricted.after, 4, 'and goes on after all of them');
    const typed = await read('?types=webhook.disabled,release.published', other);
    t.same(
      typed.items.map(({ type }) => type),
      ['webhook.disabled'],
    );
    t.equal(typed.after, 4);
    await t.rejects(
      withTenant(api, tenantOf(VIBORG, ['borger']), (tx) =>
        appendEvent(tx, {
          ...{ type: 'source-delivery.rejected' as const, domain: 'skole' },
          data: { sourceDelivery: randomUUID(), rules: 1 },
        }),
      ),
      { code: '42501' },
      'nor written',
    );
  });

  await t.test('what concerns everybody reaches every municipality once', async (t) => {
    const codes = service.api.deps.catalogue.municipalities.map(({ code }) => code as string);
    const release = (number: number) => ({
      ...{ type: 'release.published' as const, domain: 'borger' },
      data: { release: `borger-${number}` },
    });
    await withPublished(api, (tx) => appendNationwideEvent(tx, release(1)));
    await t.rejects(
      withPublished(api, async (tx) => {
        await appendNationwideEvent(tx, release(2));
        throw new Error('not published after all');
      }),
    );
    // A worker that was killed had given it to some.
    await distributeEvents(worker, codes.slice(0, 30));
    await owner.query('update nationwide_event set distributed_at = null');
    const given = await Promise.all([1, 2, 3].map(() => distributeEvents(worker, codes)));
    t.equal(
      given.reduce((sum, each) => sum + each, 0),
      codes.length - 30,
    );
    t.equal(await distributeEvents(worker, codes), 0);
    const { rows } = await owner.query(
      `select c.municipality_code as code, c.last::int as last, count(e.*)::int as events,
         count(*) filter (where e.type = 'release.published')::int as releases
       from event_counter c join event e using (municipality_code) group by 1, 2 order by 1`,
    );
    t.equal(rows.length, codes.length);
    t.ok(
      rows.every(({ last, events, releases }) => last === events && releases === 1),
      'once each, and every number that was taken is there',
    );
    const [seen] = (await read('?types=release.published', { municipality: '101' })).items;
    t.same(seen?.data, { release: 'borger-1' });
  });

  await t.test(
    'what is older than 90 days is gone, and whoever was before it is told from where to go on',
    async (t) => {
      await owner.query(
        `update event set at = now() - interval '91 days' where municipality_code = $1 and sequence in (1, 2, 3)`,
        [VIBORG],
      );
      const before = new Date(Date.now() - 90 * 86_400_000);
      t.equal(
        await withSystem(worker, 'test', (tx) => deleteOldEvents(tx, before, new Date())),
        3,
        'numbers go in their order',
      );
      t.equal(await withSystem(worker, 'test', (tx) => deleteOldEvents(tx, before, new Date())), 0);
      const other = { municipality: VIBORG };
      const gone = await ask('?after=1', other);
      t.equal(gone.status, 410);
      const { code, after } = (await gone.json()) as { code: string; after: number };
      t.same([code, after], ['events-gone', 3]);
      const rest = (page: Page) => page.items.map(({ sequence }) => sequence);
      t.same(rest(await read('?after=3', other)), [4, 5]);
      t.same(rest(await read('', other)), [4, 5], 'who names no number starts with the oldest');
      t.same(rest(await read('', { municipality: HORSENS, domains: ['skole'] })), [], 'nothing of others went');
      await owner.query(`update event set at = now() - interval '91 days' where municipality_code = $1`, [VIBORG]);
      await withSystem(worker, 'test', (tx) => deleteOldEvents(tx, before, new Date()));
      t.equal((await ask('?after=4', other)).status, 410, 'also when none is left');
      t.equal((await read('?after=5', other)).after, 5);
      await reject(api, VIBORG, randomUUID());
      t.same(rest(await read('?after=5', other)), [6]);
      for (let each = 0; each < 3; each += 1) await reject(api, VIBORG, randomUUID());
      const stamp = (sequence: number, days: number) =>
        owner.query(
          'update event set at = now() + make_interval(days => $3) where municipality_code = $1 and sequence = $2',
          [VIBORG, sequence, days],
        );
      await stamp(7, -1000);
      await stamp(8, 1000);
      const forget = () => withSystem(worker, 'test', (tx) => deleteOldEvents(tx, before, new Date()));
      t.equal(await forget(), 0, 'one that a clock that was behind made old goes when its turn comes');
      await stamp(6, -91);
      t.equal(await forget(), 2);
      await stamp(9, -91);
      t.equal(await forget(), 2, 'one of a time to come holds up nobody');
    },
  );
});

t.test('no event has room for a person', async (t) => {
  const due = { delivery: randomUUID(), subscription: randomUUID(), dueOn: '2027-10-31' };
  const sample: Record<EventType, Record<string, unknown>> = {
    'delivery.ready': { ...due, files: 3 },
    'delivery.late': { ...due, reason: 'service' },
    'delivery.fetched': due,
    'package.revoked': { package: randomUUID(), deliveries: 2, replacements: 1 },
    'subscription.expiring': { subscription: randomUUID(), days: 30, lastDay: '2027-10-31' },
    'source-delivery.rejected': { sourceDelivery: randomUUID(), rules: 3 },
    'release.published': { release: 'borger-3' },
    'schema.change-planned': { schemaChange: randomUUID(), effectiveOn: '2027-10-31', columns: 2, state: 'planned' },
    'access-key.expiring': {
      ...{ accessKey: '4d8h2k9m0q7v3x6z', client: '615.7m2kq9x4v0t8d3hn', days: 7 },
      expiresAt: '2027-10-31T23:00:00.000Z',
    },
    'webhook.disabled': { webhook: randomUUID(), reason: 'gone' },
  };
  const tx = { query: async () => [], tenant: tenantOf(HORSENS) } as never;
  const write = (type: EventType, data: object) =>
    appendEvent(tx, {
      type: type as 'webhook.disabled',
      ...(EVENT_TYPES[type].hasDomain ? { domain: 'borger' } : {}),
      data: data as never,
    });
  const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`));
  const person = fc.oneof(
    fc.tuple(digits(6), fc.constantFrom('', '-', ' '), digits(4)).map((parts) => parts.join('')),
    fc.constantFrom('Åse Æbeltoft', 'Ida Holm', 'ida@example.dk', 'Storegade 1, 8700 Horsens', 'O’Brien'),
    fc.integer({ min: 100_000_000, max: 3_112_999_999 }),
  );
  for (const type of EVENT_NAMES) {
    await write(type, sample[type]);
    for (const field of Object.keys(sample[type])) {
      await fc.assert(
        fc.asyncProperty(person, async (value) => {
          await t.rejects(write(type, { ...sample[type], [field]: value }), `${type}.${field}`);
        }),
        { numRuns: 30 },
      );
      const { [field]: _, ...lacking } = sample[type];
      await t.rejects(write(type, lacking), `${type} without ${field}`);
    }
    await t.rejects(write(type, { ...sample[type], note: 'x' }), `${type} with another field`);
  }
  for (const domain of ['0101901234', 'Ida Holm', 'bør'])
    await t.rejects(
      appendEvent(tx, {
        ...{ type: 'source-delivery.rejected' as const, domain },
        data: sample['source-delivery.rejected'] as never,
      }),
      domain,
    );
  await t.rejects(
    appendEvent(tx, { type: 'webhook.disabled', domain: 'borger', data: sample['webhook.disabled'] as never }),
    'a domain that it has not',
  );
});
