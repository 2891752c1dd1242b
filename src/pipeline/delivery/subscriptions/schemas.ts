// The wire shapes of subscriptions and quotes. Descriptions are the API's documentation.
import Type from 'typebox';
import { limitParameter, PAGE_OF_LIST } from '../../../platform/http/paging.ts';
import { NAME_FORM, UUID_FORM } from '../../../platform/http/wire-forms.ts';
import { amount, day, frequency } from '../prices/index.ts';
import { MOST_WORKING_DAY } from '../rhythm/rules.ts';
import { FORMATS, SUBSCRIPTION_STATES } from './rules.ts';

const nullable = <T extends Type.TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });

const only = <T extends Record<string, Type.TSchema>>(fields: T) =>
  Type.Object(fields, { additionalProperties: false });
const literal = <T extends string>(name: T) => Type.Enum([name], { type: 'string', description: 'How often.' });

const rhythm = Type.Union(
  [
    only({
      frequency: literal('daily'),
      days: Type.Enum(['every', 'working'], { type: 'string', description: 'Every day, or on Danish working days.' }),
    }),
    only({
      frequency: literal('weekly'),
      weekday: Type.Integer({ minimum: 1, maximum: 7, description: '1 is Monday, 7 is Sunday.' }),
    }),
    only({
      frequency: literal('monthly'),
      dayOfMonth: Type.Integer({
        minimum: 1,
        maximum: 31,
        description: 'The month’s last day where it has no such day.',
      }),
    }),
    only({
      frequency: literal('monthly'),
      workingDay: Type.Integer({
        minimum: 1,
        maximum: MOST_WORKING_DAY,
        description: 'The n-th Danish working day of the month.',
      }),
    }),
  ],
  { description: 'How often, and on which days.' },
);
const hour = Type.Integer({ minimum: 0, maximum: 23, description: 'Hour of the day in Denmark at which it is due.' });
const tablesOf = (description: string) =>
  Type.Array(Type.String({ pattern: '^[a-z][a-z0-9_]{0,62}$' }), {
    ...{ minItems: 1, maxItems: 100, uniqueItems: true, description },
  });
const formats = Type.Array(Type.Enum([...FORMATS], { type: 'string' }), {
  minItems: 1,
  maxItems: FORMATS.length,
  uniqueItems: true,
  description: 'Files that are delivered: CSV or Parquet for each table, or all of it in one ZIP.',
});
const kind = Type.Enum(['total', 'delta'], {
  type: 'string',
  description: '`total`: everything. `delta`: what changed since the delivery before.',
});
/** As answers have them: what was agreed holds, whatever is asked of a request by now. */
const terms = {
  rhythm,
  hour,
  tables: Type.Array(Type.String(), { description: 'Tables of the domain.' }),
  formats,
  kind,
};
const termsSchema = (description: string) => Type.Object(terms, { description });

const domain = Type.String({ ...NAME_FORM, description: 'Id of the domain.' });
const startsOn = day('First day.');
/** At least as long as the quarter that is billed for, or a delivery could be set up and not pay for it; at most what a municipality can foresee. */
const commitmentMonths = Type.Integer({
  minimum: 3,
  maximum: 60,
  description: 'Months from the first day on for which the municipality is bound (bindingsperiode).',
});
const renewalMonths = nullable(
  Type.Integer({ minimum: 1, maximum: 60 }),
  'Months by which the commitment is renewed each time it ends, unless it was terminated; null: the subscription ends with it.',
);
const noticeMonths = Type.Integer({ minimum: 0, maximum: 12, description: 'Months of notice.' });

const exampleTerms = {
  rhythm: { frequency: 'weekly' as const, weekday: 1 },
  hour: 6,
  tables: ['bor_befolkning', 'bor_bevaegelse'],
  formats: ['csv.gz' as const, 'parquet' as const],
  kind: 'total' as const,
};
const exampleAgreement = { domain: 'borger', commitmentMonths: 12, renewalMonths: 12, noticeMonths: 3 };

export const proposalBody = Type.Object(
  {
    ...{ domain, startsOn: day('First day: today at the earliest, in two years at the latest.'), rhythm, hour },
    tables: Type.Optional(tablesOf('Tables of the domain; all if not given.')),
    ...{ formats, kind, commitmentMonths, renewalMonths, noticeMonths },
  },
  { additionalProperties: false, examples: [{ ...exampleAgreement, ...exampleTerms, startsOn: '2028-09-01' }] },
);

export const changeBody = Type.Partial(Type.Object({ ...terms, tables: tablesOf('Tables of the domain.') }), {
  additionalProperties: false,
  minProperties: 1,
  description: 'The terms that are to be otherwise.',
  examples: [{ rhythm: { frequency: 'daily', days: 'working' } }],
});

export const subscriptionParams = Type.Object({
  id: Type.String({ ...UUID_FORM, description: 'Id of the subscription.' }),
});

const state = Type.Enum([...SUBSCRIPTION_STATES], {
  type: 'string',
  description:
    '`proposed`: waits for the municipality. `active`: agreed. `terminated`: was ended, or withdrawn. `expired`: ended by itself, or was not agreed to in time.',
});

export const subscriptionQuery = Type.Object(
  {
    domain: Type.Optional(domain),
    state: Type.Optional(state),
    limit: limitParameter(PAGE_OF_LIST),
    cursor: Type.Optional(
      Type.String({ maxLength: 1024, description: 'Where the page starts; taken from `next` of the page before.' }),
    ),
  },
  { additionalProperties: false },
);

