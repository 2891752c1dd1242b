// SK06: pupils per normal class of the folkeskole, all and per grade.

import type { KeyFigure } from '../../definition.ts';
import { KLASSETRIN } from '../code-lists.ts';
import { INSTITUTIONS, PRIVATSKOLE, pupils, schoolClass, schoolDays } from '../examples.ts';
import { eleverNormalklasse, normalklasser } from '../formulas.ts';

const CLASSES = [
  schoolClass('1A'),
  schoolClass('1B'),
  schoolClass('2A', { klassetrin: '2' }),
  schoolClass('M', { klassetype: '41', klassetrin: 'blandet' }),
  schoolClass('1X', { klassetype: '50' }),
  schoolClass('1A', { institution: PRIVATSKOLE }),
];

export const keyFigure: KeyFigure = {
  id: 'SK06',
  flisReference: '100-0110-003-6-0-0 (4. kl.)',
  domain: 'skole',
  title: { da: 'Klassekvotient (alle og pr. klassetrin)', en: 'Class size (all and per grade)' },
  description: {
    da: 'Elever pr. normalklasse på folkeskoler på tælledagen. Kun fuldt årgangsdelte normalklasser (40) med 5 til 35 elever er med.',
    en: 'Pupils per normal class of the folkeskole on the count date. Only normal classes of one grade (40) with 5 to 35 pupils count.',
  },
  unit: { da: 'elever', en: 'pupils' },
  factor: 1,
  decimals: 1,
  direction: 'neutral',
  level: 'month',
  kind: 'mean',
  persons: false,
  minimumCell: 0,
  numerator: eleverNormalklasse,
  denominator: normalklasser,
  breakdowns: [{ column: 'klassetrin', title: KLASSETRIN.title, codes: KLASSETRIN }],
  examples: [
    {
      title: {
        da: 'Blandede klasser, specialklasser og privatskoler er ikke med',
        en: 'Mixed classes, special classes and private schools are left out',
      },
      given: {
        sko_institution: INSTITUTIONS,
        sko_klasse: CLASSES,
        sko_elev: [
          ...pupils(1, 20),
          ...pupils(101, 25, { klasse: '2A', grade: 2 }),
          ...pupils(201, 12, { klasse: 'M' }),
          ...pupils(301, 8, { klasse: '1X' }),
          ...pupils(401, 15, { institution: PRIVATSKOLE }),
        ],
        sko_skoledag: schoolDays(['2024-10-01']),
      },
      period: '2024-10',
      numerator: '45',
      denominator: '2',
      value: '22.5',
    },
    {
      title: {
        da: 'Klasser med 4 og 36 elever falder ud, 5 og 35 er med',
        en: 'Classes of 4 and 36 pupils fall out, 5 and 35 count',
      },
      given: {
        sko_institution: INSTITUTIONS,
        sko_klasse: [...CLASSES, schoolClass('1C'), schoolClass('1D')],
        sko_elev: [
          ...pupils(1, 4),
          ...pupils(101, 5, { klasse: '1B' }),
          ...pupils(201, 35, { klasse: '1C' }),
          ...pupils(301, 36, { klasse: '1D' }),
        ],
        sko_skoledag: schoolDays(['2024-10-01']),
      },
      period: '2024-10',
      numerator: '40',
      denominator: '2',
      value: '20.0',
    },
    {
      title: { da: 'Et enkelt klassetrin', en: 'A single grade' },
      given: {
        sko_institution: INSTITUTIONS,
        sko_klasse: CLASSES,
        sko_elev: [
          ...pupils(1, 20),
          ...pupils(101, 21, { klasse: '1B' }),
          ...pupils(201, 28, { klasse: '2A', grade: 2 }),
        ],
        sko_skoledag: schoolDays(['2024-09-05']),
      },
      period: '2024-09',
      breakdown: 'klassetrin=1',
      numerator: '41',
      denominator: '2',
      value: '20.5',
    },
  ],
};
