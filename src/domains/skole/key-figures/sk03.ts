// SK03: share of pupils absent for more than 10 per cent of the school days of the school year.
import type { KeyFigure } from '../../definition.ts';
import { absence, daysOf, INSTITUTIONS, pupil, schoolDays } from '../examples.ts';
import { eleverHoejtFravaer, eleverMedSkoledage } from '../formulas.ts';

export const keyFigure: KeyFigure = {
  id: 'SK03',
  domain: 'skole',
  title: { da: 'Andel elever med fravær over 10 pct.', en: 'Share of pupils with high absence' },
  description: {
    da: 'Andelen af elever på folkeskoler og specialskoler, der har været fraværende mere end 10 pct. af deres skoledage i skoleåret til og med den sidst leverede måned. Kræver fravær for mindst 8 af 12 (to tredjedele) af månederne med skoledage.',
    en: 'The share of pupils of municipal and special schools who were absent for more than 10 per cent of their school days in the school year, up to the month last delivered. Needs absence for at least 8 of 12 (two thirds) of the months with school days.',
  },
  unit: { da: 'pct.', en: 'per cent' },
  factor: 100,
  decimals: 1,
  direction: 'down',
  level: 'schoolYear',
  kind: 'share',
  persons: true,
  minimumCell: 5,
  numerator: eleverHoejtFravaer,
  denominator: eleverMedSkoledage,
  breakdowns: [],
  examples: [
    {
      title: { da: 'Præcis 10 pct. er ikke over 10 pct.', en: 'Exactly 10 per cent is not above 10 per cent' },
      given: {
        sko_institution: INSTITUTIONS,
        sko_elev: [pupil(1), pupil(2), pupil(3), pupil(4)],
        sko_skoledag: schoolDays([...daysOf('2024-09', 10), ...daysOf('2024-10', 10)]),
        sko_fravaer_dag: [
          absence(1, '2024-09-02'),
          absence(1, '2024-10-02'),
          absence(2, '2024-09-02'),
          absence(2, '2024-10-02'),
          absence(2, '2024-10-03', '0.25'),
        ],
      },
      period: '2024-2025',
      numerator: '1',
      denominator: '4',
      value: '25.0',
    },
    {
      title: {
        da: 'Eleven måles på sine egne skoledage i to klasser',
        en: 'A pupil is measured on their own school days, in two classes',
      },
      given: {
        sko_institution: INSTITUTIONS,
        sko_elev: [
          pupil(1, { from: '2024-09-07', to: '2024-09-08' }),
          pupil(1, { klasse: '1B', from: '2024-09-09' }),
          pupil(2),
        ],
        sko_skoledag: schoolDays(daysOf('2024-09', 10)),
        sko_fravaer_dag: [absence(1, '2024-09-10', '0.50'), absence(2, '2024-09-10')],
      },
      period: '2024-2025',
      numerator: '1',
      denominator: '2',
      value: '50.0',
    },
    {
      title: { da: 'Fravær for en af tre måneder er for lidt', en: 'Absence for one month of three is too little' },
      given: {
        sko_institution: INSTITUTIONS,
        sko_elev: [pupil(1)],
        sko_skoledag: schoolDays([...daysOf('2024-09', 10), ...daysOf('2024-10', 10), ...daysOf('2024-11', 10)]),
        sko_fravaer_dag: [absence(1, '2024-09-02')],
      },
      period: '2024-2025',
      numerator: null,
      denominator: null,
      value: null,
      missing: 'incomplete-period',
    },
  ],
};
