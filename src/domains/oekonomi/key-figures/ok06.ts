// OK06: administration cost per inhabitant.

import { people } from '../../borger/examples.ts';
import { befolkningPrimo } from '../../borger/formulas.ts';
import type { KeyFigure } from '../../definition.ts';
import { balance } from '../examples.ts';
import { administrationsudgifter } from '../formulas.ts';

export const keyFigure: KeyFigure = {
  id: 'OK06',
  domain: 'oekonomi',
  title: { da: 'Administrationsudgifter pr. indbygger', en: 'Administration cost per inhabitant' },
  description: {
    da: 'Nettodriftsudgifter (dranst 1) på 6.45.50-6.45.59 pr. indbygger 1. januar. Foreligger, når regnskabsåret er leveret til og med december.',
    en: 'Net operating cost (nature 1) on 6.45.50-6.45.59 per inhabitant on 1 January. Exists once the year has been delivered to December.',
  },
  unit: { da: 'kr. pr. indbygger', en: 'DKK per inhabitant' },
  factor: 1,
  decimals: 0,
  direction: 'down',
  level: 'year',
  kind: 'rate',
  persons: false,
  minimumCell: 0,
  numerator: administrationsudgifter,
  denominator: befolkningPrimo,
  breakdowns: [],
  examples: [
    {
      title: { da: 'Løn og salg på administrationen', en: 'Wages and sales of the administration' },
      given: {
        oko_regnskab: [
          balance('6.45.51', '60000.00', { period: '5' }),
          balance('6.45.51', '4000.00', { omkostningssted: '4711' }),
          balance('6.45.59', '3000.40'),
          balance('6.45.50', '-1000.20', { art: '72' }),
        ],
        bor_befolkning: [people('2024-01', 0, 125, 11)],
      },
      period: '2024',
      numerator: '66000.20',
      denominator: '11',
      value: '6000',
    },
    {
      title: {
        da: 'Nabofunktioner og anlæg er ude; halve rundes væk fra nul',
        en: 'Neighbouring functions and capital items are left out; halves round away from zero',
      },
      given: {
        oko_regnskab: [
          balance('6.45.59', '-5.00', { art: '72' }),
          balance('6.45.60', '100.00'),
          balance('6.42.41', '100.00'),
          balance('5.45.51', '100.00'),
          balance('6.45.51', '100.00', { dranst: '3' }),
        ],
        bor_befolkning: [people('2024-01', 0, 125, 2)],
      },
      period: '2024',
      numerator: '-5.00',
      denominator: '2',
      value: '-3',
    },
  ],
};
