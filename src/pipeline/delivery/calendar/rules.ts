// What a calendar of deliveries shows: its span of days, the deliveries that are to come under what was agreed, and all of them in order. Pure.
import { addDays, type Day, instantOf } from '../../../platform/time/local-time.ts';
import { firstToSchedule } from '../deliveries/rules.ts';
import type { DeliveryState, LateReason } from '../deliveries/store.ts';
import { dueDays } from '../rhythm/rules.ts';
import { type Format, type Subscription, segmentsOf, wasActivated } from '../subscriptions/index.ts';

/** Days of a calendar for which nothing else is said: a month back, a quarter ahead. */
export const DAYS_BACK = 31;
export const DAYS_AHEAD = 92;
/** The last day is so many after the first at the most. */
export const MOST_DAYS = 400;

/** Days, both included. */
export interface Span {
  readonly from: Day;
  readonly to: Day;
}

/** A delivery of a due day: one that there is, or (`planned`, without an id) one that is to come. A day has another one where a package was revoked. */
export interface Entry {
  readonly id: string | null;
  readonly subscriptionId: string;
  /** The delivery that this one makes good. */
  readonly replaces: string | null;
  readonly domain: string;
  readonly dueOn: Day;
  readonly promisedAt: Date;
  readonly state: DeliveryState | 'planned';
  readonly lateReason: LateReason | null;
  readonly agreedKind: 'total' | 'delta';
  readonly tables: readonly string[];
  readonly formats: readonly Format[];
  readonly readyAt: Date | null;
  readonly fetchedAt: Date | null;
  readonly acknowledgedAt: Date | null;
  /** Of its package. */
  readonly revokedAt: Date | null;
  readonly revocationReason: string | null;
  /** When the delivery came to be, or when the agreement under which it is to come last changed. */
  readonly since: Date;
}

/** @returns the span that is asked for, with what is not said filled in; undefined when it ends before it begins or is too long */
export function spanOf({ from, to }: { readonly from?: Day; readonly to?: Day }, today: Day): Span | undefined {
  const width = DAYS_BACK + DAYS_AHEAD;
  const first = from ?? addDays(to ?? today, to === undefined ? -DAYS_BACK : -width);
  const last = to ?? addDays(first, width);
  return first <= last && last <= addDays(first, MOST_DAYS) ? { from: first, to: last } : undefined;
}

const later = (a: Day, b: Day): Day => (a > b ? a : b);
const earlier = (a: Day, b: Day): Day => (a < b ? a : b);

/**
 * @param next the day after the last one that a delivery of the subscription exists for; undefined when there is none yet
 * @returns the deliveries of the span that the scheduler will create, in order. It may be away: then they are of days that have passed
 */
export function comingOf(subscription: Subscription, next: Day | undefined, { from, to }: Span, today: Day): Entry[] {
  if (!wasActivated(subscription)) return [];
  const { subscriptionId, domain, startsOn, history } = subscription;
  const first = later(from, firstToSchedule(startsOn, next, today));
  const since = new Date(Math.max(...history.map(({ at }) => at.getTime())));
  const nothingYet = {
    ...({ id: null, replaces: null, state: 'planned', lateReason: null, readyAt: null } as const),
    ...{ fetchedAt: null, acknowledgedAt: null, revokedAt: null, revocationReason: null },
  };
  return segmentsOf(subscription).flatMap(({ from: begin, to: end, terms: { rhythm, hour, kind, tables, formats } }) =>
    dueDays(rhythm, later(first, begin), earlier(to, end ?? to)).map((dueOn) => ({
      ...nothingYet,
      ...{
        subscriptionId,
        domain,
        dueOn,
        promisedAt: instantOf(dueOn, hour),
        agreedKind: kind,
        tables,
        formats,
        since,
      },
    })),
  );
}

/** @returns the entries by due day, then by the promised hour; a calendar of two spans that follow one another is that of both. */
export function inOrder(entries: readonly Entry[]): Entry[] {
  const place = ({ dueOn, promisedAt, domain, subscriptionId, id }: Entry) =>
    [dueOn, promisedAt.toISOString(), domain, subscriptionId, id].join(' ');
  return entries
    .map((entry) => ({ entry, at: place(entry) }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ entry }) => entry);
}

/** Whether it is not, or was not, ready at the promised hour. */
export function isLate({ readyAt, promisedAt }: Entry, now: Date): boolean {
  return (readyAt ?? now) > promisedAt;
}

/** @returns when what an entry says changed last, lateness included. */
export function changedAt(entry: Entry, now: Date): Date {
  const { since, readyAt, fetchedAt, acknowledgedAt, revokedAt, promisedAt } = entry;
  const times = [since, readyAt, fetchedAt, acknowledgedAt, revokedAt, isLate(entry, now) ? promisedAt : null];
  return new Date(Math.max(...times.map((time) => time?.getTime() ?? 0)));
}
