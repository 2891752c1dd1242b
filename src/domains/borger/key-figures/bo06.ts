// BO06: the population, a plain count.
import type { KeyFigure } from '../../definition.ts';
import { people } from '../examples.ts';
import { befolkning } from '../formulas.ts';

export const keyFigure: KeyFigure = {
  id: 'BO06',
  domain: 'borger',
  title: { da: 'Folketal', en: 'Population' },
  description: {
    da: 'Antal borgere den 1. i måneden.',
    en: 'Number of inhabitants on the 1st of the month.',
  },
  unit: { da: 'personer', en: 'persons' },
  factor: 1,
  decimals: 0,
  direction: 'neutral',
  level: 'month',
  kind: 'count',
  persons: false,
  minimumCell: 0,
  numerator: befolkning,
  denominator: null,
  breakdowns: [],
  examples: [
    {
      title: { da: 'Opdelt på køn og alder', en: 'Split by sex and age' },
      given: {
        bor_befolkning: [
          { ...people('2025-01', 0, 39, 410), koen: 'K' },
          { ...people('2025-01', 40, 125, 620), koen: 'K' },
          { ...people('2025-01', 0, 39, 430), koen: 'M' },
          { ...people('2025-01', 40, 125, 600), koen: 'M' },
          { ...people('2025-02', 0, 125, 9), koen: 'M' },
        ],
      },
      period: '2025-01',
      numerator: '2060',
      denominator: null,
      value: '2060',
    },
    {
      title: { da: 'Femårsbånd er nok til en optælling', en: 'Five-year bands suffice for a count' },
      given: { bor_befolkning: [people('2020-01', 0, 4, 52), people('2020-01', 100, 125, 1)] },
      period: '2020-01',
      numerator: '53',
      denominator: null,
      value: '53',
    },
  ],
};
