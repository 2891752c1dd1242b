// The wire shapes of tables: columns with types, units and code lists, keys, period and rules.
import Type from 'typebox';
import { exampleRule, listOf, nullable, ruleSchema } from './schemas.ts';

const codeSchema = Type.Object({
  code: Type.String({ description: 'The code.' }),
  title: Type.String({ description: 'What it means.' }),
  validFrom: nullable(Type.String({ format: 'date' }), 'First day on which it may be used; null if from ever.'),
  validTo: nullable(Type.String({ format: 'date' }), 'Last day on which it may be used; null if open.'),
});

export const codeListSchema = Type.Object(
  {
    id: Type.String({ description: 'Id of the code list.' }),
    title: Type.String({ description: 'Title.' }),
    codes: Type.Array(codeSchema, { description: 'The codes, in order.' }),
  },
  { description: 'A fixed list of codes.' },
);

const columnSchema = Type.Object({
  name: Type.String({ description: 'Name of the column.' }),
  sourceName: nullable(
    Type.String(),
    'Header of the column in source files: `cpr` for a person; null when it is derived and must not be sent.',
  ),
  title: Type.String({ description: 'Title.' }),
  description: Type.String({ description: 'What it holds.' }),
  type: Type.Enum(['text', 'code', 'integer', 'decimal', 'money', 'date', 'month', 'schoolYear', 'boolean', 'person'], {
    description:
      'Type of the values. `money`: kroner with two decimals. `month`: `YYYY-MM`. `schoolYear`: `YYYY-YYYY`. `person`: sent as a CPR number, kept and delivered as a pseudonym.',
  }),
  unit: nullable(Type.String(), 'Unit of the values.'),
  optional: Type.Boolean({ description: 'Whether a value may be absent.' }),
  sensitivity: Type.Enum(['ordinary', 'personal', 'sensitive'], {
    description: '`personal`: about one person. `sensitive`: in the sense of GDPR, article 9.',
  }),
  derivedFrom: nullable(
    Type.Enum(['birth-year', 'sex']),
    'What is derived from the CPR number for this column; null when it is delivered.',
  ),
  maxLength: nullable(Type.Integer(), 'Most characters of a text.'),
  pattern: nullable(Type.String(), 'Regular expression (RE2) that a text must match.'),
  minimum: nullable(Type.Integer(), 'Least value of an integer.'),
  maximum: nullable(Type.Integer(), 'Greatest value of an integer.'),
  precision: nullable(Type.Integer(), 'Most digits of a decimal.'),
  scale: nullable(Type.Integer(), 'Decimals of a decimal.'),
  codeList: nullable(codeListSchema, 'The codes that a `code` can take.'),
});

const tableFields = {
  name: Type.String({ description: 'Name of the table.' }),
  domain: Type.String({ description: 'Domain of the table.' }),
  title: Type.String({ description: 'Title.' }),
  description: Type.String({ description: 'What a row is.' }),
  key: Type.Array(Type.String(), { description: 'The natural key, in sort order.' }),
  period: Type.Object(
    {
      kind: Type.Enum(['none', 'year', 'schoolYear', 'month'], {
        description: 'Kind of period that rows are kept by.',
      }),
      from: nullable(Type.String(), 'The key column that the period follows from; null for `none`.'),
    },
    { description: 'The period of a slice.' },
  ),
  sources: Type.Array(Type.String(), { description: 'Source systems that can deliver it.' }),
};

const exampleTable = {
  name: 'bor_befolkning',
  domain: 'borger',
  title: 'Population',
  description: 'Inhabitants on the 1st of the month.',
  key: ['kommunekode', 'maaned', 'koen'],
  period: { kind: 'year' as const, from: 'maaned' },
  sources: ['cpr'],
};

const exampleColumn = {
  name: 'koen',
  sourceName: 'koen',
  title: 'Sex',
  description: 'Sex, or the total.',
  type: 'code' as const,
  unit: null,
  optional: false,
  sensitivity: 'ordinary' as const,
  derivedFrom: null,
  maxLength: null,
  pattern: null,
  minimum: null,
  maximum: null,
  precision: null,
  scale: null,
  codeList: {
    id: 'koen-ialt',
    title: 'Sex',
    codes: [{ code: 'K', title: 'Females', validFrom: null, validTo: null }],
  },
};

export const tableListSchema = listOf(Type.Object(tableFields), 'The tables of the domain, by name.', exampleTable);

export const tableSchema = Type.Object(
  {
    ...tableFields,
    columns: Type.Array(columnSchema, { description: 'The columns, in the order of packages.' }),
    rules: Type.Array(ruleSchema, { description: 'The quality rules about the table.' }),
  },
  { description: 'A raw table.', examples: [{ ...exampleTable, columns: [exampleColumn], rules: [exampleRule] }] },
);
