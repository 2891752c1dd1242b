// SK05: share of municipal pupils taught apart from normal classes.
import type { KeyFigure } from '../../definition.ts';
import { INSTITUTIONS, PRIVATSKOLE, pupil, pupils, SPECIALSKOLE, schoolClass, schoolDays } from '../examples.ts';
import { eleverKommunale, eleverSegregeret } from '../formulas.ts';

const CLASSES = [
  schoolClass('1A'),
  schoolClass('1X', { klassetype: '50', klassetrin: 'blandet' }),
  schoolClass('S1', { klassetype: '50', klassetrin: 'blandet', institution: SPECIALSKOLE }),
  schoolClass('P1', { klassetype: '50', klassetrin: 'blandet', institution: PRIVATSKOLE }),
];

export const keyFigure: KeyFigure = {
  id: 'SK05',
  domain: 'skole',
  title: { da: 'Segregeringsgrad', en: 'Segregation rate' },
  description: {
    da: 'Kommunale elever i specialklasse eller på specialskole, dagbehandling og lignende (1015, 1016, 3001, 3002) som andel af alle kommunale elever i 0.-10. klasse (1012, 1014, 1015, 1016, 3001, 3002) på tælledagen.',
    en: 'Municipal pupils in special classes or at special schools, day treatment and the like (1015, 1016, 3001, 3002) as a share of all municipal pupils of grades 0-10 (1012, 1014, 1015, 1016, 3001, 3002) on the count date.',
  },
  unit: { da: 'pct.', en: 'per cent' },
  factor: 100,
  decimals: 1,
  direction: 'down',
  level: 'month',
  kind: 'share',
  persons: true,
  minimumCell: 5,
  numerator: eleverSegregeret,
  denominator: eleverKommunale,
  breakdowns: [],
  examples: [
    {
      title: {
        da: 'Specialklasse og specialskole, men ikke privatskole',
        en: 'Special class and special school, not private school',
      },
      given: {
        sko_institution: INSTITUTIONS,
        sko_klasse: CLASSES,
        sko_elev: [
          ...pupils(1, 16),
          ...pupils(21, 3, { klasse: '1X' }),
          pupil(31, { klasse: 'S1', institution: SPECIALSKOLE }),
          pupil(32, { klasse: 'P1', institution: PRIVATSKOLE }),
        ],
        sko_skoledag: schoolDays(['2024-10-01']),
      },
      period: '2024-10',
      numerator: '4',
      denominator: '20',
      value: '20.0',
    },
    {
      title: {
        da: 'På specialskolen tæller alle, også uden klasse',
        en: 'At a special school everyone counts, even without a class',
      },
      given: {
        sko_institution: INSTITUTIONS,
        sko_klasse: CLASSES,
        sko_elev: [...pupils(1, 7), pupil(31, { klasse: 'S9', institution: SPECIALSKOLE })],
        sko_skoledag: schoolDays(['2025-01-31']),
      },
      period: '2025-01',
      numerator: '1',
      denominator: '8',
      value: '12.5',
    },
    {
      title: { da: 'Kun privatskoleelever', en: 'Private-school pupils only' },
      given: {
        sko_institution: INSTITUTIONS,
        sko_klasse: CLASSES,
        sko_elev: [pupil(1, { klasse: 'P1', institution: PRIVATSKOLE })],
        sko_skoledag: [],
      },
      period: '2024-08',
      numerator: '0',
      denominator: '0',
      value: null,
      missing: 'zero-denominator',
    },
  ],
};
