// Works out what subscriptions would cost, line by line. Nothing is stored and nobody is bound.

import { exactOf, multiply } from '../../../platform/exact.ts';
import { Problem } from '../../../platform/http/problem.ts';
import { type Tenant, withTenant } from '../../../platform/postgres/tenancy.ts';
import type { Day } from '../../../platform/time/local-time.ts';
import { amountOf, NO_PRICE, totalOf } from '../prices/index.ts';
import type { Frequency } from '../rhythm/rules.ts';
import { refuse, requireOffer } from './check-terms.ts';
import type { SubscriptionDeps } from './propose-subscription.ts';
import { findFirstStart } from './store.ts';

export interface QuoteRequest {
  readonly startsOn: Day;
  readonly lines: readonly { readonly domain: string; readonly frequency: Frequency }[];
}

const QUARTER = { n: 1n, d: 4n };

/** @throws Problem `invalid-request`, `frequency-not-offered`, `no-price` */
export async function quoteSubscriptions({ pool, catalogue }: SubscriptionDeps, tenant: Tenant, wanted: QuoteRequest) {
  const { startsOn } = wanted;
  const asked = wanted.lines.map(({ domain, frequency }, index) => {
    const known = catalogue.domain(domain);
    if (known !== undefined) return { domain: known, frequency };
    throw refuse(`body/lines/${index}/domain`, `one of ${catalogue.domains.map(({ id }) => id).join(', ')}`);
  });
  // Whether the municipality has joined is asked over all its domains, whichever the caller is for.
  const firstStart = await withTenant(pool, { ...tenant, domains: null }, findFirstStart, { readOnly: true });
  return withTenant(
    pool,
    tenant,
    async (tx) => {
      const offers = [];
      for (const { domain, frequency } of asked) {
        const { list, price } = await requireOffer(tx, domain, frequency, startsOn);
        offers.push({ domain: domain.id, frequency, list, price });
      }
      const [first] = offers;
      if (first === undefined) throw new Problem(NO_PRICE);
      const lines = offers.map(({ domain, frequency, price }) => {
        const { ratePerInhabitant, inhabitants, factor, perYear } = price;
        const perQuarter = amountOf(multiply(perYear, QUARTER));
        return { domain, frequency, ratePerInhabitant, inhabitants, factor, perYear: amountOf(perYear), perQuarter };
      });
      const joiningFee = firstStart === null ? amountOf(exactOf(first.list.joiningFee)) : '0.00';
      const perYear = totalOf(lines.map((line) => line.perYear));
      return {
        ...{ municipality: tenant.municipality, startsOn, priceListFrom: first.list.validFrom, lines, joiningFee },
        ...{ perYear, perQuarter: totalOf(lines.map((line) => line.perQuarter)) },
        firstYear: totalOf([perYear, joiningFee]),
      };
    },
    { readOnly: true },
  );
}
