// Changes from a day on how often a domain can be delivered: the operator's. Subscriptions that were agreed before go on as agreed.
import type pg from 'pg';
import { writeOperatorAudit } from '../../../access/index.ts';
import type { Frequency } from '../../../domains/definition.ts';
import type { Catalogue } from '../../../domains/index.ts';
import { INVALID_REQUEST } from '../../../platform/http/errors.ts';
import { Problem } from '../../../platform/http/problem.ts';
import { withPublished } from '../../../platform/postgres/tenancy.ts';
import type { Day } from '../../../platform/time/local-time.ts';
import { CAPABILITY_DATE } from './errors.ts';
import { insertChange } from './store.ts';

export interface CapabilityDeps {
  readonly pool: pg.Pool;
  readonly catalogue: Catalogue;
}

export interface NewCapability {
  readonly domain: string;
  readonly frequencies: readonly Frequency[];
  readonly validFrom: Day;
  readonly reason: string;
}

/** @throws Problem `invalid-request`, `capability-date` */
export async function createCapability(
  { pool, catalogue }: CapabilityDeps,
  caller: { readonly clientId: string; readonly requestId: string },
  wanted: NewCapability,
): Promise<NewCapability> {
  const { domain, validFrom, frequencies } = wanted;
  if (catalogue.domain(domain) === undefined) {
    const expected = `one of ${catalogue.domains.map(({ id }) => id).join(', ')}`;
    throw new Problem(INVALID_REQUEST, undefined, { faults: [{ place: 'body/domain', expected }] });
  }
  await withPublished(pool, async (tx) => {
    if (!(await insertChange(tx, wanted, caller.clientId))) throw new Problem(CAPABILITY_DATE);
    const told = { domain, validFrom, frequencies: frequencies.join(' ') };
    await writeOperatorAudit(tx, caller, 'createCapability', told);
  });
  return wanted;
}
