// SK07: pupils per school of the folkeskole.
import type { KeyFigure } from '../../definition.ts';
import { INSTITUTIONS, NABOSKOLE, pupils, SPECIALSKOLE, schoolDays, UDELADT_SKOLE } from '../examples.ts';
import { eleverFolkeskole, folkeskoler } from '../formulas.ts';

export const keyFigure: KeyFigure = {
  id: 'SK07',
  flisReference: '100-0110-002-1-0-0',
  domain: 'skole',
  title: { da: 'Gennemsnitlig skolestørrelse', en: 'Mean school size' },
  description: {
    da: 'Elever i 0.-10. klasse på folkeskoler pr. folkeskole med elever på tælledagen. Institutioner med skoletype 115 tæller ikke som skole; deres elever er med.',
    en: 'Pupils of grades 0-10 of the folkeskole per school with pupils on the count date. Institutions of type 115 do not count as schools; their pupils do.',
  },
  unit: { da: 'elever', en: 'pupils' },
  factor: 1,
  decimals: 1,
  direction: 'neutral',
  level: 'month',
  kind: 'mean',
  persons: false,
  minimumCell: 0,
  numerator: eleverFolkeskole,
  denominator: folkeskoler,
  breakdowns: [],
  examples: [
    {
      title: { da: 'To skoler og en specialskole', en: 'Two schools and a special school' },
      given: {
        sko_institution: INSTITUTIONS,
        sko_elev: [
          ...pupils(1, 10),
          ...pupils(101, 5, { institution: NABOSKOLE }),
          ...pupils(201, 3, { institution: SPECIALSKOLE }),
        ],
        sko_skoledag: schoolDays(['2024-10-01']),
      },
      period: '2024-10',
      numerator: '15',
      denominator: '2',
      value: '7.5',
    },
    {
      title: {
        da: 'Type 115 og en skole, hvis elever er holdt op, tæller ikke som skole',
        en: 'Type 115 and a school whose pupils have left do not count as schools',
      },
      given: {
        sko_institution: INSTITUTIONS,
        sko_elev: [
          ...pupils(1, 10),
          ...pupils(101, 5, { institution: NABOSKOLE, to: '2024-09-30' }),
          ...pupils(201, 2, { institution: UDELADT_SKOLE }),
        ],
        sko_skoledag: schoolDays(['2024-10-01']),
      },
      period: '2024-10',
      numerator: '12',
      denominator: '1',
      value: '12.0',
    },
  ],
};
