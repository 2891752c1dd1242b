// The wire shapes of findings, as JSON and as CSV.
import Type from 'typebox';
import type { Cell } from '../../platform/http/csv.ts';
import { cursor, limit, next, nullable, severity } from './schemas.ts';
import type { Finding } from './store-findings.ts';

const exampleFinding = {
  number: 1,
  rule: 'code',
  severity: 'stop',
  table: 'bor_befolkning',
  period: null,
  row: 17,
  column: 'koen',
  reference: null,
  message: { da: 'Koden findes ikke i kodelisten.', en: 'The code is not in the code list.' },
};

export const findingQuery = Type.Object(
  {
    severity: Type.Optional(severity),
    rule: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9-]{1,64}$', description: 'Only of this rule.' })),
    table: Type.Optional(Type.String({ pattern: '^[a-z][a-z0-9_]{0,62}$', description: 'Only of this table.' })),
    format: Type.Optional(
      Type.Enum(['json', 'csv'], { type: 'string', description: 'Form of the answer; else Accept decides.' }),
    ),
    limit,
    cursor,
  },
  { additionalProperties: false },
);

const findingSchema = Type.Object(
  {
    number: Type.Integer({ description: '1, 2, 3 … in the order found.' }),
    rule: Type.String({ description: 'Id of the rule.' }),
    severity,
    table: Type.String({ description: 'The table.' }),
    period: nullable(Type.String(), 'The period of the rows, where the rule looks at one.'),
    row: nullable(Type.Integer(), 'Record number in the file, header excluded; null when it is not about one row.'),
    column: nullable(Type.String(), 'The column.'),
    reference: nullable(Type.String(), 'What is at fault, e.g. an institution number; never a person’s CPR.'),
    message: Type.Object(
      { da: Type.String({ description: 'In Danish.' }), en: Type.String({ description: 'In English.' }) },
      { description: 'What is wrong and what to do about it.' },
    ),
  },
  { examples: [exampleFinding] },
);

export const findingPageSchema = Type.Object(
  { items: Type.Array(findingSchema, { description: 'In the order found.' }), next },
  { description: 'A page of findings.', examples: [{ items: [exampleFinding], next: null }] },
);

/** Columns of the CSV form. */
export const FINDING_COLUMNS = [
  'number',
  'rule',
  'severity',
  'table',
  'period',
  'row',
  'column',
  'reference',
  'message_da',
  'message_en',
] as const;

/** @returns a finding as a row of the CSV form. */
export function toFindingRow({ messageDa, messageEn, ...rest }: Finding): Record<string, Cell> {
  return { ...rest, message_da: messageDa, message_en: messageEn };
}

export const findingCsvSchema = Type.String({
  description: `Header line and one line per finding: ${FINDING_COLUMNS.join(', ')}.`,
  examples: [
    `${FINDING_COLUMNS.join(',')}\n1,code,stop,bor_befolkning,,17,koen,,Koden findes ikke.,The code is unknown.\n`,
  ],
});
