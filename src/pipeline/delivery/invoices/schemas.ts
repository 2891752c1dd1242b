// The wire shapes of invoice bases: JSON, and CSV with a row per line.
import Type from 'typebox';
import { amount, day, frequency } from '../prices/index.ts';
import type { InvoiceBasis } from './read-basis.ts';

export const invoiceParams = Type.Object({
  quarter: Type.String({ pattern: '^20[1-9][0-9]Q[1-4]$', description: 'The quarter, e.g. `2027Q1`.' }),
});

export const invoiceQuery = Type.Object(
  {
    format: Type.Optional(
      Type.Enum(['json', 'csv'], { type: 'string', description: 'Form of the answer, whatever `Accept` says.' }),
    ),
  },
  { additionalProperties: false },
);

const line = Type.Object({
  subscriptionId: Type.String({ description: 'Id of the subscription.' }),
  domain: Type.String({ description: 'Id of its domain.' }),
  frequency,
  from: day('First day that is billed.'),
  to: day('Last day that is billed.'),
  days: Type.Integer({ description: 'Days from the one to the other, both counted.' }),
  daysOfYear: Type.Integer({ description: 'Days of the year: 365 or 366.' }),
  priceListFrom: day('First day of the price list in force.'),
  ratePerInhabitant: Type.String({ description: 'Kroner per inhabitant and year.' }),
  inhabitants: Type.Integer({ description: 'Inhabitants that the price rests on.' }),
  factor: Type.String({ description: 'Factor of the frequency.' }),
  amount: amount('rate × inhabitants × factor × days / days of the year, rounded once.'),
});

const joiningFee = Type.Object({
  day: day('First day of the municipality’s first subscription.'),
  priceListFrom: day('First day of the price list in force on that day.'),
  amount: amount('The joining fee.'),
});

const exampleLine = {
  ...{ subscriptionId: '3f0f6a0e-6d0b-4f1e-9a63-0e8f6c1d2b7a', domain: 'borger', frequency: 'weekly' as const },
  ...{ from: '2027-01-01', to: '2027-03-31', days: 90, daysOfYear: 365, priceListFrom: '2012-06-01' },
  ...{ ratePerInhabitant: '1.50', inhabitants: 98_806, factor: '1.25', amount: '45680.86' },
};

export const invoiceSchema = Type.Object(
  {
    municipality: Type.String({ description: 'Code of the municipality.' }),
    quarter: Type.String({ description: 'The quarter.' }),
    from: day('First day of the quarter.'),
    to: day('Last day of the quarter.'),
    lines: Type.Array(line, { description: 'By subscription, in the order of their making, and by day.' }),
    joiningFee: Type.Union([joiningFee, Type.Null()], {
      description: 'Owed once, in the quarter in which the first subscription starts; null in every other.',
    }),
    total: amount('Sum of the amounts.'),
  },
  {
    description: 'The basis of an invoice.',
    examples: [
      {
        ...{ municipality: '615', quarter: '2027Q1', from: '2027-01-01', to: '2027-03-31', lines: [exampleLine] },
        joiningFee: { day: '2027-01-01', priceListFrom: '2012-06-01', amount: '300000.00' },
        total: '345680.86',
      },
    ],
  },
);

export const INVOICE_COLUMNS = [
  ...(['municipality', 'quarter', 'item', 'subscriptionId', 'domain', 'frequency', 'from', 'to', 'days'] as const),
  ...(['daysOfYear', 'priceListFrom', 'ratePerInhabitant', 'inhabitants', 'factor', 'amount'] as const),
];

/** A row per line, the joining fee last. */
export function toInvoiceRows({ municipality, quarter, lines, joiningFee }: InvoiceBasis) {
  const head = { municipality, quarter };
  const fee = joiningFee && {
    ...{ ...head, item: 'joining-fee', from: joiningFee.day, to: joiningFee.day },
    ...{ priceListFrom: joiningFee.priceListFrom, amount: joiningFee.amount },
  };
  return [...lines.map((each) => ({ ...head, item: 'subscription', ...each })), ...(fee === null ? [] : [fee])];
}

export const invoiceCsvSchema = Type.String({
  description: `A row per line, with the columns ${INVOICE_COLUMNS.join(', ')}. \`item\` is \`subscription\` or \`joining-fee\`.`,
  examples: [
    `${INVOICE_COLUMNS.join(',')}\n615,2027Q1,subscription,${INVOICE_COLUMNS.slice(3)
      .map((column) => exampleLine[column as keyof typeof exampleLine])
      .join(',')}\n`,
  ],
});
