// When deliveries fall due: over ten years of every rhythm nothing is skipped or doubled, holidays and clock changes included.
import fc from 'fast-check';
import t from 'tap';
import {
  dueDays,
  isHigher,
  MOST_WORKING_DAY,
  nextDueDay,
  type Rhythm,
} from '../../src/pipeline/delivery/rhythm/rules.ts';
import { isWorkingDay, workingDayOfMonth } from '../../src/pipeline/delivery/rhythm/rules-working-days.ts';
import { addDays, addMonthsToDay, dayOf, instantOf, isDay, weekdayOf } from '../../src/platform/time/local-time.ts';

const DAY_MS = 86_400_000;
const YEARS = 10;
const first = fc.integer({ min: 2015, max: 2045 }).map((year) => `${year}-01-01`);
const lastOf = (from: string) => addDays(addMonthsToDay(from, 12 * YEARS), -1);

/** All rhythms that can be agreed. */
const RHYTHMS: Rhythm[] = [
  { frequency: 'daily', days: 'every' },
  { frequency: 'daily', days: 'working' },
  ...Array.from({ length: 7 }, (_, index): Rhythm => ({ frequency: 'weekly', weekday: index + 1 })),
  ...Array.from({ length: 31 }, (_, index): Rhythm => ({ frequency: 'monthly', dayOfMonth: index + 1 })),
  ...Array.from({ length: MOST_WORKING_DAY }, (_, index): Rhythm => ({ frequency: 'monthly', workingDay: index + 1 })),
];

/** The same days worked out another way: by counting milliseconds of UTC. */
function utcDays(from: string, to: string): string[] {
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
  return Array.from({ length: days }, (_, index) =>
    new Date(Date.parse(from) + index * DAY_MS).toISOString().slice(0, 10),
  );
}

t.test('ten years of every rhythm: each period has its one delivery', async () => {
  fc.assert(
    fc.property(first, (from) => {
      const to = lastOf(from);
      const all = utcDays(from, to);
      for (const rhythm of RHYTHMS) {
        const due = dueDays(rhythm, from, to);
        if (new Set(due).size !== due.length) return false;
        if (due.some((day, index) => index > 0 && day <= (due[index - 1] as string))) return false;
        if (!due.every((day) => all.includes(day))) return false;
        if (rhythm.frequency === 'daily') {
          if (due.length !== all.filter((day) => rhythm.days === 'every' || isWorkingDay(day)).length) return false;
        } else if (rhythm.frequency === 'weekly') {
          if (
            due.some((day, index) => index > 0 && Date.parse(day) - Date.parse(due[index - 1] as string) !== 7 * DAY_MS)
          )
            return false;
          if (due.length < Math.floor(all.length / 7) || !due.every((day) => weekdayOf(day) === rhythm.weekday))
            return false;
        } else if (due.length !== 12 * YEARS || new Set(due.map((day) => day.slice(0, 7))).size !== due.length)
          return false;
      }
      return true;
    }),
    { numRuns: 10 },
  );
});

t.test('the next due day is the first of those to come', async () => {
  const day = fc.integer({ min: 0, max: 9_000 }).map((days) => addDays('2015-01-01', days));
  fc.assert(
    fc.property(day, fc.constantFrom(...RHYTHMS), (from, rhythm) => {
      const next = nextDueDay(rhythm, from);
      return next >= from && dueDays(rhythm, from, next).join() === next;
    }),
  );
});

t.test('a short month has its delivery on its last day', async (t) => {
  const days = (dayOfMonth: number, from: string, to: string) =>
    dueDays({ frequency: 'monthly', dayOfMonth }, from, to);
  t.same(days(31, '2026-01-01', '2026-04-30'), ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30']);
  t.same(days(29, '2028-02-01', '2028-02-29'), ['2028-02-29']);
  t.same(days(29, '2027-02-01', '2027-03-29'), ['2027-02-28', '2027-03-29']);
});

t.test('working days: no weekend and no public holiday, as the law has them each year', async (t) => {
  const holidays = ['2026-01-01', '2026-04-02', '2026-04-03', '2026-04-06', '2026-05-14', '2026-05-25', '2026-12-25'];
  for (const day of holidays) t.notOk(isWorkingDay(day), day);
  t.notOk(isWorkingDay('2023-05-05'), 'Store Bededag 2023');
  t.ok(isWorkingDay('2024-04-26'), 'abolished from 2024 on');
  t.ok(isWorkingDay('2026-06-05'), 'Grundlovsdag is no public holiday');
  t.notOk(isWorkingDay('2026-06-06'), 'a Saturday');
  t.equal(workingDayOfMonth('2026-01-20', 1), '2026-01-02');
  t.equal(workingDayOfMonth('2026-04-01', 3), '2026-04-08', 'over Easter');
  t.same(dueDays({ frequency: 'monthly', workingDay: 5 }, '2026-12-01', '2026-12-31'), ['2026-12-07']);
});

t.test('the promised hour is a Danish hour, over both clock changes', async (t) => {
  t.equal(instantOf('2026-01-15', 6).toISOString(), '2026-01-15T05:00:00.000Z');
  t.equal(instantOf('2026-07-15', 6).toISOString(), '2026-07-15T04:00:00.000Z');
  t.equal(instantOf('2026-03-29', 2).toISOString(), '2026-03-29T01:00:00.000Z', 'there is no two o’clock: three');
  t.equal(instantOf('2026-03-29', 3).toISOString(), '2026-03-29T01:00:00.000Z');
  t.equal(instantOf('2026-10-25', 2).toISOString(), '2026-10-25T00:00:00.000Z', 'two o’clock comes twice: the first');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9_000 }), fc.integer({ min: 0, max: 23 }), (days, hour) => {
      const day = addDays('2015-01-01', days);
      return dayOf(instantOf(day, hour)) === day && instantOf(day, hour) < instantOf(addDays(day, 1), hour);
    }),
  );
});

t.test('only days that there are', async (t) => {
  for (const day of ['2026-02-29', '2026-13-01', '2026-1-1', '2026-01-01T00:00', '']) t.notOk(isDay(day), day);
  t.ok(isDay('2028-02-29'));
});

t.test('daily is higher than weekly, weekly than monthly', async (t) => {
  t.ok(isHigher('monthly', 'weekly') && isHigher('weekly', 'daily') && isHigher('monthly', 'daily'));
  t.notOk(isHigher('daily', 'daily') || isHigher('daily', 'weekly'));
});
