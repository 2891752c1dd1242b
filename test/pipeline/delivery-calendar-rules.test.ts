// The pure rules of the calendar: over random agreements spans add up, and what is to come is what the scheduler creates; and the iCalendar that is
// written reads the same in a parser of somebody else's.
import fc from 'fast-check';
import t from 'tap';
import {
  changedAt,
  comingOf,
  type Entry,
  inOrder,
  isLate,
  MOST_DAYS,
  spanOf,
} from '../../src/pipeline/delivery/calendar/rules.ts';
import { writeCalendar } from '../../src/pipeline/delivery/calendar/rules-icalendar.ts';
import { dueBy, firstToSchedule, LEAD_MS } from '../../src/pipeline/delivery/deliveries/rules.ts';
import { nextDueDay, type Rhythm } from '../../src/pipeline/delivery/rhythm/rules.ts';
import { type Subscription, type Terms, termsOn } from '../../src/pipeline/delivery/subscriptions/index.ts';
import { addDays, type Day, dayOf, instantOf } from '../../src/platform/time/local-time.ts';
import { parseCalendar } from './parse-calendar.ts';

const START = '2026-03-01';
const days = (min: number, max: number) => fc.integer({ min, max }).map((count) => addDays(START, count));
const rhythms = fc.oneof(
  fc.constantFrom<Rhythm>({ frequency: 'daily', days: 'every' }, { frequency: 'daily', days: 'working' }),
  fc.integer({ min: 1, max: 7 }).map((weekday): Rhythm => ({ frequency: 'weekly', weekday })),
  fc.integer({ min: 1, max: 31 }).map((dayOfMonth): Rhythm => ({ frequency: 'monthly', dayOfMonth })),
  fc.integer({ min: 1, max: 15 }).map((workingDay): Rhythm => ({ frequency: 'monthly', workingDay })),
);
const hours = fc.integer({ min: 0, max: 23 });

/** An agreement with changes and perhaps an end; one in five was only proposed. */
const agreements = fc
  .record({
    startsOn: days(0, 200),
    rhythm: rhythms,
    hour: hours,
    renewalMonths: fc.constantFrom(null, 1, 6),
    commitmentMonths: fc.integer({ min: 1, max: 18 }),
    wasActivated: fc.integer({ min: 0, max: 4 }).map((one) => one > 0),
    changes: fc.array(fc.record({ day: days(0, 500), rhythm: rhythms, hour: hours }), { maxLength: 3 }),
    endsOn: fc.option(days(0, 600)),
    id: fc.uuid(),
  })
  .map(
    ({ startsOn, rhythm, hour, renewalMonths, commitmentMonths, wasActivated, changes, endsOn, id }): Subscription => {
      const terms: Terms = { rhythm, hour, tables: ['a'], formats: ['csv.gz'], kind: 'total' };
      const events = [
        { kind: 'proposed', day: startsOn, terms },
        ...(wasActivated ? [{ kind: 'activated', day: START, terms: null }] : []),
        ...changes.map(({ day, ...changed }) => ({ kind: 'changed', day, terms: changed })),
        ...(endsOn === null ? [] : [{ kind: 'terminated', day: endsOn, terms: null }]),
      ];
      const history = events.map((event, index) => ({
        ...{ ...event, number: index + 1, at: instantOf(START, 12), clientId: 'c', mandateId: null },
      })) as Subscription['history'];
      return {
        ...{ subscriptionId: id, municipality: '615', domain: 'borger', startsOn, commitmentMonths, renewalMonths },
        ...{ noticeMonths: 1, createdAt: instantOf(START, 12), history },
      };
    },
  );

/** The same worked out another way: day by day. */
function dayByDay(subscription: Subscription, from: Day, to: Day): string[] {
  const found: string[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) {
    const terms = termsOn(subscription, day);
    if (terms !== undefined && nextDueDay(terms.rhythm, day) === day)
      found.push(instantOf(day, terms.hour).toISOString());
  }
  return found;
}

t.test('the calendars of two spans that follow one another are that of both', async () => {
  const known = fc.tuple(agreements, fc.option(days(0, 300), { nil: undefined }));
  fc.assert(
    fc.property(
      ...([fc.array(known, { maxLength: 4 }), days(0, 400), fc.nat(150), fc.nat(150), days(0, 400)] as const),
      (all, from, first, second, today) => {
        const [between, to] = [addDays(from, first), addDays(from, first + 1 + second)];
        const calendar = (from: Day, to: Day) =>
          inOrder(all.flatMap(([one, next]) => comingOf(one, next, { from, to }, today)));
        const parts = [...calendar(from, between), ...calendar(addDays(between, 1), to)];
        return JSON.stringify(parts) === JSON.stringify(calendar(from, to));
      },
    ),
  );
});

