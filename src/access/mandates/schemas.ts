// The wire shapes of mandates.
import Type from 'typebox';
import { NAME_FORM, UUID_FORM } from '../../platform/http/wire-forms.ts';
import { VENDOR_SCOPES } from '../clients/index.ts';
import { cursor, next, nullable, plainText, time } from '../schemas.ts';
import { MANDATE_STATUSES } from './rules.ts';

const municipality = Type.String({
  pattern: '^[0-9]{3}$',
  description: 'Code of the municipality whose data it is about.',
});
const domains = Type.Array(Type.String({ maxLength: 64, ...NAME_FORM }), {
  minItems: 1,
  maxItems: 50,
  uniqueItems: true,
  description: 'Ids of the domains.',
});
const scopes = Type.Array(Type.Enum([...VENDOR_SCOPES], { type: 'string' }), {
  minItems: 1,
  maxItems: VENDOR_SCOPES.length,
  uniqueItems: true,
  description: 'What the vendor may do with them.',
});
const purpose = plainText(500, 'What for, as the municipality’s audit log will say of each use.');
const endsOn = Type.String({
  format: 'date',
  description: 'The last day, by the Danish calendar: five years from now at the latest.',
});
const status = Type.Enum([...MANDATE_STATUSES], {
  type: 'string',
  description:
    '`proposed`: waits for the municipality. `active`: in force. `expired`: its last day is over. `ended`: by either side, or declined.',
});

export const mandateBody = Type.Object(
  { municipality, domains, scopes, purpose, endsOn },
  {
    additionalProperties: false,
    examples: [
      {
        municipality: '615',
        domains: ['oekonomi', 'skole'],
        scopes: ['key-figures:read', 'raw-data:read'],
        purpose: 'Ledelsesinformation i økonomi og skole efter aftale 2026/114',
        endsOn: '2028-12-31',
      },
    ],
  },
);

export const mandateParams = Type.Object({ id: Type.String({ ...UUID_FORM, description: 'Id of the mandate.' }) });

export const mandateQuery = Type.Object({ status: Type.Optional(status), cursor }, { additionalProperties: false });

const fields = {
  mandateId: Type.String({ description: 'Id of the mandate; the vendor’s token names it.' }),
  municipality,
  clientId: Type.String({ description: 'The vendor’s client.' }),
  vendor: Type.String({ description: 'What it was called when it proposed.' }),
  contact: Type.String({ description: 'Whom to write to about it.' }),
  domains,
  scopes,
  purpose,
  endsOn,
  status,
  proposedAt: time('When it was proposed.'),
  approvedAt: nullable(Type.String({ format: 'date-time' }), 'When the municipality approved it.'),
  approvedBy: nullable(Type.String(), 'The municipality’s client that approved it.'),
  endedAt: nullable(Type.String({ format: 'date-time' }), 'When it was ended, withdrawn or declined.'),
  endedBy: nullable(Type.String(), 'The client that ended it.'),
};

const example = {
  mandateId: '5b0f6a0e-6d0b-4f1e-9a63-0e8f6c1d2b7a',
  municipality: '615',
  clientId: '000.4m9x2kq7v0t8d3hn',
  vendor: 'LIS Leverandør',
  contact: 'drift@leverandoer.example',
  domains: ['oekonomi', 'skole'],
  scopes: ['key-figures:read', 'raw-data:read'],
  purpose: 'Ledelsesinformation i økonomi og skole efter aftale 2026/114',
  endsOn: '2028-12-31',
  status: 'active',
  proposedAt: '2026-11-02T08:00:00.000Z',
  approvedAt: '2026-11-03T09:30:00.000Z',
  approvedBy: '615.7m2kq9x4v0t8d3hn',
  endedAt: null,
  endedBy: null,
};

export const mandateSchema = Type.Object(fields, { description: 'A mandate.', examples: [example] });

export const mandatePageSchema = Type.Object(
  { items: Type.Array(Type.Object(fields), { description: 'Mandates, newest first.' }), next },
  { description: 'Mandates.', examples: [{ items: [example], next: null }] },
);
