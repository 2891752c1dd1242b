// The wire shapes of the audit log, as JSON and as CSV.

import Type from 'typebox';
import type { Cell } from '../../platform/http/csv.ts';
import { limitParameter, PAGE_OF_LIST } from '../../platform/http/paging.ts';
import { NAME_FORM } from '../../platform/http/wire-forms.ts';
import { type AuditEntry, OUTCOMES } from './store.ts';

const nullable = <T extends Type.TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });
const time = (description: string) => Type.String({ format: 'date-time', description });

const exampleEntry = {
  entry: 4711,
  at: '2026-01-15T08:00:00.000Z',
  client: 'bi-system',
  mandate: null,
  purpose: null,
  requestId: '7a4c2b0e-9d1f-4f0e-8a55-2a4b7c1d9e03',
  operation: 'getPackageFile',
  outcome: 'complete',
  domain: 'borger',
  period: null,
  rows: 5120,
  bytes: 48_213,
  cpr: false,
  object: {
    package: '6f1c9f0a-52b7-4a52-8a3e-0f8a54a1a4de',
    file: 'bor_befolkning.csv.gz',
    kind: 'total',
    revision: 12,
  },
  block: 1207,
  end: { entry: 4712, at: '2026-01-15T08:00:01.000Z', bytes: 48_213, answers: 1, block: 1207 },
};

export const entryQuery = Type.Object(
  {
    from: Type.Optional(time('Only entries of this time or later.')),
    to: Type.Optional(time('Only entries before this time.')),
    client: Type.Optional(Type.String({ pattern: '^[!-~]{1,128}$', description: 'Only of this client.' })),
    operation: Type.Optional(
      Type.String({
        pattern: '^[a-z][A-Za-z]{0,63}$',
        description: 'Only this operation, by its id in this document.',
      }),
    ),
    domain: Type.Optional(Type.String({ ...NAME_FORM, description: 'Only what touched this domain.' })),
    format: Type.Optional(
      Type.Enum(['json', 'csv'], { type: 'string', description: 'Form of the answer; else Accept decides.' }),
    ),
    limit: limitParameter(PAGE_OF_LIST),
    cursor: Type.Optional(
      Type.String({ maxLength: 1024, description: 'Where the page starts; taken from `next` of the page before.' }),
    ),
  },
  { additionalProperties: false },
);

const entrySchema = Type.Object(
  {
    entry: Type.Integer({ description: 'Its number. Numbers rise over all municipalities, with gaps.' }),
    at: time('When: the beginning of the transaction that it tells of.'),
    client: Type.String({ description: 'Who: the client of the token, or `worker` for a job.' }),
    mandate: nullable(Type.String(), 'Id of the mandate under which a vendor asked.'),
    purpose: nullable(Type.String(), 'Why: the purpose of the mandate.'),
    requestId: Type.String({ description: 'The request, as in the header Request-Id of its answer, or the job.' }),
    operation: Type.String({ description: 'Id of the operation in this document, or what a job did.' }),
    outcome: Type.Enum(OUTCOMES, {
      type: 'string',
      description:
        '`done`. Of downloads: `complete` or `broken-off`; `started`: not ended, or its end could not be recorded, and then all of the file counts as sent; `nothing-sent`: asked for (HEAD, a file that the client has, a range beyond it) and not transferred. `refused`: requests of a minute that were answered with the same refusal (403, 404, 410, 429); `object` has its `code`, the number of `refusals` and the time of the first, `since`.',
    }),
    domain: nullable(Type.String(), 'The domain that it touched.'),
    period: nullable(Type.String(), 'The period, where it is about one.'),
    rows: nullable(Type.Integer(), 'Rows of what it is about.'),
    bytes: nullable(Type.Integer(), 'Bytes of what it is about; of a download, of the whole file.'),
    cpr: nullable(Type.Boolean(), 'Whether CPR numbers were in it, where that is possible.'),
    object: Type.Object(
      {},
      { additionalProperties: true, description: 'What else it touched, e.g. the id of the package and the file.' },
    ),
    block: nullable(Type.Integer(), 'Number of the signed block that seals the entry; null until there is one.'),
    end: nullable(
      Type.Object({
        entry: Type.Integer({ description: 'Its number.' }),
        at: time('When it ended.'),
        bytes: nullable(Type.Integer(), 'Bytes sent, at most, over all answers of this download.'),
        answers: nullable(Type.Integer(), 'Answers: ranges of a file that follow one another are one download.'),
        block: nullable(Type.Integer(), 'Number of the block that seals it.'),
      }),
      'The end of a download.',
    ),
  },
  { examples: [exampleEntry] },
);

export const entryPageSchema = Type.Object(
  {
    items: Type.Array(entrySchema, { description: 'Newest first.' }),
    next: nullable(Type.String(), 'Absolute address of the next page; null on the last.'),
  },
  { description: 'A page of the audit log.', examples: [{ items: [exampleEntry], next: null }] },
);

/** @returns an entry as it is sent. */
export function presentEntry(found: AuditEntry) {
  const { object, endEntry, endAt, endObject, endBlock, ...entry } = found;
  const { domain, period, rows, bytes, cpr, ...rest } = object;
  return {
    ...{ entry: entry.entry, at: entry.at.toISOString(), client: entry.client, mandate: entry.mandate },
    ...{ purpose: entry.purpose, requestId: entry.requestId, operation: entry.operation, outcome: entry.outcome },
    ...{ domain: textOf(domain), period: textOf(period), rows: numberOf(rows), bytes: numberOf(bytes) },
    cpr: typeof cpr === 'boolean' ? cpr : null,
    object: rest,
    block: entry.block,
    end:
      endEntry === null || endAt === null
        ? null
        : {
            ...{ entry: endEntry, at: endAt.toISOString(), bytes: numberOf(endObject?.bytes) },
            ...{ answers: numberOf(endObject?.answers), block: endBlock },
          },
  };
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : null);
const numberOf = (value: unknown) => (typeof value === 'number' ? value : null);

/** Columns of the CSV form. */
export const ENTRY_COLUMNS = [
  ...([
    'entry',
    'at',
    'client',
    'mandate',
    'purpose',
    'requestId',
    'operation',
    'outcome',
    'domain',
    'period',
  ] as const),
  ...(['rows', 'bytes', 'cpr', 'object', 'block', 'endEntry', 'endAt', 'bytesSent', 'answers', 'endBlock'] as const),
] as const;

/** @returns an entry as a row of the CSV form; what else it touched is JSON. */
export function toEntryRow(found: AuditEntry): Record<string, Cell> {
  const { object, end, ...entry } = presentEntry(found);
  return {
    ...entry,
    object: JSON.stringify(object),
    ...{ endEntry: end?.entry, endAt: end?.at, bytesSent: end?.bytes, answers: end?.answers, endBlock: end?.block },
  };
}

export const entryCsvSchema = Type.String({
  description: `Header line and one line per entry: ${ENTRY_COLUMNS.join(', ')}. \`object\` is JSON.`,
  examples: [
    `${ENTRY_COLUMNS.join(',')}\n4713,2026-01-15T08:02:00.000Z,bi-system,,,7a4c2b0e-9d1f-4f0e-8a55-2a4b7c1d9e03,listAuditLog,done,,,100,,,{},,,,,,\n`,
  ],
});
