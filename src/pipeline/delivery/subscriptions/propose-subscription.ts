// Proposes a subscription: by the municipality itself, or by a vendor under a mandate. Nothing is delivered or billed before the municipality agrees.
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { writeAudit } from '../../../access/index.ts';
import type { Catalogue } from '../../../domains/index.ts';
import { type Tenant, withTenant } from '../../../platform/postgres/tenancy.ts';
import { addMonthsToDay } from '../../../platform/time/local-time.ts';
import { type RememberedAnswer, rememberAnswer } from '../../intake/index.ts';
import { chooseTables, refuse, requireNoOverlap, requireOffer } from './check-terms.ts';
import { presentSubscription } from './present-subscription.ts';
import { type Agreement, FORMATS, type Terms } from './rules.ts';
import { insertSubscription, lockAgreements, readToday } from './store.ts';

export interface SubscriptionDeps {
  readonly pool: pg.Pool;
  readonly catalogue: Catalogue;
}

/** `tables`: all of the domain when absent. */
export type ProposalRequest = Agreement & Omit<Terms, 'tables'> & { readonly tables?: readonly string[] };

/** Nobody knows today what a later year costs or has. */
const MOST_MONTHS_AHEAD = 24;

/**
 * @returns the answer: 201 with the subscription in state `proposed`
 * @throws Problem `invalid-request`, `frequency-not-offered`, `no-price`, `subscription-overlaps`, `idempotency-key-reused`
 */
export function proposeSubscription(
  { pool, catalogue }: SubscriptionDeps,
  tenant: Tenant,
  request: ProposalRequest,
  key: string | undefined,
): Promise<RememberedAnswer> {
  const { rhythm, hour, formats, kind, tables, ...agreement } = request;
  const domain = catalogue.domain(agreement.domain);
  if (domain === undefined) throw refuse('body/domain', `one of ${catalogue.domains.map(({ id }) => id).join(', ')}`);
  const wanted = FORMATS.filter((format) => formats.includes(format));
  const terms: Terms = { rhythm, hour, tables: chooseTables(domain, tables), formats: wanted, kind };
  const operation = 'createSubscription';
  return withTenant(pool, tenant, (tx) =>
    rememberAnswer(tx, { operation, key, requestBody: request }, async () => {
      await lockAgreements(tx, domain.id);
      const today = await readToday(tx);
      const latest = addMonthsToDay(today, MOST_MONTHS_AHEAD);
      const { startsOn } = agreement;
      if (startsOn < today || startsOn > latest) throw refuse('body/startsOn', `a day from ${today} to ${latest}`);
      await requireOffer(tx, domain, rhythm.frequency, startsOn);
      const id = randomUUID();
      const proposed = await insertSubscription(tx, id, agreement, terms);
      await requireNoOverlap(tx, proposed, today);
      await writeAudit(tx, operation, { subscription: id, domain: domain.id, frequency: rhythm.frequency, startsOn });
      return { status: 201, location: `/v1/subscriptions/${id}`, body: presentSubscription(proposed, today) };
    }),
  );
}
