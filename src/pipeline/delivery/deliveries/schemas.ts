// The wire shapes of deliveries. Descriptions are the API's documentation.
import Type from 'typebox';
import { limitParameter, PAGE_OF_LIST } from '../../../platform/http/paging.ts';
import { NAME_FORM, UUID_FORM } from '../../../platform/http/wire-forms.ts';
import { revocationField } from '../../packages/index.ts';
import {
  DELIVERY_ID,
  day,
  exampleFile,
  exampleManifest,
  fileFields,
  manifestSchema,
  nullable,
  time,
} from './schemas-manifest.ts';
import { DELIVERY_STATES } from './store.ts';

const state = (description: string) => Type.Enum([...DELIVERY_STATES], { description });

const exampleDelivery = {
  id: DELIVERY_ID,
  municipality: '615',
  subscriptionId: '5a1f7f0e-5f0d-4a1e-8f5a-2a4f3d0c9b11',
  replaces: null,
  domain: 'borger',
  dueOn: '2026-03-02',
  promisedAt: '2026-03-02T05:00:00.000Z',
  state: 'ready',
  isLate: false,
  lateReason: null,
  nextPromisedAt: '2026-03-03T05:00:00.000Z',
  agreedKind: 'delta',
  tables: ['bor_befolkning'],
  formats: ['csv.gz'],
  packageId: '6f1c9f0a-52b7-4a52-8a3e-0f8a54a1a4de',
  revision: 12,
  unchanged: null,
  readyAt: '2026-03-02T04:00:09.000Z',
  fetchedAt: null,
  acknowledgedAt: null,
  fetchableUntil: '2027-04-02T04:00:09.000Z',
  revocation: null,
};
const deliveryFields = {
  id: Type.String({ format: 'uuid', description: 'Id of the delivery.' }),
  municipality: Type.String({ description: 'Three-digit code of the municipality that it is for.' }),
  subscriptionId: Type.String({ format: 'uuid', description: 'The subscription that it falls due under.' }),
  replaces: nullable(
    Type.String({ format: 'uuid' }),
    'The delivery that this one makes good, because its package was revoked. A replacement is a total.',
  ),
  domain: Type.String({ description: 'Id of the domain.' }),
  dueOn: day('The civil day in Denmark that it is due on.'),
  promisedAt: time('The hour that was agreed.'),
  state: state(
    '`scheduled`: due soon. `building`: its package is being made. `ready`: fetch it. `fetched`: every byte of every agreed file was sent. `acknowledged`: a receiver named the right digests. `revoked`: its package was taken back. `expired`: it was never acknowledged, and its files are kept no more.',
  ),
  isLate: Type.Boolean({
    description: 'Whether it was, or is, not ready at the promised hour. A late delivery still arrives.',
  }),
  lateReason: nullable(
    Type.Enum(['no-source-data', 'source-delivery-rejected', 'service']),
    'Why it is late: nothing was ever delivered to us, the newest source delivery was rejected, or it is our fault. Null also in the moments before the reason is noted.',
  ),
  nextPromisedAt: nullable(
    time('A time.'),
    'When the next delivery of the subscription is promised; null when it ends before.',
  ),
  agreedKind: Type.Enum(['total', 'delta'], {
    description:
      'What was agreed. The first delivery of deltas, and the first after a change of tables, is a total: `manifest.kind`.',
  }),
  tables: Type.Array(Type.String(), { description: 'The agreed tables.' }),
  formats: Type.Array(Type.String(), { description: 'The agreed formats.' }),
  packageId: nullable(
    Type.String({ format: 'uuid' }),
    'The package that it is made of; deliveries of the same content share one.',
  ),
  revision: nullable(Type.Integer(), 'The revision that it shows.'),
  unchanged: nullable(
    Type.Enum(['no-new-source-data', 'source-delivery-rejected']),
    'Why nothing has changed since the delivery before; null where something has.',
  ),
  readyAt: nullable(time('A time.'), 'When it became ready.'),
  fetchedAt: nullable(time('A time.'), 'When the last byte of the last file had been sent.'),
  acknowledgedAt: nullable(time('A time.'), 'When a receiver acknowledged it.'),
  fetchableUntil: nullable(
    time('A time.'),
    'Its files can be fetched until then, at least 13 months; its manifest and receipt stay. Null before it is ready.',
  ),
  revocation: revocationField,
};

export const deliveryPageSchema = Type.Object(
  {
    items: Type.Array(Type.Object(deliveryFields, { description: 'A delivery.' }), {
      description: 'Deliveries, the latest due day first.',
    }),
    next: nullable(Type.String({ format: 'uri' }), 'Absolute address of the next page; null on the last.'),
  },
  { description: 'A page of deliveries.', examples: [{ items: [exampleDelivery], next: null }] },
);

