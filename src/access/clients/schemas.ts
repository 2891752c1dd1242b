// The wire shapes of clients.
import Type from 'typebox';
import { cursor, domains, next, plainText, scopes, status, time } from '../schemas.ts';
import { CLIENT_ID_PATTERN, CLIENT_KINDS } from './rules.ts';

const kind = Type.Enum([...CLIENT_KINDS], {
  type: 'string',
  description:
    '`municipality`: a municipality’s own system. `source`: one that delivers its data. `vendor`: acts under the mandates of municipalities. `operator`: runs the service.',
});
const name = plainText(200, 'What the system is called.');
const contact = plainText(200, 'Whom to write to about it: the address of a function rather than of a person.');
const rights = scopes('The most that its tokens and access keys can carry.');
const municipalityCode = Type.String({ pattern: '^[0-9]{3}$', description: 'Code of the municipality it belongs to.' });

/** A public key as clients register it; which members it may have depends on its kind, which the service checks. */
const publicKey = Type.Object(
  {
    kty: Type.String({ maxLength: 8, description: '`EC` or `OKP`.' }),
    crv: Type.String({ maxLength: 16, description: '`P-256` or `Ed25519`.' }),
    x: Type.String({ maxLength: 64, pattern: '^[A-Za-z0-9_-]+$', description: 'The key, or its x coordinate.' }),
    y: Type.Optional(
      Type.String({ maxLength: 64, pattern: '^[A-Za-z0-9_-]+$', description: 'With `EC`: y coordinate.' }),
    ),
    kid: Type.Optional(
      Type.String({ maxLength: 128, description: 'Name of the key; its thumbprint (RFC 7638) if absent.' }),
    ),
    alg: Type.Optional(Type.String({ maxLength: 16, description: '`ES256` or `EdDSA`.' })),
    use: Type.Optional(Type.Literal('sig', { description: 'Keys sign; they do not encrypt.' })),
  },
  { additionalProperties: true },
);

const EXAMPLE_KEY = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', kid: '2026-11' };

export const clientBody = Type.Object(
  {
    kind,
    municipality: Type.Optional(municipalityCode),
    name,
    contact,
    scopes: rights,
    domains: Type.Optional(domains),
  },
  {
    additionalProperties: false,
    examples: [
      {
        kind: 'municipality',
        name: 'Power BI, økonomi',
        contact: 'bi@example.dk',
        scopes: ['key-figures:read', 'raw-data:read'],
        domains: ['oekonomi'],
      },
    ],
  },
);

export const clientChange = Type.Object(
  {
    name: Type.Optional(name),
    contact: Type.Optional(contact),
    scopes: Type.Optional(rights),
    domains: Type.Optional(domains),
    status: Type.Optional(status),
  },
  { additionalProperties: false, minProperties: 1, examples: [{ status: 'disabled' }] },
);

export const keysBody = Type.Object(
  {
    keys: Type.Array(publicKey, {
      maxItems: 4,
      description: 'All keys of the client; two overlap when one is exchanged.',
    }),
  },
  { additionalProperties: false, examples: [{ keys: [EXAMPLE_KEY] }] },
);

export const clientParams = Type.Object({
  id: Type.String({ pattern: CLIENT_ID_PATTERN, description: 'Id of the client.' }),
});

export const clientQuery = Type.Object(
  {
    municipality: Type.Optional(
      Type.String({
        pattern: '^[0-9]{3}$',
        description: 'For the operator: whose clients. Without it, the clients that belong to no municipality.',
      }),
    ),
    cursor,
  },
  { additionalProperties: false },
);

const fields = {
  clientId: Type.String({ description: 'Id of the client: `client_id` in OAuth.' }),
  municipality: Type.Union([municipalityCode, Type.Null()], { description: 'Null for vendors and the operator.' }),
  kind,
  name,
  contact,
  scopes: rights,
  domains,
  status,
  keys: Type.Array(publicKey, { description: 'Its public keys.' }),
  createdAt: time('When it was registered.'),
  createdBy: Type.String({ description: 'The client that registered it.' }),
  changedAt: time('When it was last changed, its keys aside.'),
};

const example = {
  clientId: '615.7m2kq9x4v0t8d3hn',
  municipality: '615',
  kind: 'municipality',
  name: 'Power BI, økonomi',
  contact: 'bi@example.dk',
  scopes: ['key-figures:read', 'raw-data:read'],
  domains: ['oekonomi'],
  status: 'active',
  keys: [EXAMPLE_KEY],
  createdAt: '2026-11-01T08:00:00.000Z',
  createdBy: '615.0q5r8w2z7c1f6j9b',
  changedAt: '2026-11-01T08:00:00.000Z',
};

export const clientSchema = Type.Object(fields, { description: 'A client.', examples: [example] });

export const clientPageSchema = Type.Object(
  { items: Type.Array(Type.Object(fields), { description: 'By id.' }), next },
  { description: 'A page of clients.', examples: [{ items: [example], next: null }] },
);
