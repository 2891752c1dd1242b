// The wire shapes of events. Descriptions are the API's documentation; those of the data follow from the types.
import Type from 'typebox';
import { limitParameter, PAGE_OF_LIST } from '../platform/http/paging.ts';
import type { NumberedEvent } from './store.ts';
import { EVENT_NAMES, EVENT_TYPES } from './types.ts';

const nullable = <T extends Type.TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });

export const eventType = Type.Enum([...EVENT_NAMES], { type: 'string', description: 'The type of the event.' });

const listed = EVENT_NAMES.map((name) => {
  const { description, data } = EVENT_TYPES[name];
  const fields = Object.entries(data.properties).map(([field, { description }]) => `\`${field}\`: ${description}`);
  return `\`${name}\`: ${description} ${fields.join(' ')}`;
}).join('\n\n');

export const eventQuery = Type.Object(
  {
    after: Type.Optional(
      Type.String({
        pattern: '^(?:0|[1-9][0-9]{0,14})$',
        description:
          'The number after which to go on: `after` of the answer before. Without it: from the oldest that is kept.',
      }),
    ),
    types: Type.Optional(
      Type.String({
        maxLength: 1000,
        pattern: '^[a-z.-]+(?:,[a-z.-]+)*$',
        description: 'Only these types, with commas in between; all if not given.',
      }),
    ),
    limit: limitParameter(PAGE_OF_LIST),
  },
  { additionalProperties: false },
);

export const eventSchema = Type.Object(
  {
    sequence: Type.Integer({
      description:
        'Numbers of a municipality have no gaps; you see none of events of domains that your credential is not for.',
    }),
    id: Type.String({ description: 'Id of the event; a webhook sends it as `webhook-id`.' }),
    type: eventType,
    domain: nullable(Type.String(), 'The domain that it is about; null: none.'),
    at: Type.String({ format: 'date-time', description: 'When it was written.' }),
    data: Type.Object({}, { additionalProperties: true, description: `Ids and counts, by type.\n\n${listed}` }),
  },
  { description: 'Something that happened.' },
);

const example = {
  sequence: 4711,
  id: '0d5c7f3a-2b1e-4c8d-9f60-7a1b2c3d4e5f',
  type: 'source-delivery.rejected' as const,
  domain: 'skole',
  at: '2026-11-01T05:12:44.031Z',
  data: { sourceDelivery: '6f1c9f0a-52b7-4a52-8a3e-0f8a54a1a4de', rules: 2 },
};

export const eventPageSchema = Type.Object(
  {
    items: Type.Array(eventSchema, { description: 'In the order of their numbers.' }),
    after: Type.Integer({
      description: 'Ask for what comes after this number next time, also when there were no items.',
    }),
    next: nullable(Type.String(), 'Absolute address of what follows at once; null when there is nothing more yet.'),
  },
  { description: 'A page of events.', examples: [{ items: [example], after: 4711, next: null }] },
);

/** An event as it is sent, to readers and to webhooks alike. */
export function presentEvent({ sequence, eventId, type, domain, at, data }: NumberedEvent) {
  return { sequence, id: eventId, type, domain: domain === '' ? null : domain, at: at.toISOString(), data };
}
