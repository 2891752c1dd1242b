// What follows from the history of a subscription: its state, terms and end on every day, and from which day on a change can hold.
import fc from 'fast-check';
import t from 'tap';
import { isHigher, nextDueDay, type Rhythm } from '../../src/pipeline/delivery/rhythm/rules.ts';
import {
  changeDay,
  committedUntil,
  dueDayFrom,
  lastDayOf,
  overlaps,
  type Subscription,
  type SubscriptionEvent,
  segmentsOf,
  stateOn,
  type Terms,
  terminationDay,
  termsOn,
} from '../../src/pipeline/delivery/subscriptions/rules.ts';
import { addDays, addMonthsToDay, type Day, instantOf } from '../../src/platform/time/local-time.ts';

const WEEKLY: Rhythm = { frequency: 'weekly', weekday: 1 };
const MONTHLY: Rhythm = { frequency: 'monthly', dayOfMonth: 15 };
const DAILY: Rhythm = { frequency: 'daily', days: 'every' };
const TERMS: Terms = { rhythm: WEEKLY, hour: 6, tables: ['a', 'b'], formats: ['csv.gz'], kind: 'total' };

type Happening = readonly [on: Day, kind: SubscriptionEvent['kind'], day: Day, terms?: Partial<Terms>];

/** Proposed on 1 December 2026 to start on 1 January 2027, for twelve months that are renewed by six, with two months of notice. */
function subscription(changes: Partial<Subscription>, ...happened: readonly Happening[]): Subscription {
  const base = {
    ...{ subscriptionId: 'x', municipality: '615', domain: 'borger', startsOn: '2027-01-01', commitmentMonths: 12 },
    ...{ renewalMonths: 6, noticeMonths: 2, createdAt: instantOf('2026-12-01', 12), ...changes },
  };
  const all: Happening[] = [['2026-12-01', 'proposed', base.startsOn, TERMS], ...happened];
  const history = all.map(([on, kind, day, terms = null], index) => ({
    ...{ number: index + 1, at: instantOf(on, 12), clientId: 'c', mandateId: null, kind, day, terms },
  })) as SubscriptionEvent[];
  return { ...base, history };
}
const activated: Happening = ['2026-12-02', 'activated', '2026-12-02'];

t.test('a state follows from what had happened by then', async (t) => {
  const states = (one: Subscription, ...days: Day[]) => days.map((day) => stateOn(one, day));
  t.same(states(subscription({}), '2026-11-30', '2026-12-01', '2027-01-01', '2027-01-02'), [
    ...[undefined, 'proposed', 'proposed', 'expired'],
  ]);
  const withdrawn = subscription({}, ['2026-12-05', 'terminated', '2026-12-05']);
  t.same(states(withdrawn, '2026-12-04', '2026-12-05', '2027-05-01'), ['proposed', 'terminated', 'terminated']);
  t.same(states(subscription({}, activated), '2026-12-01', '2026-12-02', '2099-01-01'), [
    'proposed',
    'active',
    'active',
  ]);
  const fixed = subscription({ renewalMonths: null }, activated);
  t.same(states(fixed, '2027-12-31', '2028-01-01'), ['active', 'expired']);
  const ended = subscription({}, activated, ['2027-03-05', 'terminated', '2027-12-31']);
  t.same(states(ended, '2027-03-05', '2027-12-31', '2028-01-01'), ['active', 'active', 'terminated']);
  t.equal(lastDayOf(ended), '2027-12-31');
  t.equal(lastDayOf(subscription({}, activated)), null);
});

t.test('terms hold from the day of a change on, each by itself', async (t) => {
  const one = subscription(
    {},
    activated,
    ['2027-02-01', 'changed', '2028-01-01', { rhythm: MONTHLY }],
    ['2027-03-01', 'changed', '2027-03-08', { hour: 9 }],
    ['2027-04-01', 'changed', '2027-04-05', { tables: ['a'] }],
  );
  t.same(
    segmentsOf(one).map(({ from, to, terms }) => [from, to, terms.rhythm.frequency, terms.hour, terms.tables.join('')]),
    [
      ['2027-01-01', '2027-03-07', 'weekly', 6, 'ab'],
      ['2027-03-08', '2027-04-04', 'weekly', 9, 'ab'],
      ['2027-04-05', '2027-12-31', 'weekly', 9, 'a'],
      ['2028-01-01', null, 'monthly', 9, 'a'],
    ],
    'a later change of the hour leaves the planned rhythm as it is',
  );
  t.equal(termsOn(one, '2026-12-31'), undefined);
  t.equal(termsOn(one, '2027-03-08')?.hour, 9);
  t.equal(termsOn(subscription({}), '2027-03-08'), undefined, 'a proposal delivers nothing');
  const back = subscription(
    {},
    activated,
    ['2027-02-01', 'changed', '2028-01-01', { rhythm: MONTHLY }],
    ['2027-03-01', 'changed', '2027-03-08', { rhythm: WEEKLY }],
  );
  t.equal(
    termsOn(back, '2028-06-01')?.rhythm.frequency,
    'weekly',
    'a rhythm agreed later takes the place of a planned one',
  );
});

