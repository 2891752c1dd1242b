// The table oko_budget: the original and the corrected budget per account. Declaration only.
// A budget may be spread over months or stand undivided in period 0; the sum over the periods is always the year's budget.
import { type Column, defineTable } from '../../definition.ts';
import { accountColumns, regnskabsaar } from '../account-columns.ts';
import { BUDGET_VERSION } from '../code-lists.ts';
import { SOURCES } from '../domain.ts';

const money = { type: { type: 'money' }, unit: 'DKK', sensitivity: 'ordinary' } as const satisfies Partial<Column>;

export const table = defineTable({
  name: 'oko_budget',
  title: { da: 'Budget', en: 'Budget' },
  description: {
    da: 'Oprindeligt og korrigeret budget pr. konto. Årets budget er summen over perioderne.',
    en: "Original and corrected budget per account. The year's budget is the sum over the periods.",
  },
  columns: [
    regnskabsaar,
    {
      name: 'periode',
      title: { da: 'Periode', en: 'Period' },
      description: {
        da: 'Måneden 1-12, eller 0 for et budget, der ikke er fordelt på måneder.',
        en: 'The month 1-12, or 0 for a budget that is not spread over months.',
      },
      type: { type: 'integer', minimum: 0, maximum: 12 },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      name: 'version',
      title: { da: 'Budgetversion', en: 'Budget version' },
      description: { da: 'Oprindeligt eller korrigeret budget.', en: 'Original or corrected budget.' },
      type: { type: 'code', list: BUDGET_VERSION },
      nullable: false,
      sensitivity: 'ordinary',
    },
    ...accountColumns,
    {
      ...money,
      name: 'beloeb',
      title: { da: 'Beløb', en: 'Amount' },
      description: {
        da: 'Budgettet i versionen. I korr er omplacering og tillægsbevilling regnet med.',
        en: 'The budget of the version. In korr, transfers and supplementary grants are included.',
      },
      nullable: false,
    },
    {
      ...money,
      name: 'omplacering',
      title: { da: 'Omplacering', en: 'Transfer between accounts' },
      description: {
        da: 'Den del af beløbet, der er flyttet fra andre konti; tom, hvor kilden ikke oplyser det.',
        en: 'The part of the amount that was moved from other accounts; empty where the source does not say.',
      },
      nullable: true,
    },
    {
      ...money,
      name: 'tillaegsbevilling',
      title: { da: 'Tillægsbevilling', en: 'Supplementary grant' },
      description: {
        da: 'Den del af beløbet, der er bevilget i årets løb; tom, hvor kilden ikke oplyser det.',
        en: 'The part of the amount that was granted during the year; empty where the source does not say.',
      },
      nullable: true,
    },
  ],
  key: ['regnskabsaar', 'periode', 'version', ...accountColumns.map((column) => column.name)],
  period: { kind: 'year', from: 'regnskabsaar' },
  sources: SOURCES,
});
