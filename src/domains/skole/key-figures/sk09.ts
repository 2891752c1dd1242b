// SK09: share of normal-class pupils of grade 0 who are in a special class of grade 1 a year later.
import type { KeyFigure } from '../../definition.ts';
import { pupil, pupils, schoolClass, schoolDays } from '../examples.ts';
import { overgangElever, overgangSpecial } from '../formulas.ts';

const NOW = '2025-2026';
const CLASSES = [
  schoolClass('0A', { klassetrin: '0' }),
  schoolClass('0X', { klassetrin: '0', klassetype: '50' }),
  schoolClass('1A', { year: NOW }),
  schoolClass('X', { year: NOW, klassetrin: 'blandet', klassetype: '50' }),
];
const BEGINNER = { grade: 0, klasse: '0A' };

export const keyFigure: KeyFigure = {
  id: 'SK09',
  flisReference: '100-0110-807-1-1-0',
  domain: 'skole',
  title: { da: 'Tilgang til segregeret undervisning, 0. kl.', en: 'Move to special teaching after grade 0' },
  description: {
    da: 'Andelen af eleverne i normalklasse (40, 41) i 0. klasse den 5. september sidste skoleår, der går i specialklasse (50) i 1. klasse den 5. september i år.',
    en: 'The share of pupils in a normal class (40, 41) of grade 0 on 5 September last school year who are in a special class (50) of grade 1 on 5 September this year.',
  },
  unit: { da: 'pct.', en: 'per cent' },
  factor: 100,
  decimals: 1,
  direction: 'down',
  level: 'schoolYear',
  kind: 'share',
  persons: true,
  minimumCell: 5,
  numerator: overgangSpecial,
  denominator: overgangElever,
  breakdowns: [],
  examples: [
    {
      title: { da: 'Én af otte går nu i specialklasse', en: 'One of eight is now in a special class' },
      given: {
        sko_klasse: CLASSES,
        sko_elev: [
          ...pupils(1, 8, BEGINNER),
          ...pupils(1, 7, { year: NOW, klasse: '1A' }),
          pupil(8, { year: NOW, klasse: 'X' }),
        ],
        sko_skoledag: schoolDays(['2024-09-05', '2025-09-05']),
      },
      period: NOW,
      numerator: '1',
      denominator: '8',
      value: '12.5',
    },
    {
      title: {
        da: 'Den fraflyttede er i nævneren; den, der kom fra specialklasse eller går om, er ikke i tælleren',
        en: 'Who moved away is in the denominator; who came from a special class or repeats grade 0 is not in the numerator',
      },
      given: {
        sko_klasse: CLASSES,
        sko_elev: [
          ...pupils(1, 3, BEGINNER),
          pupil(4, { grade: 0, klasse: '0X' }),
          pupil(2, { year: NOW, klasse: '1A' }),
          pupil(3, { year: NOW, grade: 0, klasse: 'X' }),
          pupil(4, { year: NOW, klasse: 'X' }),
        ],
        sko_skoledag: schoolDays(['2024-09-05', '2025-09-05']),
      },
      period: NOW,
      numerator: '0',
      denominator: '3',
      value: '0.0',
    },
    {
      title: { da: 'Skoleåret før er ikke leveret', en: 'The school year before was not delivered' },
      given: {
        sko_klasse: CLASSES,
        sko_elev: pupils(1, 7, { year: NOW, klasse: '1A' }),
        sko_skoledag: schoolDays(['2025-09-05']),
      },
      period: NOW,
      numerator: null,
      denominator: null,
      value: null,
      missing: 'no-data',
    },
  ],
};
