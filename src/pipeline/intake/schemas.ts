// The wire shapes of source deliveries and their files: what callers send and get. Descriptions are the API's documentation.

import Type from 'typebox';
import { limitParameter, PAGE_OF_LIST } from '../../platform/http/paging.ts';
import { NAME_FORM, UUID_FORM } from '../../platform/http/wire-forms.ts';

export const nullable = <T extends Type.TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });
const MONTH = '^(?:19|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])$';
const KINDS = ['total', 'delta'] as const;
const STATES = ['open', 'submitted', 'loading', 'accepted', 'rejected', 'failed'] as const;
const SEVERITIES = ['stop', 'error', 'warning', 'info'] as const;

const month = (description: string) => Type.String({ pattern: MONTH, description });
const kind = Type.Enum(KINDS, {
  type: 'string',
  description:
    '`total`: the files hold everything for the months periodFrom..periodTo and replace it; rows of other months stay, and a table without periods is replaced as a whole. `delta`: rows to upsert or delete.',
});
const state = Type.Enum(STATES, {
  type: 'string',
  description:
    '`open`: takes files. `submitted`, `loading`: being checked. `accepted`: became `revision`. `rejected`: see the findings. `failed`: our fault; whoever runs the service loads it again.',
});
export const severity = Type.Enum(SEVERITIES, {
  type: 'string',
  description: '`stop` rejects the delivery; `error` marks released values; `warning` and `info` tell.',
});

const exampleId = '0b8f2a52-3c1e-4d57-9a06-5c4d2b1f7e90';
const exampleDelivery = {
  id: exampleId,
  domain: 'borger',
  kind: 'total',
  sourceSystem: 'cpr',
  periodFrom: '2025-01',
  periodTo: '2025-12',
  sequence: null,
  extractedOn: '2026-01-14',
  state: 'open',
  revision: null,
  failure: null,
  createdAt: '2026-01-15T08:00:00.000Z',
  submittedAt: null,
  finishedAt: null,
};
const exampleDialect = {
  delimiter: ';',
  decimalMark: 'detect',
  encoding: 'utf-8',
  bom: false,
  newline: 'lf',
  columns: ['kommunekode', 'maaned', 'antal'],
};
const exampleFile = {
  table: 'bor_befolkning',
  bytes: 48_213,
  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  compression: 'gzip',
  announcedRows: 1200,
  rows: null,
  dialect: exampleDialect,
  receivedAt: '2026-01-15T08:00:02.000Z',
};
export const idempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: '^[!-~]+$',
      description:
        'A new random value for each new request. Repeating a request with the same key within 24 hours gives the same answer and no second effect.',
    }),
  ),
});

export const deliveryParams = Type.Object({
  id: Type.String({ ...UUID_FORM, description: 'Id of the source delivery.' }),
});

export const fileParams = Type.Object({
  id: Type.String({ ...UUID_FORM, description: 'Id of the source delivery.' }),
  table: Type.String({ pattern: '^[a-z][a-z0-9_]{0,62}$', description: 'Name of the table, e.g. `bor_befolkning`.' }),
});

export const deliveryBody = Type.Object(
  {
    domain: Type.String({ maxLength: 64, description: 'Id of the domain, e.g. `borger`.' }),
    kind,
    sourceSystem: Type.String({ maxLength: 64, description: 'Which of the domain’s source systems delivers.' }),
    periodFrom: month('First month of the span, `YYYY-MM`.'),
    periodTo: month('Last month of the span, `YYYY-MM`, inclusive.'),
    sequence: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 2_147_483_647,
        description: 'With a delta: 1, 2, 3 … after each total of the domain from this source system, without gaps.',
      }),
    ),
    extractedOn: Type.Optional(
      Type.String({
        format: 'date',
        description:
          'The day on which the source system drew the data (udtræksdato). Months that were not over by then are not found missing.',
      }),
    ),
  },
  {
    additionalProperties: false,
    examples: [{ domain: 'borger', kind: 'total', sourceSystem: 'cpr', periodFrom: '2025-01', periodTo: '2025-12' }],
  },
);

const deliveryFields = {
  id: Type.String({ format: 'uuid', description: 'Id of the source delivery.' }),
  domain: Type.String({ description: 'Id of the domain.' }),
  kind,
  sourceSystem: Type.String({ description: 'The source system that delivers.' }),
  periodFrom: month('First month of the span.'),
  periodTo: month('Last month of the span, inclusive.'),
  sequence: nullable(Type.Integer(), 'Number of a delta; null for a total.'),
  extractedOn: nullable(Type.String({ format: 'date' }), 'The day on which the source system drew the data, if given.'),
  state,
  revision: nullable(Type.Integer(), 'The revision of the domain that it became, once accepted.'),
  failure: nullable(Type.String(), 'With state `failed`: a stable code of the failure.'),
  createdAt: Type.String({ format: 'date-time', description: 'When it was created.' }),
  submittedAt: nullable(Type.String({ format: 'date-time' }), 'When it was submitted.'),
  finishedAt: nullable(Type.String({ format: 'date-time' }), 'When it was accepted, rejected or failed.'),
};

export const deliverySchema = Type.Object(deliveryFields, {
  description: 'A source delivery.',
  examples: [exampleDelivery],
});

