// What becomes of a subscription once it is proposed: agreed to, changed, ended. Each is one row of its history and one of the municipality's log, written
// while nobody else agrees on anything about the domain.
import { writeAudit } from '../../../access/index.ts';
import type { Domain } from '../../../domains/definition.ts';
import { NOT_FOUND, Problem } from '../../../platform/http/problem.ts';
import { type Tenant, type TenantTx, withTenant } from '../../../platform/postgres/tenancy.ts';
import type { Day } from '../../../platform/time/local-time.ts';
import { type RememberedAnswer, rememberAnswer } from '../../intake/index.ts';
import { chooseTables, requireNoOverlap, requireOffer } from './check-terms.ts';
import * as errors from './errors.ts';
import { presentSubscription } from './present-subscription.ts';
import type { SubscriptionDeps } from './propose-subscription.ts';
import {
  changeDay,
  FORMATS,
  lastDayOf,
  type Subscription,
  stateOn,
  type Terms,
  terminationDay,
  termsOn,
} from './rules.ts';
import { findSubscription, insertEvent, lockAgreements, type NewEvent, readToday } from './store.ts';

/** One decision: its operation, who made it under which key, and on what. */
interface Decision {
  readonly operation: string;
  readonly tenant: Tenant;
  readonly id: string;
  readonly key: string | undefined;
  readonly requestBody?: unknown;
}

/** Finds the subscription, lets `decide` say what happens, writes it down. @throws Problem `not-found`, and what `decide` throws */
function decideOn(
  deps: SubscriptionDeps,
  { operation, tenant, id, key, requestBody = null }: Decision,
  decide: (tx: TenantTx, subscription: Subscription, today: Day) => Promise<NewEvent>,
): Promise<RememberedAnswer> {
  return withTenant(deps.pool, tenant, (tx) =>
    rememberAnswer(tx, { operation, key, requestBody: { id, requestBody } }, async () => {
      const seen = await findSubscription(tx, id);
      if (seen === undefined) throw new Problem(NOT_FOUND);
      await lockAgreements(tx, seen.domain);
      // What was seen before the lock may be out of date.
      const subscription = (await findSubscription(tx, id)) as Subscription;
      const today = await readToday(tx);
      const event = await decide(tx, subscription, today);
      const decided = await insertEvent(tx, id, event);
      if (event.kind === 'changed') await requireNoOverlap(tx, decided, today);
      const { domain } = decided;
      const { rhythm } = event.terms ?? {};
      const told = { subscription: id, domain, day: event.day, ...(rhythm && { frequency: rhythm.frequency }) };
      await writeAudit(tx, operation, told);
      return { status: 200, body: presentSubscription(decided, today) };
    }),
  );
}

function domainOf({ catalogue }: SubscriptionDeps, { domain }: Subscription): Domain {
  const found = catalogue.domain(domain);
  if (found === undefined) throw new Problem(NOT_FOUND);
  return found;
}

/** The municipality agrees, with a client of its own. @throws Problem `not-found`, `municipality-decides`, `subscription-not-proposed`, `frequency-not-offered`, `no-price` */
export function activateSubscription(
  deps: SubscriptionDeps,
  tenant: Tenant,
  id: string,
  key: string | undefined,
): Promise<RememberedAnswer> {
  const decision = { operation: 'activateSubscription', tenant, id, key };
  return decideOn(deps, decision, async (tx, subscription, today) => {
    if (tenant.mandate !== undefined) throw new Problem(errors.MUNICIPALITY_DECIDES);
    if (stateOn(subscription, today) !== 'proposed') throw new Problem(errors.SUBSCRIPTION_NOT_PROPOSED);
    const { terms } = subscription.history[0] as { terms: Terms };
    // What the sources allow may have changed since it was proposed.
    await requireOffer(tx, domainOf(deps, subscription), terms.rhythm.frequency, subscription.startsOn);
    return { kind: 'activated', day: today, terms: null };
  });
}

/** Ends what is active with its commitment and notice, and what is proposed at once. @throws Problem `not-found`, `municipality-decides`, `subscription-not-active` */
export function terminateSubscription(
  deps: SubscriptionDeps,
  tenant: Tenant,
  id: string,
  key: string | undefined,
): Promise<RememberedAnswer> {
  const decision = { operation: 'terminateSubscription', tenant, id, key };
  return decideOn(deps, decision, async (_tx, subscription, today) => {
    const state = stateOn(subscription, today);
    const isOwnProposal = state === 'proposed' && subscription.history[0]?.clientId === tenant.clientId;
    if (tenant.mandate !== undefined && !isOwnProposal) throw new Problem(errors.MUNICIPALITY_DECIDES);
    if (state !== 'proposed' && !isOpen(subscription, today)) throw new Problem(errors.SUBSCRIPTION_NOT_ACTIVE);
    return { kind: 'terminated', day: terminationDay(subscription, today), terms: null };
  });
}

function isOpen(subscription: Subscription, today: Day): boolean {
  const isTerminated = subscription.history.some(({ kind }) => kind === 'terminated');
  return stateOn(subscription, today) === 'active' && !isTerminated;
}

/**
 * The municipality agrees to other terms.
 * @throws Problem `not-found`, `invalid-request`, `municipality-decides`, `subscription-not-active`, `change-too-late`, `frequency-not-offered`,
 * `no-price`, `subscription-overlaps`
 */
export function changeSubscription(
  deps: SubscriptionDeps,
  tenant: Tenant,
  id: string,
  change: Partial<Terms>,
  key: string | undefined,
): Promise<RememberedAnswer> {
  const decision = { operation: 'changeSubscription', tenant, id, key, requestBody: change };
  return decideOn(deps, decision, async (tx, subscription, today) => {
    if (tenant.mandate !== undefined) throw new Problem(errors.MUNICIPALITY_DECIDES);
    if (!isOpen(subscription, today)) throw new Problem(errors.SUBSCRIPTION_NOT_ACTIVE);
    const { rhythm, tables, formats } = change;
    const begun = today > subscription.startsOn ? today : subscription.startsOn;
    const current = (termsOn(subscription, begun) as Terms).rhythm.frequency;
    const frequency = rhythm?.frequency ?? current;
    const day = changeDay(subscription, frequency, today);
    if (day === undefined) throw new Problem(errors.CHANGE_TOO_LATE, undefined, { endsOn: lastDayOf(subscription) });
    const domain = domainOf(deps, subscription);
    // What was agreed before goes on, whatever the sources allow by now.
    if (frequency !== current) await requireOffer(tx, domain, frequency, day);
    const terms: Partial<Terms> = {
      ...change,
      ...(tables && { tables: chooseTables(domain, tables) }),
      ...(formats && { formats: FORMATS.filter((format) => formats.includes(format)) }),
    };
    return { kind: 'changed', day, terms };
  });
}
