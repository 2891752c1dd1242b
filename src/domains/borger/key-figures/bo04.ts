// BO04: births per 1,000 inhabitants in the month.
import type { KeyFigure } from '../../definition.ts';
import { event, people } from '../examples.ts';
import { befolkning, foedte } from '../formulas.ts';

export const keyFigure: KeyFigure = {
  id: 'BO04',
  domain: 'borger',
  title: { da: 'Fødte pr. 1.000', en: 'Births per 1,000' },
  description: {
    da: 'Fødte i måneden pr. 1.000 borgere den 1. i måneden.',
    en: 'Births in the month per 1,000 inhabitants on the 1st of the month.',
  },
  unit: { da: 'promille', en: 'per 1,000' },
  factor: 1000,
  decimals: 2,
  direction: 'neutral',
  level: 'month',
  kind: 'rate',
  persons: false,
  minimumCell: 0,
  numerator: foedte,
  denominator: befolkning,
  breakdowns: [],
  examples: [
    {
      title: { da: 'Kun fødte i måneden tæller', en: 'Only births of the month count' },
      given: {
        bor_befolkning: [people('2025-02', 0, 49, 2500), people('2025-02', 50, 125, 1500)],
        bor_bevaegelse: [
          event(1, 'foedt', '2025-02-01'),
          event(2, 'foedt', '2025-02-28'),
          event(3, 'foedt', '2025-02-14'),
          event(4, 'foedt', '2025-03-01'),
          event(5, 'foedt', '2025-01-31'),
          event(6, 'doed', '2025-02-14'),
        ],
      },
      period: '2025-02',
      numerator: '3',
      denominator: '4000',
      value: '0.75',
    },
    {
      title: { da: 'En måned uden fødte er nul, ikke manglende', en: 'A month without births is zero, not missing' },
      given: {
        bor_befolkning: [people('2025-02', 0, 125, 1683)],
        bor_bevaegelse: [event(1, 'doed', '2025-02-14')],
      },
      period: '2025-02',
      numerator: '0',
      denominator: '1683',
      value: '0.00',
    },
    {
      title: {
        da: 'En måned uden hændelser i et leveret år er nul',
        en: 'A month without events in a delivered year is zero',
      },
      given: {
        bor_befolkning: [people('2025-01', 0, 125, 1690), people('2025-02', 0, 125, 1683)],
        bor_bevaegelse: [event(1, 'foedt', '2025-01-14')],
      },
      period: '2025-02',
      numerator: '0',
      denominator: '1683',
      value: '0.00',
    },
  ],
};
