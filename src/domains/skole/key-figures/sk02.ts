// SK02: pupil absence of a month as a share of pupil-days.
import type { KeyFigure } from '../../definition.ts';
import { absence, daysOf, INSTITUTIONS, PRIVATSKOLE, pupil, SPECIALSKOLE, schoolDays } from '../examples.ts';
import { elevdage, eleverMedElevdage, fravaersdage } from '../formulas.ts';

export const keyFigure: KeyFigure = {
  id: 'SK02',
  domain: 'skole',
  title: { da: 'Elevfravær', en: 'Pupil absence' },
  description: {
    da: 'Fraværsdage i måneden som andel af elevdage: elever på folkeskoler og specialskoler gange de skoledage, de er indskrevet. Fravær uden for skoledage tæller ikke.',
    en: 'Days of absence in the month as a share of pupil-days: pupils of municipal and special schools times the school days on which they are enrolled. Absence outside school days does not count.',
  },
  unit: { da: 'pct.', en: 'per cent' },
  factor: 100,
  decimals: 1,
  direction: 'down',
  level: 'month',
  kind: 'share',
  persons: true,
  personCount: eleverMedElevdage,
  minimumCell: 5,
  numerator: fravaersdage,
  denominator: elevdage,
  breakdowns: [],
  examples: [
    {
      title: {
        da: 'To elever, tyve skoledage, halvanden fraværsdag',
        en: 'Two pupils, twenty days, one and a half absent',
      },
      given: {
        sko_institution: INSTITUTIONS,
        sko_elev: [pupil(1), pupil(2), pupil(3, { institution: PRIVATSKOLE })],
        sko_skoledag: schoolDays([...daysOf('2024-09', 20), ...daysOf('2024-10', 3)]),
        sko_fravaer_dag: [absence(1, '2024-09-02'), absence(2, '2024-09-03', '0.50')],
      },
      period: '2024-09',
      numerator: '1.5',
      denominator: '40',
      value: '3.8',
    },
    {
      title: {
        da: 'Kun indskrevne dage tæller, og specialskolen har sin egen kalender',
        en: 'Only enrolled days count, and the special school has its own calendar',
      },
      given: {
        sko_institution: INSTITUTIONS,
        sko_elev: [pupil(1, { from: '2024-09-11' }), pupil(2, { institution: SPECIALSKOLE })],
        sko_skoledag: [...schoolDays(daysOf('2024-09', 20)), ...schoolDays(daysOf('2024-09', 5), SPECIALSKOLE)],
        sko_fravaer_dag: [
          absence(1, '2024-09-02'),
          absence(1, '2024-09-12'),
          absence(2, '2024-09-06'),
          absence(2, '2024-09-05'),
        ],
      },
      period: '2024-09',
      numerator: '2',
      denominator: '15',
      value: '13.3',
    },
    {
      title: {
        da: 'Uden en eneste fraværsrække er måneden ikke registreret',
        en: 'A month without any absence was not registered',
      },
      given: {
        sko_institution: INSTITUTIONS,
        sko_elev: [pupil(1)],
        sko_skoledag: schoolDays(daysOf('2024-09', 20)),
        sko_fravaer_dag: [],
      },
      period: '2024-09',
      numerator: null,
      denominator: null,
      value: null,
      missing: 'no-data',
    },
  ],
};
