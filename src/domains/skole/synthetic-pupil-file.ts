// The synthetic sko_elev: one row per pupil and school year, with the faults that lie in single cells.
import type { SyntheticFile } from '../synthetic.ts';
import type { Fault } from './synthetic-faults.ts';
import { type Place, type Population, SCHOOL_YEARS, YEARS } from './synthetic-pupils.ts';

const HEADER = [
  'kommunekode',
  'skoleaar',
  'elev_ident',
  'institution_nr',
  'klasse_id',
  'gyldig_fra',
  'gyldig_til',
  'cpr',
  'personligt_klassetrin',
  'elevtype',
  'er_tosproget',
  'skoledistrikt',
  'betalingskommune',
  'bopaelskommune',
  'kommunal_tilhoersforhold',
  'bopaelskommune_fra_cpr',
  'produktionssystem',
] as const;

const GRADES = Array.from({ length: 11 }, (_, grade) => String(grade));

/** The pupils of both school years as a file of `sourceSystem`. */
export function pupilFile(population: Population, sourceSystem: string): SyntheticFile {
  const { municipality, has, pupils } = population;
  const elsewhere = municipality.code === '101' ? '147' : '101';
  /** A planted fault hits every so many-th row; 0 is never. */
  const every = (fault: Fault, rows: number): number => (has(fault) ? rows : 0);
  const unpaid = every('payingMunicipalityMissing', 10);
  const moved = every('residenceDiffers', 50);
  const open = every('openAnswers', 25);
  const double = every('overlap', 400);
  const hits = (number: number, rows: number): boolean => rows > 0 && number % rows === 0;
  return {
    table: 'sko_elev',
    header: HEADER,
    *rows() {
      for (const year of [0, 1] as const) {
        let number = 0;
        for (const { ident, cpr, entry, bilingual, home, places } of pupils) {
          const place = places[year];
          if (place === undefined) continue;
          number += 1;
          const fromCpr = number % 200 === 0;
          const row: string[] = [
            municipality.code,
            SCHOOL_YEARS[year],
            ident,
            place.klasse.school.number,
            place.klasse.id,
            place.from,
            place.to,
            cpr,
            GRADES[YEARS[year] - entry] ?? '',
            hits(number, open) ? '9' : '1',
            bilingual,
            place.klasse.school.district,
            hits(number, unpaid) ? '' : home,
            home,
            hits(number, moved) && !fromCpr ? elsewhere : home,
            fromCpr ? 'true' : 'false',
            sourceSystem,
          ];
          yield row;
          if (year === 1 && hits(number, double)) yield secondCourse(population, place, row);
        }
      }
    },
  };
}

/** The same pupil in another class of the same school, without the first course having ended. */
function secondCourse({ registers }: Population, { klasse }: Place, row: readonly string[]): string[] {
  const other = registers[1].classes.find((one) => one.school === klasse.school && one !== klasse) ?? klasse;
  return row.with(HEADER.indexOf('klasse_id'), other.id).with(HEADER.indexOf('gyldig_fra'), '2025-09-15');
}
