// The wire shapes of releases.

import Type from 'typebox';
import { limitParameter, PAGE_OF_LIST } from '../../../platform/http/paging.ts';
import { NAME_FORM, PLAIN_CHARACTER } from '../../../platform/http/wire-forms.ts';
import { cursor, next, nullable } from '../schemas.ts';

export const releaseBody = Type.Object(
  {
    domain: Type.String({ maxLength: 64, description: 'Id of the domain whose key figures are published.' }),
    note: Type.Optional(
      Type.String({
        maxLength: 1000,
        pattern: `^${PLAIN_CHARACTER}*$`,
        description: 'What readers should know about this release.',
      }),
    ),
  },
  { additionalProperties: false, examples: [{ domain: 'borger', note: 'Befolkningen pr. 1. januar 2026' }] },
);

export const releaseParams = Type.Object({
  id: Type.String({ pattern: '^[a-z0-9-]{1,80}$', description: 'Id of the release, e.g. `borger-3`.' }),
});

export const releaseQuery = Type.Object(
  {
    domain: Type.Optional(Type.String({ ...NAME_FORM, description: 'Only releases of this domain.' })),
    limit: limitParameter(PAGE_OF_LIST),
    cursor,
  },
  { additionalProperties: false },
);

const fields = {
  releaseId: Type.String({ description: 'Id of the release: domain and number.' }),
  domain: Type.String({ description: 'Id of the domain.' }),
  number: Type.Integer({ description: '1, 2, 3 … within the domain.' }),
  state: Type.Enum(['requested', 'published', 'failed'], {
    type: 'string',
    description:
      '`requested`: being made. `published`: readable, and never changed again. `failed`: request a new one.',
  }),
  requestedAt: Type.String({ format: 'date-time', description: 'When it was requested.' }),
  publishedAt: nullable(Type.String({ format: 'date-time' }), 'When it was published.'),
  note: nullable(Type.String(), 'What readers should know about it.'),
};

const example = {
  releaseId: 'borger-3',
  domain: 'borger',
  number: 3,
  state: 'published',
  requestedAt: '2026-02-01T05:59:57.000Z',
  publishedAt: '2026-02-01T06:00:00.000Z',
  note: null,
};

export const releaseSchema = Type.Object(fields, { description: 'A release.', examples: [example] });

export const releasePageSchema = Type.Object(
  { items: Type.Array(Type.Object(fields), { description: 'Newest first.' }), next },
  { description: 'A page of releases.', examples: [{ items: [example], next: null }] },
);

const pin = Type.Object({
  domain: Type.String({ description: 'A domain that the figures read.' }),
  revision: Type.Integer({ description: 'The revision of the municipality’s data that the release rests on.' }),
  openErrors: Type.Boolean({ description: 'Whether `error` findings were open in it.' }),
});

export const wholeReleaseSchema = Type.Object(
  {
    ...fields,
    included: Type.Array(
      Type.Object({
        municipality: Type.String({ description: 'Municipality code.' }),
        pins: Type.Array(pin, { description: 'What its cells rest on.' }),
      }),
      { description: 'The municipalities that had delivered data of the domain itself.' },
    ),
    missing: Type.Array(Type.String(), {
      description: 'Codes of the municipalities that had not; their cells are `missing`.',
    }),
  },
  {
    description: 'A release and what it rests on.',
    examples: [
      {
        ...example,
        included: [{ municipality: '615', pins: [{ domain: 'borger', revision: 4, openErrors: false }] }],
        missing: ['999'],
      },
    ],
  },
);

/** Columns of a whole release as CSV. */
export const RELEASE_COLUMNS = [
  'release_id',
  'key_figure',
  'period',
  'breakdown',
  'municipality',
  'numerator',
  'denominator',
  'value',
  'status',
  'reason',
] as const;

export const releaseCsvSchema = Type.String({
  description: `Header line and one line per cell: ${RELEASE_COLUMNS.join(', ')}.`,
  examples: [`${RELEASE_COLUMNS.join(',')}\nborger-3,BO05,2025-03,"",615,4525,104305,4.3,ok,\n`],
});
