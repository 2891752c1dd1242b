// The institutions and classes of the synthetic school data, sized after the municipality's population.
// Classes are made when the first pupil enters them.
import type { Municipality } from '../municipalities.ts';
import type { Chance } from '../synthetic.ts';

/** An institution; `cohort` is how many pupils begin there in a year. */
export interface School {
  readonly number: string;
  readonly name: string;
  readonly kind: '1012' | '1013' | '1015';
  readonly skoletype: string;
  readonly ejerkode: string;
  readonly district: string;
  readonly cohort: number;
}

/** A class of one school year; `listed` classes are delivered in sko_klasse. */
export interface SchoolClass {
  readonly school: School;
  readonly id: string;
  klassetype: string;
  readonly klassetrin: string;
  readonly listed: boolean;
  pupils: number;
}

// Of 6.03 million inhabitants about 530 000 are pupils of municipal schools and 125 000 of private ones, in ten grades and a small 10th;
// the sum over the municipalities comes out at that.
const MUNICIPAL_PER_GRADE = 545 / 6_030 / 10.2;
const PRIVATE_PER_GRADE = 123 / 6_030 / 10;
/** Share of municipal pupils at special schools. */
const AT_SPECIAL_SCHOOL = 0.025;

const NAMES = ['Østre', 'Vestre', 'Nørre', 'Søndre', 'Ådalens', 'Ærøgades', 'Bakkens', 'Engens', 'Lundens', 'Søens'];

/** Makes the institutions of a municipality: municipal schools of about 480 pupils, private ones of 220, one special school if there are pupils for it. */
export function makeSchools(municipality: Municipality, chance: Chance): School[] {
  const municipal = municipality.population * MUNICIPAL_PER_GRADE * (0.92 + 0.16 * chance.fraction());
  const privates = municipality.population * PRIVATE_PER_GRADE * (0.55 + 0.9 * chance.fraction());
  const special = municipal * AT_SPECIAL_SCHOOL >= 1.5 ? municipal * AT_SPECIAL_SCHOOL : 0;
  const schools: School[] = [];
  const add = (kind: School['kind'], cohort: number): void => {
    const index = schools.length;
    const name = NAMES[index % NAMES.length] ?? '';
    const facts = {
      '1012': ['Prøveskole', '10', '2'],
      '1013': ['Privatskole (prøve)', '30', '4'],
      '1015': ['Specialskole (prøve)', '20', '2'],
    }[kind] as [string, string, string];
    schools.push({
      number: municipality.code + String(index + 1).padStart(3, '0'),
      name: `${name} ${facts[0]} ${index + 1}`,
      kind,
      skoletype: facts[1],
      ejerkode: facts[2],
      district: `${name} distrikt ${index + 1}`,
      cohort,
    });
  };
  for (const cohort of divide(municipal - special, 47, chance)) add('1012', cohort);
  if (special > 0) add('1015', special);
  if (privates >= 3) for (const cohort of divide(privates, 22, chance)) add('1013', cohort);
  return schools;
}

/** Divides a cohort among schools of about `size`, between 0.6 and 1.4 of it. */
function divide(cohort: number, size: number, chance: Chance): number[] {
  const weights = Array.from({ length: Math.max(1, Math.round(cohort / size)) }, () => 0.6 + 0.8 * chance.fraction());
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (cohort * weight) / total);
}

/** The classes of one school year by institution and name. */
export class ClassRegister {
  readonly classes: SchoolClass[] = [];
  readonly #byKey = new Map<string, SchoolClass>();

  /** @returns the class of that name, made when it is new. */
  enter(school: School, id: string, klassetype: string, klassetrin: string, listed = true): SchoolClass {
    const key = school.number + id;
    let found = this.#byKey.get(key);
    if (found === undefined) {
      found = { school, id, klassetype, klassetrin, listed, pupils: 0 };
      this.#byKey.set(key, found);
      this.classes.push(found);
    }
    return found;
  }
}
