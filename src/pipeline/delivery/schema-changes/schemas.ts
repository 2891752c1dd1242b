// The wire shapes of announced changes of tables. Descriptions are the API's documentation.
import Type, { type Static } from 'typebox';
import type { ColumnType } from '../../../domains/definition.ts';
import { limitParameter, PAGE_OF_LIST } from '../../../platform/http/paging.ts';
import { NAME_FORM, PLAIN_CHARACTER, UUID_FORM } from '../../../platform/http/wire-forms.ts';
import type { SchemaChange } from './rules.ts';

const TYPES = [
  ...['text', 'code', 'integer', 'decimal', 'money', 'date', 'month', 'schoolYear', 'boolean', 'person'],
] as ColumnType['type'][];
const SQL_NAME = { pattern: '^[a-z][a-z0-9_]{0,62}$' } as const;

const nullable = <T extends Type.TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });
const time = (description: string) => Type.String({ format: 'date-time', description });
const day = (description: string) =>
  Type.String({ format: 'date', pattern: '^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$', description });
const text = (description: string) =>
  Type.String({ minLength: 1, maxLength: 1000, pattern: `^${PLAIN_CHARACTER}+$`, description });

const column = Type.String({ ...SQL_NAME, description: 'Name of the column.' });
const change = Type.Enum(['added', 'removed', 'retyped'], {
  type: 'string',
  description:
    '`removed`: it is there no more. `retyped`: another type, scale or unit, nulls where there were none, or it becomes or ceases to be part of the key. `added`: a column more. A column that gets another name is removed and added.',
});
const type = Type.Enum(TYPES, { type: 'string', description: 'The type that it has afterwards.' });
const description = Type.Object(
  { da: text('In Danish.'), en: text('In English.') },
  { additionalProperties: false, description: 'What changes and why, for readers of the table.' },
);

const exampleId = '5b0c1c0e-7d51-4f0b-9a63-1f1f0c2f8e11';
const example = {
  table: 'bor_befolkning',
  effectiveOn: '2031-01-01',
  description: {
    da: 'Antal opgøres fremover med én decimal.',
    en: 'The number is given with one decimal from then on.',
  },
};
const exampleChange = {
  ...{ id: exampleId, domain: 'borger', ...example, status: 'planned' as const },
  columns: [{ column: 'antal', change: 'retyped' as const, type: 'decimal' as const }],
  ...{ announcedAt: '2030-06-01T08:00:00.000Z', carriedOutOn: null, withdrawal: null },
};

export const announcementBody = Type.Object(
  {
    table: Type.String({ ...SQL_NAME, description: 'Name of the table.' }),
    effectiveOn: day('The first day on which the table may be so.'),
    columns: Type.Array(Type.Object({ column, change, type: Type.Optional(type) }, { additionalProperties: false }), {
      minItems: 1,
      maxItems: 200,
      description: 'What happens to columns. A table is given up by removing all of its columns.',
    }),
    description,
  },
  {
    additionalProperties: false,
    examples: [{ ...example, columns: [{ column: 'antal', change: 'retyped', type: 'decimal' }] }],
  },
);

export const withdrawalBody = Type.Object(
  { reason: text('Why, for readers of the table.') },
  { additionalProperties: false, examples: [{ reason: 'Kildesystemet beholder kolonnen' }] },
);

export const changeSchema = Type.Object(
  {
    id: Type.String({ format: 'uuid', description: 'Id of the change.' }),
    domain: Type.String({ description: 'Domain of the table.' }),
    table: Type.String({ description: 'Name of the table.' }),
    effectiveOn: day('The first day on which the table may be so.'),
    status: Type.Enum(['planned', 'carried-out', 'withdrawn'], {
      description:
        '`carried-out`: the table is declared so. `withdrawn`: what was not carried out before stays as it is.',
    }),
    columns: Type.Array(
      Type.Object({ column, change, type: nullable(type, 'The type that it has afterwards; null when it is gone.') }),
      { description: 'What happens to columns.' },
    ),
    description,
    announcedAt: time('When it was announced.'),
    carriedOutOn: nullable(Type.String({ format: 'date' }), 'The day on which all of it was so; null before.'),
    withdrawal: Type.Union(
      [Type.Object({ at: time('When.'), reason: Type.String({ description: 'Why.' }) }), Type.Null()],
      { description: 'Null unless it was withdrawn.' },
    ),
  },
  { description: 'An announced change of a table.', examples: [exampleChange] },
);

export const changePageSchema = Type.Object(
  {
    items: Type.Array(changeSchema, { description: 'Changes, the latest day first.' }),
    next: nullable(Type.String({ format: 'uri' }), 'Absolute address of the next page; null on the last.'),
  },
  { description: 'A page of changes.', examples: [{ items: [exampleChange], next: null }] },
);

export const changeParams = Type.Object({ id: Type.String({ ...UUID_FORM, description: 'Id of the change.' }) });

export const changeQuery = Type.Object(
  {
    domain: Type.Optional(Type.String({ ...NAME_FORM, description: 'Only of this domain.' })),
    table: Type.Optional(Type.String({ ...SQL_NAME, description: 'Only of this table.' })),
    from: Type.Optional(day('Only of this day or later.')),
    limit: limitParameter(PAGE_OF_LIST),
    cursor: Type.Optional(Type.String({ maxLength: 1024, description: 'From `next` of the page before.' })),
  },
  { additionalProperties: false },
);

export function presentChange(each: SchemaChange): Static<typeof changeSchema> {
  const { id, domain, table, effectiveOn, columns, description, announcedAt, carriedOutOn, withdrawal } = each;
  return {
    ...{ id, domain, table, effectiveOn, status: statusOf(each), columns: [...columns], description },
    ...{ announcedAt: announcedAt.toISOString(), carriedOutOn },
    withdrawal: withdrawal && { at: withdrawal.at.toISOString(), reason: withdrawal.reason },
  };
}

function statusOf({ withdrawal, carriedOutOn }: SchemaChange): 'planned' | 'carried-out' | 'withdrawn' {
  if (withdrawal !== null) return 'withdrawn';
  return carriedOutOn === null ? 'planned' : 'carried-out';
}
