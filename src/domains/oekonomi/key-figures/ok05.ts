// OK05: how much of the year's corrected operating budget is used so far.
import type { KeyFigure } from '../../definition.ts';
import { balance, budgeted } from '../examples.ts';
import { driftAarTilDato, korrigeretDriftsbudget } from '../formulas.ts';

export const keyFigure: KeyFigure = {
  id: 'OK05',
  domain: 'oekonomi',
  title: { da: 'Forbrugsprocent', en: 'Budget use' },
  description: {
    da: 'Driftsregnskabet (dranst 1) fra januar til og med måneden i procent af hele årets korrigerede driftsbudget, som det er nu. Primo (0) tæller ikke; supplementsperioderne 13-16 hører til december.',
    en: 'Operating accounts (nature 1) from January to the month in per cent of the whole year’s corrected operating budget as it stands now. The opening balance (0) does not count; supplementary periods 13-16 belong to December.',
  },
  unit: { da: 'pct.', en: 'per cent' },
  factor: 100,
  decimals: 1,
  direction: 'neutral',
  level: 'month',
  kind: 'share',
  persons: false,
  minimumCell: 0,
  numerator: driftAarTilDato,
  denominator: korrigeretDriftsbudget,
  breakdowns: [],
  examples: [
    {
      title: { da: 'År til dato i marts', en: 'Year to date in March' },
      given: {
        oko_regnskab: [
          balance('3.22.01', '9999.00', { year: '2023' }),
          balance('3.22.01', '500.00', { period: '0' }),
          balance('3.22.01', '100.00', { period: '1' }),
          balance('3.22.01', '110.00', { period: '2' }),
          balance('3.22.01', '60.50', { period: '3' }),
          balance('3.22.01', '-20.00', { period: '3', art: '72' }),
          balance('3.22.01', '70.00', { period: '4' }),
          balance('2.28.22', '800.00', { period: '3', dranst: '3' }),
        ],
        oko_budget: [
          budgeted('korr', '3.22.01', '900.00'),
          budgeted('korr', '6.45.51', '100.00'),
          budgeted('korr', '2.28.22', '5000.00', { dranst: '3' }),
          budgeted('opr', '3.22.01', '800.00'),
        ],
      },
      period: '2024-03',
      numerator: '250.50',
      denominator: '1000.00',
      value: '25.1',
    },
    {
      title: {
        da: 'December med supplement, og budgettet er overskredet',
        en: 'December with supplementary periods, and the budget is exceeded',
      },
      given: {
        oko_regnskab: [
          balance('3.22.01', '1000.00', { period: '6' }),
          balance('3.22.01', '40.00'),
          balance('3.22.01', '8.00', { period: '16' }),
        ],
        oko_budget: [
          budgeted('korr', '3.22.01', '600.00', { period: '1' }),
          budgeted('korr', '3.22.01', '400.00', { period: '2' }),
        ],
      },
      period: '2024-12',
      numerator: '1048.00',
      denominator: '1000.00',
      value: '104.8',
    },
    {
      title: {
        da: 'En måned med kun anlæg holder år til dato',
        en: 'A month with capital items only keeps the year to date',
      },
      given: {
        oko_regnskab: [
          balance('3.22.01', '300.00', { period: '1' }),
          balance('2.28.22', '5.00', { period: '2', dranst: '3' }),
        ],
        oko_budget: [budgeted('korr', '3.22.01', '0.00')],
      },
      period: '2024-02',
      numerator: '300.00',
      denominator: '0.00',
      value: null,
      missing: 'zero-denominator',
    },
  ],
};
