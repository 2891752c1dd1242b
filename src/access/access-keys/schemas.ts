// The wire shapes of access keys.
import Type from 'typebox';
import { CLIENT_ID_PATTERN } from '../clients/index.ts';
import { cursor, domains, next, nullable, plainText, scopesOf, time } from '../schemas.ts';
import { ACCESS_KEY_SCOPES } from './rules.ts';

const clientId = Type.String({ pattern: CLIENT_ID_PATTERN, description: 'The client that holds the key.' });
const name = plainText(200, 'What the key is for.');
const scopes = scopesOf(ACCESS_KEY_SCOPES, 'What it opens; access keys only read, and never CPR numbers.');

export const accessKeyBody = Type.Object(
  {
    clientId,
    name,
    scopes,
    domains: Type.Optional(domains),
    expiresAt: time('When it ends: an hour from now at the earliest, 366 days at the latest.'),
  },
  {
    additionalProperties: false,
    examples: [
      {
        clientId: '615.7m2kq9x4v0t8d3hn',
        name: 'Natlig opdatering i Power BI',
        scopes: ['key-figures:read', 'raw-data:read'],
        domains: ['oekonomi'],
        expiresAt: '2027-10-31T23:00:00Z',
      },
    ],
  },
);

export const accessKeyParams = Type.Object({
  id: Type.String({ pattern: '^[0-9a-z]{16}$', description: 'The public part of the key.' }),
});

export const accessKeyQuery = Type.Object({ cursor }, { additionalProperties: false });

const fields = {
  accessKeyId: Type.String({ description: 'The public part of the key: the third word of its text.' }),
  clientId,
  name,
  scopes,
  domains,
  createdAt: time('When it was made.'),
  createdBy: Type.String({ description: 'The client that made it.' }),
  expiresAt: time('When it ends.'),
  revokedAt: nullable(Type.String({ format: 'date-time' }), 'When it was revoked.'),
  lastUsedAt: nullable(Type.String({ format: 'date-time' }), 'When it was last used, right to the minute.'),
  daysLeft: nullable(Type.Integer(), 'Days until it ends, from 30 days before; null until then.'),
};

const example = {
  accessKeyId: '4d8h2k9m0q7v3x6z',
  clientId: '615.7m2kq9x4v0t8d3hn',
  name: 'Natlig opdatering i Power BI',
  scopes: ['key-figures:read', 'raw-data:read'],
  domains: ['oekonomi'],
  createdAt: '2026-11-01T08:00:00.000Z',
  createdBy: '615.0q5r8w2z7c1f6j9b',
  expiresAt: '2027-10-31T23:00:00.000Z',
  revokedAt: null,
  lastUsedAt: null,
  daysLeft: null,
};

export const accessKeySchema = Type.Object(fields, {
  description: 'An access key, without its text.',
  examples: [example],
});

export const newAccessKeySchema = Type.Object(
  {
    ...fields,
    key: Type.String({ description: 'The key itself. It is shown this once; keep it where secrets are kept.' }),
  },
  {
    description: 'A new access key with its text.',
    examples: [{ ...example, key: 'flis_615_4d8h2k9m0q7v3x6z_…_…' }],
  },
);

export const accessKeyPageSchema = Type.Object(
  { items: Type.Array(Type.Object(fields), { description: 'By id.' }), next },
  { description: 'A page of access keys.', examples: [{ items: [example], next: null }] },
);
