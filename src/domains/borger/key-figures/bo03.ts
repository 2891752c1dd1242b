// BO03: the dependency ratio, young and old per 100 of working age.
import type { KeyFigure } from '../../definition.ts';
import { people } from '../examples.ts';
import { befolkning17Til66Primo, befolkningForsoergede } from '../formulas.ts';

export const keyFigure: KeyFigure = {
  id: 'BO03',
  domain: 'borger',
  title: { da: 'Forsørgerbrøk', en: 'Dependency ratio' },
  description: {
    da: '0-16-årige og 67+-årige i procent af de 17-66-årige den 1. januar. Kan ikke beregnes af femårsbånd.',
    en: 'Inhabitants aged 0–16 and 67 and over in per cent of those aged 17–66 on 1 January. Five-year bands do not allow it.',
  },
  unit: { da: 'pct.', en: 'per cent' },
  factor: 100,
  decimals: 1,
  direction: 'neutral',
  level: 'year',
  // A ratio of two disjoint groups, not a share: it may exceed 100.
  kind: 'rate',
  persons: false,
  minimumCell: 0,
  numerator: befolkningForsoergede,
  denominator: befolkning17Til66Primo,
  breakdowns: [],
  examples: [
    {
      title: { da: 'Enkeltår omkring grænserne', en: 'Single years at the limits' },
      given: {
        bor_befolkning: [
          people('2025-01', 0, 15, 170),
          people('2025-01', 16, 16, 10),
          people('2025-01', 17, 17, 12),
          people('2025-01', 18, 65, 580),
          people('2025-01', 66, 66, 8),
          people('2025-01', 67, 67, 20),
          people('2025-01', 68, 125, 190),
          people('2025-07', 0, 16, 5),
        ],
      },
      period: '2025',
      numerator: '390',
      denominator: '600',
      value: '65.0',
    },
    {
      title: { da: 'Femårsbånd deles af grænserne 17 og 67', en: 'Five-year bands are cut at 17 and 67' },
      given: {
        bor_befolkning: [
          people('2020-01', 0, 14, 150),
          people('2020-01', 15, 19, 60),
          people('2020-01', 20, 64, 500),
          people('2020-01', 65, 69, 50),
          people('2020-01', 70, 125, 120),
        ],
      },
      period: '2020',
      numerator: null,
      denominator: null,
      value: null,
      missing: 'age-bands',
    },
    {
      title: { da: 'Ingen i den arbejdsdygtige alder', en: 'Nobody of working age' },
      given: { bor_befolkning: [people('2025-01', 0, 16, 3), people('2025-01', 67, 125, 4)] },
      period: '2025',
      numerator: '7',
      denominator: '0',
      value: null,
      missing: 'zero-denominator',
    },
  ],
};
