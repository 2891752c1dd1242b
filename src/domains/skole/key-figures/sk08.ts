// SK08: share of grade 0 who start school late.
import type { KeyFigure } from '../../definition.ts';
import { pupil, pupils, schoolDays } from '../examples.ts';
import { senSkolestart, skolestartElever } from '../formulas.ts';

const STARTER = { grade: 0, klasse: '0A' };

export const keyFigure: KeyFigure = {
  id: 'SK08',
  flisReference: '100-0110-803-0-0-0',
  domain: 'skole',
  title: { da: 'Andel elever med sen skolestart', en: 'Share of late school starters' },
  description: {
    da: 'Andelen af eleverne i 0. klasse den 1. september, der fylder 7 år eller mere i kalenderåret.',
    en: 'The share of pupils of grade 0 on 1 September who turn 7 or more in the calendar year.',
  },
  unit: { da: 'pct.', en: 'per cent' },
  factor: 100,
  decimals: 1,
  direction: 'down',
  level: 'schoolYear',
  kind: 'share',
  persons: true,
  minimumCell: 5,
  numerator: senSkolestart,
  denominator: skolestartElever,
  breakdowns: [],
  examples: [
    {
      title: { da: 'Én af ti fylder 7 i året', en: 'One of ten turns 7 in the year' },
      given: {
        sko_elev: [
          ...pupils(1, 9, STARTER),
          pupil(10, { ...STARTER, born: 2017 }),
          pupil(11, { grade: 1, born: 2017 }),
        ],
        sko_skoledag: schoolDays(['2024-09-02']),
      },
      period: '2024-2025',
      numerator: '1',
      denominator: '10',
      value: '10.0',
    },
    {
      title: {
        da: 'Den, der er holdt op inden 1. september eller begynder efter, er ikke med',
        en: 'Who left before 1 September or begins after it does not count',
      },
      given: {
        sko_elev: [
          ...pupils(1, 3, STARTER),
          pupil(4, { ...STARTER, born: 2016 }),
          pupil(5, { ...STARTER, born: 2017, to: '2024-08-31' }),
          pupil(6, { ...STARTER, born: 2017, from: '2024-09-02' }),
        ],
        sko_skoledag: [],
      },
      period: '2024-2025',
      numerator: '1',
      denominator: '4',
      value: '25.0',
    },
    {
      title: { da: 'Data når ikke til 1. september', en: 'The data do not reach 1 September' },
      given: { sko_elev: pupils(1, 9, STARTER), sko_skoledag: schoolDays(['2024-08-30']) },
      period: '2024-2025',
      numerator: null,
      denominator: null,
      value: null,
      missing: 'no-data',
    },
  ],
};
