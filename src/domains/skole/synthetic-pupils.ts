// The pupils of the synthetic school data over two school years: the same child has the same CPR and number in both and moves up a grade.
// Kept in memory per municipality (80 000 in the largest), so that all tables tell the same story.
import { MUNICIPALITIES, type Municipality } from '../municipalities.ts';
import { type Chance, makeChance, makeCpr } from '../synthetic.ts';
import { BIRTHDAYS } from './synthetic-calendar.ts';
import { type Fault, isPlanted } from './synthetic-faults.ts';
import { ClassRegister, makeSchools, type School, type SchoolClass } from './synthetic-schools.ts';

/** The years in which the two school years begin. */
export const YEARS = [2024, 2025] as const;
export const SCHOOL_YEARS = ['2024-2025', '2025-2026'] as const;

/** A pupil in one school year. */
export interface Place {
  klasse: SchoolClass;
  readonly from: string;
  to: string;
}

/** A child; `entry` is the year of grade 0, `places` one per school year (absent: not a pupil of the municipality that year). */
export interface Pupil {
  readonly ident: string;
  readonly cpr: string;
  readonly entry: number;
  readonly bilingual: string;
  readonly home: string;
  readonly places: readonly [Place | undefined, Place | undefined];
}

/** Everything the tables are written from. */
export interface Population {
  readonly municipality: Municipality;
  readonly schools: readonly School[];
  readonly registers: readonly [ClassRegister, ClassRegister];
  readonly pupils: readonly Pupil[];
  readonly has: (fault: Fault) => boolean;
}

/** Makes the pupils of a municipality; the same seed makes the same. */
export function makePopulation(municipality: Municipality, seed: number): Population {
  const chance = makeChance(seed, municipality.code, 'skole');
  const schools = makeSchools(municipality, chance);
  const registers = [new ClassRegister(), new ClassRegister()] as const;
  const pupils: Pupil[] = [];
  const draw = drawOf(municipality, chance);
  for (const [index, school] of schools.entries()) {
    // Every fourth municipal school takes the special classes of its neighbours.
    const host = school.kind === '1012' ? (schools[index - (index % 4)] ?? school) : school;
    for (let entry = 2014; entry <= 2025; entry += 1) {
      const count = Math.round(school.cohort * (0.95 + 0.1 * chance.fraction()) + chance.fraction() - 0.5);
      for (let number = 0; number < count; number += 1) {
        pupils.push(
          makePupil({ school, host, entry, count, number, ident: pupils.length + 1, registers, draw, chance }),
        );
      }
    }
  }
  const population = {
    municipality,
    schools,
    registers,
    pupils,
    has: (fault: Fault) => isPlanted(fault, municipality),
  };
  plantFaults(population);
  return population;
}

/** What is drawn by municipality: how many start late, speak another language or live elsewhere; whether parents are taken for pupils. */
interface Draw {
  readonly late: number;
  readonly bilingual: number;
  readonly parents: boolean;
  readonly home: () => string;
  readonly cpr: (born: number, female: boolean) => string;
}

function drawOf(municipality: Municipality, chance: Chance): Draw {
  const position = MUNICIPALITIES.indexOf(municipality);
  const neighbours = [position - 1, position + 1].map((index) => MUNICIPALITIES[index]?.code ?? municipality.code);
  const born = new Map<number, number>();
  return {
    late: 0.05 + 0.07 * chance.fraction(),
    bilingual: 0.06 + 0.1 * chance.fraction(),
    parents: isPlanted('tooOld', municipality),
    home: () => (chance.fraction() < 0.975 ? municipality.code : (neighbours[chance.integer(2)] ?? municipality.code)),
    cpr: (year, female) => {
      const number = born.get(year) ?? 0;
      born.set(year, number + 1);
      // 37 has no factor in common with 365, so that neighbours in a class do not share a birthday.
      const [month, day] = BIRTHDAYS[(number * 37) % BIRTHDAYS.length] ?? [1, 1];
      return makeCpr(year, month, day, Math.floor(number / BIRTHDAYS.length) * 2 + (female ? 0 : 1));
    },
  };
}

interface Making {
  readonly school: School;
  readonly host: School;
  readonly entry: number;
  readonly count: number;
  readonly number: number;
  readonly ident: number;
  readonly registers: readonly [ClassRegister, ClassRegister];
  readonly draw: Draw;
  readonly chance: Chance;
}

