// The table oko_regnskab: balances per account and month. Declaration only.
// Voucher type and posting date belong to single postings, not to balances, and are therefore no columns here.
import { defineTable } from '../../definition.ts';
import { accountColumns, regnskabsaar } from '../account-columns.ts';
import { SOURCES } from '../domain.ts';

export const table = defineTable({
  name: 'oko_regnskab',
  title: { da: 'Regnskab', en: 'Accounts' },
  description: {
    da: 'Månedens bevægelse pr. konto. Udgift er plus, indtægt er minus. Bilagsart og posteringsdato hører til posteringsniveau og indgår ikke.',
    en: "The month's movement per account. Expenditure is plus, income is minus. Voucher type and posting date belong to postings and are not part of it.",
  },
  columns: [
    regnskabsaar,
    {
      name: 'periode',
      title: { da: 'Periode', en: 'Period' },
      description: {
        da: 'Regnskabsperiode: 1-12 er månederne, 0 er primosaldoen, 13-16 er supplementsperioder, der hører til december.',
        en: 'Accounting period: 1-12 are the months, 0 is the opening balance, 13-16 are supplementary periods that belong to December.',
      },
      type: { type: 'integer', minimum: 0, maximum: 16 },
      nullable: false,
      sensitivity: 'ordinary',
    },
    ...accountColumns,
    {
      name: 'beloeb',
      title: { da: 'Beløb', en: 'Amount' },
      description: {
        da: 'Bevægelsen i perioden; i periode 0 primosaldoen.',
        en: 'Movement in the period; in period 0 the opening balance.',
      },
      type: { type: 'money' },
      unit: 'DKK',
      nullable: false,
      sensitivity: 'ordinary',
    },
  ],
  key: ['regnskabsaar', 'periode', ...accountColumns.map((column) => column.name)],
  period: { kind: 'year', from: 'regnskabsaar' },
  sources: SOURCES,
});