const fields = {
  subscriptionId: Type.String({ description: 'Id of the subscription.' }),
  domain,
  state,
  startsOn,
  endsOn: nullable(Type.String({ format: 'date' }), 'Last day, as far as it is settled; null: it goes on.'),
  commitmentMonths,
  committedUntil: day('Last day of the commitment, or of the renewal, that it is in.'),
  renewalMonths,
  noticeMonths,
  terms: termsSchema(
    'The terms in force today; before the first day those of that day, after the last one those of that.',
  ),
  planned: Type.Array(
    Type.Object({ from: day('First day of the terms.'), terms: termsSchema('The terms from then on.') }),
    { description: 'Changes that are agreed and have yet to take effect, in order.' },
  ),
  createdAt: Type.String({ format: 'date-time', description: 'When it was proposed.' }),
};

const example = {
  ...{ subscriptionId: '3f0f6a0e-6d0b-4f1e-9a63-0e8f6c1d2b7a', ...exampleAgreement, state: 'active' as const },
  ...{ startsOn: '2027-01-01', endsOn: null, committedUntil: '2027-12-31', terms: exampleTerms },
  planned: [
    {
      from: '2027-03-01',
      terms: { ...exampleTerms, rhythm: { frequency: 'daily' as const, days: 'working' as const } },
    },
  ],
  createdAt: '2026-11-02T08:00:00.000Z',
};

export const subscriptionSchema = Type.Object(fields, { description: 'A subscription.', examples: [example] });

export const subscriptionPageSchema = Type.Object(
  {
    items: Type.Array(Type.Object(fields), { description: 'Subscriptions, newest first.' }),
    next: nullable(Type.String(), 'Absolute address of the next page; null on the last.'),
  },
  { description: 'Subscriptions.', examples: [{ items: [example], next: null }] },
);

const event = Type.Object({
  number: Type.Integer({ description: 'From 1, in the order of happening.' }),
  kind: Type.Enum(['proposed', 'activated', 'changed', 'terminated'], { description: 'What happened.' }),
  day: day('First day of the terms that were proposed or changed; of the rest the day of agreeing, or the last day.'),
  terms: nullable(Type.Partial(Type.Object(terms)), 'The terms proposed, or those that were changed; else null.'),
  at: Type.String({ format: 'date-time', description: 'When.' }),
  clientId: Type.String({ description: 'Who.' }),
  mandateId: nullable(Type.String(), 'Under which mandate; null: a client of the municipality’s own.'),
});

const who = { clientId: '615.7m2kq9x4v0t8d3hn', mandateId: null };
export const wholeSubscriptionSchema = Type.Object(
  { ...fields, history: Type.Array(event, { description: 'Everything that happened to it, in order.' }) },
  {
    description: 'A subscription and its history.',
    examples: [
      {
        ...example,
        history: [
          {
            number: 1,
            kind: 'proposed',
            day: '2027-01-01',
            terms: exampleTerms,
            at: '2026-11-02T08:00:00.000Z',
            ...who,
          },
          { number: 2, kind: 'activated', day: '2026-11-03', terms: null, at: '2026-11-03T09:30:00.000Z', ...who },
        ],
      },
    ],
  },
);

const quoteLine = { domain, frequency };

export const quoteBody = Type.Object(
  {
    startsOn: day('The day whose prices and frequencies are asked for.'),
    lines: Type.Array(Type.Object(quoteLine, { additionalProperties: false }), {
      minItems: 1,
      maxItems: 50,
      description: 'What is wanted.',
    }),
  },
  {
    additionalProperties: false,
    examples: [{ startsOn: '2028-09-01', lines: [{ domain: 'borger', frequency: 'daily' }] }],
  },
);

export const quoteSchema = Type.Object(
  {
    municipality: Type.String({ description: 'Code of the municipality.' }),
    startsOn,
    priceListFrom: day('First day of the price list in force; GET /v1/price-list?on= shows it.'),
    lines: Type.Array(
      Type.Object({
        ...quoteLine,
        ratePerInhabitant: Type.String({ description: 'Kroner per inhabitant and year.' }),
        inhabitants: Type.Integer({ description: 'Inhabitants that the price rests on.' }),
        factor: Type.String({ description: 'Factor of the frequency.' }),
        perYear: amount('rate × inhabitants × factor.'),
        perQuarter: amount('A quarter of the exact price per year; a bill counts the days.'),
      }),
      { description: 'What each costs.' },
    ),
    joiningFee: amount('Once, with the first subscription of the municipality; 0.00 when it has one.'),
    perYear: amount('Sum of the lines.'),
    perQuarter: amount('Sum of the lines.'),
    firstYear: amount('A year and the joining fee.'),
  },
  {
    description: 'What it would cost.',
    examples: [
      {
        ...{ municipality: '615', startsOn: '2028-09-01', priceListFrom: '2012-06-01' },
        lines: [
          {
            ...{ domain: 'borger', frequency: 'daily', ratePerInhabitant: '1.50', inhabitants: 98_806, factor: '1.5' },
            ...{ perYear: '222313.50', perQuarter: '55578.38' },
          },
        ],
        ...{ joiningFee: '300000.00', perYear: '222313.50', perQuarter: '55578.38', firstYear: '522313.50' },
      },
    ],
  },
);
