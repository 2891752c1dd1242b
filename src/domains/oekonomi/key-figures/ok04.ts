// OK04: service expenditure per inhabitant, month by month.

import { people } from '../../borger/examples.ts';
import { befolkning } from '../../borger/formulas.ts';
import type { KeyFigure } from '../../definition.ts';
import { balance, charted } from '../examples.ts';
import { serviceudgifter } from '../formulas.ts';

export const keyFigure: KeyFigure = {
  id: 'OK04',
  domain: 'oekonomi',
  title: { da: 'Serviceudgifter pr. indbygger', en: 'Service expenditure per inhabitant' },
  description: {
    da: 'Månedens nettodriftsudgifter på hovedkonto 0 og 2-6 på konti, som kontoplanen regner til serviceudgifterne, pr. indbygger den 1. i måneden. Supplementsperioderne 13-16 hører til december.',
    en: "The month's net operating cost on main accounts 0 and 2-6 on accounts that the chart counts as service expenditure, per inhabitant on the 1st of the month. Supplementary periods 13-16 belong to December.",
  },
  unit: { da: 'kr. pr. indbygger', en: 'DKK per inhabitant' },
  factor: 1,
  decimals: 0,
  direction: 'neutral',
  level: 'month',
  kind: 'rate',
  persons: false,
  minimumCell: 0,
  numerator: serviceudgifter,
  denominator: befolkning,
  breakdowns: [],
  examples: [
    {
      title: {
        da: 'Kun serviceudgifter; overførsler, forsyning og refusion er ude',
        en: 'Service expenditure only; transfers, utilities and refunds are left out',
      },
      given: {
        oko_kontoplan: [
          charted('3.22.01', true),
          charted('5.57.71', false),
          charted('1.38.61', true),
          charted('5.57.71', false, { dranst: '2' }),
        ],
        oko_regnskab: [
          balance('3.22.01', '42000.00', { period: '3' }),
          balance('3.22.01', '-2000.00', { period: '3', art: '72' }),
          balance('3.22.01', '41000.00', { period: '4' }),
          balance('5.57.71', '9000.00', { period: '3' }),
          balance('5.57.71', '-3000.00', { period: '3', dranst: '2' }),
          balance('1.38.61', '800.00', { period: '3' }),
        ],
        bor_befolkning: [people('2024-03', 0, 125, 10), people('2024-01', 0, 125, 12)],
      },
      period: '2024-03',
      numerator: '40000.00',
      denominator: '10',
      value: '4000',
    },
    {
      title: {
        da: 'December med supplement; grupperingen afgør, og en konto uden for kontoplanen tæller ikke',
        en: 'December with supplementary periods; the grouping decides, and an account outside the chart does not count',
      },
      given: {
        oko_kontoplan: [
          charted('5.30.26', true, { gruppering: '001' }),
          charted('5.30.26', false, { gruppering: '002' }),
          charted('5.30.27', true, { year: '2023' }),
        ],
        oko_regnskab: [
          balance('5.30.26', '300.00', { gruppering: '001' }),
          balance('5.30.26', '-75.00', { gruppering: '001', period: '13' }),
          balance('5.30.26', '50.00', { gruppering: '002', period: '13' }),
          balance('5.30.27', '10.00'),
        ],
        bor_befolkning: [people('2024-12', 0, 125, 2)],
      },
      period: '2024-12',
      numerator: '225.00',
      denominator: '2',
      value: '113',
    },
    {
      title: { da: 'Uden kontoplan for året er der ingen værdi', en: 'Without a chart of the year there is no value' },
      given: {
        oko_regnskab: [balance('3.22.01', '42000.00', { period: '3' })],
        bor_befolkning: [people('2024-03', 0, 125, 10)],
      },
      period: '2024-03',
      numerator: null,
      denominator: '10',
      value: null,
      missing: 'no-data',
    },
  ],
};
