// What stands in the place of a person, outside of DuckDB: for whoever asks about one person. The same as store-persons.ts does for whole files; a test
// holds the two together. Pure; nothing here is kept.
import { createHmac } from 'node:crypto';

/** The pseudonym key of a municipality. It never rotates, or every slice would change. */
export function pseudonymKeyOf(rootSecret: Uint8Array, municipality: string): Buffer {
  return createHmac('sha256', rootSecret).update(`pseudonym:${municipality}`).digest();
}

const PSEUDONYM_LENGTH = 32;

/** @param cpr ten digits. @returns the pseudonym of the person in the slices of whose key it is */
export function pseudonymOf(key: Uint8Array, cpr: string): string {
  return createHmac('sha256', key).update(cpr).digest('hex').slice(0, PSEUDONYM_LENGTH);
}

const CPR = /^([0-9]{2})([0-9]{2})([0-9]{2})([0-9])[0-9]{3}$/;

/** Whether ten digits hold a date that exists; the day of replacement numbers is 60 higher. Numbers that fail this are in no slice. */
export function isPossibleCpr(cpr: string): boolean {
  const [, dd, mm, yy, seventh] = (CPR.exec(cpr) ?? []).map(Number);
  if (dd === undefined || mm === undefined || yy === undefined || seventh === undefined) return false;
  const day = dd > 60 ? dd - 60 : dd;
  const date = new Date(Date.UTC(centuryOf(seventh, yy) + yy, mm - 1, day));
  return date.getUTCMonth() === mm - 1 && date.getUTCDate() === day;
}

/** By the seventh digit and the year, as the CPR office defines it. */
function centuryOf(seventh: number, yy: number): number {
  if (seventh <= 3) return 1900;
  if (seventh === 4 || seventh === 9) return yy <= 36 ? 2000 : 1900;
  return yy <= 57 ? 2000 : 1800;
}