t.test('what is to come is what is agreed for each day, from the first day on that was not scheduled', async (t) => {
  let seen = 0;
  fc.assert(
    fc.property(
      agreements,
      fc.option(days(0, 300), { nil: undefined }),
      days(0, 450),
      days(0, 450),
      (one, next, a, b) => {
        const [from, to] = [a < b ? a : b, a < b ? b : a];
        const coming = comingOf(one, next, { from, to }, START);
        seen += coming.length;
        const first = next !== undefined && next > from ? next : from;
        return (
          coming.every(
            ({ id, state, dueOn, promisedAt }) => id === null && state === 'planned' && dayOf(promisedAt) === dueOn,
          ) && coming.map(({ promisedAt }) => promisedAt.toISOString()).join() === dayByDay(one, first, to).join()
        );
      },
    ),
  );
  t.ok(seen > 100, `${seen} deliveries`);
});

t.test('what is to come becomes deliveries with the same promise, whenever the scheduler looks', async () => {
  const looks = fc.array(fc.integer({ min: 1, max: 20 * 24 }), { minLength: 1, maxLength: 15 });
  fc.assert(
    fc.property(agreements, days(-5, 250), hours, looks, (one, day, hour, gaps) => {
      let now = instantOf(day, hour).getTime();
      const total = gaps.reduce((sum, gap) => sum + gap, 0) * 3_600_000;
      const span = { from: addDays(day, -30), to: dayOf(new Date(now + total + LEAD_MS)) };
      const coming = comingOf(one, undefined, span, day);
      const created: { dueOn: Day; promisedAt: Date }[] = [];
      let next: Day | undefined;
      for (const gap of gaps) {
        now += gap * 3_600_000;
        const from = firstToSchedule(one.startsOn, next, dayOf(new Date(now)));
        for (const { day: dueOn, promisedAt } of dueBy((each) => termsOn(one, each), from, new Date(now))) {
          created.push({ dueOn, promisedAt });
          next = addDays(dueOn, 1);
        }
        // A day that a delivery exists for is never to come as well.
        const left = comingOf(one, next, span, dayOf(new Date(now)));
        if (left.some(({ dueOn }) => created.some((each) => each.dueOn === dueOn))) return false;
      }
      const due = coming.filter(({ promisedAt }) => promisedAt.getTime() - LEAD_MS <= now);
      const inSpan = created.filter(({ dueOn }) => dueOn >= span.from);
      const texts = (each: readonly { dueOn: Day; promisedAt: Date }[]) =>
        each.map(({ dueOn, promisedAt }) => `${dueOn} ${promisedAt.toISOString()}`).join();
      return texts(due) === texts(inSpan);
    }),
  );
});

t.test('what is not ready at its hour is late, whether it was created or not, and that is a change', async (t) => {
  const [since, promisedAt, readyAt] = ['2026-03-01T00:00:00Z', '2026-03-02T05:00:00Z', '2026-03-02T06:00:00Z'].map(
    (time) => new Date(time),
  ) as [Date, Date, Date];
  const planned = {
    state: 'planned',
    since,
    promisedAt,
    readyAt: null,
    fetchedAt: null,
    acknowledgedAt: null,
    revokedAt: null,
  } as Entry & object;
  const seen = (entry: Entry, now: Date) => [isLate(entry, now), changedAt(entry, now)];
  t.same(seen(planned, promisedAt), [false, since]);
  t.same(seen(planned, readyAt), [true, promisedAt]);
  t.same(seen({ ...planned, readyAt }, readyAt), [true, readyAt]);
  t.same(seen({ ...planned, readyAt: since }, readyAt), [false, since]);
  t.same(seen({ ...planned, readyAt: since, revokedAt: readyAt }, readyAt), [false, readyAt], 'so is a revocation');
});

t.test('days that are not given', async (t) => {
  t.same(spanOf({}, '2026-03-31'), { from: '2026-02-28', to: '2026-07-01' });
  t.same(spanOf({ from: '2030-01-01' }, START), { from: '2030-01-01', to: addDays('2030-01-01', 123) });
  t.same(spanOf({ to: '2020-01-01' }, START), { from: addDays('2020-01-01', -123), to: '2020-01-01' });
  const to = addDays(START, MOST_DAYS);
  t.same(spanOf({ from: START, to }, START), { from: START, to });
  t.equal(spanOf({ from: START, to: addDays(to, 1) }, START), undefined);
  t.equal(spanOf({ from: addDays(START, 1), to: START }, START), undefined);
});

