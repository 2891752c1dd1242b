// The wire shapes of manifests and downloads.
import Type from 'typebox';
import { packageSchema } from './schemas.ts';

const exampleManifest = {
  $schema: 'https://datapackage.org/profiles/2.0/datapackage.json',
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
  name: 'skole-615-r12',
  title: 'Skole, kommune 615, revision 12',
  created: '2026-01-15T08:00:12.000Z',
  version: '12',
  revisedAt: '2026-01-15T07:58:03.112Z',
  resources: [
    {
      name: 'sko_klasse',
      path: 'https://flis.example/v1/packages/6f1c9f0a-52b7-4a52-8a3e-0f8a54a1a4de/files/sko_klasse.csv.gz',
      type: 'table',
      format: 'csv',
      mediatype: 'text/csv',
      encoding: 'utf-8',
      compression: 'gz',
      rows: 512,
      bytes: 9120,
      hash: 'sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
      schema: {
        fields: [{ name: 'kommunekode', type: 'string', constraints: { required: true, maxLength: 3 } }],
        primaryKey: ['kommunekode'],
      },
    },
  ],
  archive: {
    path: 'https://flis.example/v1/packages/6f1c9f0a-52b7-4a52-8a3e-0f8a54a1a4de/archive.zip',
    mediatype: 'application/zip',
    bytes: 48_213,
    hash: 'sha256:fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9',
  },
};

const resourceSchema = Type.Object(
  {
    name: Type.String({ description: 'Name of the table.' }),
    path: Type.String({ format: 'uri', description: 'Address of its csv.gz.' }),
    rows: Type.Integer({ description: 'Number of rows, without the header line.' }),
    bytes: Type.Integer({ description: 'Bytes of the csv.gz.' }),
    hash: Type.String({ description: '`sha256:` and the digest (hex) of the csv.gz.' }),
    schema: Type.Object(
      {},
      {
        additionalProperties: true,
        description: 'Frictionless Table Schema: fields with types, units and code lists, and the primary key.',
      },
    ),
  },
  { additionalProperties: true, description: 'A Frictionless Data Resource.' },
);

/** The manifest once ready; while building, only the fields of a package. */
export const manifestSchema = Type.Intersect(
  [
    packageSchema,
    Type.Object(
      {
        $schema: Type.Optional(Type.String({ format: 'uri', description: 'The Frictionless profile it follows.' })),
        revisedAt: Type.Optional(
          Type.String({ format: 'date-time', description: 'When the revision became visible (transaction time).' }),
        ),
        resources: Type.Optional(Type.Array(resourceSchema, { description: 'The tables, all of the domain.' })),
        archive: Type.Optional(
          Type.Object(
            {
              path: Type.String({ format: 'uri', description: 'Address of the archive with all tables.' }),
              mediatype: Type.String({ description: 'Its media type.' }),
              bytes: Type.Integer({ description: 'Its bytes.' }),
              hash: Type.String({ description: '`sha256:` and its digest (hex).' }),
            },
            { description: 'All tables and a descriptor in one ZIP file.' },
          ),
        ),
      },
      { additionalProperties: true },
    ),
  ],
  {
    description:
      'The package; once it is ready also a Frictionless Data Package (v2), so it can be saved as datapackage.json.',
    examples: [exampleManifest],
  },
);

/** As schemas: the document's generator wraps each as a header. */
const headers = {
  etag: { description: 'Strong: the sha256 (hex) of the file.', type: 'string' },
  'repr-digest': { description: 'sha-256 of the whole file (RFC 9530).', type: 'string' },
  'accept-ranges': { description: '`bytes`.', type: 'string' },
  'content-disposition': { description: 'A name to save the file by.', type: 'string' },
};

/** An answer that is a file. */
function fileAnswer(description: string, mediaTypes: readonly string[]) {
  const schema = Type.Unsafe<unknown>({
    type: 'string',
    contentEncoding: 'binary',
    description: 'The bytes of the file.',
  });
  return { description, headers, content: Object.fromEntries(mediaTypes.map((type) => [type, { schema }])) };
}

/** The answers of a download of one of these media types. */
export function fileAnswers(...mediaTypes: readonly string[]) {
  return {
    200: fileAnswer('The whole file.', mediaTypes),
    206: fileAnswer('The range that was asked for; Content-Range says which.', mediaTypes),
    304: { description: 'You have this file.', type: 'null' },
  };
}
