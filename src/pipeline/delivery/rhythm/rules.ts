// When deliveries fall due: the rhythms that can be agreed, and their days. Days are civil days in Denmark; the hour is agreed beside the rhythm.
import type { Frequency } from '../../../domains/definition.ts';
import { addDays, type Day, lastDayOfMonth, weekdayOf } from '../../../platform/time/local-time.ts';
import { isWorkingDay, workingDayOfMonth } from './rules-working-days.ts';

export type { Frequency };

/** From the lowest to the highest. */
export const FREQUENCIES = ['monthly', 'weekly', 'daily'] as const satisfies readonly Frequency[];

/** Every month has as many working days. */
export const MOST_WORKING_DAY = 15;

/** How often, and on which days. */
export type Rhythm =
  | { readonly frequency: 'daily'; readonly days: 'every' | 'working' }
  /** 1 is Monday, 7 is Sunday. */
  | { readonly frequency: 'weekly'; readonly weekday: number }
  /** A date, 1–31; the last day where the month is shorter. */
  | { readonly frequency: 'monthly'; readonly dayOfMonth: number }
  /** The n-th working day, 1–15. */
  | { readonly frequency: 'monthly'; readonly workingDay: number };

/** @returns the due days from `from` to `to`, both included, in order. */
export function dueDays(rhythm: Rhythm, from: Day, to: Day): Day[] {
  const days: Day[] = [];
  for (let day = nextDueDay(rhythm, from); day <= to; day = nextDueDay(rhythm, addDays(day, 1))) days.push(day);
  return days;
}

/** @returns the first due day on or after `from`. */
export function nextDueDay(rhythm: Rhythm, from: Day): Day {
  if (rhythm.frequency === 'monthly') {
    const due = dueDayOfMonth(rhythm, from);
    return due >= from ? due : dueDayOfMonth(rhythm, addDays(lastDayOfMonth(from), 1));
  }
  let day = from;
  while (!isDue(rhythm, day)) day = addDays(day, 1);
  return day;
}

function isDue(rhythm: Exclude<Rhythm, { frequency: 'monthly' }>, day: Day): boolean {
  if (rhythm.frequency === 'weekly') return weekdayOf(day) === rhythm.weekday;
  return rhythm.days === 'every' || isWorkingDay(day);
}

/** The one due day of the month that `day` is in. */
function dueDayOfMonth(rhythm: Extract<Rhythm, { frequency: 'monthly' }>, day: Day): Day {
  if ('workingDay' in rhythm) return workingDayOfMonth(day, rhythm.workingDay);
  const last = lastDayOfMonth(day);
  const wanted = `${day.slice(0, 8)}${String(rhythm.dayOfMonth).padStart(2, '0')}`;
  return wanted < last ? wanted : last;
}

/** @returns whether `to` is asked for more often than `from`. */
export function isHigher(from: Frequency, to: Frequency): boolean {
  return FREQUENCIES.indexOf(to) > FREQUENCIES.indexOf(from);
}
