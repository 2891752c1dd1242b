// The table bib_udlaan: loans and active borrowers per branch and month.
import { defineTable } from '../../../../../src/domains/definition.ts';

export const table = defineTable({
  name: 'bib_udlaan',
  title: { da: 'Udlån', en: 'Loans' },
  description: { da: 'Udlån pr. filial og måned.', en: 'Loans per branch and month.' },
  columns: [
    {
      name: 'maaned',
      title: { da: 'Måned', en: 'Month' },
      description: { da: 'Måneden.', en: 'The month.' },
      type: { type: 'month' },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'filial',
      title: { da: 'Filial', en: 'Branch' },
      description: { da: 'Filialens navn.', en: 'Name of the branch.' },
      type: { type: 'text', maxLength: 60 },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'udlaan',
      title: { da: 'Udlån', en: 'Loans' },
      description: { da: 'Antal udlån.', en: 'Number of loans.' },
      type: { type: 'integer', minimum: 0, maximum: 10_000_000 },
      unit: 'udlån',
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'laanere',
      title: { da: 'Lånere', en: 'Borrowers' },
      description: { da: 'Antal aktive lånere.', en: 'Number of active borrowers.' },
      type: { type: 'integer', minimum: 0, maximum: 1_000_000 },
      unit: 'personer',
      nullable: false,
      sensitivity: 'ordinary',
    },
  ],
  key: ['maaned', 'filial'],
  period: { kind: 'year', from: 'maaned' },
  sources: ['cicero'],
});
