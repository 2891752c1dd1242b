// Which municipalities carry which planted registration fault in the synthetic school data, so that every rule can be seen at work.
// Faults that are errors stand outside the 7-by and 6-by groups, whose published figures should be whole.
import type { Municipality } from '../municipalities.ts';

/** The faults by the rule that should find them. */
const PLANTED = {
  /** DQ06: pupils at an institution and in a class that are not delivered. */
  unknownInstitution: ['440', '820'],
  /** DQ10 */
  classTypeMissing: ['210', '573', '760'],
  /** DQ11: the special school's classes are registered as normal classes. */
  specialSchoolWithNormalClasses: ['430', '630'],
  /** DQ12: two classes of a year group are registered as one of about 40. */
  wholeYearGroup: ['250', '340', '657'],
  /** DQ13-orden */
  tidiness: ['621'],
  /** DQ14 */
  openAnswers: ['183', '787'],
  /** DQ15 */
  payingMunicipalityMissing: ['330', '779', '846'],
  /** DQ16 */
  residenceDiffers: ['173', '791'],
  /** DQ17 */
  endBeforeStart: ['253'],
  /** DQ17-overlap */
  overlap: ['860'],
  /** DQ18: parents registered as pupils. */
  tooOld: ['370'],
  /** DQ23: one school does not register absence. */
  schoolWithoutAbsence: ['740'],
} as const satisfies Record<string, readonly string[]>;

/** A planted fault. */
export type Fault = keyof typeof PLANTED;

/** @returns whether the municipality carries the fault. */
export function isPlanted(fault: Fault, municipality: Municipality): boolean {
  return (PLANTED[fault] as readonly string[]).includes(municipality.code);
}

/** Larger municipalities deliver no absence yet, or the rows of a full country would be two million. */
const LARGEST_WITH_ABSENCE = 120_000;
/** The 7-by network always does. */
const ALWAYS_ABSENCE = ['615', '657', '661', '730', '740', '779', '791', '999'];

/**
 * The absence interface is the newest and only some municipalities have it: 7-by, and some of the others up to 120 000 inhabitants.
 * The rest show what a figure without data looks like.
 */
export function deliversAbsence(municipality: Municipality): boolean {
  if (ALWAYS_ABSENCE.includes(municipality.code)) return true;
  return municipality.population <= LARGEST_WITH_ABSENCE && Number(municipality.code) % 20 < 9;
}