const event = (changes: object = {}) => ({
  ...{ uid: 'u', start: new Date('2026-03-02T05:00:00Z'), changedAt: new Date('2026-03-01T00:00:00.123Z') },
  ...{ summary: 's', description: 'd', ...changes },
});

t.test('over both changes of clocks the time is the promised one', async (t) => {
  const promised: [day: string, hour: number, utc: string][] = [
    ['2026-03-28', 2, '20260328T010000Z'],
    // Clocks skip two o'clock: the hour after.
    ['2026-03-29', 2, '20260329T010000Z'],
    ['2026-03-29', 6, '20260329T040000Z'],
    ['2026-10-24', 2, '20261024T000000Z'],
    // It is two o'clock twice: the first.
    ['2026-10-25', 2, '20261025T000000Z'],
    ['2026-10-25', 3, '20261025T020000Z'],
  ];
  const events = promised.map(([day, hour], index) => event({ uid: String(index), start: instantOf(day, hour) }));
  const text = writeCalendar({ name: 'n', description: 'd', events });
  t.same(
    [...text.matchAll(/^DTSTART:(.+)\r$/gm)].map(([, utc]) => utc),
    promised.map(([, , utc]) => utc),
  );
  t.same(
    parseCalendar(text).events.map(({ startDate }) => startDate.toJSDate().toISOString()),
    promised.map(([day, hour]) => instantOf(day, hour).toISOString()),
  );
});

t.test('any text comes through, in lines of 75 octets at the most', async (t) => {
  const texts = fc
    .array(fc.oneof(fc.constantFrom(...',;:\\\n"æøå'), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })), {
      ...{ maxLength: 200, size: 'max' },
    })
    .map((characters) => characters.join('').replace(/[^\P{Cc}\n]/gu, ''));
  let folded = 0;
  fc.assert(
    fc.property(texts, texts, (summary, description) => {
      const text = writeCalendar({ name: summary, description, events: [event({ summary, description })] });
      const lines = text.split('\r\n');
      const [parsed] = parseCalendar(text).events;
      folded += lines.filter((line) => line.startsWith(' ')).length;
      return (
        lines.at(-1) === '' &&
        lines.every((line) => Buffer.byteLength(line) <= 75 && !/[\r\n]/.test(line) && line.isWellFormed()) &&
        parsed?.summary === summary &&
        parsed.description === description
      );
    }),
  );
  t.ok(folded > 100, `${folded} lines were broken`);
  const escaped = writeCalendar({ name: 'n', description: 'd', events: [event({ summary: 'a,b;c\\d\n\u0007e' })] });
  t.match(
    escaped,
    '\r\nSUMMARY:a\\,b\\;c\\\\d\\ne\r\n',
    'as RFC 5545 escapes it; what is no character of a text is left out',
  );
});

t.test('what a calendar and its events say', async (t) => {
  const day = event({ uid: 'end', start: '2028-03-01', url: undefined });
  const calendar = {
    name: 'Leverancer: Horsens',
    description: 'd',
    events: [event({ url: 'https://flis.example/x' }), day],
  };
  const text = writeCalendar(calendar);
  t.equal(text, writeCalendar(calendar), 'the same calendar is the same bytes');
  const { root, events } = parseCalendar(text);
  for (const [name, value] of Object.entries({
    ...{ version: '2.0', 'x-wr-calname': 'Leverancer: Horsens', name: 'Leverancer: Horsens', calscale: 'GREGORIAN' },
    ...{ 'x-published-ttl': 'PT1H', 'x-wr-timezone': 'Europe/Copenhagen' },
  }))
    t.equal(String(root.getFirstPropertyValue(name)), value, name);
  t.match(text, /^REFRESH-INTERVAL;VALUE=DURATION:PT1H\r$/m);
  t.equal(root.getFirstProperty('method'), null);
  const [first, last] = events;
  t.equal(first?.uid, 'u');
  for (const name of ['dtstamp', 'last-modified'])
    t.equal(String(first?.component.getFirstPropertyValue(name)), '2026-03-01T00:00:00Z', name);
  t.equal(String(first?.component.getFirstPropertyValue('status')), 'CONFIRMED');
  t.equal(String(first?.component.getFirstPropertyValue('transp')), 'TRANSPARENT');
  t.equal(String(first?.component.getFirstPropertyValue('url')), 'https://flis.example/x');
  t.ok(last?.startDate.isDate, 'a day lasts all of it');
  t.equal(last?.startDate.toString(), '2028-03-01');
});
