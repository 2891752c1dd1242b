// Invented CPR numbers: a valid date, the right parity for the sex, and a modulus 11 that is deliberately wrong.
// Children born in these years have numbers that pass modulus 11, so none of these can belong to anyone.

const WEIGHTS = [4, 3, 2, 7, 6, 5, 4, 3, 2, 1];
const DAYS_OF_MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** `DDMM` of every day of an ordinary year. */
const DAYS: readonly string[] = DAYS_OF_MONTHS.flatMap((days, month) =>
  Array.from({ length: days }, (_, day) => String(day + 1).padStart(2, '0') + String(month + 1).padStart(2, '0')),
);

function passesModulus11(cpr: string): boolean {
  let sum = 0;
  for (let index = 0; index < 10; index += 1) sum += (cpr.charCodeAt(index) - 48) * (WEIGHTS[index] ?? 0);
  return sum % 11 === 0;
}

/**
 * @param year of birth, 1937 to 2036: before 2000 the seventh digit is 0 to 3, from 2000 it is 4 to 9
 * @param number of the person within the municipality and the year, 0 to about 270 000 (half as many before 2000)
 * @returns ten digits; different numbers give different CPR numbers
 */
export function syntheticCpr(year: number, number: number, female: boolean): string {
  // 37 has no factor in common with 365: neighbours in a class do not share a birthday.
  const day = DAYS[(number * 37) % 365] ?? '0101';
  // Four serials a person: two of the right parity, of which at most one passes modulus 11.
  const serial = (year < 2000 ? 0 : 4000) + Math.floor(number / 365) * 4 + (female ? 0 : 1);
  const begin = day + String(year % 100).padStart(2, '0');
  const cpr = begin + String(serial).padStart(4, '0');
  return passesModulus11(cpr) ? begin + String(serial + 2).padStart(4, '0') : cpr;
}
