// SK12: share of the municipality's resident pupils who attend a private school.
import type { KeyFigure } from '../../definition.ts';
import { INSTITUTIONS, PRIVATSKOLE, pupil, pupils, schoolDays } from '../examples.ts';
import { bosatteElever, privatskoleelever } from '../formulas.ts';

export const keyFigure: KeyFigure = {
  id: 'SK12',
  flisReference: 'formula 72/76',
  domain: 'skole',
  title: { da: 'Andel elever i privatskole', en: 'Private school share' },
  description: {
    da: 'Andelen af eleverne i 0.-9. klasse med bopæl i kommunen, der går på fri- og privatskole (1013), på tælledagen.',
    en: 'The share of pupils of grades 0-9 resident in the municipality who attend a private school (1013) on the count date.',
  },
  unit: { da: 'pct.', en: 'per cent' },
  factor: 100,
  decimals: 1,
  direction: 'neutral',
  level: 'month',
  kind: 'share',
  persons: true,
  minimumCell: 5,
  numerator: privatskoleelever,
  denominator: bosatteElever,
  breakdowns: [],
  examples: [
    {
      title: { da: 'To af ti', en: 'Two of ten' },
      given: {
        sko_institution: INSTITUTIONS,
        sko_elev: [...pupils(1, 8), ...pupils(11, 2, { institution: PRIVATSKOLE })],
        sko_skoledag: schoolDays(['2024-10-01']),
      },
      period: '2024-10',
      numerator: '2',
      denominator: '10',
      value: '20.0',
    },
    {
      title: {
        da: 'Elever fra andre kommuner og 10. klasse er ikke med; 1. september tælles ikke',
        en: 'Pupils of other municipalities and grade 10 are left out; 1 September is no count date',
      },
      given: {
        sko_institution: INSTITUTIONS,
        sko_elev: [
          ...pupils(1, 3),
          pupil(11, { institution: PRIVATSKOLE }),
          pupil(12, { institution: PRIVATSKOLE, home: '615' }),
          pupil(13, { institution: PRIVATSKOLE, grade: 10 }),
          pupil(14, { institution: PRIVATSKOLE, to: '2024-09-01' }),
        ],
        sko_skoledag: schoolDays(['2024-09-05']),
      },
      period: '2024-09',
      numerator: '1',
      denominator: '4',
      value: '25.0',
    },
  ],
};
