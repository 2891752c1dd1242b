// Turns a subscription into its wire shape, as of a day.
import type { Day } from '../../../platform/time/local-time.ts';
import { committedUntil, lastDayOf, type Subscription, segmentsOf, stateOn, type Terms } from './rules.ts';

/** @returns the subscription as of `today`, without its history */
export function presentSubscription(subscription: Subscription, today: Day) {
  const { subscriptionId, domain, startsOn, commitmentMonths, renewalMonths, noticeMonths, createdAt } = subscription;
  const day = today > startsOn ? today : startsOn;
  const segments = segmentsOf(subscription);
  const proposed = subscription.history[0]?.terms as Terms;
  return {
    ...{ subscriptionId, domain, state: stateOn(subscription, today) ?? 'proposed', startsOn },
    ...{ endsOn: lastDayOf(subscription), commitmentMonths, committedUntil: committedUntil(subscription, day) },
    ...{ renewalMonths, noticeMonths },
    // Those of its last day when it is over; those proposed when it never began.
    terms: segments.filter(({ from }) => from <= day).at(-1)?.terms ?? proposed,
    planned: segments.filter(({ from }) => from > day).map(({ from, terms }) => ({ from, terms })),
    createdAt: createdAt.toISOString(),
  };
}

/** @returns the subscription with everything that happened to it, in order */
export function presentWholeSubscription(subscription: Subscription, today: Day) {
  const history = subscription.history.map(({ at, ...event }) => ({ ...event, at: at.toISOString() }));
  return { ...presentSubscription(subscription, today), history };
}
