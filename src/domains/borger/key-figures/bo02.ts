// BO02: net migration per 1,000 inhabitants in the month.
import type { KeyFigure } from '../../definition.ts';
import { event, people } from '../examples.ts';
import { befolkning, nettotilflytning } from '../formulas.ts';

export const keyFigure: KeyFigure = {
  id: 'BO02',
  domain: 'borger',
  title: { da: 'Nettotilflytning', en: 'Net migration' },
  description: {
    da: 'Tilflyttede og indvandrede minus fraflyttede og udvandrede i måneden pr. 1.000 borgere den 1. i måneden.',
    en: 'Moved in and immigrated less moved out and emigrated in the month, per 1,000 inhabitants on the 1st.',
  },
  unit: { da: 'promille', en: 'per 1,000' },
  factor: 1000,
  decimals: 1,
  direction: 'neutral',
  level: 'month',
  kind: 'rate',
  persons: false,
  minimumCell: 0,
  numerator: nettotilflytning,
  denominator: befolkning,
  breakdowns: [],
  examples: [
    {
      title: { da: 'Alle fire slags flytninger', en: 'All four kinds of move' },
      given: {
        bor_befolkning: [people('2025-08', 0, 125, 2000)],
        bor_bevaegelse: [
          event(1, 'tilflyttet', '2025-08-01'),
          event(2, 'tilflyttet', '2025-08-15'),
          event(3, 'tilflyttet', '2025-08-31'),
          event(4, 'indvandret', '2025-08-03'),
          event(5, 'fraflyttet', '2025-08-04'),
          event(6, 'udvandret', '2025-08-05'),
          event(7, 'foedt', '2025-08-06'),
          event(8, 'genfundet', '2025-08-07'),
          event(9, 'tilflyttet', '2025-09-01'),
        ],
      },
      period: '2025-08',
      numerator: '2',
      denominator: '2000',
      value: '1.0',
    },
    {
      title: { da: 'Flere fraflytter, end der kommer til', en: 'More move out than in' },
      given: {
        bor_befolkning: [people('2025-08', 0, 125, 1600)],
        bor_bevaegelse: [event(1, 'fraflyttet', '2025-08-01'), event(2, 'udvandret', '2025-08-02')],
      },
      period: '2025-08',
      numerator: '-2',
      denominator: '1600',
      // -1.25 is rounded half away from zero.
      value: '-1.3',
    },
    {
      title: { da: 'Måneden har ingen folketalsopgørelse', en: 'The month has no population count' },
      given: {
        bor_befolkning: [people('2025-07', 0, 125, 1600)],
        bor_bevaegelse: [event(1, 'tilflyttet', '2025-08-01')],
      },
      period: '2025-08',
      numerator: '1',
      denominator: null,
      value: null,
      missing: 'no-data',
    },
  ],
};
