// The table oko_kontoplan: the chart of accounts of one year, matched to the ministry's chart. Declaration only.
import { type Column, defineTable } from '../../definition.ts';
import { chartColumns } from '../account-columns.ts';
import { SOURCES } from '../domain.ts';

const flag = {
  type: { type: 'boolean' },
  nullable: false,
  sensitivity: 'ordinary',
} as const satisfies Partial<Column>;

const date = { type: { type: 'date' }, nullable: true, sensitivity: 'ordinary' } as const satisfies Partial<Column>;

export const table = defineTable({
  name: 'oko_kontoplan',
  title: { da: 'Kontoplan', en: 'Chart of accounts' },
  description: {
    da: 'Årets kontoplan: én række pr. hovedkonto, hovedfunktion, funktion, dranst og gruppering.',
    en: 'Chart of accounts of a year: one row per main account, main function, function, nature and grouping.',
  },
  columns: [
    {
      name: 'aar',
      title: { da: 'År', en: 'Year' },
      description: { da: 'Regnskabsåret, kontoplanen gælder for.', en: 'Accounting year of the chart.' },
      type: { type: 'integer', minimum: 2000, maximum: 2099 },
      nullable: false,
      sensitivity: 'ordinary',
    },
    ...chartColumns,
    {
      name: 'tekst',
      title: { da: 'Tekst', en: 'Text' },
      description: { da: 'Kontoens navn.', en: 'Name of the account.' },
      type: { type: 'text', maxLength: 200 },
      nullable: false,
      sensitivity: 'ordinary',
    },
    {
      ...flag,
      name: 'autoriseret',
      title: { da: 'Autoriseret', en: 'Authorised' },
      description: {
        da: 'Om kontoen er autoriseret af ministeriet; ellers er den oprettet lokalt.',
        en: 'Whether the account is authorised by the ministry; otherwise it was made locally.',
      },
    },
    {
      ...flag,
      name: 'im_match',
      title: { da: 'Match til IM-kontoplan', en: "Match to the ministry's chart" },
      description: {
        da: 'Om kontoen er koblet til en konto i Indenrigsministeriets kontoplan.',
        en: "Whether the account is mapped to an account of the ministry's chart.",
      },
    },
    {
      ...flag,
      name: 'serviceudgift',
      title: { da: 'Serviceudgift', en: 'Service expenditure' },
      description: {
        da: 'Om kontoen tæller med i serviceudgifterne, dvs. hverken overførsel, forsyning eller anden undtagelse.',
        en: 'Whether the account counts as service expenditure: neither transfer, utility nor another exception.',
      },
    },
    {
      ...date,
      name: 'gyldig_fra',
      title: { da: 'Gyldig fra', en: 'Valid from' },
      description: { da: 'Første dag, kontoen gælder; tom er åben.', en: 'First day of validity; empty is open.' },
    },
    {
      ...date,
      name: 'gyldig_til',
      title: { da: 'Gyldig til', en: 'Valid to' },
      description: { da: 'Sidste dag, kontoen gælder; tom er åben.', en: 'Last day of validity; empty is open.' },
    },
  ],
  key: ['aar', ...chartColumns.map((column) => column.name)],
  period: { kind: 'year', from: 'aar' },
  sources: SOURCES,
});