export const deliverySchema = Type.Object(
  {
    ...deliveryFields,
    files: Type.Array(
      Type.Object({
        ...fileFields,
        path: Type.String({
          format: 'uri',
          description: 'Where to fetch it. Only what is fetched there counts as fetched.',
        }),
        bytesSent: Type.Integer({ description: 'How many of its bytes were sent so far, ranges added up.' }),
      }),
      { description: 'The agreed files; none before it is ready.' },
    ),
    manifest: Type.Union([manifestSchema, Type.Null()], {
      description: 'What was delivered; null before it is ready.',
    }),
    signedManifest: nullable(
      Type.String(),
      'The manifest as a compact JWS (EdDSA, `typ` flis-manifest+jws), signed with a key of `GET /.well-known/delivery-keys.json`: keep it to prove years later that a file is ours.',
    ),
    receipt: nullable(
      Type.String(),
      'Once acknowledged: who acknowledged which digests, when, as a compact JWS (`typ` flis-receipt+jws).',
    ),
  },
  {
    description: 'A delivery.',
    examples: [
      {
        ...exampleDelivery,
        files: [
          {
            ...exampleFile,
            path: `https://flis.example/v1/deliveries/${DELIVERY_ID}/files/${exampleFile.name}`,
            bytesSent: 0,
          },
        ],
        manifest: exampleManifest,
        signedManifest: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln',
        receipt: null,
      },
    ],
  },
);

export const deliveryParams = Type.Object({
  id: Type.String({ ...UUID_FORM, description: 'Id of the delivery.' }),
});

export const deliveryFileParams = Type.Object({
  id: Type.String({ ...UUID_FORM, description: 'Id of the delivery.' }),
  name: Type.String({ maxLength: 80, description: 'Name of one of its files.' }),
});

export const segmentsSchema = Type.Object(
  {
    bytes: Type.Integer({ description: 'Length of the file.' }),
    sha256: Type.String({ description: 'Digest of the file, hex.' }),
    segments: Type.Array(
      Type.Object({
        start: Type.Integer({ description: 'Its first byte in the file.' }),
        end: Type.Integer({ description: 'Its last byte.' }),
        contentId: Type.String({
          description:
            'In whichever file of the municipality a segment has this id, it has the same bytes. It is no digest of them.',
        }),
      }),
      { description: 'In the order of the file.' },
    ),
  },
  {
    description: 'What a file is made of.',
    examples: [
      {
        ...{ bytes: exampleFile.bytes, sha256: exampleFile.sha256 },
        segments: [{ start: 0, end: exampleFile.bytes - 1, contentId: exampleFile.sha256 }],
      },
    ],
  },
);

export const deliveryQuery = Type.Object(
  {
    domain: Type.Optional(Type.String({ ...NAME_FORM, description: 'Only of this domain.' })),
    subscriptionId: Type.Optional(Type.String({ ...UUID_FORM, description: 'Only of this subscription.' })),
    state: Type.Optional(state('Only in this state.')),
    from: Type.Optional(day('Due on this day or later.')),
    to: Type.Optional(day('Due on this day or earlier.')),
    limit: limitParameter(PAGE_OF_LIST),
    cursor: Type.Optional(Type.String({ maxLength: 1024, description: 'From `next` of the page before.' })),
  },
  { additionalProperties: false },
);

export const acknowledgementBody = Type.Object(
  {
    files: Type.Array(
      Type.Object(
        {
          name: Type.String({ maxLength: 80, description: 'Name of the file.' }),
          sha256: Type.String({ pattern: '^[0-9A-Fa-f]{64}$', description: 'Digest of what you received, hex.' }),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 200, description: 'Every file of the delivery.' },
    ),
  },
  {
    additionalProperties: false,
    examples: [{ files: [{ name: exampleFile.name, sha256: exampleFile.sha256 }] }],
  },
);

export const acknowledgementSchema = Type.Object(
  {
    acknowledgedBy: Type.String({ description: 'Id of the client.' }),
    acknowledgedAt: time('When it was acknowledged.'),
    receipt: Type.String({ description: 'Both as a compact JWS, with the digests: keep it.' }),
  },
  {
    description: 'The receipt.',
    examples: [
      {
        acknowledgedBy: '615.0123456789abcdef',
        acknowledgedAt: '2026-03-02T05:10:00.000Z',
        receipt: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln',
      },
    ],
  },
);

export const historyQuery = Type.Object(
  {
    from: Type.Optional(day('Due on this day or later; twelve months before `to` when absent.')),
    to: Type.Optional(day('Due on this day or earlier; today when absent.')),
  },
  { additionalProperties: false },
);

export const historySchema = Type.Object(
  {
    items: Type.Array(
      Type.Object({
        domain: Type.String({ description: 'Id of the domain.' }),
        month: Type.String({ description: 'Month of the due days, `YYYY-MM`.' }),
        due: Type.Integer({ description: 'Deliveries whose promised hour has passed, or that are ready.' }),
        onTime: Type.Integer({ description: 'Of those, ready at the promised hour.' }),
        late: Type.Integer({ description: 'The others.' }),
        lateByReason: Type.Record(Type.String(), Type.Integer(), { description: 'The late ones by reason.' }),
      }),
      { description: 'By domain and month.' },
    ),
  },
  {
    description: 'How punctual deliveries were.',
    examples: [
      {
        items: [
          {
            ...{ domain: 'borger', month: '2026-03', due: 31, onTime: 30, late: 1 },
            lateByReason: { 'no-source-data': 0, 'source-delivery-rejected': 0, service: 1 },
          },
        ],
      },
    ],
  },
);

export const keySetSchema = Type.Object(
  {
    keys: Type.Array(Type.Record(Type.String(), Type.Unknown()), {
      description: 'JSON Web Keys (Ed25519), the oldest first. A key stays here for ever.',
    }),
  },
  {
    description: 'A JSON Web Key Set.',
    examples: [
      { keys: [{ kty: 'OKP', crv: 'Ed25519', kid: 'delivery-1-AbCdEfGh', use: 'sig', alg: 'EdDSA', x: 'AbCdEfGh' }] },
    ],
  },
);
