// The wire shapes of comparison with a group, as JSON and as CSV.
import Type, { type Static } from 'typebox';
import { PLAIN_CHARACTER } from '../../../platform/http/wire-forms.ts';
import { exampleRelease, format, nullable, reason, status } from '../schemas.ts';
import {
  breakdownField,
  choice,
  csvSchema,
  exampleFigure,
  figure,
  municipality,
  number,
  PERIOD,
  periodField,
  release,
} from './schemas.ts';

export const benchmarkQuery = Type.Object(
  {
    group: Type.String({ pattern: '^[a-z0-9-]{1,40}$', description: 'The group to compare with, e.g. `7-by`.' }),
    period: Type.String({ pattern: PERIOD, description: 'A period of the figure, e.g. `2025-03`.' }),
    breakdown: Type.Optional(
      Type.String({
        maxLength: 200,
        pattern: `^[a-z][a-z0-9_]*=${PLAIN_CHARACTER}+$`,
        description: 'A column and a code, `klassetrin=3`. Absent: the total.',
      }),
    ),
    ...choice,
    format,
  },
  { additionalProperties: false },
);
export type BenchmarkQuery = Static<typeof benchmarkQuery>;

/** Columns of a benchmark as CSV: one line. */
export const BENCHMARK_COLUMNS = [
  'release_id',
  'published_at',
  'key_figure',
  'group',
  'period',
  'breakdown',
  'municipality',
  'value',
  'status',
  'rank',
  'weighted_mean',
  'sum',
  'mean',
  'minimum',
  'lower_quartile',
  'median',
  'upper_quartile',
  'maximum',
  'contributing',
  'left_out',
] as const;

export const benchmarkCsvSchema = csvSchema(
  'answer',
  BENCHMARK_COLUMNS,
  'borger-3,2026-02-01T06:00:00.000Z,BO05,7-by,2025-03,"",615,5.1,ok,4,5.2,,5.3,4.1,4.9,5.2,5.6,6.4,7,0',
);

const statistics = Type.Object(
  {
    weightedMean: number('Σ numerators / Σ denominators × factor; null for a plain count or amount.'),
    sum: number('Σ values; only for a plain count or amount.'),
    mean: number('Mean of the values, each municipality counting once.'),
    minimum: number('The lowest value.'),
    lowerQuartile: number('25 % lie at or below it (linear, as percentile_cont).'),
    median: number('50 % lie at or below it.'),
    upperQuartile: number('75 % lie at or below it.'),
    maximum: number('The highest value.'),
  },
  { description: 'Of the published cells of the group’s members, from unrounded values, each rounded once.' },
);
const rank = Type.Integer({
  description: '1 is best (neutral figures: highest); equal published values share a rank: 1, 2, 2, 4.',
});

export const benchmarkSchema = Type.Object(
  {
    keyFigure: figure,
    release,
    group: Type.String({ description: 'The group.' }),
    period: periodField,
    breakdown: breakdownField,
    own: nullable(
      Type.Object({
        municipality,
        value: number('Your published value.'),
        status,
        reason,
        rank: nullable(rank, 'Your rank in the group; null without a value or outside of the group.'),
      }),
      'Your municipality; null for a token without one.',
    ),
    statistics,
    contributing: Type.Integer({ description: 'How many members have a published value.' }),
    leftOut: Type.Array(Type.Object({ municipality, status, reason }), {
      description: 'The members without one, and why.',
    }),
    ranking: Type.Array(Type.Object({ municipality, value: Type.Number({ description: 'Published value.' }), rank }), {
      description: 'The contributing members, best first.',
    }),
  },
  {
    description: 'A key figure compared within a group.',
    examples: [
      {
        keyFigure: exampleFigure,
        release: exampleRelease,
        group: '7-by',
        period: '2025-03',
        breakdown: null,
        own: { municipality: '615', value: 4.9, status: 'ok', reason: null, rank: 2 },
        statistics: {
          weightedMean: 5,
          sum: null,
          mean: 5.1,
          minimum: 4.9,
          lowerQuartile: 5,
          median: 5.1,
          upperQuartile: 5.2,
          maximum: 5.3,
        },
        contributing: 2,
        leftOut: [{ municipality: '779', status: 'missing', reason: 'no-data' }],
        ranking: [
          { municipality: '657', value: 5.3, rank: 1 },
          { municipality: '615', value: 4.9, rank: 2 },
        ],
      },
    ],
  },
);
