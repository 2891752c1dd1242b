// The wire shapes of the calendar and of its feeds. Descriptions are the API's documentation.
import Type from 'typebox';
import { NAME_FORM, PLAIN_CHARACTER } from '../../../platform/http/wire-forms.ts';
import { presentRevocation, revocationField } from '../../packages/index.ts';
import { day, nullable, time } from '../deliveries/schemas-manifest.ts';
import { DELIVERY_STATES } from '../deliveries/store.ts';
import { DAYS_AHEAD, DAYS_BACK, type Entry, isLate, MOST_DAYS, type Span } from './rules.ts';
import { addressOf, MOST_FEEDS } from './rules-feeds.ts';
import type { Feed } from './store-feeds.ts';

/** Of this century or the next: days can be added to it, and it stays a day of four digits' year. */
const askedDay = (description: string) =>
  Type.String({ format: 'date', pattern: '^2[01][0-9]{2}-[0-9]{2}-[0-9]{2}$', description });

export const calendarQuery = Type.Object(
  {
    from: Type.Optional(askedDay(`The first due day; ${DAYS_BACK} days ago when no day is given.`)),
    to: Type.Optional(
      askedDay(
        `The last due day, ${MOST_DAYS} days after the first at the most; ${DAYS_AHEAD} days from now when no day is given. Of two days the one that is not given is ${DAYS_BACK + DAYS_AHEAD} days from the other.`,
      ),
    ),
    domain: Type.Optional(Type.String({ ...NAME_FORM, description: 'Only of this domain.' })),
  },
  { additionalProperties: false },
);

const entry = Type.Object({
  id: nullable(Type.String({ format: 'uuid' }), 'Id of the delivery; null while it is planned.'),
  subscriptionId: Type.String({ format: 'uuid', description: 'The subscription that it falls due under.' }),
  replaces: nullable(
    Type.String({ format: 'uuid' }),
    'The delivery that this one makes good, because its package was revoked: the day has more than one then.',
  ),
  domain: Type.String({ description: 'Id of the domain.' }),
  dueOn: day('The civil day in Denmark that it is due on.'),
  promisedAt: time('The hour that was agreed.'),
  state: Type.Enum(['planned', ...DELIVERY_STATES], {
    description:
      '`planned`: to come, as agreed by now; a change of the subscription changes it. The others as of a delivery.',
  }),
  isLate: Type.Boolean({ description: 'Whether it was, or is, not ready at the promised hour.' }),
  lateReason: nullable(
    Type.Enum(['no-source-data', 'source-delivery-rejected', 'service']),
    'Why it is late; null also in the moments before the reason is noted.',
  ),
  agreedKind: Type.Enum(['total', 'delta'], { description: 'What was agreed.' }),
  tables: Type.Array(Type.String(), { description: 'The agreed tables.' }),
  formats: Type.Array(Type.String(), { description: 'The agreed formats.' }),
  readyAt: nullable(time('A time.'), 'When it became ready.'),
  fetchedAt: nullable(time('A time.'), 'When the last byte of the last file had been sent.'),
  acknowledgedAt: nullable(time('A time.'), 'When a receiver acknowledged it.'),
  revocation: revocationField,
});

const exampleEntry = {
  ...{ id: '0d3b8d54-0c3f-4a53-9d6e-6a5e5c1f2b10', subscriptionId: '5a1f7f0e-5f0d-4a1e-8f5a-2a4f3d0c9b11' },
  ...{ domain: 'borger', dueOn: '2026-03-02', promisedAt: '2026-03-02T05:00:00.000Z', state: 'ready' as const },
  ...{ isLate: false, lateReason: null, agreedKind: 'total' as const, tables: ['bor_befolkning'], formats: ['csv.gz'] },
  ...{ readyAt: '2026-03-02T04:00:09.000Z', fetchedAt: null, acknowledgedAt: null },
  ...{ replaces: null, revocation: null },
};

export const calendarSchema = Type.Object(
  {
    from: day('The first day.'),
    to: day('The last day.'),
    items: Type.Array(entry, { description: 'By due day and promised hour: what was delivered, and what is to come.' }),
  },
  {
    description: 'A calendar of deliveries.',
    examples: [
      {
        ...{ from: '2026-03-02', to: '2026-03-03' },
        items: [
          exampleEntry,
          {
            ...{ ...exampleEntry, id: null, dueOn: '2026-03-03', promisedAt: '2026-03-03T05:00:00.000Z' },
            ...{ state: 'planned' as const, readyAt: null },
          },
        ],
      },
    ],
  },
);

