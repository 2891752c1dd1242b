// What was agreed, read from the history of a subscription: its state, its terms and its end on any day. Pure; days are civil days in Denmark.
import { addDays, addMonthsToDay, type Day, dayOf } from '../../../platform/time/local-time.ts';
import { type Frequency, isHigher, nextDueDay, type Rhythm } from '../rhythm/rules.ts';

/** proposed: waits for the municipality · active: agreed, whether it has begun or not · terminated: was ended, or withdrawn · expired: ended by itself. */
export const SUBSCRIPTION_STATES = ['proposed', 'active', 'terminated', 'expired'] as const;
export type SubscriptionState = (typeof SUBSCRIPTION_STATES)[number];

export const FORMATS = ['csv.gz', 'parquet', 'zip'] as const;
export type Format = (typeof FORMATS)[number];

/** What is delivered, and when. */
export interface Terms {
  readonly rhythm: Rhythm;
  /** The hour on a due day, 0–23, by which the delivery is promised. */
  readonly hour: number;
  readonly tables: readonly string[];
  readonly formats: readonly Format[];
  readonly kind: 'total' | 'delta';
}

/** Who did what to a subscription, and when. */
export type SubscriptionEvent = {
  /** From 1, in the order of happening. */
  readonly number: number;
  readonly at: Date;
  readonly clientId: string;
  /** Under which mandate; null: the municipality's own client. */
  readonly mandateId: string | null;
} & (
  | { readonly kind: 'proposed'; readonly day: Day; readonly terms: Terms }
  /** `terms`: what was agreed to be otherwise from `day` on. */
  | { readonly kind: 'changed'; readonly day: Day; readonly terms: Partial<Terms> }
  /** `day`: on which it was activated; the last day of one that was terminated. */
  | { readonly kind: 'activated' | 'terminated'; readonly day: Day; readonly terms: null }
);

/** What never changes of a subscription. */
export interface Agreement {
  readonly domain: string;
  readonly startsOn: Day;
  readonly commitmentMonths: number;
  /** The commitment is renewed for so long each time it ends; null: the subscription ends with it. */
  readonly renewalMonths: number | null;
  readonly noticeMonths: number;
}

export interface Subscription extends Agreement {
  readonly subscriptionId: string;
  readonly municipality: string;
  readonly createdAt: Date;
  readonly history: readonly SubscriptionEvent[];
}

/** Terms and the days on which they hold, both included; `to` is null without an end. */
export interface Segment {
  readonly from: Day;
  readonly to: Day | null;
  readonly terms: Terms;
}

/** Whether the municipality agreed to it at some time. */
export function wasActivated({ history }: Subscription): boolean {
  return history.some(({ kind }) => kind === 'activated');
}

const later = (a: Day, b: Day): Day => (a > b ? a : b);
const terminationOf = ({ history }: Subscription) => history.find(({ kind }) => kind === 'terminated');

/** @returns the last day of the commitment that holds on `day`: the first one, or the renewal that the day is in. */
export function committedUntil(
  { startsOn, commitmentMonths, renewalMonths }: Pick<Agreement, 'startsOn' | 'commitmentMonths' | 'renewalMonths'>,
  day: Day,
): Day {
  // Each end is counted from the start, so that the 31st stays the 31st where there is one.
  const endAfter = (months: number) => addDays(addMonthsToDay(startsOn, months), -1);
  let months = commitmentMonths;
  while (renewalMonths !== null && endAfter(months) < day) months += renewalMonths;
  return endAfter(months);
}

/** @returns the last day of what was agreed; null: it goes on until somebody ends it. */
export function lastDayOf(subscription: Subscription): Day | null {
  const own = subscription.renewalMonths === null ? committedUntil(subscription, subscription.startsOn) : null;
  return terminationOf(subscription)?.day ?? own;
}

