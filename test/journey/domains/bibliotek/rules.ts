// The quality rules of libraries.
import type { Rule } from '../../../../src/domains/definition.ts';

export const rules: readonly Rule[] = [
  {
    id: 'BI-udlaan',
    severity: 'error',
    scope: 'row',
    table: 'bib_udlaan',
    column: 'udlaan',
    title: { da: 'Udlån uden lånere', en: 'Loans without borrowers' },
    message: {
      da: 'Der er udlån, men ingen lånere. Ret antallet af lånere.',
      en: 'There are loans but no borrowers. Correct the number of borrowers.',
    },
    violation: 'udlaan > 0 and laanere = 0',
  },
];
