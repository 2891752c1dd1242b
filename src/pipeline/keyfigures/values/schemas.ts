// The wire shapes of released values and own values, as JSON and as CSV.

import Type, { type Static } from 'typebox';
import { limitParameter, PAGE_OF_VALUES } from '../../../platform/http/paging.ts';
import { PLAIN_CHARACTER } from '../../../platform/http/wire-forms.ts';
import { cursor, exampleRelease, format, next, nullable, reason, releaseFields, status } from '../schemas.ts';

export const PERIOD = '^[0-9]{4}(?:-[0-9]{2}|-[0-9]{4}|Q[1-4])?$';

export const figureParams = Type.Object({
  id: Type.String({ maxLength: 64, description: 'Id of the key figure, e.g. `BO05`.' }),
});

/** A list as one comma-separated parameter or as several. */
const list = (item: string, description: string) => {
  const text = Type.String({ maxLength: 2000, pattern: `^${item}(?:,${item})*$` });
  return Type.Optional(Type.Union([text, Type.Array(text, { maxItems: 200 })], { description }));
};

const period = (description: string) => Type.Optional(Type.String({ pattern: PERIOD, description }));

const breakdown = Type.Optional(
  Type.String({
    maxLength: 200,
    pattern: `^[a-z][a-z0-9_]*(?:=${PLAIN_CHARACTER}+)?$`,
    description:
      'A column (`klassetrin`: one value per code), or a column and a code (`klassetrin=3`). Absent: totals.',
  }),
);

export const choice = {
  release: Type.Optional(
    Type.String({
      pattern: '^[a-z0-9-]{1,80}$',
      description: 'Id of the release to read; the newest if neither this nor asOf is given.',
    }),
  ),
  asOf: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'The newest release at or before this time (RFC 3339). Not together with release.',
    }),
  ),
};

const paging = {
  limit: limitParameter(PAGE_OF_VALUES),
  cursor,
};

const span = {
  from: period('First period, in any length: `2024` is January to December of a monthly figure.'),
  to: period('Last period, inclusive.'),
};

export const valueQuery = Type.Object(
  {
    municipality: list('[0-9]{3}', 'Codes of municipalities, comma-separated or repeated. Absent: all.'),
    group: list('[a-z0-9-]{1,40}', 'Groups whose members are wanted, comma-separated or repeated.'),
    ...span,
    breakdown,
    ...choice,
    format,
    ...paging,
  },
  { additionalProperties: false },
);
export type ValueQuery = Static<typeof valueQuery>;

export const ownQuery = Type.Object({ ...span, breakdown, format, ...paging }, { additionalProperties: false });
export type OwnQuery = Static<typeof ownQuery>;

export const figure = Type.Object(
  {
    id: Type.String({ description: 'Id of the key figure.' }),
    title: Type.String({ description: 'Its name, by Accept-Language.' }),
    unit: Type.String({ description: 'Unit of the value.' }),
    factor: Type.Number({ description: 'value = numerator / denominator × factor.' }),
    decimals: Type.Integer({ description: 'Digits that the value is rounded to, half away from zero.' }),
    direction: Type.Enum(['up', 'down', 'neutral'], {
      type: 'string',
      description: '`up`: high is good. `down`: low is good.',
    }),
    kind: Type.Enum(['share', 'rate', 'mean', 'amount', 'count'], {
      type: 'string',
      description: 'What kind of number it is.',
    }),
  },
  { description: 'The key figure.' },
);
export const release = Type.Object(releaseFields, { description: 'The release that the answer rests on.' });
export const number = (description: string) => nullable(Type.Number(), description);
export const periodField = Type.String({ description: 'The period: `2025`, `2025-03`, `2025Q1` or `2024-2025`.' });
export const breakdownField = nullable(Type.String(), 'Column and code, `klassetrin=3`; null for the total.');
export const municipality = Type.String({ description: 'Municipality code.' });

export const numbers = {
  numerator: number('The numerator; null when suppressed or missing.'),
  denominator: number('The denominator; null as well for a plain count or amount.'),
  value: number('The value, rounded once to the figure’s decimals.'),
};

export const exampleFigure = {
  id: 'BO05',
  title: 'Andel 80+',
  unit: 'pct.',
  factor: 100,
  decimals: 1,
  direction: 'neutral',
  kind: 'share',
};
const exampleNumbers = { numerator: 4525, denominator: 104305, value: 4.3 };
const exampleCell = {
  municipality: '147',
  period: '2020-01',
  breakdown: null,
  ...exampleNumbers,
  status: 'ok',
  reason: null,
};

export const valuesSchema = Type.Object(
  {
    keyFigure: figure,
    release,
    items: Type.Array(
      Type.Object({ municipality, period: periodField, breakdown: breakdownField, ...numbers, status, reason }),
      { description: 'By period, breakdown and municipality.' },
    ),
    next,
  },
  {
    description: 'Released values of a key figure.',
    examples: [{ keyFigure: exampleFigure, release: exampleRelease, items: [exampleCell], next: null }],
  },
);

/** Columns of released values as CSV. */
export const VALUE_COLUMNS = [
  'release_id',
  'published_at',
  'key_figure',
  'municipality',
  'period',
  'breakdown',
  'numerator',
  'denominator',
  'value',
  'status',
  'reason',
] as const;

export const csvSchema = (what: string, columns: readonly string[], line: string) =>
  Type.String({
    description: `Header line and one line per ${what}: ${columns.join(', ')}.`,
    examples: [`${columns.join(',')}\n${line}\n`],
  });

export const valuesCsvSchema = csvSchema(
  'value',
  VALUE_COLUMNS,
  'borger-3,2026-02-01T06:00:00.000Z,BO05,147,2020-01,"",4525,104305,4.3,ok,',
);

export const ownValuesSchema = Type.Object(
  {
    keyFigure: figure,
    basis: Type.Array(
      Type.Object({
        domain: Type.String({ description: 'A domain that the figure reads.' }),
        revision: nullable(Type.Integer(), 'The revision that the values are computed from; null: none yet.'),
        newestRevision: Type.Integer({ description: 'Your newest revision; above `revision` while it is computed.' }),
        openErrors: Type.Boolean({ description: 'Whether `error` findings are open in it.' }),
      }),
      { description: 'What the values rest on, the same on every page of a listing.' },
    ),
    items: Type.Array(
      Type.Object({
        period: periodField,
        breakdown: breakdownField,
        ...numbers,
        status: Type.Enum(['ok', 'missing', 'unvalidated'], {
          type: 'string',
          description: 'As of released values; never suppressed.',
        }),
        reason,
      }),
      { description: 'By period and breakdown.' },
    ),
    next,
  },
  {
    description: 'Your municipality’s own newest values.',
    examples: [
      {
        keyFigure: exampleFigure,
        basis: [{ domain: 'borger', revision: 4, newestRevision: 4, openErrors: false }],
        items: [{ period: '2020-01', breakdown: null, ...exampleNumbers, status: 'ok', reason: null }],
        next: null,
      },
    ],
  },
);

/** Columns of own values as CSV; `basis` is `domain:revision`, space-separated. */
export const OWN_COLUMNS = [
  'key_figure',
  'basis',
  'period',
  'breakdown',
  'numerator',
  'denominator',
  'value',
  'status',
  'reason',
] as const;

export const ownCsvSchema = csvSchema('value', OWN_COLUMNS, 'BO05,borger:4,2020-01,"",4525,104305,4.3,ok,');
