// Which days are worked in Denmark: Monday to Friday less the public holidays (helligdage), which a maintained library knows by year, so that Store
// Bededag is one up to 2023 and none after. Days that many have off without their being holidays (Grundlovsdag, 24 and 31 December) are worked.
import Holidays from 'date-holidays';
import { addDays, type Day, weekdayOf } from '../../../platform/time/local-time.ts';

const SATURDAY = 6;
const calendar = new Holidays('DK');
const holidaysByYear = new Map<string, ReadonlySet<Day>>();

/** @returns whether `day` is worked. */
export function isWorkingDay(day: Day): boolean {
  return weekdayOf(day) < SATURDAY && !holidaysOf(day.slice(0, 4)).has(day);
}

/** @returns the `n`-th working day of the month that `day` is in, the first being 1. */
export function workingDayOfMonth(day: Day, n: number): Day {
  let found = `${day.slice(0, 7)}-01`;
  for (let left = n; ; found = addDays(found, 1)) {
    if (isWorkingDay(found)) left -= 1;
    if (left === 0) return found;
  }
}

function holidaysOf(year: string): ReadonlySet<Day> {
  const known = holidaysByYear.get(year);
  if (known !== undefined) return known;
  const days = calendar
    .getHolidays(Number(year))
    .filter(({ type }) => type === 'public')
    .map(({ date }) => date.slice(0, 10));
  const found = new Set(days);
  holidaysByYear.set(year, found);
  return found;
}
