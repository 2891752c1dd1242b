// What can be wrong with a price list, or with asking for a price.
import { defineProblem } from '../../../platform/http/problem.ts';

export const PRICE_LIST_DATE = defineProblem({
  code: 'price-list-date',
  status: 422,
  title: 'No price list can begin on this day',
  action: 'Choose a `validFrom` from tomorrow on, by the Danish calendar, on which no other list begins.',
});

export const NO_PRICE = defineProblem({
  code: 'no-price',
  status: 422,
  title: 'The price list in force on that day has no price for the domain',
  action:
    'Ask the operator for a price list with the domain, or choose a later day; GET /v1/price-list shows the prices.',
});
