// Civil days and hours in Denmark, and the instants that they are. Right over both clock changes.
import { Temporal } from 'temporal-polyfill';

/** A civil day, `YYYY-MM-DD`. */
export type Day = string;

const ZONE = 'Europe/Copenhagen';
const DAY_MS = 86_400_000;

/**
 * @param hour 0–23
 * @returns the instant at which it is `hour` o'clock on `day`: the first of two when clocks go back, the hour after when clocks skip it.
 * @throws RangeError when there is no such day or hour
 */
export function instantOf(day: Day, hour: number): Date {
  const at = Temporal.PlainDate.from(day).toZonedDateTime({
    timeZone: ZONE,
    plainTime: new Temporal.PlainTime(hour),
  });
  return new Date(at.epochMilliseconds);
}

/** @returns the civil day that it is in Denmark at an instant. */
export function dayOf(instant: Date): Day {
  return Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(ZONE).toPlainDate().toString();
}

/** @returns the day `days` later; earlier when negative. */
export function addDays(day: Day, days: number): Day {
  return toDay(Date.parse(day) + days * DAY_MS);
}

/** @returns the same day of the month `months` later; the month's last day where it has no such day. */
export function addMonthsToDay(day: Day, months: number): Day {
  const date = new Date(day);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months];
  const last = lastDayOfMonth(toDay(Date.UTC(year, month, 1)));
  const same = `${last.slice(0, 8)}${day.slice(8)}`;
  return same < last ? same : last;
}

/** @returns 1 for Monday … 7 for Sunday. */
export function weekdayOf(day: Day): number {
  return new Date(day).getUTCDay() || 7;
}

/** @returns the last day of the month that `day` is in. */
export function lastDayOfMonth(day: Day): Day {
  const date = new Date(day);
  return toDay(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0));
}

/** @returns whether the text is a day that there is. */
export function isDay(text: string): boolean {
  return (
    /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && toDay(Date.parse(text)) === text
  );
}

/** Civil days have no zone and no clock changes; those of UTC are as good as any for counting them. */
function toDay(milliseconds: number): Day {
  return new Date(milliseconds).toISOString().slice(0, 10);
}
