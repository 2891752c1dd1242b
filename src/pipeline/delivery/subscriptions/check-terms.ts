// Holds what is asked for against what there is: tables of the domain, frequencies of its sources, a price, other subscriptions.
import type { Domain } from '../../../domains/definition.ts';
import { INVALID_REQUEST } from '../../../platform/http/errors.ts';
import { Problem } from '../../../platform/http/problem.ts';
import type { TenantTx } from '../../../platform/postgres/tenancy.ts';
import type { Day } from '../../../platform/time/local-time.ts';
import { requireFrequency } from '../capabilities/index.ts';
import { listBetween, NO_PRICE, type Price, type PriceList, priceOf } from '../prices/index.ts';
import type { Frequency } from '../rhythm/rules.ts';
import { SUBSCRIPTION_OVERLAPS } from './errors.ts';
import { overlaps, type Subscription, segmentsOf, stateOn } from './rules.ts';
import { listFrom } from './store.ts';

export function refuse(place: string, expected: string): Problem {
  return new Problem(INVALID_REQUEST, undefined, { faults: [{ place, expected }] });
}

/** @returns the tables in the order of the domain; all of them when none are named. @throws Problem `invalid-request` */
export function chooseTables(domain: Domain, wanted: readonly string[] | undefined): string[] {
  const names = domain.tables.map(({ name }) => name);
  if (wanted === undefined) return names;
  if (!wanted.every((table) => names.includes(table))) throw refuse('body/tables', `tables of ${names.join(', ')}`);
  return names.filter((name) => wanted.includes(name));
}

/** What a domain costs the municipality of the transaction from `day` on. @throws Problem `frequency-not-offered`, `no-price` */
export async function requireOffer(
  tx: TenantTx,
  domain: Domain,
  frequency: Frequency,
  day: Day,
): Promise<{ readonly list: PriceList; readonly price: Price }> {
  await requireFrequency(tx, domain, frequency, day);
  const [list] = await listBetween(tx, day, day);
  const price = list && priceOf(list, tx.tenant.municipality, domain.id, frequency);
  if (list === undefined || price === undefined) throw new Problem(NO_PRICE, undefined, { domain: domain.id, day });
  return { list, price };
}

/** Another subscription that has some table on some day in common is in the way, agreed to or only proposed. @throws Problem `subscription-overlaps` */
export async function requireNoOverlap(tx: TenantTx, subscription: Subscription, today: Day): Promise<void> {
  const own = segmentsOf(subscription);
  for (const other of await listFrom(tx, subscription.domain, today)) {
    if (other.subscriptionId === subscription.subscriptionId) continue;
    if (!['proposed', 'active'].includes(stateOn(other, today) ?? '')) continue;
    if (overlaps(own, segmentsOf(other))) {
      throw new Problem(SUBSCRIPTION_OVERLAPS, undefined, { conflictsWith: other.subscriptionId });
    }
  }
}
