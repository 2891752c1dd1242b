// BO05: the share of inhabitants aged 80 and over.
import type { KeyFigure } from '../../definition.ts';
import { people } from '../examples.ts';
import { befolkning, befolkning80Plus } from '../formulas.ts';

export const keyFigure: KeyFigure = {
  id: 'BO05',
  domain: 'borger',
  title: { da: 'Andel 80+', en: 'Share aged 80+' },
  description: {
    da: 'Andelen af borgerne den 1. i måneden, der er fyldt 80 år.',
    en: 'The share of inhabitants on the 1st of the month who are 80 or older.',
  },
  unit: { da: 'pct.', en: 'per cent' },
  factor: 100,
  decimals: 1,
  direction: 'neutral',
  level: 'month',
  kind: 'share',
  persons: false,
  minimumCell: 0,
  numerator: befolkning80Plus,
  denominator: befolkning,
  breakdowns: [],
  examples: [
    {
      title: { da: 'Enkeltår og et åbent øverste bånd', en: 'Single years and an open top band' },
      given: {
        bor_befolkning: [
          people('2025-03', 0, 79, 950),
          people('2025-03', 80, 80, 30),
          people('2025-03', 81, 125, 20),
          people('2025-02', 0, 125, 7),
        ],
      },
      period: '2025-03',
      numerator: '50',
      denominator: '1000',
      value: '5.0',
    },
    {
      title: { da: 'Ingen er fyldt 80', en: 'Nobody is 80 yet' },
      given: { bor_befolkning: [people('2025-03', 0, 79, 400), people('2025-03', 80, 125, 0)] },
      period: '2025-03',
      numerator: '0',
      denominator: '400',
      value: '0.0',
    },
    {
      title: { da: 'Grænsen deler et leveret bånd', en: 'The limit cuts a delivered band' },
      given: { bor_befolkning: [people('2025-03', 0, 74, 900), people('2025-03', 75, 84, 100)] },
      period: '2025-03',
      numerator: null,
      denominator: '1000',
      value: null,
      missing: 'age-bands',
    },
  ],
};
