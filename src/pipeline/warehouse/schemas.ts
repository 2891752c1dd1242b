// The wire shapes of revisions and their changes. Descriptions are the API's documentation.

import Type from 'typebox';
import { limitParameter, PAGE_OF_LIST } from '../../platform/http/paging.ts';
import { NAME_FORM } from '../../platform/http/wire-forms.ts';

const KINDS = ['total', 'delta', 'restore', 'schema'] as const;

const exampleRevision = {
  revision: 7,
  kind: 'total',
  sourceDelivery: '0b8f2a52-3c1e-4d57-9a06-5c4d2b1f7e90',
  restoredRevision: null,
  createdAt: '2026-01-15T08:00:09.412Z',
  slicesChanged: 2,
};
const exampleSlice = {
  period: '2025',
  rows: 21_840,
  sha256: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
  since: 7,
};
const exampleChange = { table: 'bor_befolkning', period: '2025', inserted: 1_820, updated: 14, deleted: 0 };

const revisionFields = {
  revision: Type.Integer({ description: 'Number of the revision: 1, 2, 3 … within the municipality and domain.' }),
  kind: Type.Enum(KINDS, {
    description:
      '`total` and `delta`: from a source delivery. `restore`: an earlier revision brought back. `schema`: the same data under a changed declaration.',
  }),
  sourceDelivery: Type.Union([Type.String({ format: 'uuid' }), Type.Null()], {
    description: 'The source delivery that it rests on; null for `restore` and `schema`.',
  }),
  restoredRevision: Type.Union([Type.Integer(), Type.Null()], {
    description: 'The revision whose slices a `restore` brought back; else null.',
  }),
  createdAt: Type.String({ format: 'date-time', description: 'When it became visible.' }),
  slicesChanged: Type.Integer({
    description: 'Slices whose content differs from the revision before; 0 when the same data was delivered again.',
  }),
};

export const revisionSchema = Type.Object(revisionFields, {
  description: 'A state of the municipality’s data of a domain. It never changes.',
  examples: [exampleRevision],
});

export const revisionPageSchema = Type.Object(
  {
    items: Type.Array(revisionSchema, { description: 'Revisions, newest first.' }),
    next: Type.Union([Type.String({ format: 'uri' }), Type.Null()], {
      description: 'Absolute address of the next page; null on the last.',
    }),
  },
  { description: 'A page of revisions.', examples: [{ items: [exampleRevision], next: null }] },
);

const sliceSchema = Type.Object(
  {
    period: Type.String({ description: 'Period, e.g. `2025`, `2025-03`, `2024-2025`, or `all`.' }),
    rows: Type.Integer({ description: 'Number of rows; 0 when the period was delivered empty.' }),
    sha256: Type.String({
      description: 'SHA-256 (hex) of the canonical CSV of the rows: equal digests are equal data.',
    }),
    since: Type.Integer({ description: 'The revision that introduced this content.' }),
  },
  { description: 'The rows of one period of a table.' },
);

export const wholeRevisionSchema = Type.Object(
  {
    ...revisionFields,
    tables: Type.Array(
      Type.Object({
        table: Type.String({ description: 'Name of the table.' }),
        rows: Type.Integer({ description: 'Number of rows in all periods.' }),
        slices: Type.Array(sliceSchema, { description: 'The periods, in order.' }),
      }),
      { description: 'The tables that hold data at this revision.' },
    ),
  },
  {
    description: 'A revision with what it holds.',
    examples: [{ ...exampleRevision, tables: [{ table: 'bor_befolkning', rows: 21_840, slices: [exampleSlice] }] }],
  },
);

export const changesSchema = Type.Object(
  {
    revision: Type.Integer({ description: 'The newer revision.' }),
    since: Type.Integer({ description: 'The older revision; 0 is the state before any delivery.' }),
    changes: Type.Array(
      Type.Object({
        table: Type.String({ description: 'Name of the table.' }),
        period: Type.String({ description: 'Period of the slice.' }),
        inserted: Type.Integer({ description: 'Rows whose key was not there before.' }),
        updated: Type.Integer({ description: 'Rows whose key was there with other values.' }),
        deleted: Type.Integer({ description: 'Rows whose key is no longer there.' }),
      }),
      { description: 'The periods whose content differs, by table and period; others did not change.' },
    ),
  },
  {
    description: 'The net difference of two revisions: a row that came and went in between is not counted.',
    examples: [{ revision: 7, since: 6, changes: [exampleChange] }],
  },
);

const domain = Type.String({ ...NAME_FORM, description: 'Id of the domain, e.g. `borger`.' });
const NUMBER = '^(?:0|[1-9][0-9]{0,8})$';

export const revisionParams = Type.Object({
  revision: Type.String({ pattern: '^[1-9][0-9]{0,8}$', description: 'Number of the revision.' }),
});

export const domainQuery = Type.Object({ domain }, { additionalProperties: false });

export const revisionQuery = Type.Object(
  {
    domain,
    asOf: Type.Optional(
      Type.String({ format: 'date-time', description: 'Only revisions made at or before this time (RFC 3339).' }),
    ),
    limit: limitParameter(PAGE_OF_LIST),
    cursor: Type.Optional(Type.String({ maxLength: 1024, description: 'From `next` of the page before.' })),
  },
  { additionalProperties: false },
);

export const changesQuery = Type.Object(
  {
    domain,
    since: Type.String({ pattern: NUMBER, description: 'The older revision; 0 for everything.' }),
  },
  { additionalProperties: false },
);