export const fileSchema = Type.Object(
  {
    table: Type.String({ description: 'The table.' }),
    bytes: Type.Integer({ description: 'Bytes as received.' }),
    sha256: Type.String({ description: 'sha256 (hex) of the bytes as received.' }),
    compression: Type.Enum(['none', 'gzip'], { type: 'string', description: 'Whether it was received compressed.' }),
    announcedRows: nullable(Type.Integer(), 'Data rows that the sender announced.'),
    rows: nullable(Type.Integer(), 'Data rows, once the file has been read through.'),
    dialect: Type.Object(
      {
        delimiter: Type.Enum([',', ';'], { type: 'string', description: 'Between fields.' }),
        decimalMark: Type.Enum(['point', 'comma', 'detect'], {
          type: 'string',
          description: '`detect`: comma if the delimiter is `;` and no decimal has a point.',
        }),
        encoding: Type.Enum(['utf-8', 'iso-8859-1', 'detect'], {
          type: 'string',
          description: '`detect`: plain ASCII so far; the whole file decides.',
        }),
        bom: Type.Boolean({ description: 'Whether it starts with a byte order mark.' }),
        newline: Type.Enum(['lf', 'crlf'], { type: 'string', description: 'How the header line ends.' }),
        columns: Type.Array(Type.String(), { description: 'Column names, in file order.' }),
      },
      { description: 'How the file is written, as declared or detected.' },
    ),
    receivedAt: Type.String({ format: 'date-time', description: 'When the whole file had been received.' }),
  },
  { description: 'A received file.', examples: [exampleFile] },
);

const count = (what: string) => Type.Integer({ description: `Number of ${what} findings.` });

export const wholeDeliverySchema = Type.Object(
  {
    ...deliveryFields,
    files: Type.Array(fileSchema, { description: 'The files received, by table.' }),
    findings: Type.Object(
      {
        counts: Type.Object(
          { stop: count('`stop`'), error: count('`error`'), warning: count('`warning`'), info: count('`info`') },
          { description: 'Findings per severity.' },
        ),
        rules: Type.Array(
          Type.Object({
            rule: Type.String({ description: 'Id of the rule.' }),
            table: Type.String({ description: 'The table.' }),
            severity,
            count: Type.Integer({ description: 'How often; at most 1 000 of them are kept as findings.' }),
          }),
          { description: 'Findings per rule and table, the gravest first.' },
        ),
      },
      { description: 'What the quality rules counted.' },
    ),
  },
  {
    description: 'A source delivery with its files and the counts of its findings.',
    examples: [
      {
        ...exampleDelivery,
        state: 'rejected',
        submittedAt: '2026-01-15T08:00:03.000Z',
        finishedAt: '2026-01-15T08:00:04.000Z',
        files: [{ ...exampleFile, rows: 1200 }],
        findings: {
          counts: { stop: 1, error: 0, warning: 0, info: 0 },
          rules: [{ rule: 'code', table: 'bor_befolkning', severity: 'stop', count: 1 }],
        },
      },
    ],
  },
);

export const limit = limitParameter(PAGE_OF_LIST);
export const cursor = Type.Optional(
  Type.String({ maxLength: 1024, description: 'Where the page starts; taken from `next` of the page before.' }),
);

export const deliveryQuery = Type.Object(
  {
    domain: Type.Optional(Type.String({ ...NAME_FORM, description: 'Only of this domain.' })),
    kind: Type.Optional(kind),
    state: Type.Optional(state),
    from: Type.Optional(month('Only deliveries whose span ends in this month or later.')),
    to: Type.Optional(month('Only deliveries whose span begins in this month or earlier.')),
    limit,
    cursor,
  },
  { additionalProperties: false },
);

export const uploadQuery = Type.Object(
  {
    delimiter: Type.Optional(
      Type.Enum(['comma', 'semicolon'], { type: 'string', description: 'Between fields; detected if not given.' }),
    ),
    decimalMark: Type.Optional(
      Type.Enum(['point', 'comma'], { type: 'string', description: 'In decimals; detected if not given.' }),
    ),
    encoding: Type.Optional(
      Type.Enum(['utf-8', 'iso-8859-1'], {
        type: 'string',
        description: 'Of the text; may also be the `charset` of Content-Type. Detected if not given.',
      }),
    ),
    rows: Type.Optional(
      Type.String({
        pattern: '^(?:0|[1-9][0-9]{0,11})$',
        description:
          'How many records the file has, header excluded. A file with another number is rejected (rule `row-count`).',
      }),
    ),
  },
  { additionalProperties: false },
);

export const uploadHeaders = Type.Object({
  'content-digest': Type.Optional(
    Type.String({ description: '`sha-256=:<base64>:` of the bytes as sent (RFC 9530); verified.' }),
  ),
  'content-encoding': Type.Optional(Type.String({ description: '`gzip`, or nothing.' })),
});

/** The body is a stream: nothing of it is validated here. */
export const uploadBody = {
  content: {
    'text/csv': {
      schema: Type.Unknown({
        description: 'A header line with the names of the table’s columns in any order, then one line per row.',
        examples: ['kommunekode;maaned;koen;antal\n999;2025-01;ialt;1200\n'],
      }),
    },
    'application/gzip': { schema: Type.Unknown({ description: 'The same, compressed with gzip.' }) },
  },
};

export const next = nullable(Type.String(), 'Absolute address of the next page; null on the last.');

export const deliveryPageSchema = Type.Object(
  { items: Type.Array(deliverySchema, { description: 'Newest first.' }), next },
  { description: 'A page of source deliveries.', examples: [{ items: [exampleDelivery], next: null }] },
);
