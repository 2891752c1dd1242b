// Synthetic deliveries of `skole`: two school years of pupils and classes, the exams of one, absence for three months.
// Full-scale in people; every number follows from the seed, and no number belongs to anyone.
import type { Municipality } from '../municipalities.ts';
import { isLeftOut, type SyntheticDelivery, type SyntheticDomain, type SyntheticFile } from '../synthetic.ts';
import { absenceFile } from './synthetic-absence.ts';
import { SCHOOL_DAYS } from './synthetic-calendar.ts';
import { deliversAbsence } from './synthetic-faults.ts';
import { gradeFile } from './synthetic-grades.ts';
import { pupilFile } from './synthetic-pupil-file.ts';
import { makePopulation, type Population, SCHOOL_YEARS } from './synthetic-pupils.ts';

type Rows = Generator<string[], void, undefined>;

export const synthetic: SyntheticDomain = {
  domain: 'skole',
  *deliveries(municipality, seed) {
    if (isLeftOut('skole', municipality)) return;
    const population = makePopulation(municipality, seed);
    const sourceSystem = sourceOf(municipality);
    yield {
      kind: 'total',
      sourceSystem,
      periodFrom: '2024-08',
      periodTo: '2026-07',
      files: [
        institutions(population),
        classes(population),
        pupilFile(population, sourceSystem),
        schoolDays(population),
        gradeFile(population, seed),
      ],
    } satisfies SyntheticDelivery;
    if (!deliversAbsence(municipality)) return;
    yield {
      kind: 'total',
      sourceSystem,
      periodFrom: '2025-08',
      periodTo: '2025-10',
      files: [absenceFile(population, seed)],
    } satisfies SyntheticDelivery;
  },
};

/** Two of three municipalities use one system, the rest the other. */
function sourceOf(municipality: Municipality): string {
  return Number(municipality.code) % 3 === 0 ? 'ist-tea' : 'kmd-educa';
}

function institutions({ municipality: { code }, schools }: Population): SyntheticFile {
  return {
    table: 'sko_institution',
    header: [
      'kommunekode',
      'institution_nr',
      'navn',
      'institutionstype',
      'skoletype',
      'ejerkode',
      'beliggenhedskommune',
    ],
    *rows(): Rows {
      for (const { number, name, kind, skoletype, ejerkode } of schools) {
        yield [code, number, name, kind, skoletype, ejerkode, code];
      }
    },
  };
}

function classes({ municipality: { code }, registers }: Population): SyntheticFile {
  return {
    table: 'sko_klasse',
    header: ['kommunekode', 'skoleaar', 'institution_nr', 'klasse_id', 'klassetype', 'klassetrin', 'arsklasse'],
    *rows(): Rows {
      for (const year of [0, 1] as const) {
        for (const { school, id, klassetype, klassetrin, listed } of registers[year].classes) {
          const oneGrade = klassetrin === 'blandet' ? 'false' : 'true';
          if (listed) yield [code, SCHOOL_YEARS[year], school.number, id, klassetype, klassetrin, oneGrade];
        }
      }
    },
  };
}

/** School days common to all institutions: 2024-2025 from end to end, 2025-2026 up to the autumn that the demonstration has come to. */
function schoolDays({ municipality: { code } }: Population): SyntheticFile {
  return {
    table: 'sko_skoledag',
    header: ['kommunekode', 'skoleaar', 'dato', 'institution_nr'],
    *rows(): Rows {
      for (const [year, dates] of SCHOOL_DAYS.entries()) {
        for (const dato of dates) yield [code, SCHOOL_YEARS[year] ?? '', dato, ''];
      }
    },
  };
}