t.test('a higher or equal frequency holds from the next due day, a lower one after the commitment', async (t) => {
  const one = subscription({}, activated);
  // 2027-02-03 is a Wednesday; the next Monday is the 8th.
  t.equal(changeDay(one, 'daily', '2027-02-03'), '2027-02-08');
  t.equal(changeDay(one, 'weekly', '2027-02-03'), '2027-02-08');
  t.equal(changeDay(one, 'daily', '2027-02-08'), '2027-02-15', 'what is due today goes out as agreed');
  t.equal(changeDay(one, 'daily', '2026-12-10'), '2027-01-04', 'before it has begun: the first due day');
  t.equal(changeDay(one, 'monthly', '2027-02-03'), '2028-01-01');
  t.equal(changeDay(one, 'monthly', '2028-02-03'), '2028-07-01', 'after the renewal that it is in');
  t.equal(changeDay(subscription({ renewalMonths: null }, activated), 'monthly', '2027-02-03'), undefined);
  t.equal(
    changeDay(subscription({ renewalMonths: null }, activated), 'daily', '2027-12-27'),
    undefined,
    'no due day is left',
  );
  t.equal(changeDay(subscription({}), 'daily', '2026-12-10'), undefined, 'a proposal cannot be changed');
});

t.test('it ends with the commitment or the notice, whichever is later', async (t) => {
  const one = subscription({}, activated);
  t.equal(terminationDay(one, '2027-02-03'), '2027-12-31');
  t.equal(terminationDay(one, '2027-11-20'), '2028-01-20', 'the notice');
  t.equal(terminationDay(one, '2028-01-02'), '2028-06-30', 'the renewal');
  t.equal(terminationDay(one, '2026-12-20'), '2027-12-31', 'before it has begun it is bound already');
  t.equal(
    terminationDay(subscription({ renewalMonths: null }, activated), '2027-11-20'),
    '2027-12-31',
    'never past its end',
  );
  t.equal(terminationDay(subscription({}), '2026-12-20'), '2026-12-20', 'a proposal at once');
});

t.test('overlaps are of days and tables', async (t) => {
  const of = (from: Day, to: Day | null, ...tables: string[]) => [{ from, to, terms: { ...TERMS, tables } }];
  t.ok(overlaps(of('2027-01-01', null, 'a'), of('2029-01-01', null, 'b', 'a')));
  t.notOk(overlaps(of('2027-01-01', null, 'a'), of('2027-01-01', null, 'b')));
  t.notOk(overlaps(of('2027-01-01', '2027-12-31', 'a'), of('2028-01-01', null, 'a')));
  t.ok(overlaps(of('2028-01-01', null, 'a'), of('2027-01-01', '2028-01-01', 'a')));
});

const day = fc.integer({ min: 0, max: 3000 }).map((offset) => addDays('2026-12-01', offset));
const frequency = fc.constantFrom('monthly', 'weekly', 'daily');
const rhythmOf = { monthly: MONTHLY, weekly: WEEKLY, daily: DAILY } as const;
const months = fc.integer({ min: 1, max: 60 });
const agreement = fc.record({
  startsOn: day,
  commitmentMonths: months,
  renewalMonths: fc.option(months),
  noticeMonths: fc.integer({ min: 0, max: 12 }),
});

t.test(
  'whatever is agreed: commitments follow one another, segments have no gap, and a change never holds before it may',
  async () => {
    fc.assert(
      fc.property(agreement, day, (agreed, today) => {
        const end = committedUntil(agreed, today);
        if (agreed.renewalMonths !== null) {
          if (end < today) throw new Error('the commitment that a day is in ends before it');
          // Clamped ends of months are counted from the start, so no renewal is lost or doubled.
          const next = committedUntil(agreed, addDays(end, 1));
          const most = addMonthsToDay(addDays(end, 1), agreed.renewalMonths + 1);
          if (next <= end || next > most) throw new Error(`${end} is followed by ${next}`);
        }
      }),
    );
    fc.assert(
      fc.property(
        agreement,
        fc.array(fc.tuple(frequency, fc.integer({ min: 0, max: 200 })), { maxLength: 6 }),
        (agreed, wanted) => {
          let one = subscription(agreed, activated);
          let today = agreed.startsOn;
          for (const [to, later] of wanted) {
            today = addDays(today, later);
            const last = lastDayOf(one);
            if (last !== null && today > last) break;
            const before = termsOn(one, today)?.rhythm.frequency ?? 'daily';
            const from = changeDay(one, to, today);
            if (from === undefined) continue;
            if (from <= today) throw new Error('a change holds on the day of agreeing, or before');
            if (isHigher(to, before) && from <= committedUntil(one, today))
              throw new Error('lower inside the commitment');
            const old = termsOn(one, from);
            if (!isHigher(to, before) && old && nextDueDay(old.rhythm, from) !== from) throw new Error('not a due day');
            const happened: Happening = [today, 'changed', from, { rhythm: rhythmOf[to] }];
            const known = one.history
              .slice(1)
              .map((event) => [...[today, event.kind, event.day, event.terms ?? undefined]]) as unknown as Happening[];
            one = subscription(agreed, ...known, happened);
            if (termsOn(one, from)?.rhythm.frequency !== to) throw new Error('the change does not hold');
          }
          const segments = segmentsOf(one);
          for (const [index, { from, to }] of segments.entries()) {
            const next = segments[index + 1];
            if (next === undefined ? to !== lastDayOf(one) : to !== addDays(next.from, -1)) throw new Error('a gap');
            if (to !== null && to < from) throw new Error('a segment without a day');
          }
          const due = dueDayFrom(one, agreed.startsOn);
          if (due !== undefined && termsOn(one, due) === undefined) throw new Error('due outside of the subscription');
        },
      ),
      { numRuns: 300 },
    );
  },
);
