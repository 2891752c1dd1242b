// BO01: the number aged 6–17 as an index with the base year 2015 = 100.
import type { KeyFigure } from '../../definition.ts';
import { people } from '../examples.ts';
import { BASE_YEAR, befolkning6Til17Basisaar, befolkning6Til17Primo } from '../formulas.ts';

export const keyFigure: KeyFigure = {
  id: 'BO01',
  flisReference: 'formula 108',
  domain: 'borger',
  title: { da: 'Udvikling i antal 6-17-årige', en: 'Trend in number aged 6–17' },
  description: {
    da: `Antallet af 6-17-årige den 1. januar som indeks, hvor ${BASE_YEAR} er 100.`,
    en: `The number aged 6–17 on 1 January as an index, ${BASE_YEAR} being 100.`,
  },
  unit: { da: 'indeks', en: 'index' },
  factor: 100,
  decimals: 1,
  direction: 'neutral',
  level: 'year',
  kind: 'rate',
  persons: false,
  minimumCell: 0,
  numerator: befolkning6Til17Primo,
  denominator: befolkning6Til17Basisaar,
  breakdowns: [],
  examples: [
    {
      title: { da: 'Enkeltår i begge år', en: 'Single years in both years' },
      given: {
        bor_befolkning: [
          people('2015-01', 0, 5, 90),
          people('2015-01', 6, 17, 800),
          people('2015-01', 18, 125, 3000),
          people('2025-01', 5, 5, 70),
          people('2025-01', 6, 6, 60),
          people('2025-01', 7, 17, 640),
          people('2025-01', 18, 18, 65),
          people('2025-02', 6, 17, 1),
        ],
      },
      period: '2025',
      numerator: '700',
      denominator: '800',
      value: '87.5',
    },
    {
      title: { da: 'Basisåret er ikke leveret', en: 'The base year has not been delivered' },
      given: { bor_befolkning: [people('2025-01', 6, 17, 700)] },
      period: '2025',
      numerator: '700',
      denominator: null,
      value: null,
      missing: 'no-base-year',
    },
    {
      title: { da: 'Femårsbånd i basisåret', en: 'Five-year bands in the base year' },
      given: {
        bor_befolkning: [people('2015-01', 5, 9, 300), people('2015-01', 10, 14, 300), people('2025-01', 6, 17, 700)],
      },
      period: '2025',
      numerator: '700',
      denominator: null,
      value: null,
      missing: 'age-bands',
    },
    {
      title: { da: 'Basisåret selv er 100', en: 'The base year itself is 100' },
      given: { bor_befolkning: [people('2015-01', 6, 17, 800)] },
      period: '2015',
      numerator: '800',
      denominator: '800',
      value: '100.0',
    },
  ],
};
