// The synthetic sko_fravaer_dag: August to October 2025, about 7 per cent of pupil-days, in spells of a few days.
import { makeChance, type SyntheticFile } from '../synthetic.ts';
import { SCHOOL_DAYS } from './synthetic-calendar.ts';
import type { Population } from './synthetic-pupils.ts';

/** Chance of falling ill on a day, and of staying away on the next one: (chance) / (1 - stay) is about the share of days. */
const ORDINARY = 0.027;
const OFTEN = 0.085;
const STAY = 0.55;

/** The absence of the pupils of municipal and special schools. */
export function absenceFile(population: Population, seed: number): SyntheticFile {
  const { municipality, pupils, schools, has } = population;
  const { code } = municipality;
  const silent = has('schoolWithoutAbsence') ? schools[1] : undefined;
  const days = SCHOOL_DAYS[1];
  return {
    table: 'sko_fravaer_dag',
    header: ['kommunekode', 'elev_ident', 'dato', 'fravaerstype', 'andel'],
    *rows() {
      const chance = makeChance(seed, code, 'sko_fravaer_dag');
      const level = 0.85 + 0.3 * chance.fraction();
      for (const { ident, entry, places } of pupils) {
        const place = places[1];
        if (place === undefined || place.klasse.school.kind === '1013' || place.klasse.school === silent) continue;
        // The faults of unknown institutions and impossible courses have no enrolled days.
        if (!place.klasse.listed || (place.to !== '' && place.to < place.from)) continue;
        // The older, the more; one in eight is away often.
        const risk = level * (chance.fraction() < 0.125 ? OFTEN : ORDINARY) * (0.8 + 0.04 * (2025 - entry));
        let away = false;
        for (const dato of days) {
          if (place.to !== '' && dato > place.to) break;
          away = chance.fraction() < (away ? STAY : risk);
          if (!away) continue;
          const kind = chance.integer(100);
          yield [
            code,
            ident,
            dato,
            kind < 66 ? 'sygdom' : kind < 88 ? 'lovligt' : 'ulovligt',
            kind % 12 === 0 ? '0.50' : '1.00',
          ];
        }
      }
    },
  };
}
