// OK03: tax-financed gross capital expenditure per inhabitant.

import { people } from '../../borger/examples.ts';
import { befolkningPrimo } from '../../borger/formulas.ts';
import type { KeyFigure } from '../../definition.ts';
import { balance } from '../examples.ts';
import { bruttoanlaeg } from '../formulas.ts';

export const keyFigure: KeyFigure = {
  id: 'OK03',
  flisReference: '005-0010-006-2-0-0 (eflis 9)',
  domain: 'oekonomi',
  title: {
    da: 'Skattefinansierede bruttoanlægsudgifter inkl. jord',
    en: 'Tax-financed gross capital expenditure incl. land',
  },
  description: {
    da: 'Positive beløb med dranst 3 på hovedkonto 0 og 2-6 pr. indbygger 1. januar, uden 0.25.19. Foreligger, når regnskabsåret er leveret til og med december.',
    en: 'Positive amounts with nature 3 on main accounts 0 and 2-6 per inhabitant on 1 January, without 0.25.19. Exists once the year has been delivered to December.',
  },
  unit: { da: 'kr. pr. indbygger', en: 'DKK per inhabitant' },
  factor: 1,
  decimals: 0,
  direction: 'neutral',
  level: 'year',
  kind: 'rate',
  persons: false,
  minimumCell: 0,
  numerator: bruttoanlaeg,
  denominator: befolkningPrimo,
  breakdowns: [],
  examples: [
    {
      title: {
        da: 'Anlæg og jordforsyning; drift tæller ikke',
        en: 'Capital items and land; operation does not count',
      },
      given: {
        oko_regnskab: [
          balance('2.28.22', '7000.00', { dranst: '3', art: '45' }),
          balance('0.22.02', '3000.00', { dranst: '3', art: '26', period: '3' }),
          balance('2.28.22', '900.00'),
        ],
        bor_befolkning: [people('2024-01', 0, 125, 8)],
      },
      period: '2024',
      numerator: '10000.00',
      denominator: '8',
      value: '1250',
    },
    {
      title: {
        da: 'Salgsindtægter, 0.25.19 og forsyning er ude',
        en: 'Sales, 0.25.19 and utilities are left out',
      },
      given: {
        oko_regnskab: [
          balance('0.22.02', '500.00', { dranst: '3', art: '26' }),
          balance('0.22.02', '-800.00', { dranst: '3', art: '72' }),
          balance('0.25.19', '6000.00', { dranst: '3', art: '45' }),
          balance('0.25.18', '25.01', { dranst: '3', art: '45' }),
          balance('1.38.60', '4000.00', { dranst: '3', art: '45' }),
        ],
        bor_befolkning: [people('2024-01', 0, 125, 50)],
      },
      period: '2024',
      numerator: '525.01',
      denominator: '50',
      value: '11',
    },
  ],
};
