// SK04: share of the folkeskole's pupils who are in special classes.
import type { KeyFigure } from '../../definition.ts';
import { INSTITUTIONS, pupil, pupils, SPECIALSKOLE, schoolClass, schoolDays } from '../examples.ts';
import { folkeskoleNormalOgSpecial, folkeskoleSpecialklasse } from '../formulas.ts';

const CLASSES = [
  schoolClass('1A'),
  schoolClass('1X', { klassetype: '50', klassetrin: 'blandet' }),
  schoolClass('1M', { klassetype: '54', klassetrin: 'blandet' }),
  schoolClass('1U', { klassetype: null }),
  schoolClass('S1', { klassetype: '50', klassetrin: 'blandet', institution: SPECIALSKOLE }),
];

export const keyFigure: KeyFigure = {
  id: 'SK04',
  flisReference: '110-0112-000-1-0-0',
  domain: 'skole',
  title: { da: 'Andel elever på folkeskole i specialklasse', en: 'Special-class share of folkeskole pupils' },
  description: {
    da: 'Elever i specialklasse (50) som andel af elever i normal- og specialklasse (40, 41, 50) på folkeskoler på tælledagen. Klasser uden klassetype er ikke med.',
    en: 'Pupils in special classes (50) as a share of pupils in normal and special classes (40, 41, 50) of the folkeskole on the count date. Classes without a type are left out.',
  },
  unit: { da: 'pct.', en: 'per cent' },
  factor: 100,
  decimals: 1,
  direction: 'neutral',
  level: 'month',
  kind: 'share',
  persons: true,
  minimumCell: 5,
  numerator: folkeskoleSpecialklasse,
  denominator: folkeskoleNormalOgSpecial,
  breakdowns: [],
  examples: [
    {
      title: {
        da: 'Modtagelsesklasse, klasse uden type og specialskole er ikke med',
        en: 'Reception class, class without type and special school are left out',
      },
      given: {
        sko_institution: INSTITUTIONS,
        sko_klasse: CLASSES,
        sko_elev: [
          ...pupils(1, 18),
          ...pupils(21, 2, { klasse: '1X' }),
          pupil(31, { klasse: '1M' }),
          pupil(32, { klasse: '1U' }),
          pupil(33, { klasse: 'S1', institution: SPECIALSKOLE }),
        ],
        sko_skoledag: schoolDays(['2024-10-01']),
      },
      period: '2024-10',
      numerator: '2',
      denominator: '20',
      value: '10.0',
    },
    {
      title: { da: 'I september tælles den 5.', en: 'In September the count is on the 5th' },
      given: {
        sko_institution: INSTITUTIONS,
        sko_klasse: CLASSES,
        sko_elev: [
          ...pupils(1, 3, { to: '2024-09-04' }),
          ...pupils(11, 6),
          pupil(21, { klasse: '1X', from: '2024-09-05' }),
          pupil(22, { klasse: '1X', from: '2024-09-06' }),
          pupil(23, { klasse: '1X', to: '2024-09-05' }),
        ],
        sko_skoledag: [],
      },
      period: '2024-09',
      numerator: '2',
      denominator: '8',
      value: '25.0',
    },
    {
      title: { da: 'Data når ikke til tælledagen', en: 'The data do not reach the count date' },
      given: {
        sko_institution: INSTITUTIONS,
        sko_klasse: CLASSES,
        sko_elev: pupils(1, 18),
        sko_skoledag: schoolDays(['2024-09-04']),
      },
      period: '2024-09',
      numerator: null,
      denominator: null,
      value: null,
      missing: 'no-data',
    },
  ],
};
