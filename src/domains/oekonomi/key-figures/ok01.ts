// OK01: the tax-financed operating result per inhabitant.

import { people } from '../../borger/examples.ts';
import { befolkningPrimo } from '../../borger/formulas.ts';
import type { KeyFigure } from '../../definition.ts';
import { balance } from '../examples.ts';
import { skattefinansieretDriftsresultat } from '../formulas.ts';

export const keyFigure: KeyFigure = {
  id: 'OK01',
  flisReference: '005-0010-001-1-0-0',
  domain: 'oekonomi',
  title: {
    da: 'Skattefinansieret driftsresultat ekskl. jordforsyning',
    en: 'Tax-financed operating result excl. land supply',
  },
  description: {
    da: 'Drift, statsrefusion, tilskud, udligning, skat og renter pr. indbygger 1. januar. Et overskud er negativt. Uden art 0, jordforsyning (0.22), ældreboliger (undtagen 5.32.30 gruppering 005) og kurstab (7.58.77). Foreligger, når regnskabsåret er leveret til og med december.',
    en: 'Operation, state refunds, grants, equalisation, taxes and interest per inhabitant on 1 January. A surplus is negative. Without art 0, land supply (0.22), housing for the elderly (except 5.32.30 grouping 005) and capital losses (7.58.77). Exists once the year has been delivered to December.',
  },
  unit: { da: 'kr. pr. indbygger', en: 'DKK per inhabitant' },
  factor: 1,
  decimals: 0,
  direction: 'neutral',
  level: 'year',
  kind: 'rate',
  persons: false,
  minimumCell: 0,
  numerator: skattefinansieretDriftsresultat,
  denominator: befolkningPrimo,
  breakdowns: [],
  examples: [
    {
      title: {
        da: 'Udgifter, refusion, skat og renter; indtægter er negative',
        en: 'Cost, refund, tax and interest; income is negative',
      },
      given: {
        oko_regnskab: [
          balance('3.22.01', '50000.00', { period: '1' }),
          balance('3.22.01', '30000.50'),
          balance('5.57.71', '-10000.00', { dranst: '2' }),
          balance('7.68.90', '-75000.00', { dranst: '7', art: '86' }),
          balance('7.62.80', '-5000.00', { dranst: '7', art: '86' }),
          balance('7.55.70', '250.25', { dranst: '4', art: '60' }),
          balance('1.38.61', '999.00'),
          balance('8.55.70', '777.00', { dranst: '6' }),
        ],
        bor_befolkning: [people('2024-01', 0, 125, 10), people('2024-02', 0, 125, 11)],
      },
      period: '2024',
      numerator: '-9749.25',
      denominator: '10',
      value: '-975',
    },
    {
      title: {
        da: 'Undtagelserne: 7.58.77, jordforsyning 0.22, art 0 og ældreboliger uden for gruppering 005',
        en: 'The exceptions: 7.58.77, land supply 0.22, art 0 and elderly housing outside grouping 005',
      },
      given: {
        oko_regnskab: [
          balance('6.45.51', '1000.00'),
          balance('6.45.51', '400.00', { art: '01' }),
          balance('7.58.77', '5000.00', { dranst: '4', art: '60' }),
          balance('7.58.78', '10.00', { dranst: '4', art: '60' }),
          balance('0.22.01', '-20000.00'),
          balance('5.32.30', '300.00', { gruppering: '001' }),
          balance('5.32.30', '60.00', { gruppering: '005' }),
          balance('5.32.30', '7.00', { gruppering: '005', dranst: '2' }),
          balance('7.52.76', '-90.00', { dranst: '7' }),
        ],
        bor_befolkning: [people('2024-01', 0, 125, 4)],
      },
      period: '2024',
      numerator: '1070.00',
      denominator: '4',
      value: '268',
    },
    {
      title: {
        da: 'Primo (0) er ingen bevægelse, supplement (13-16) hører til året',
        en: 'The opening balance (0) is no movement, supplementary periods (13-16) belong to the year',
      },
      given: {
        oko_regnskab: [
          balance('3.22.01', '10.00', { period: '0' }),
          balance('3.22.01', '100.00'),
          balance('3.22.01', '-40.00', { period: '14' }),
        ],
        bor_befolkning: [people('2024-01', 0, 125, 2)],
      },
      period: '2024',
      numerator: '60.00',
      denominator: '2',
      value: '30',
    },
    {
      title: { da: 'Året er ikke leveret til december', en: 'The year has not been delivered to December' },
      given: {
        oko_regnskab: [balance('3.22.01', '100.00', { period: '11' })],
        bor_befolkning: [people('2024-01', 0, 125, 2)],
      },
      period: '2024',
      numerator: null,
      denominator: '2',
      value: null,
      missing: 'incomplete-period',
    },
  ],
};
