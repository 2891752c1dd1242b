// The synthetic sko_karakter: the compulsory exams of grade 9 in summer 2025, around a mean of 7.
import { makeChance, type SyntheticFile } from '../synthetic.ts';
import type { Population, Pupil } from './synthetic-pupils.ts';

const HEADER = [
  'kommunekode',
  'skoleaar',
  'elev_ident',
  'fag',
  'proeveform',
  'eksamenstype',
  'karakterart',
  'karakter',
  'karakteraarsag',
] as const;

/** The compulsory exams and how much easier or harder they are. */
const EXAMS = [
  ['dansk', 'laesning', -0.1],
  ['dansk', 'retskrivning', -0.2],
  ['dansk', 'skriftlig', -0.1],
  ['dansk', 'mundtlig', 0.4],
  ['engelsk', 'mundtlig', 0.4],
  ['naturfag', 'praktisk', 0.1],
  ['matematik', 'problemloesning', -0.1],
  ['matematik', 'faerdigheder', 0],
] as const;

const SCALE = ['-3', '0', '2', '4', '7', '10', '12'] as const;

/** Position of the mean pupil on the scale; 4 is the grade 7. */
const MEAN = 3.96;

/** The exam grades of the pupils who were in grade 9 to the end; a different seed gives other grades. */
export function gradeFile(population: Population, seed: number): SyntheticFile {
  const { municipality, pupils, has } = population;
  const { code } = municipality;
  const candidates = pupils.filter(isCandidate);
  return {
    table: 'sko_karakter',
    header: HEADER,
    *rows() {
      const chance = makeChance(seed, code, 'sko_karakter');
      // The sum of three draws is bell-shaped enough.
      const spread = (): number => chance.fraction() + chance.fraction() + chance.fraction() - 1.5;
      const level = MEAN + 0.3 * (chance.fraction() - 0.5);
      for (const [number, { ident }] of candidates.entries()) {
        // Three in a hundred are exempt from most exams and so have fewer than four.
        const taken = chance.fraction() < 0.03 ? 3 : EXAMS.length;
        const ability = level + 1.7 * spread();
        for (let index = 0; index < taken; index += 1) {
          const [fag, form, ease] = EXAMS[index] ?? EXAMS[0];
          const ill = chance.fraction() < 0.015;
          const karakter = SCALE[Math.max(0, Math.min(6, Math.round(ability + ease + 1.3 * spread())))] ?? '7';
          yield [code, '2024-2025', ident, fag, form, 'FP9', 'proeve', ill ? '' : karakter, ill ? 'sygdom' : ''];
        }
        if (number < 20 && has('tidiness'))
          yield [code, '2024-2025', ident, 'dansk', 'orden', 'FP9', 'proeve', '10', ''];
      }
    },
  };
}

/** Grade 9 in 2024-2025, still there in summer; pupils of special classes and schools do not take the exam here. */
function isCandidate({ entry, places: [first] }: Pupil): boolean {
  return entry === 2015 && first !== undefined && first.to === '2025-07-31' && first.klasse.klassetype !== '50';
}
