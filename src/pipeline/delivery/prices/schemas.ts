// The wire shapes of price lists. Amounts are decimal text, because a JSON number may become a floating-point number.
import Type, { type Static } from 'typebox';
import { PLAIN_CHARACTER } from '../../../platform/http/wire-forms.ts';
import { addDays } from '../../../platform/time/local-time.ts';
import { FREQUENCIES } from '../rhythm/rules.ts';
import type { KeptPriceList } from './store.ts';

/** Kroner with two decimals, as answers write them. */
export const amount = (description: string) =>
  Type.String({ pattern: '^-?[0-9]+\\.[0-9]{2}$', description: `${description} Kroner, as a decimal.` });

export const frequency = Type.Enum([...FREQUENCIES], { type: 'string', description: 'How often is delivered.' });

export const day = (description: string) => Type.String({ format: 'date', description });

const exampleList = {
  validFrom: '2030-01-01',
  joiningFee: '300000.00',
  rates: { borger: '1.50', oekonomi: '1.50', skole: '1.50' },
  factors: { monthly: '1', weekly: '1.25', daily: '1.5' },
  source: 'Aftale med kommunerne 2026/17',
};

const joiningFee = Type.String({
  pattern: '^(?:0|[1-9][0-9]{0,8})(?:\\.[0-9]{1,2})?$',
  description: 'Kroner, once per municipality, in the quarter in which its first subscription starts.',
});
const rates = Type.Record(
  Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$' }),
  Type.String({
    pattern: '^(?:0|[1-9][0-9]{0,5})(?:\\.[0-9]{1,4})?$',
    description: 'Kroner per inhabitant and year.',
  }),
  { description: 'Kroner per inhabitant and year, by domain.', additionalProperties: false },
);
const factorOf = (name: string) =>
  Type.String({ pattern: '^(?:0|[1-9][0-9]{0,2})(?:\\.[0-9]{1,4})?$', description: `Factor of ${name} delivery.` });
const factors = Type.Object(
  { monthly: factorOf('monthly'), weekly: factorOf('weekly'), daily: factorOf('daily') },
  { additionalProperties: false, description: 'What a rate is multiplied by, by frequency.' },
);
const source = Type.String({
  minLength: 1,
  maxLength: 500,
  pattern: `^${PLAIN_CHARACTER}+$`,
  description: 'Where the figures come from.',
});

export const priceListBody = Type.Object(
  {
    validFrom: day('First day of the list: tomorrow at the earliest.'),
    joiningFee,
    rates,
    factors,
    source,
  },
  { additionalProperties: false, examples: [exampleList] },
);

export const priceListQuery = Type.Object(
  { on: Type.Optional(day('The day whose prices are asked for; today if not given.')) },
  { additionalProperties: false },
);

export const priceListSchema = Type.Object(
  {
    validFrom: day('First day of the list.'),
    validTo: Type.Union([Type.String({ format: 'date' }), Type.Null()], {
      description: 'Last day of the list; null as long as no other one follows.',
    }),
    joiningFee: amount('Once per municipality, in the quarter in which its first subscription starts.'),
    rates,
    factors,
    inhabitants: Type.Record(Type.String(), Type.Integer(), {
      description: 'Inhabitants that prices rest on, by municipality: as known when the list was added.',
    }),
    source,
    addedAt: Type.String({ format: 'date-time', description: 'When it was added.' }),
  },
  {
    description: 'A version of the prices.',
    examples: [
      {
        ...exampleList,
        validTo: null,
        inhabitants: { '615': 98_806, '791': 97_874 },
        addedAt: '2026-11-02T08:00:00.000Z',
      },
    ],
  },
);

const sorted = <T>(values: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));

/** @param next the list that follows, if any */
export function presentPriceList(list: KeptPriceList, next: KeptPriceList | undefined): Static<typeof priceListSchema> {
  const { validFrom, joiningFee, rates, factors, inhabitants, source, addedAt } = list;
  return {
    ...{ validFrom, validTo: next === undefined ? null : addDays(next.validFrom, -1), joiningFee },
    ...{ rates: sorted(rates), factors, inhabitants: sorted(inhabitants), source, addedAt: addedAt.toISOString() },
  };
}