/** @param now by which a delivery that is not ready is late */
export function presentCalendar({ from, to, entries }: Span & { readonly entries: readonly Entry[] }, now: Date) {
  const items = entries.map((entry) => {
    const { id, subscriptionId, domain, dueOn, promisedAt, state, lateReason, agreedKind, tables, formats } = entry;
    const late = isLate(entry, now);
    return {
      ...{ id, subscriptionId, replaces: entry.replaces, domain, dueOn, promisedAt: promisedAt.toISOString() },
      ...{ state, isLate: late, lateReason: late ? lateReason : null, agreedKind, tables, formats },
      readyAt: entry.readyAt?.toISOString() ?? null,
      fetchedAt: entry.fetchedAt?.toISOString() ?? null,
      acknowledgedAt: entry.acknowledgedAt?.toISOString() ?? null,
      revocation: presentRevocation(entry),
    };
  });
  return { from, to, items };
}

const domainNames = Type.Array(Type.String({ maxLength: 64, ...NAME_FORM }), {
  minItems: 1,
  maxItems: 50,
  uniqueItems: true,
});
const domains = nullable(
  domainNames,
  'Ids of the domains that it shows; null: every domain. Those of your credential when absent.',
);
const name = Type.String({
  ...{ minLength: 1, maxLength: 200, pattern: `^${PLAIN_CHARACTER}+$` },
  description: 'Where the feed is used. It is not shown in the calendar.',
});

export const feedBody = Type.Object(
  { name, domains: Type.Optional(domains) },
  { additionalProperties: false, examples: [{ name: 'BI-gruppens kalender i Outlook', domains: ['borger'] }] },
);

export const feedParams = Type.Object({
  id: Type.String({ pattern: '^[0-9a-z]{16}$', description: 'Id of the feed: the third word of its address.' }),
});

export const feedQuery = Type.Object(
  {
    cursor: Type.Optional(
      Type.String({ maxLength: 1024, description: 'Where the page starts; taken from `next` of the page before.' }),
    ),
  },
  { additionalProperties: false },
);

const feedFields = {
  calendarFeedId: Type.String({ description: 'Id of the feed.' }),
  name,
  domains,
  clientId: Type.String({ description: 'The client that made it.' }),
  mandateId: nullable(Type.String({ format: 'uuid' }), 'The mandate that it was made under, with which it ends.'),
  createdAt: time('When it was made.'),
  expiresAt: time('When it ends by itself: two years later. The end of the mandate may come before.'),
  revokedAt: nullable(time('A time.'), 'When it was revoked.'),
  lastUsedAt: nullable(time('A time.'), 'When it was last fetched, right to the minute.'),
};

const exampleFeed = {
  ...{ calendarFeedId: '4d8h2k9m0q7v3x6z', name: 'BI-gruppens kalender i Outlook', domains: ['borger'] },
  ...{ clientId: '615.7m2kq9x4v0t8d3hn', mandateId: null, createdAt: '2026-11-01T08:00:00.000Z' },
  ...{ expiresAt: '2028-11-01T08:00:00.000Z', revokedAt: null, lastUsedAt: null },
};

export const feedSchema = Type.Object(feedFields, {
  description: 'A calendar feed, without its address.',
  examples: [exampleFeed],
});

export const newFeedSchema = Type.Object(
  {
    ...feedFields,
    url: Type.String({
      format: 'uri',
      description: 'Its address, which is its secret: whoever has it sees the calendar. It is shown this once.',
    }),
  },
  {
    description: `A new calendar feed with its address. A municipality has ${MOST_FEEDS} that work at the most.`,
    examples: [
      { ...exampleFeed, url: addressOf('https://flis.example', 'calendar_615_4d8h2k9m0q7v3x6z_secret_check') },
    ],
  },
);

export const feedPageSchema = Type.Object(
  {
    items: Type.Array(Type.Object(feedFields), { description: 'By id.' }),
    next: nullable(Type.String(), 'Absolute address of the next page; null on the last.'),
  },
  { description: 'A page of calendar feeds.', examples: [{ items: [exampleFeed], next: null }] },
);

export function presentFeedRow({ createdAt, expiresAt, revokedAt, lastUsedAt, ...feed }: Feed) {
  return {
    ...feed,
    ...{ createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() },
    ...{ revokedAt: revokedAt?.toISOString() ?? null, lastUsedAt: lastUsedAt?.toISOString() ?? null },
  };
}

export const addressParams = Type.Object({
  secret: Type.String({ maxLength: 200, description: 'The secret of the feed.' }),
});

export const iCalendarSchema = Type.String({
  description: 'iCalendar (RFC 5545), UTF-8. Events keep their UID; what has changed of one has a later LAST-MODIFIED.',
  examples: [
    [
      ...['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//FLIS//Leverancer//DA', 'BEGIN:VEVENT'],
      ...['UID:5a1f7f0e-5f0d-4a1e-8f5a-2a4f3d0c9b11-2026-03-02', 'DTSTAMP:20260302T040009Z'],
      ...['DTSTART:20260302T050000Z', 'SUMMARY:FLIS Borger: klar til hentning', 'END:VEVENT', 'END:VCALENDAR', ''],
    ].join('\r\n'),
  ],
});
