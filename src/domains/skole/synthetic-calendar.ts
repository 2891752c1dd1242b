// The calendar of the synthetic data: weekdays of the Danish school year less its holidays, and birthdays.

/** Holidays as first and last day. */
const HOLIDAYS: readonly (readonly [string, string])[] = [
  ['2024-10-14', '2024-10-18'],
  ['2024-12-23', '2025-01-03'],
  ['2025-02-10', '2025-02-14'],
  ['2025-04-14', '2025-04-21'],
  ['2025-05-29', '2025-05-30'],
  ['2025-06-05', '2025-06-05'],
  ['2025-06-09', '2025-06-09'],
  ['2025-10-13', '2025-10-17'],
];

function schoolDaysBetween(first: string, last: string): string[] {
  const dates: string[] = [];
  for (const day = new Date(`${first}T00:00:00Z`); ; day.setUTCDate(day.getUTCDate() + 1)) {
    const date = day.toISOString().slice(0, 10);
    if (date > last) return dates;
    const weekend = day.getUTCDay() === 0 || day.getUTCDay() === 6;
    if (!weekend && !HOLIDAYS.some(([from, to]) => date >= from && date <= to)) dates.push(date);
  }
}

/** School days of 2024-2025 and, as far as the demonstration has come, of 2025-2026. */
export const SCHOOL_DAYS: readonly [readonly string[], readonly string[]] = [
  schoolDaysBetween('2024-08-12', '2025-06-27'),
  schoolDaysBetween('2025-08-11', '2025-10-31'),
];

const DAYS_OF_MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Month and day of every day of an ordinary year. */
export const BIRTHDAYS: readonly (readonly [number, number])[] = DAYS_OF_MONTHS.flatMap((days, month) =>
  Array.from({ length: days }, (_, day) => [month + 1, day + 1] as const),
);
