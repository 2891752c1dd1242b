// The wire shape of a manifest. Descriptions are the API's documentation.
import Type from 'typebox';

export const nullable = <T extends Type.TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });
export const time = (description: string) => Type.String({ format: 'date-time', description });
export const day = (description: string) =>
  Type.String({ format: 'date', pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', description });

export const fileFields = {
  name: Type.String({ description: 'Name of the file.' }),
  rows: nullable(Type.Integer(), 'Rows in it; null for an archive.'),
  bytes: Type.Integer({ description: 'Length.' }),
  sha256: Type.String({ description: 'Digest, hex.' }),
};

export const manifestSchema = Type.Object(
  {
    issuer: Type.String({ description: 'Who vouches: the issuer of this service, as in its tokens.' }),
    delivery: Type.String({ description: 'Id of the delivery.' }),
    subscription: Type.String({ description: 'Id of the subscription.' }),
    municipality: Type.String({ description: 'Three-digit code.' }),
    domain: Type.String({ description: 'Id of the domain.' }),
    dueOn: day('The day that it is due on.'),
    promisedAt: time('The hour that was agreed.'),
    package: Type.String({ description: 'Id of the package.' }),
    kind: Type.Enum(['total', 'delta'], { description: 'What its files are.' }),
    revision: Type.Integer({ description: 'The revision that it shows.' }),
    since: nullable(
      Type.Integer(),
      'With a delta: the revision that it is the difference to, which the delivery before showed.',
    ),
    transactionTime: time('When the revision became visible: what was accepted by then is in it, and nothing after.'),
    epochStart: time('The transaction time of the total that this chain of deltas began with.'),
    unchanged: nullable(Type.String(), 'Why nothing has changed since the delivery before; null where something has.'),
    schemaHash: Type.String({
      description: 'One hash over the schemas of the tables: another one means another schema.',
    }),
    tables: Type.Array(
      Type.Object({
        name: Type.String({ description: 'The table.' }),
        schemaHash: Type.String({ description: 'Hash of its columns, types and key.' }),
        rows: Type.Integer({ description: 'Its rows at this revision, whichever kind the delivery is.' }),
        controlTotals: Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()]), {
          description:
            'The sum of each numeric column over all rows at this revision, as exact decimal text; null where no row has a value. Whoever applied every delta has the same sums.',
        }),
      }),
      { description: 'The agreed tables as they are at this revision.' },
    ),
    files: Type.Array(Type.Object(fileFields), { description: 'The agreed files.' }),
    nextPromisedAt: nullable(time('A time.'), 'When the next delivery is promised.'),
  },
  { description: 'What was delivered; the payload of `signedManifest`.' },
);

const DIGEST = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
export const DELIVERY_ID = '0d3b8d54-0c3f-4a53-9d6e-6a5e5c1f2b10';
export const exampleFile = { name: 'bor_befolkning.csv.gz', rows: 212, bytes: 1843, sha256: DIGEST };

export const exampleManifest = {
  ...{
    issuer: 'https://flis.example',
    delivery: DELIVERY_ID,
    subscription: '5a1f7f0e-5f0d-4a1e-8f5a-2a4f3d0c9b11',
    municipality: '615',
  },
  ...{
    domain: 'borger',
    dueOn: '2026-03-02',
    promisedAt: '2026-03-02T05:00:00.000Z',
    package: '6f1c9f0a-52b7-4a52-8a3e-0f8a54a1a4de',
  },
  ...{ kind: 'delta', revision: 12, since: 11, transactionTime: '2026-03-02T01:12:40.000Z' },
  ...{ epochStart: '2026-01-02T03:10:00.000Z', unchanged: null, schemaHash: DIGEST },
  tables: [{ name: 'bor_befolkning', schemaHash: DIGEST, rows: 5088, controlTotals: { antal: '96612' } }],
  files: [exampleFile],
  nextPromisedAt: '2026-03-03T05:00:00.000Z',
};
