// The wire shapes of key figures: what they measure, how exactly, and with which worked examples.
import Type from 'typebox';
import { listOf, nullable } from './schemas.ts';
import { codeListSchema } from './schemas-tables.ts';

const LEVELS = ['year', 'schoolYear', 'quarter', 'month'] as const;
const REASONS = ['no-data', 'age-bands', 'zero-denominator', 'no-base-year', 'incomplete-period'] as const;

const keyFigureFields = {
  id: Type.String({ description: 'Id of the key figure.' }),
  flisReference: nullable(Type.String(), 'Reference of the FLIS definition that it follows, where known.'),
  domain: Type.String({ description: 'Domain of the key figure.' }),
  title: Type.String({ description: 'Title.' }),
  description: Type.String({ description: 'What it measures.' }),
  unit: Type.String({ description: 'Unit of the values.' }),
  factor: Type.Number({ description: 'The value is numerator / denominator × factor.' }),
  decimals: Type.Integer({ description: 'Decimals of the values; rounded once, half away from zero.' }),
  direction: Type.Enum(['up', 'down', 'neutral'], { description: '`up`: high is good. `down`: low is good.' }),
  level: Type.Enum(LEVELS, { description: 'Kind of period of the values.' }),
  kind: Type.Enum(['share', 'rate', 'mean', 'amount', 'count'], {
    description: '`share`: the numerator is part of the denominator. `amount` and `count` may lack a denominator.',
  }),
  breakdowns: Type.Array(
    Type.Object({
      column: Type.String({ description: 'Column that the values are split by.' }),
      title: Type.String({ description: 'Title.' }),
      codeList: nullable(codeListSchema, 'The codes that it can take; null when open.'),
    }),
    { description: 'Columns by which there are values as well, one at a time.' },
  ),
};

const exampleKeyFigure = {
  id: 'BO05',
  flisReference: null,
  domain: 'borger',
  title: 'Share aged 80+',
  description: 'The share of inhabitants on the 1st of the month who are 80 or older.',
  unit: 'per cent',
  factor: 100,
  decimals: 1,
  direction: 'neutral' as const,
  level: 'month' as const,
  kind: 'share' as const,
  breakdowns: [],
};

const reason = Type.Enum(REASONS, {
  description:
    '`no-data`: not delivered. `age-bands`: an age limit cuts a delivered band. `zero-denominator`, `no-base-year`, `incomplete-period`: as named.',
});

const formulaSchema = Type.Object(
  {
    id: Type.String({ description: 'Id of the formula; several key figures can share it.' }),
    version: Type.Integer({ description: 'Raised whenever its meaning changes.' }),
    domain: Type.String({ description: 'Domain of the formula.' }),
    title: Type.String({ description: 'What it counts or adds up.' }),
    tables: Type.Array(Type.String(), { description: 'Tables that it reads.' }),
    sql: Type.String({
      description: 'The exact computation as SQL over the tables of one municipality: period and value.',
    }),
    missing: Type.Array(
      Type.Object({
        reason,
        when: Type.String({ description: 'The condition, as an SQL aggregate over the same rows.' }),
      }),
      { description: 'When there is no value although there are rows.' },
    ),
  },
  { description: 'A named formula.' },
);

const exampleFormula = {
  id: 'bor.befolkning',
  version: 1,
  domain: 'borger',
  title: 'Population on the 1st of the month',
  tables: ['bor_befolkning'],
  sql: 'select period, sum(antal) as value from (select maaned as period, antal from bor_befolkning) group by period',
  missing: [],
};

const exampleSchema = Type.Object(
  {
    title: Type.String({ description: 'What the example shows.' }),
    given: Type.Record(
      Type.String(),
      Type.Array(Type.Record(Type.String(), nullable(Type.String(), 'The cell as text; null when empty.'))),
      { description: 'Rows by table.' },
    ),
    period: Type.String({ description: 'The period asked for.' }),
    breakdown: nullable(Type.String(), 'The breakdown asked for; null for the total.'),
    numerator: nullable(Type.String(), 'The exact numerator.'),
    denominator: nullable(Type.String(), 'The exact denominator; null when missing or when there is none.'),
    value: nullable(Type.String(), 'The value as published; null when missing.'),
    missing: nullable(reason, 'Why the value is missing.'),
  },
  { description: 'Given these rows, the key figure is exactly this.' },
);

export const keyFigureListSchema = listOf(
  Type.Object(keyFigureFields),
  'The key figures, by domain and id.',
  exampleKeyFigure,
);

export const keyFigureSchema = Type.Object(
  {
    ...keyFigureFields,
    numerator: formulaSchema,
    denominator: nullable(formulaSchema, 'The denominator; null for a plain count or amount.'),
    suppression: Type.Object(
      {
        minimumCell: Type.Integer({ description: 'Smallest number of persons published; 0: nothing is suppressed.' }),
        explanation: Type.String({ description: 'Which published values are suppressed.' }),
      },
      { description: 'How small numbers are protected.' },
    ),
    examples: Type.Array(exampleSchema, { description: 'Worked examples; each is tested.' }),
  },
  {
    description: 'A key figure with its formulas, suppression and worked examples.',
    examples: [
      {
        ...exampleKeyFigure,
        numerator: { ...exampleFormula, id: 'bor.befolkning.80plus' },
        denominator: exampleFormula,
        suppression: { minimumCell: 0, explanation: 'Nothing is suppressed.' },
        examples: [
          {
            title: 'Single years and an open top band',
            given: { bor_befolkning: [{ maaned: '2025-03', alder_fra: '80', alder_til: '125', antal: '50' }] },
            period: '2025-03',
            breakdown: null,
            numerator: '50',
            denominator: '1000',
            value: '5.0',
            missing: null,
          },
        ],
      },
    ],
  },
);