function makePupil(making: Making): Pupil {
  const { entry, draw, chance, school } = making;
  const special = school.kind === '1012' && chance.fraction() < 0.035;
  // Some are moved to a special class between the two school years, most often after grade 0.
  const moved = school.kind === '1012' && !special && chance.fraction() < (entry === 2024 ? 0.012 : 0.004);
  const stays10 = school.kind !== '1013' && chance.fraction() < 0.2;
  // 1.5 per cent move in and as many out between the years, 0.8 per cent each during the first one, 0.3 out in the second.
  const fate = chance.fraction();
  const hasFirst = fate >= 0.015;
  const hasSecond = fate < 0.015 || fate >= 0.038;
  const first = hasFirst ? classOf(making, 0, special, stays10) : undefined;
  const second = hasSecond ? classOf(making, 1, special || moved, stays10) : undefined;
  const begins = fate >= 0.038 && fate < 0.046 ? '2025-02-01' : '2024-08-01';
  const ends = fate >= 0.03 && fate < 0.038 ? '2025-01-31' : '2025-07-31';
  const late = chance.fraction();
  const parent = draw.parents && making.ident % 900 === 0;
  const born = entry - 6 - (late < draw.late ? 1 : 0) + (late > 0.993 ? 1 : 0) - (parent ? 30 : 0);
  return {
    ident: String(making.ident),
    cpr: draw.cpr(born, chance.fraction() < 0.49),
    entry,
    bilingual: chance.fraction() < draw.bilingual ? 'true' : 'false',
    home: draw.home(),
    places: [
      first && { klasse: first, from: begins, to: ends },
      second && { klasse: second, from: '2025-08-01', to: fate > 0.997 ? '2025-09-30' : '' },
    ],
  };
}

const LETTERS = 'ABCDEFGHIJKLMNOP';

/** The class of a pupil in a school year, or none when the pupil is too young, too old or leaves before grade 10. */
function classOf(making: Making, year: 0 | 1, special: boolean, stays10: boolean): SchoolClass | undefined {
  const { school, host, count, number, registers } = making;
  const grade = YEARS[year] - making.entry;
  if (grade < 0 || grade > 10 || (grade === 10 && !stays10)) return undefined;
  const register = registers[year];
  const enter = (): SchoolClass => {
    if (school.kind === '1015') {
      const letter = LETTERS[number % Math.max(1, Math.ceil(count / 8))];
      return register.enter(school, `S${grade}${letter}`, '50', String(grade));
    }
    if (special) return register.enter(host, `X${grade >> 1}`, '50', 'blandet');
    // Too few for a class of their own: two grades together.
    if (school.cohort < 8) return register.enter(school, `M${grade >> 1}`, '41', 'blandet');
    // Grade 10 is small: the schools around the host have it together.
    if (grade === 10) return register.enter(host, `10${LETTERS[number % 2]}`, '40', '10');
    const letter = LETTERS[number % Math.max(1, Math.ceil(count / 27))];
    return register.enter(school, `${grade}${letter}`, '40', String(grade));
  };
  const found = enter();
  found.pupils += 1;
  return found;
}

/** Plants the faults that lie in classes and courses; those of single cells are planted where rows are written. */
function plantFaults(population: Population): void {
  const { has, pupils, registers, schools, municipality } = population;
  const now = pupils.filter((pupil) => pupil.places[1]?.klasse.school.kind === '1012');
  if (has('classTypeMissing')) {
    for (const [index, klasse] of registers[1].classes.entries()) if (index % 12 === 0) klasse.klassetype = '';
  }
  if (has('specialSchoolWithNormalClasses')) {
    for (const klasse of registers[1].classes) if (klasse.school.kind === '1015') klasse.klassetype = '40';
  }
  if (has('wholeYearGroup')) mergeClasses(now, registers[1]);
  if (has('unknownInstitution') && schools[0]) {
    const unknown = registers[1].enter({ ...schools[0], number: `${municipality.code}999` }, '1A', '40', '1', false);
    for (const pupil of now.slice(0, 12)) if (pupil.places[1]) pupil.places[1].klasse = unknown;
  }
  if (has('endBeforeStart'))
    for (const pupil of now.slice(20, 23)) if (pupil.places[1]) pupil.places[1].to = '2025-07-15';
}

/** Moves the pupils of the first B class that together with its A class makes about 40 into that A class. */
function mergeClasses(pupils: readonly Pupil[], register: ClassRegister): void {
  for (const second of register.classes) {
    if (!second.id.endsWith('B') || second.klassetype !== '40') continue;
    const first = register.classes.find((one) => one.school === second.school && one.id === `${second.klassetrin}A`);
    const together = (first?.pupils ?? 0) + second.pupils;
    if (first === undefined || together < 36 || together > 46) continue;
    for (const { places } of pupils) if (places[1]?.klasse === second) places[1].klasse = first;
    return;
  }
}
