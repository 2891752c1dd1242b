// The wire shapes of access requests. Descriptions are the API's documentation.
import Type from 'typebox';
import { UUID_FORM } from '../../../platform/http/wire-forms.ts';
import { KEEP_DAYS, MONTHS } from './rules-sealing.ts';

const nullable = <T extends Type.TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });
const time = (description: string) => Type.String({ format: 'date-time', description });
const text = (description: string) => Type.String({ description });
const number = (description: string) => Type.Integer({ description });

export const requestBody = Type.Object(
  {
    cpr: Type.String({
      pattern: '^[0-9]{6}-?[0-9]{4}$',
      description: 'The citizen’s CPR number. It is not kept: the service works on with the pseudonym alone.',
    }),
  },
  { additionalProperties: false, examples: [{ cpr: '610190-0001' }] },
);

export const requestParams = Type.Object({
  id: Type.String({ ...UUID_FORM, description: 'Id of the access request.' }),
});

const exampleAnswer = {
  since: '2024-01-15T08:00:12.000Z',
  data: [
    {
      ...{ domain: 'skole', table: 'sko_elev', period: '2024-2025', foundBy: 'borger_id' },
      ...{ firstRevision: 3, from: '2024-09-02T03:00:00.000Z', lastRevision: 12, until: null, rowsNow: 2, rowsMost: 2 },
    },
  ],
  unsearched: [],
  packages: [
    {
      ...{
        id: '6f1c9f0a-52b7-4a52-8a3e-0f8a54a1a4de',
        domain: 'skole',
        kind: 'total' as const,
        revision: 12,
        since: null,
      },
      createdAt: '2026-01-15T08:00:12.000Z',
      files: [{ name: 'sko_elev.csv.gz', rows: 2 }],
      transfers: [
        {
          ...{ entry: 4711, at: '2026-01-15T08:01:00.000Z', file: 'sko_elev.csv.gz', client: 'bi-system' },
          ...{ mandate: null, purpose: null, requestId: '7a4c2b0e-9d1f-4f0e-8a55-2a4b7c1d9e03', cpr: false },
          ...{
            outcome: 'complete' as const,
            fileBytes: 48_213,
            bytesSent: 48_213,
            endedAt: '2026-01-15T08:01:01.000Z',
          },
        },
      ],
    },
  ],
};

const dataLine = Type.Object({
  domain: text('Id of the domain.'),
  table: text('The table; `identitet_…` holds the pairs of pseudonym and CPR number.'),
  period: text('The period of the table.'),
  foundBy: text(
    'The column by which the rows were found: the pseudonym, or the source system’s own number of the person.',
  ),
  firstRevision: number('The first revision of the time looked at that held rows about the person.'),
  from: time('When that revision became visible.'),
  lastRevision: number('The last change of the period after which it held rows about the person.'),
  until: nullable(
    Type.String({ format: 'date-time' }),
    'When those rows were replaced or deleted; null: they are held now.',
  ),
  rowsNow: number('Rows that are held now.'),
  rowsMost: number('Most rows that were held at a time.'),
});

const transfer = Type.Object({
  entry: number('Number of its entry in the audit log.'),
  at: time('When it began.'),
  file: text('The file: a table, `archive.zip` with all of them, or `identitet.csv.gz` with CPR numbers.'),
  client: text('To whom: the client.'),
  mandate: nullable(Type.String(), 'Id of the mandate under which a vendor fetched it.'),
  purpose: nullable(Type.String(), 'Why: the purpose of the mandate.'),
  requestId: text('The request, as in the header Request-Id of its answer.'),
  cpr: Type.Boolean({ description: 'Whether CPR numbers were in the file.' }),
  outcome: Type.Enum(['started', 'complete', 'broken-off'], {
    type: 'string',
    description: '`started`: the log holds no end (yet); all of the file counts as sent.',
  }),
  fileBytes: nullable(Type.Integer(), 'Bytes of the whole file.'),
  bytesSent: nullable(
    Type.Integer(),
    'Bytes sent, at most; of a part it cannot be known whether the person was in it.',
  ),
  endedAt: nullable(Type.String({ format: 'date-time' }), 'When it ended.'),
});

const packageLine = Type.Object({
  id: text('Id of the package.'),
  domain: text('Id of the domain.'),
  kind: Type.Enum(['total', 'delta'], { type: 'string', description: 'All rows, or the difference since a revision.' }),
  revision: number('The revision that it shows.'),
  since: nullable(Type.Integer(), 'With a delta: the revision since which.'),
  createdAt: time('When it was ordered.'),
  files: Type.Array(Type.Object({ name: text('The file.'), rows: number('Rows about the person.') }), {
    description:
      'The files with rows about the person; of a delta also rows that delete. The Parquet file of a table holds the same.',
  }),
  transfers: Type.Array(transfer, { description: 'To whom such files went, when and why; empty: to nobody.' }),
});

export const answerSchema = Type.Object(
  {
    since: time('What was held or fetched since then was searched.'),
    data: Type.Array(dataLine, { description: 'Where rows about the person were and are held.' }),
    unsearched: Type.Array(Type.String(), {
      description: 'Tables that have slices of an earlier declaration which cannot be searched; usually none.',
    }),
    packages: Type.Array(packageLine, { description: 'Packages with rows about the person, oldest first.' }),
  },
  { examples: [exampleAnswer] },
);

const exampleRequest = {
  ...{ id: '0d4c2a57-1f0e-4a0c-9d52-6c3f5b1f7a10', state: 'answered' as const, createdAt: '2026-01-15T08:00:12.000Z' },
  ...{ answeredAt: '2026-01-15T08:00:14.000Z', expiresAt: '2026-01-22T08:00:12.000Z', answer: exampleAnswer },
};

export const requestSchema = Type.Object(
  {
    id: Type.String({ format: 'uuid', description: 'Id of the access request. It says nothing about the person.' }),
    state: Type.Enum(['searching', 'answered', 'failed'], {
      type: 'string',
      description: '`searching`: read it again soon. `failed`: ask again.',
    }),
    createdAt: time('When it was asked.'),
    answeredAt: nullable(Type.String({ format: 'date-time' }), 'When the answer was found.'),
    expiresAt: time(`When it is forgotten, answer and all: ${KEEP_DAYS} days after it was asked.`),
    answer: nullable(answerSchema, `The answer, over the last ${MONTHS} months; null until it is found.`),
  },
  { description: 'An access request.', examples: [exampleRequest] },
);
