// The wire shape of the caller's own page.
import Type from 'typebox';
import { standingsExample, standingsSchema } from '../limits/schemas.ts';
import { domains, nullable, scopes, time } from '../schemas.ts';

export const meSchema = Type.Object(
  {
    clientId: Type.String({ description: 'The client that the credential belongs to.' }),
    credential: Type.Enum(['token', 'access-key'], { type: 'string', description: 'What was presented.' }),
    municipality: nullable(Type.String(), 'Code of the municipality whose data it works on; null for the operator.'),
    mandate: nullable(
      Type.Object({
        mandateId: Type.String({ description: 'Its id.' }),
        purpose: Type.String({ description: 'What for.' }),
        endsAt: time('When it is over.'),
      }),
      'The mandate that a vendor works under; null for everybody else.',
    ),
    domains,
    scopes: scopes('What it opens.'),
    expiresAt: time('When the credential ends.'),
    daysLeft: nullable(Type.Integer(), 'Days until an access key ends, from 30 days before; null otherwise.'),
    limits: standingsSchema,
  },
  {
    description: 'The caller, as the service sees it.',
    examples: [
      {
        clientId: '615.7m2kq9x4v0t8d3hn',
        credential: 'access-key',
        municipality: '615',
        mandate: null,
        domains: ['oekonomi'],
        scopes: ['key-figures:read', 'raw-data:read'],
        expiresAt: '2027-10-31T23:00:00.000Z',
        daysLeft: null,
        limits: standingsExample,
      },
    ],
  },
);
