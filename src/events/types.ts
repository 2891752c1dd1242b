// Every type of event, with what its data holds. A new type is one entry here; the documentation follows from it.
import type { Static } from 'typebox';
import { code, count, dataOf, day, instant, registerId, releaseId, uuid } from './fields.ts';

/** The parts of a type. */
export interface EventDeclaration {
  readonly description: string;
  /** Whom it concerns: one municipality, or every one. */
  readonly reach: 'municipality' | 'nationwide';
  /** Whether it is of a domain. One that is not is seen by those alone who see every domain. */
  readonly hasDomain: boolean;
  readonly data: ReturnType<typeof dataOf>;
}

export const EVENT_TYPES = {
  'source-delivery.rejected': {
    description: 'A source delivery was rejected; its findings say why.',
    reach: 'municipality',
    hasDomain: true,
    data: dataOf({
      sourceDelivery: uuid('Id of the source delivery.'),
      rules: count('How many rules found something, counted per table.'),
    }),
  },
  'delivery.ready': {
    description: 'A delivery can be fetched.',
    reach: 'municipality',
    hasDomain: true,
    data: dataOf({
      delivery: uuid('Id of the delivery.'),
      subscription: uuid('The subscription that it fell due under.'),
      dueOn: day('The day that it is due on.'),
      files: count('How many files it has.'),
    }),
  },
  'delivery.late': {
    description: 'A delivery was not ready at the promised hour. It still arrives.',
    reach: 'municipality',
    hasDomain: true,
    data: dataOf({
      delivery: uuid('Id of the delivery.'),
      subscription: uuid('The subscription that it fell due under.'),
      dueOn: day('The day that it is due on.'),
      reason: code(['no-source-data', 'source-delivery-rejected', 'service'], 'Why, as the delivery says.'),
    }),
  },
  'delivery.fetched': {
    description: 'Every byte of every agreed file of a delivery was sent.',
    reach: 'municipality',
    hasDomain: true,
    data: dataOf({
      delivery: uuid('Id of the delivery.'),
      subscription: uuid('The subscription that it fell due under.'),
      dueOn: day('The day that it is due on.'),
    }),
  },
  'package.revoked': {
    description:
      'A package was taken back: what it holds is not to be used. Its manifest says why. Where a delivery was made of it, another takes its place.',
    reach: 'municipality',
    hasDomain: true,
    data: dataOf({
      package: uuid('Id of the package.'),
      deliveries: count('How many deliveries were made of it.'),
      replacements: count(
        'How many deliveries take their place: one for each subscription whose newest state rests on it.',
      ),
    }),
  },
  'subscription.expiring': {
    description: 'A subscription ends in 30 or 7 days: it is not renewed, or was terminated.',
    reach: 'municipality',
    hasDomain: true,
    data: dataOf({
      subscription: uuid('Id of the subscription.'),
      days: count('30 or 7: at most so many days are left.'),
      lastDay: day('Its last day.'),
    }),
  },
  'release.published': {
    description: 'Key figures of a domain were published to everyone entitled.',
    reach: 'nationwide',
    hasDomain: true,
    data: dataOf({ release: releaseId('Id of the release.') }),
  },
  'schema.change-planned': {
    description:
      'A change of a table is planned for a day, or one that was planned is withdrawn. `GET /v1/schema-changes/{id}` tells which.',
    reach: 'nationwide',
    hasDomain: true,
    data: dataOf({
      schemaChange: uuid('Id of the change.'),
      effectiveOn: day('The day from which the table may be so.'),
      columns: count('How many columns it concerns.'),
      state: code(['planned', 'withdrawn'], '`withdrawn`: the table stays as it is.'),
    }),
  },
  'access-key.expiring': {
    description: 'An access key ends in 30 or 7 days.',
    reach: 'municipality',
    hasDomain: false,
    data: dataOf({
      accessKey: registerId('Id of the access key.'),
      client: registerId('The client that holds it.'),
      days: count('30 or 7: at most so many days are left.'),
      expiresAt: instant('When it ends.'),
    }),
  },
  'webhook.disabled': {
    description: 'A webhook gets nothing any more: it answered 410, or nothing got through for 75 hours.',
    reach: 'municipality',
    hasDomain: false,
    data: dataOf({
      webhook: uuid('Id of the webhook.'),
      reason: code(['gone', 'failing'], '`gone`: it answered 410; `failing`: a message was tried for 75 hours.'),
    }),
  },
} as const satisfies Record<string, EventDeclaration>;

export type EventType = keyof typeof EVENT_TYPES;

type TypesOf<Reach> = {
  [Type in EventType]: (typeof EVENT_TYPES)[Type]['reach'] extends Reach ? Type : never;
}[EventType];

/** Types of events of one municipality. */
export type MunicipalType = TypesOf<'municipality'>;
/** Types of events that concern every municipality. */
export type NationwideType = TypesOf<'nationwide'>;

/** An event to be written. */
export interface NewEvent<Type extends EventType> {
  readonly type: Type;
  /** The domain that it is about, for types that have one. */
  readonly domain?: string;
  readonly data: Static<(typeof EVENT_TYPES)[Type]['data']>;
}

export const EVENT_NAMES = Object.keys(EVENT_TYPES) as EventType[];

/** Whether `text` is a type of event. */
export function isEventType(text: string): text is EventType {
  return Object.hasOwn(EVENT_TYPES, text);
}
