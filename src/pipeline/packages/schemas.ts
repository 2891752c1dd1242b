// The wire shapes of packages: what callers send and get. Descriptions are the API's documentation.

import Type from 'typebox';
import { limitParameter, PAGE_OF_LIST } from '../../platform/http/paging.ts';
import { NAME_FORM, UUID_FORM } from '../../platform/http/wire-forms.ts';
import { PACKAGE_STATES } from './store.ts';

const nullable = <T extends Type.TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });

const kind = Type.Enum(['total', 'delta'], {
  description:
    '`total`: every row of the domain at the revision. `delta`: the net difference since an earlier revision, deletions included.',
});
const state = Type.Enum([...PACKAGE_STATES], {
  description:
    '`building`: read it again soon. `ready`: the files are there and never change. `failed`: order it again. `revoked`: not to be used, see `revocation`. `expired`: its files are kept no more; what is said of them here stays.',
});

const examplePackage = {
  id: '6f1c9f0a-52b7-4a52-8a3e-0f8a54a1a4de',
  municipality: '615',
  domain: 'skole',
  kind: 'total',
  revision: 12,
  since: null,
  state: 'ready',
  failure: null,
  createdAt: '2026-01-15T08:00:12.000Z',
  readyAt: '2026-01-15T08:00:12.480Z',
  fetchableUntil: '2027-02-15T08:00:12.480Z',
  revocation: null,
};

/** When and why a package was taken back. */
export const revocationField = nullable(
  Type.Object({
    revokedAt: Type.String({ format: 'date-time', description: 'When it was revoked.' }),
    reason: Type.String({ description: 'Why, in the operator’s words.' }),
  }),
  'When and why the operator took it back; its files answer 410 since. Null where that has not happened.',
);

const packageFields = {
  id: Type.String({ format: 'uuid', description: 'Id of the package.' }),
  municipality: Type.String({ description: 'Three-digit code of the municipality whose data it holds.' }),
  domain: Type.String({ description: 'Id of the domain.' }),
  kind,
  revision: Type.Integer({ description: 'The revision that it shows.' }),
  since: nullable(Type.Integer(), 'With a delta: the revision since which; 0 is the state before any delivery.'),
  state,
  failure: nullable(Type.String(), 'With state `failed`: a stable code of the failure.'),
  createdAt: Type.String({ format: 'date-time', description: 'When it was ordered.' }),
  readyAt: nullable(Type.String({ format: 'date-time' }), 'When it became ready.'),
  fetchableUntil: nullable(
    Type.String({ format: 'date-time' }),
    'Its files can be fetched until then: 13 months from when it was ready, or was last delivered under a subscription.',
  ),
  revocation: revocationField,
};

export const packageSchema = Type.Object(packageFields, { description: 'A package.', examples: [examplePackage] });

export const packagePageSchema = Type.Object(
  {
    items: Type.Array(packageSchema, { description: 'Packages, newest first.' }),
    next: nullable(Type.String({ format: 'uri' }), 'Absolute address of the next page; null on the last.'),
  },
  { description: 'A page of packages.', examples: [{ items: [examplePackage], next: null }] },
);

const revision = { minimum: 1, maximum: 2_147_483_647 };

export const packageBody = Type.Object(
  {
    domain: Type.String({ maxLength: 64, description: 'Id of the domain, e.g. `skole`.' }),
    kind,
    since: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 2_147_483_647,
        description: 'With a delta: the revision that you have; 0 for the state before any delivery.',
      }),
    ),
    revision: Type.Optional(
      Type.Integer({ ...revision, description: 'The revision to show; the newest when absent.' }),
    ),
    asOf: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'Instead of `revision`: the newest revision at or before this time (RFC 3339).',
      }),
    ),
  },
  {
    additionalProperties: false,
    examples: [
      { domain: 'skole', kind: 'total' },
      { domain: 'skole', kind: 'delta', since: 11 },
    ],
  },
);

export const packageParams = Type.Object({
  id: Type.String({ ...UUID_FORM, description: 'Id of the package.' }),
});

export const fileParams = Type.Object({
  id: Type.String({ ...UUID_FORM, description: 'Id of the package.' }),
  name: Type.String({
    maxLength: 80,
    description:
      '`{table}.csv.gz`, `{table}.parquet`, or, with the scope `cpr:read` besides, `identitet.csv.gz`: which CPR number each `borger_id` stands for.',
  }),
});

export const packageQuery = Type.Object(
  {
    domain: Type.Optional(Type.String({ ...NAME_FORM, description: 'Only packages of this domain.' })),
    kind: Type.Optional(Type.Enum(['total', 'delta'], { description: 'Only packages of this kind.' })),
    state: Type.Optional(Type.Enum([...PACKAGE_STATES], { description: 'Only packages in this state.' })),
    limit: limitParameter(PAGE_OF_LIST),
    cursor: Type.Optional(Type.String({ maxLength: 1024, description: 'From `next` of the page before.' })),
  },
  { additionalProperties: false },
);

const header = (description: string, maxLength = 400) => Type.Optional(Type.String({ maxLength, description }));

/** Headers of a download. */
export const fileHeaders = Type.Object({
  range: header('A single byte range, e.g. `bytes=1048576-`, to go on with a broken download.'),
  'if-range': header('The ETag of the part that you have: if the file is another one by now, all of it is sent.'),
  'if-none-match': header('The ETag of the file that you have: answered 304 if it is this one.', 4000),
});