/** @returns the state on `day`, by what had happened until its end; undefined before it was proposed. */
export function stateOn(subscription: Subscription, day: Day): SubscriptionState | undefined {
  const known = { ...subscription, history: subscription.history.filter(({ at }) => dayOf(at) <= day) };
  if (known.history.length === 0) return undefined;
  const wasEnded = terminationOf(known) !== undefined;
  if (!wasActivated(known)) {
    if (wasEnded) return 'terminated';
    // Nobody agreed in time.
    return day > known.startsOn ? 'expired' : 'proposed';
  }
  const last = lastDayOf(known);
  if (last === null || day <= last) return 'active';
  return wasEnded ? 'terminated' : 'expired';
}

/** @returns the terms and their days from the start to the end, whether it was agreed to or only proposed. */
export function segmentsOf(subscription: Subscription): Segment[] {
  const { startsOn, history } = subscription;
  const last = lastDayOf(subscription);
  const agreed = history.filter(({ kind }) => kind === 'proposed' || kind === 'changed');
  const days = [...new Set(agreed.map(({ day }) => later(day, startsOn)))].sort();
  return days
    .filter((day) => last === null || day <= last)
    .map((from, index, all) => {
      const next = all[index + 1];
      // Of each term what was agreed last holds, of all whose day has come: a change of the hour leaves a planned change of the rhythm as it is.
      const terms = Object.assign({}, ...agreed.filter(({ day }) => day <= from).map((event) => event.terms)) as Terms;
      return { from, to: next === undefined ? last : addDays(next, -1), terms };
    });
}

/** @returns the terms of a delivery that is due on `day`; undefined on days on which nothing was agreed. */
export function termsOn(subscription: Subscription, day: Day): Terms | undefined {
  if (!wasActivated(subscription)) return undefined;
  return segmentsOf(subscription).find(({ from, to }) => from <= day && (to === null || day <= to))?.terms;
}

/** Whether on some day both would deliver the same table. */
export function overlaps(a: readonly Segment[], b: readonly Segment[]): boolean {
  return a.some((one) =>
    b.some(
      (other) =>
        (one.to === null || other.from <= one.to) &&
        (other.to === null || one.from <= other.to) &&
        one.terms.tables.some((table) => other.terms.tables.includes(table)),
    ),
  );
}

/**
 * The first day on which changed terms can hold: the next due day; with a lower frequency, the day after the commitment.
 * @returns undefined when the subscription ends before
 */
export function changeDay(subscription: Subscription, wanted: Frequency, today: Day): Day | undefined {
  const day = later(today, subscription.startsOn);
  const current = termsOn(subscription, day)?.rhythm.frequency;
  if (current === undefined) return undefined;
  if (isHigher(wanted, current)) {
    const after = addDays(committedUntil(subscription, day), 1);
    return termsOn(subscription, after) === undefined ? undefined : after;
  }
  return dueDayFrom(subscription, later(addDays(today, 1), subscription.startsOn));
}

/** @returns the first due day on or after `from`, of the terms that hold on it; undefined when none is left. */
export function dueDayFrom(subscription: Subscription, from: Day): Day | undefined {
  for (let day = from; ; day = addDays(day, 1)) {
    const terms = termsOn(subscription, day);
    if (terms === undefined) return undefined;
    if (nextDueDay(terms.rhythm, day) === day) return day;
  }
}

/** Days before its end on which a municipality is told that a subscription ends. */
const NOTICE_DAYS = [30, 7] as const;

/** @returns the notice that a subscription is near enough to its end for: 30 or 7 days; undefined when it is not, or has no end. */
export function noticeOn(subscription: Subscription, today: Day): { lastDay: Day; days: number } | undefined {
  const lastDay = lastDayOf(subscription);
  if (lastDay === null || lastDay < today) return undefined;
  const days = NOTICE_DAYS.filter((days) => lastDay <= addDays(today, days)).at(-1);
  return days === undefined ? undefined : { lastDay, days };
}

/** @returns the last day of a subscription that is terminated on `today`: the end of the commitment or of the notice, whichever is later. */
export function terminationDay(subscription: Subscription, today: Day): Day {
  if (!wasActivated(subscription)) return today;
  const committed = committedUntil(subscription, later(today, subscription.startsOn));
  if (subscription.renewalMonths === null) return committed;
  return later(committed, addMonthsToDay(today, subscription.noticeMonths));
}
