// OK02: the structural operating balance of the original budget per inhabitant.

import { people } from '../../borger/examples.ts';
import { befolkningPrimo } from '../../borger/formulas.ts';
import type { KeyFigure } from '../../definition.ts';
import { budgeted } from '../examples.ts';
import { strukturelDriftsbalance } from '../formulas.ts';

export const keyFigure: KeyFigure = {
  id: 'OK02',
  flisReference: '005-0010-011-0-0-0',
  domain: 'oekonomi',
  title: { da: 'Strukturel driftsbalance', en: 'Structural operating balance' },
  description: {
    da: 'Overskuddet i det oprindelige budget pr. indbygger 1. januar; fortegnet er vendt, så et overskud er positivt. Uden art 0, ældreboliger (undtagen 5.32.30 gruppering 005) og 6.52.72 gruppering 001 og 002.',
    en: 'Surplus of the original budget per inhabitant on 1 January; the sign is turned, so a surplus is positive. Without art 0, housing for the elderly (except 5.32.30 grouping 005) and 6.52.72 groupings 001 and 002.',
  },
  unit: { da: 'kr. pr. indbygger', en: 'DKK per inhabitant' },
  factor: 1,
  decimals: 0,
  direction: 'up',
  level: 'year',
  kind: 'rate',
  persons: false,
  minimumCell: 0,
  numerator: strukturelDriftsbalance,
  denominator: befolkningPrimo,
  breakdowns: [],
  examples: [
    {
      title: { da: 'Overskud i det oprindelige budget', en: 'A surplus in the original budget' },
      given: {
        oko_budget: [
          budgeted('opr', '3.22.01', '80000.00'),
          budgeted('opr', '5.57.71', '-6000.00', { dranst: '2' }),
          budgeted('opr', '7.68.90', '-79000.00', { dranst: '7', art: '86' }),
          budgeted('opr', '7.55.70', '500.00', { dranst: '4', art: '60' }),
          budgeted('korr', '3.22.01', '99000.00'),
          budgeted('opr', '0.28.20', '70000.00', { dranst: '3' }),
        ],
        bor_befolkning: [people('2024-01', 0, 125, 9)],
      },
      period: '2024',
      numerator: '4500.00',
      denominator: '9',
      value: '500',
    },
    {
      title: {
        da: 'Undtagelserne: 6.52.72 gruppering 001 og 002, 5.32.30 uden for 005, art 0; budget fordelt på måneder',
        en: 'The exceptions: 6.52.72 groupings 001 and 002, 5.32.30 outside 005, art 0; a budget spread over months',
      },
      given: {
        oko_budget: [
          budgeted('opr', '6.52.72', '100.00', { gruppering: '001' }),
          budgeted('opr', '6.52.72', '200.00', { gruppering: '002' }),
          budgeted('opr', '6.52.72', '5.00', { gruppering: '003', period: '1' }),
          budgeted('opr', '6.52.72', '5.00', { gruppering: '003', period: '2' }),
          budgeted('opr', '5.32.30', '-400.00', { gruppering: '003' }),
          budgeted('opr', '5.32.30', '15.00', { gruppering: '005' }),
          budgeted('opr', '3.22.01', '800.00', { art: '09' }),
        ],
        bor_befolkning: [people('2024-01', 0, 125, 2)],
      },
      period: '2024',
      numerator: '-25.00',
      denominator: '2',
      value: '-13',
    },
  ],
};
