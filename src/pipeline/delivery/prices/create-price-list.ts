// Adds a price list for days to come: the operator's. What was billed before keeps the list that it was billed by.
import type pg from 'pg';
import { writeOperatorAudit } from '../../../access/index.ts';
import type { Catalogue } from '../../../domains/index.ts';
import { INVALID_REQUEST } from '../../../platform/http/errors.ts';
import { Problem } from '../../../platform/http/problem.ts';
import { withPublished } from '../../../platform/postgres/tenancy.ts';
import { PRICE_LIST_DATE } from './errors.ts';
import type { PriceList } from './rules.ts';
import { findLast, insertPriceList, type KeptPriceList, listBetween, lockLists } from './store.ts';

export interface PriceDeps {
  readonly pool: pg.Pool;
  readonly catalogue: Catalogue;
}

/**
 * Inhabitants are the catalogue's as of now. Whatever has had a price keeps one, so that a subscription can always be billed.
 * @returns the list, and the one that follows it
 * @throws Problem `invalid-request`, `price-list-date`
 */
export function createPriceList(
  { pool, catalogue }: PriceDeps,
  caller: { readonly clientId: string; readonly requestId: string },
  wanted: Omit<PriceList, 'inhabitants'>,
): Promise<{ readonly list: KeptPriceList; readonly next: KeptPriceList | undefined }> {
  return withPublished(pool, async (tx) => {
    await lockLists(tx);
    const before = await findLast(tx);
    const domains = new Set([...catalogue.domains.map(({ id }) => id), ...Object.keys(before?.rates ?? {})]);
    const given = Object.keys(wanted.rates);
    if (given.length !== domains.size || !given.every((domain) => domains.has(domain))) {
      const faults = [{ place: 'body/rates', expected: `a rate for each of ${[...domains].sort().join(', ')}` }];
      throw new Problem(INVALID_REQUEST, undefined, { faults });
    }
    const counted = catalogue.municipalities.map(({ code, population }) => [code, population] as const);
    const inhabitants = { ...before?.inhabitants, ...Object.fromEntries(counted) };
    const added = await insertPriceList(tx, { ...wanted, inhabitants }, caller.clientId);
    if (added === undefined) throw new Problem(PRICE_LIST_DATE);
    await writeOperatorAudit(tx, caller, 'createPriceList', { priceList: added.validFrom });
    const [, next] = await listBetween(tx, added.validFrom, null);
    return { list: added, next };
  });
}
