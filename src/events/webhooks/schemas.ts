// The wire shapes of webhooks. Descriptions are the API's documentation.
import Type from 'typebox';
import { limitParameter, PAGE_OF_LIST } from '../../platform/http/paging.ts';
import { NAME_FORM, PLAIN_CHARACTER, UUID_FORM } from '../../platform/http/wire-forms.ts';
import { EVENT_NAMES } from '../types.ts';
import type { WebhookAndSecrets } from './manage-webhooks.ts';
import { OUTCOMES, type Outcome } from './send-message.ts';
import type { Attempt } from './store.ts';

const nullable = <T extends Type.TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });
const time = (description: string) => Type.String({ format: 'date-time', description });
const uuid = (description: string) => Type.String({ ...UUID_FORM, description });

const url = Type.String({
  ...{ minLength: 1, maxLength: 2048, pattern: `^${PLAIN_CHARACTER}+$` },
  description: 'Where events are posted: an https address with the name of a public host. Redirects are not followed.',
});
const typeNames = Type.Array(Type.Enum([...EVENT_NAMES], { type: 'string' }), {
  ...{ minItems: 1, maxItems: EVENT_NAMES.length, uniqueItems: true },
});
const types = nullable(typeNames, 'The types that are sent; null: all, also those to come.');
const domainNames = Type.Array(Type.String({ maxLength: 64, ...NAME_FORM }), {
  ...{ minItems: 1, maxItems: 50, uniqueItems: true },
});
const domains = nullable(
  domainNames,
  'The domains whose events are sent; null: of all that your credential is for, and if that is every domain, also what is of none.',
);

export const webhookBody = Type.Object(
  { url, types: Type.Optional(types), domains: Type.Optional(domains) },
  {
    additionalProperties: false,
    examples: [{ url: 'https://bi.example.dk/flis', types: ['release.published'], domains: ['skole'] }],
  },
);

export const webhookParams = Type.Object({ id: uuid('Id of the webhook.') });
export const secretParams = Type.Object({ id: uuid('Id of the webhook.'), secret: uuid('Id of the secret.') });

const fields = {
  webhookId: Type.String({ description: 'Id of the webhook.' }),
  url,
  types,
  domains,
  status: Type.Enum(['pending', 'active', 'disabled'], {
    type: 'string',
    description:
      '`pending`: it has not repeated a challenge yet; `disabled`: nothing is sent until a test has made it active again.',
  }),
  disabledReason: nullable(
    Type.Enum(['gone', 'failing'], { type: 'string' }),
    '`gone`: it answered 410; `failing`: a message was tried for 75 hours.',
  ),
  failingSince: nullable(Type.String({ format: 'date-time' }), 'Since when nothing got through; null while it does.'),
  createdAt: time('When it was registered.'),
  createdBy: Type.String({ description: 'The client that registered it; while that is disabled, nothing is sent.' }),
  secrets: Type.Array(
    Type.Object({
      secretId: Type.String({ description: 'Id of the secret.' }),
      createdAt: time('When it was made.'),
      expiresAt: nullable(Type.String({ format: 'date-time' }), 'Until when it signs; null: the newest.'),
    }),
    { description: 'The secrets that sign now, the newest first; each has a signature in `webhook-signature`.' },
  ),
};

const example = {
  webhookId: '2b6e3f7a-91c4-4d0e-8b52-6f1d0c9a8e77',
  url: 'https://bi.example.dk/flis',
  types: ['release.published' as const],
  domains: ['skole'],
  status: 'pending' as const,
  disabledReason: null,
  failingSince: null,
  createdAt: '2026-11-01T08:00:00.000Z',
  createdBy: '615.0q5r8w2z7c1f6j9b',
  secrets: [
    { secretId: '7a4c2b0e-9d1f-4f0e-8a55-2a4b7c1d9e03', createdAt: '2026-11-01T08:00:00.000Z', expiresAt: null },
  ],
};

export const webhookSchema = Type.Object(fields, { description: 'A webhook.', examples: [example] });
export const newSecretSchema = Type.Object(
  {
    ...fields,
    secret: Type.String({ description: 'The new secret. It is shown this once; keep it where secrets are kept.' }),
  },
  { description: 'A webhook with a new secret.', examples: [{ ...example, secret: 'whsec_…' }] },
);
export const webhookListSchema = Type.Object(
  { items: Type.Array(Type.Object(fields), { description: 'The oldest first, ten at most.' }) },
  { description: 'The municipality’s webhooks.', examples: [{ items: [example] }] },
);

export const testSchema = Type.Object(
  {
    type: Type.Enum(['webhook.test', 'webhook.challenge'], {
      type: 'string',
      description: 'What is sent: a test to a webhook that is active, a challenge to one that is not.',
    }),
  },
  { description: 'What is sent.', examples: [{ type: 'webhook.test' }] },
);

export const replayBody = Type.Object(
  {
    event: Type.Optional(uuid('The event to send again.')),
    since: Type.Optional(time('All events from this time on are sent again.')),
  },
  { additionalProperties: false, examples: [{ since: '2026-11-01T00:00:00Z' }] },
);
export const replaySchema = Type.Object(
  { events: Type.Integer({ description: 'How many events are sent again, under their own ids.' }) },
  { description: 'What is sent again.', examples: [{ events: 17 }] },
);

const outcomes = Object.entries(OUTCOMES).map(([outcome, meaning]) => `\`${outcome}\`: ${meaning}.`);

const attemptFields = {
  attempt: Type.Integer({ description: 'The number of the attempt.' }),
  messageId: Type.String({ description: 'What was sent as `webhook-id`: of an event its id.' }),
  type: Type.String({ description: 'The type that was sent.' }),
  at: time('When it began.'),
  durationMs: Type.Integer({ description: 'How long it lasted, in milliseconds.' }),
  outcome: Type.Enum(Object.keys(OUTCOMES) as Outcome[], { type: 'string', description: outcomes.join(' ') }),
  status: nullable(Type.Integer(), 'The status that was answered; null: none.'),
};

export const attemptQuery = Type.Object(
  {
    limit: limitParameter(PAGE_OF_LIST),
    cursor: Type.Optional(
      Type.String({ maxLength: 1024, description: 'Where the page starts; taken from `next` of the page before.' }),
    ),
  },
  { additionalProperties: false },
);

export const attemptPageSchema = Type.Object(
  {
    items: Type.Array(Type.Object(attemptFields), { description: 'Newest first.' }),
    next: nullable(Type.String(), 'Absolute address of the next page; null on the last.'),
  },
  {
    description: 'A page of attempts.',
    examples: [
      {
        items: [
          {
            ...{ attempt: 91, messageId: '0d5c7f3a-2b1e-4c8d-9f60-7a1b2c3d4e5f', type: 'release.published' },
            ...{ at: '2026-11-01T08:00:00.000Z', durationMs: 84, outcome: 'delivered' as const, status: 204 },
          },
        ],
        next: null,
      },
    ],
  },
);

export function presentWebhook({ webhook, secrets }: WebhookAndSecrets) {
  const { createdAt, failingSince, ...rest } = webhook;
  return {
    ...rest,
    ...{ createdAt: createdAt.toISOString(), failingSince: failingSince?.toISOString() ?? null },
    secrets: secrets.map(({ secretId, createdAt, expiresAt }) => ({
      ...{ secretId, createdAt: createdAt.toISOString(), expiresAt: expiresAt?.toISOString() ?? null },
    })),
  };
}

export function presentAttempt({ at, ...attempt }: Attempt) {
  return { ...attempt, at: at.toISOString() };
}
