// BI01: loans per active borrower.
import type { Formula, KeyFigure, Source } from '../../../../../src/domains/definition.ts';

const loans: Source = {
  id: 'bib.udlaan.maaned',
  domain: 'bibliotek',
  bucket: 'year',
  reads: { bib_udlaan: (year) => [year] },
  sql: 'select maaned as period, udlaan, laanere from bib_udlaan',
};

const numerator: Formula = {
  id: 'bib.udlaan',
  version: 1,
  domain: 'bibliotek',
  title: { da: 'Udlån i måneden', en: 'Loans of the month' },
  source: loans,
  measure: 'sum(udlaan)',
};

const denominator: Formula = {
  id: 'bib.laanere',
  version: 1,
  domain: 'bibliotek',
  title: { da: 'Aktive lånere i måneden', en: 'Active borrowers of the month' },
  source: loans,
  measure: 'sum(laanere)',
};

export const keyFigure: KeyFigure = {
  id: 'BI01',
  domain: 'bibliotek',
  title: { da: 'Udlån pr. låner', en: 'Loans per borrower' },
  description: { da: 'Udlån pr. aktiv låner i måneden.', en: 'Loans per active borrower in the month.' },
  unit: { da: 'udlån', en: 'loans' },
  factor: 1,
  decimals: 2,
  direction: 'up',
  level: 'month',
  kind: 'mean',
  persons: true,
  minimumCell: 5,
  numerator,
  denominator,
  breakdowns: [],
  examples: [
    {
      title: { da: 'To filialer lægges sammen', en: 'Two branches add up' },
      given: {
        bib_udlaan: [
          { kommunekode: '615', maaned: '2025-01', filial: 'Øst', udlaan: '100', laanere: '30' },
          { kommunekode: '615', maaned: '2025-01', filial: 'Vest', udlaan: '50', laanere: '15' },
        ],
      },
      period: '2025-01',
      numerator: '150',
      denominator: '45',
      value: '3.33',
    },
  ],
};
