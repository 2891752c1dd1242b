// The wire shapes of the monthly review, as JSON and as CSV.
import Type, { type Static } from 'typebox';
import type { Cell } from '../../platform/http/csv.ts';
import { nullable, time } from '../schemas.ts';
import type { Review } from './read-review.ts';
import { FACTOR, FLOOR_BYTES, LOOK_BACK_DAYS } from './rules.ts';

const count = (description: string) => Type.Integer({ minimum: 0, description });

/** Where users read how a day is found unusual; a test holds the texts against the arithmetic. */
export const UNUSUAL_DA = `En dag er usædvanlig, når der er sendt mere end ${FACTOR} gange medianen af de dage blandt de ${LOOK_BACK_DAYS} foregående, hvor der er sendt noget; dage uden trafik tæller ikke med. Er der ingen at sammenligne med, er dagen usædvanlig i sig selv. Under ${FLOOR_BYTES} byte er en dag aldrig usædvanlig. Det regnes for hver klient og for kommunen samlet, i afsendte byte og danske døgn.`;
export const UNUSUAL_EN = `A day is unusual when more was sent than ${FACTOR} times the median of those of the ${LOOK_BACK_DAYS} days before on which something was sent; days without traffic do not count. With none to compare with, the day is unusual by itself. Below ${FLOOR_BYTES} bytes a day is never unusual. It is worked out for each client and for all of them together, in bytes sent and days of Denmark.`;

export const reviewParams = Type.Object({
  month: Type.String({
    pattern: '^(?:19|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])$',
    description: 'The month, e.g. `2026-01`, from midnight to midnight in Denmark.',
  }),
});

export const reviewQuery = Type.Object(
  {
    format: Type.Optional(
      Type.Enum(['json', 'csv'], { type: 'string', description: 'Form of the answer; else Accept decides.' }),
    ),
  },
  { additionalProperties: false },
);

const line = Type.Object({
  client: Type.String({ description: 'Who: the client of the token, or `worker` for a job.' }),
  mandate: nullable(Type.String(), 'Id of the mandate under which a vendor asked.'),
  purpose: nullable(Type.String(), 'Why: the purpose of the mandate.'),
  operation: Type.String({ description: 'Id of the operation in this document, or what a job did.' }),
  domain: nullable(Type.String(), 'The domain that it touched.'),
  cpr: Type.Boolean({ description: 'Whether CPR numbers were in it.' }),
  days: count('Days on which it was done.'),
  entries: count('Entries of the log; of downloads, files.'),
  complete: count('Downloads that ended with the last byte.'),
  brokenOff: count('Downloads that were broken off.'),
  withoutEnd: count('Downloads without an end in the log; all of the file counts as sent.'),
  nothingSent: count('Files that were asked about and not transferred.'),
  refused: count(
    'Requests that were refused; those of a client for which nothing else was done have a line of their own.',
  ),
  rows: count('Rows of what it was about, as far as the log knows.'),
  bytes: count('Bytes sent in downloads, at most.'),
  first: time('The first time.'),
  last: time('The last time.'),
});

const unusual = Type.Object(
  {
    client: nullable(Type.String(), 'The client; null: all of them together.'),
    day: Type.String({ format: 'date', description: 'The day.' }),
    bytes: count('Bytes sent on the day.'),
    median: nullable(Type.Number(), 'Median of the days compared with; null when there are none.'),
    comparedDays: count('Days compared with.'),
  },
  { description: UNUSUAL_EN },
);

const example = {
  month: '2026-01',
  municipality: '615',
  from: '2025-12-31T23:00:00.000Z',
  to: '2026-01-31T23:00:00.000Z',
  final: true,
  lines: [
    {
      ...{
        client: 'bi-system',
        mandate: null,
        purpose: null,
        operation: 'getPackageFile',
        domain: 'skole',
        cpr: false,
      },
      ...{ days: 31, entries: 31, complete: 30, brokenOff: 1, withoutEnd: 0, nothingSent: 0, refused: 0 },
      ...{ rows: 310_000, bytes: 4_100_000 },
      ...{ first: '2026-01-01T03:00:00.000Z', last: '2026-01-31T03:00:00.000Z' },
    },
  ],
  unusual: [{ client: 'bi-system', day: '2026-01-17', bytes: 1_900_000, median: 80_000, comparedDays: 30 }],
};

export const reviewSchema = Type.Object(
  {
    month: Type.String({ description: 'The month.' }),
    municipality: Type.String({ description: 'Three-digit code of the municipality whose log it is.' }),
    from: time('Its first instant.'),
    to: time('The first instant after it.'),
    final: Type.Boolean({
      description:
        'Whether it stays as it is: two days after the month, when all downloads that began in it have ended.',
    }),
    lines: Type.Array(line, { description: 'What was done, by client, operation and domain.' }),
    unusual: Type.Array(unusual, { description: 'Days on which more was sent than usual.' }),
  },
  { description: 'The review of a month.', examples: [example] },
);

/** @returns the review as it is sent. */
export function presentReview({ isFinal, lines, ...review }: Review): Static<typeof reviewSchema> {
  return {
    month: review.month,
    municipality: review.municipality,
    from: review.from.toISOString(),
    to: review.to.toISOString(),
    final: isFinal,
    lines: lines.map(({ first, last, ...rest }) => ({
      ...rest,
      ...{ first: first.toISOString(), last: last.toISOString() },
    })),
    unusual: [...review.unusual],
  };
}

/** Columns of the CSV form: lines of the review, then its unusual days. */
export const REVIEW_COLUMNS = [
  ...(['kind', 'client', 'mandate', 'purpose', 'operation', 'domain', 'cpr', 'days', 'entries', 'complete'] as const),
  ...([
    'brokenOff',
    'withoutEnd',
    'nothingSent',
    'refused',
    'rows',
    'bytes',
    'first',
    'last',
    'day',
    'median',
  ] as const),
  'comparedDays',
] as const;

/** @returns the review as rows of the CSV form. */
export function toReviewRows(review: Review): Record<string, Cell>[] {
  const { lines, unusual: days } = presentReview(review);
  return [...lines.map((each) => ({ kind: 'line', ...each })), ...days.map((each) => ({ kind: 'unusual', ...each }))];
}

export const reviewCsvSchema = Type.String({
  description: `Header line and one line per \`line\` and \`unusual\` day of the review: ${REVIEW_COLUMNS.join(', ')}.`,
  examples: [`${REVIEW_COLUMNS.join(',')}\nunusual,bi-system,,,,,,,,,,,,,,1900000,,,2026-01-17,80000,30\n`],
});
