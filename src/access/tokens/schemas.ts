// The wire shapes of the token endpoint and of what it publishes about itself.
import Type from 'typebox';
import { UUID_FORM } from '../../platform/http/wire-forms.ts';

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export const tokenBody = Type.Object(
  {
    grant_type: Type.String({ maxLength: 100, description: '`client_credentials`.' }),
    client_assertion_type: Type.Literal(ASSERTION_TYPE, { description: 'The kind of assertion (RFC 7523).' }),
    client_assertion: Type.String({
      maxLength: 4096,
      description:
        'JWT signed with a registered key: `iss` and `sub` the client id, `aud` the issuer alone, `exp` at most 300 s ahead, `jti` new.',
    }),
    client_id: Type.Optional(Type.String({ maxLength: 128, description: 'Not needed: the assertion says it.' })),
    scope: Type.Optional(
      Type.String({
        maxLength: 500,
        description: 'Scopes wanted, separated by spaces; all of the client’s if absent.',
      }),
    ),
    municipality: Type.Optional(
      Type.String({
        pattern: '^[0-9]{3}$',
        description:
          'For vendors: code of the municipality to work for. Without it a vendor’s token can propose mandates and nothing else.',
      }),
    ),
    mandate: Type.Optional(
      Type.String({ ...UUID_FORM, description: 'For vendors: the mandate, where several are in force.' }),
    ),
  },
  { additionalProperties: false },
);

export const tokenSchema = Type.Object(
  {
    access_token: Type.String({ description: 'The token (RFC 9068).' }),
    token_type: Type.Literal('Bearer', { description: 'How it is sent.' }),
    expires_in: Type.Integer({ description: 'Seconds that it lasts.' }),
    scope: Type.String({ description: 'What it opens, separated by spaces.' }),
  },
  {
    description: 'An access token.',
    examples: [{ access_token: 'eyJ…', token_type: 'Bearer', expires_in: 300, scope: 'raw-data:read' }],
  },
);

const texts = (description: string) => Type.Array(Type.String(), { description });

export const metadataSchema = Type.Object(
  {
    issuer: Type.String({ description: 'The `aud` of assertions, and the `iss` of tokens.' }),
    token_endpoint: Type.String({ description: 'Where tokens are had.' }),
    jwks_uri: Type.String({ description: 'Where the public keys are.' }),
    scopes_supported: texts('All scopes.'),
    response_types_supported: texts('None: there is no authorization endpoint.'),
    grant_types_supported: texts('`client_credentials`.'),
    token_endpoint_auth_methods_supported: texts('`private_key_jwt`.'),
    token_endpoint_auth_signing_alg_values_supported: texts('Algorithms of assertions.'),
  },
  {
    description: 'Authorization server metadata (RFC 8414).',
    examples: [
      {
        issuer: 'https://flis.example',
        token_endpoint: 'https://flis.example/oauth2/token',
        jwks_uri: 'https://flis.example/.well-known/jwks.json',
        scopes_supported: ['raw-data:read'],
        response_types_supported: [],
        grant_types_supported: ['client_credentials'],
        token_endpoint_auth_methods_supported: ['private_key_jwt'],
        token_endpoint_auth_signing_alg_values_supported: ['ES256', 'EdDSA'],
      },
    ],
  },
);

export const keySetSchema = Type.Object(
  {
    keys: Type.Array(
      Type.Object(
        {
          kty: Type.String({ description: '`OKP`.' }),
          crv: Type.String({ description: '`Ed25519`.' }),
          x: Type.String({ description: 'The key.' }),
          kid: Type.String({ description: 'Its name in the header of tokens.' }),
          alg: Type.String({ description: '`EdDSA`.' }),
          use: Type.String({ description: '`sig`.' }),
        },
        { additionalProperties: false },
      ),
      { description: 'Keys whose signatures are taken now; the next one is among them before it signs.' },
    ),
  },
  {
    description: 'JSON Web Key Set.',
    examples: [{ keys: [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYK…', kid: 'kPrK…', alg: 'EdDSA', use: 'sig' }] }],
  },
);
